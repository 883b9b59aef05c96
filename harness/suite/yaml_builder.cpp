#include "harness/suite/yaml_builder.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "harness/base/text.hpp"

namespace mccoy::suite {
namespace {
constexpr std::size_t kFewKeys = 16;  ///< up to here duplicate keys are found by comparing all

std::string without_tag_prefix(const std::string& tag) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  return tag.starts_with(kCore) ? "!!" + tag.substr(kCore.size()) : tag;
}

const Node* find_key(const Node& map, std::string_view name) {
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (map.key(i).text == name) return &map.key(i);
  }
  return nullptr;
}

/// Offset behind anchors and tags, where the value itself starts.
std::size_t value_offset(std::string_view text, std::size_t at) {
  constexpr std::string_view kBlank = " \t\r\n";
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    at = std::min(text.find_first_of(kBlank, at), text.size());
    at = std::min(text.find_first_not_of(kBlank, at), text.size());
  }
  return at;
}

/// A quoted text that starts at `at` has its closing quote.
bool closes(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) return true;
      ++at;
    }
  }
  return false;
}

/// Bytes in memory as a stream, without a copy.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view bytes) {
    char* begin = const_cast<char*>(bytes.data());  // a get area is never written to
    setg(begin, begin, begin + bytes.size());
  }
};

/// What the builder throws through yaml-cpp; never leaves build_nodes().
struct Refused {
  Error error;
};

class YamlBuilder final : public YAML::EventHandler {
 public:
  ///   text              without its byte order mark
  ///   first_line_shift  bytes of that mark
  YamlBuilder(std::string_view text, std::string_view file, int first_line_shift);

  bool has_document() const { return documents_ > 0; }
  Node take() { return std::move(root_); }
  /// Where the innermost bracket that is still open stands; line 0 when there is none.
  Span open_bracket() const;

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::size_t nodes = 1;                 ///< with all that is inside
    int height = 1;                        ///< levels, itself included
    bool bracket = false;                  ///< written with [ or {
    std::unordered_set<std::string> keys;  ///< of a map with more than a few
  };
  struct Anchored {
    Node node;
    std::size_t nodes = 1;
    int height = 1;
  };

  [[noreturn]] void refuse(Span where, std::string what, std::string hint) const;
  [[noreturn]] void refuse(const YAML::Mark& mark, std::string what, std::string hint) const;
  [[noreturn]] void refuse_depth(const YAML::Mark& mark) const;
  [[noreturn]] void refuse_key(const Node& node) const;
  [[noreturn]] void refuse_duplicate(const Node& key, const Node& first) const;
  int column_of(const YAML::Mark& mark) const;
  Span place_of(const YAML::Mark& mark) const;
  Node node_at(const YAML::Mark& mark, Node::Kind kind) const;
  int underline_of(const YAML::Mark& mark, std::size_t value_bytes) const;
  void check_closed(const YAML::Mark& mark) const;
  void check_tag(const YAML::Mark& mark, const std::string& tag) const;
  void check_key(const Node& key);
  bool expects_key() const;
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind, bool bracket);
  void close();
  void spend(Span where, std::size_t nodes);
  void add(Node node, YAML::anchor_t anchor, std::size_t nodes, int height);

  std::string_view text_;
  std::string_view file_;
  int first_line_shift_;
  int documents_ = 0;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::size_t copied_ = 0;  ///< nodes copied for anchors and aliases, in all
  Node root_;
};

YamlBuilder::YamlBuilder(std::string_view text, std::string_view file, int first_line_shift)
    : text_(text), file_(file), first_line_shift_(first_line_shift) {}

void YamlBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (++documents_ <= 1) return;
  refuse(mark, "a suite is one YAML document; a second one starts here",
         "put it into a file of its own: mccoy run takes several");
}

void YamlBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  Node node = node_at(mark, Node::Kind::null);
  if (!open_.empty() && open_.back().node.is_map() && !expects_key()) {  // the mark is that of whatever comes next
    const Node& key = open_.back().node.items.back();
    node.line = key.line;
    node.column = key.column;
    node.length = key.length;
  }
  add(std::move(node), anchor, 1, 1);
}

void YamlBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  if (value.find('\0') != std::string::npos) refuse(mark, "a NUL byte in a text", "no program takes one; remove it");
  const bool text_tag = tag == "tag:yaml.org,2002:str";
  if (!text_tag) check_tag(mark, tag);
  check_closed(mark);
  Node node = node_at(mark, Node::Kind::scalar);
  node.quoted = tag == "!" || text_tag;
  node.text = value;
  node.length = underline_of(mark, value.size());
  if (!node.quoted && plain_value(value).is_null()) node.kind = Node::Kind::null;
  add(std::move(node), anchor, 1, 1);
}

void YamlBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value style) {
  open(mark, tag, anchor, Node::Kind::list, style == YAML::EmitterStyle::Flow);
}

void YamlBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value style) {
  open(mark, tag, anchor, Node::Kind::map, style == YAML::EmitterStyle::Flow);
}

void YamlBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    refuse(mark, "an alias inside the node it stands for", "a suite has no endless data; write the value here");
  }
  const Anchored& original = found->second;
  spend(place_of(mark), original.nodes);
  if (static_cast<int>(open_.size()) + original.height - 1 > kMaxDepth) refuse_depth(mark);
  Node copy = original.node;
  copy.line = mark.line + 1;
  copy.column = column_of(mark);
  copy.length = 1;
  add(std::move(copy), YAML::NullAnchor, original.nodes, original.height);
}

Span YamlBuilder::open_bracket() const {
  const auto found = std::find_if(open_.rbegin(), open_.rend(), [](const Open& level) { return level.bracket; });
  return found == open_.rend() ? Span{} : found->node.span(file_);
}

void YamlBuilder::refuse(Span where, std::string what, std::string hint) const {
  throw Refused{{.where = where, .what = std::move(what), .hint = std::move(hint)}};
}

void YamlBuilder::refuse(const YAML::Mark& mark, std::string what, std::string hint) const {
  refuse(place_of(mark), std::move(what), std::move(hint));
}

void YamlBuilder::refuse_depth(const YAML::Mark& mark) const {
  refuse(mark, fmt::format("nested over {} levels deep", kMaxDepth), "no suite needs that; flatten it");
}

void YamlBuilder::refuse_key(const Node& node) const {
  refuse(node.span(file_), fmt::format("a key must be a word; this is {}", kind_in_words(node)),
         "put a text that starts with { or [ in quotes");
}

void YamlBuilder::refuse_duplicate(const Node& key, const Node& first) const {
  refuse(key.span(file_), fmt::format("\"{}\" is given twice", visible_line(key.text, 80)),
         fmt::format("the first is in line {}, column {}", first.line, first.column));
}

int YamlBuilder::column_of(const YAML::Mark& mark) const {
  return mark.column + 1 + (mark.line == 0 ? first_line_shift_ : 0);
}

Span YamlBuilder::place_of(const YAML::Mark& mark) const {
  return {.file = file_, .line = mark.line + 1, .column = column_of(mark)};
}

Node YamlBuilder::node_at(const YAML::Mark& mark, Node::Kind kind) const {
  Node node;
  node.kind = kind;
  node.line = mark.line + 1;
  node.column = column_of(mark);
  return node;
}

/// Bytes of the scalar on its first line, as written.
int YamlBuilder::underline_of(const YAML::Mark& mark, std::size_t value_bytes) const {
  const auto begin = static_cast<std::size_t>(std::max(mark.pos, 0));
  if (begin >= text_.size()) return 1;
  auto rest = text_.substr(begin, value_bytes + 2);
  rest = rest.substr(0, rest.find_first_of("\r\n"));
  if (!rest.empty() && (rest[0] == '"' || rest[0] == '\'')) {
    const auto end = rest.find(rest[0], 1);
    return static_cast<int>(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return static_cast<int>(std::clamp<std::size_t>(std::min(value_bytes, rest.size()), 1, 4096));
}

/// yaml-cpp takes the end of the file for a closing quote when a line end comes before it.
void YamlBuilder::check_closed(const YAML::Mark& mark) const {
  const auto at = value_offset(text_, static_cast<std::size_t>(std::max(mark.pos, 0)));
  if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'') || closes(text_, at)) return;
  refuse(mark, "not YAML: a quoted text without its closing quote", "close it");
}

void YamlBuilder::check_tag(const YAML::Mark& mark, const std::string& tag) const {
  if (tag.empty() || tag == "?" || tag == "!") return;
  if (tag == "tag:yaml.org,2002:map" || tag == "tag:yaml.org,2002:seq") return;
  refuse(mark, fmt::format("the tag {} is not used in suites", visible_line(without_tag_prefix(tag), 80)),
         "remove it; put a text that looks like a number in quotes");
}

void YamlBuilder::check_key(const Node& key) {
  if (key.is_list() || key.is_map()) refuse_key(key);
  if (!key.quoted && key.text == "<<") {
    refuse(key.span(file_), "merge keys (<<) are not used in suites",
           "write the fields out, or put the shared value into vars:");
  }
  Open& map = open_.back();
  if (map.node.size() <= kFewKeys) {
    if (const Node* first = find_key(map.node, key.text)) refuse_duplicate(key, *first);
    return;
  }
  if (map.keys.empty()) {
    for (std::size_t i = 0; i < map.node.size(); ++i) map.keys.insert(map.node.key(i).text);
  }
  if (!map.keys.insert(key.text).second) refuse_duplicate(key, *find_key(map.node, key.text));
}

bool YamlBuilder::expects_key() const {
  return !open_.empty() && open_.back().node.is_map() && open_.back().node.items.size() % 2 == 0;
}

void YamlBuilder::open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind,
                       bool bracket) {
  check_tag(mark, tag);
  if (static_cast<int>(open_.size()) >= kMaxDepth) refuse_depth(mark);
  Open level;
  level.node = node_at(mark, kind);
  level.anchor = anchor;
  level.bracket = bracket;
  if (expects_key()) refuse_key(level.node);
  open_.push_back(std::move(level));
}

void YamlBuilder::close() {
  Open level = std::move(open_.back());
  open_.pop_back();
  level.node.items.shrink_to_fit();
  add(std::move(level.node), level.anchor, level.nodes, level.height);
}

void YamlBuilder::spend(Span where, std::size_t nodes) {
  copied_ += nodes;
  if (copied_ <= kMaxAliasNodes) return;
  refuse(where, fmt::format("aliases grow this document by over {} values", kMaxAliasNodes),
         "use aliases for small values only");
}

void YamlBuilder::add(Node node, YAML::anchor_t anchor, std::size_t nodes, int height) {
  if (expects_key()) check_key(node);
  if (anchor != YAML::NullAnchor) {
    spend(node.span(file_), nodes);
    anchors_.insert_or_assign(anchor, Anchored{node, nodes, height});
  }
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Open& parent = open_.back();
  parent.nodes += nodes;
  parent.height = std::max(parent.height, height + 1);
  parent.node.items.push_back(std::move(node));
}
}  // namespace

std::variant<Node, Error, YamlComplaint> build_nodes(std::string_view text, std::string_view file,
                                                     int first_line_shift) {
  YamlBuilder builder(text, file, first_line_shift);
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return refused.error;
  } catch (const YAML::Exception& problem) {
    const int line = problem.mark.line + 1;
    return YamlComplaint{.message = problem.msg,
                         .line = line,
                         .column = problem.mark.column + 1 + (line == 1 ? first_line_shift : 0),
                         .open_bracket = builder.open_bracket()};
  } catch (const std::exception& problem) {
    return Error{.where = {.file = file}, .what = std::string("not YAML: ") + problem.what()};
  }
  if (builder.has_document()) return builder.take();
  return Error{
      .where = {.file = file, .line = 1, .column = 1}, .what = "the file is empty", .hint = "start with: suite: NAME"};
}
}  // namespace mccoy::suite
