#include "harness/base/glob_pattern.hpp"

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/base/utf8.hpp"

namespace mccoy {
namespace {
constexpr int kBracesMax = 32;
constexpr char32_t kBadByteBase = 0x110000;  ///< above every code point: a bad byte is no character but itself

char32_t take(std::string_view& text) {
  const auto point = decode_utf8(text);
  text.remove_prefix(point.length);
  return point.valid ? point.value : kBadByteBase + point.value;
}
}  // namespace

/// Reads a pattern from left to right and writes states; each goes to the one after it unless said otherwise.
class GlobCompiler {
 public:
  explicit GlobCompiler(std::string_view pattern) : pattern_(pattern), rest_(pattern) {}

  Result<GlobPattern> compile() {
    if (pattern_.empty()) return refuse("is empty");
    if (pattern_.size() > 1 && pattern_.ends_with('/')) return refuse("ends with \"/\"");
    MCCOY_DO(sequence(0));
    emit(Op::match);
    return std::move(out_);
  }

 private:
  using Op = GlobPattern::Op;
  using State = GlobPattern::State;

  Status sequence(int depth) {
    while (!rest_.empty()) {
      if (depth > 0 && (rest_.front() == ',' || rest_.front() == '}')) return {};
      MCCOY_DO(item(depth));
    }
    return {};
  }

  Status item(int depth) {
    switch (rest_.front()) {
      case '*':
        stars(depth);
        return {};
      case '[':
        return set();
      case '{':
        return braces(depth + 1);
      case '?':
        rest_.remove_prefix(1);
        wildcard();
        emit(Op::any);
        at_name_start_ = false;
        return {};
      case '\\':
        rest_.remove_prefix(1);
        if (rest_.empty()) return refuse("ends with a lone \"\\\"");
        break;
      default:
        break;
    }
    literal();
    return {};
  }

  void literal() {
    const std::string_view before = rest_;
    const char32_t character = take(rest_);
    if (!out_.has_wildcards_) out_.fixed_path_ += before.substr(0, before.size() - rest_.size());
    State& state = emit(Op::literal);
    state.character = character;
    state.names_dot = at_name_start_ && character == '.';
    at_name_start_ = character == '/';
  }

  void stars(int depth) {
    wildcard();
    const auto end = std::min(rest_.find_first_not_of('*'), rest_.size());
    const auto after = rest_.substr(end);
    const bool ends_here = after.empty() || (depth > 0 && (after[0] == ',' || after[0] == '}'));
    const bool folders = at_name_start_ && end == 2 && (ends_here || after[0] == '/');
    rest_ = after;
    if (!folders) return any_characters();
    any_folders();
    if (ends_here)
      any_name();
    else
      rest_.remove_prefix(1);
  }

  /// "*": loop: split(any, out); any goes back to the loop.
  void any_characters() {
    const auto loop = size();
    emit(Op::split);
    emit(Op::any).next = loop;
    out_.states_[loop].other = size();
    at_name_start_ = false;
  }

  /// One character or more.
  void any_name() {
    const auto loop = size();
    emit(Op::any);
    State& again = emit(Op::split);
    again.other = again.next;
    again.next = loop;
    at_name_start_ = false;
  }

  /// "**/": loop: split(name, out); a name, a slash, back to the loop.
  void any_folders() {
    const auto loop = size();
    emit(Op::split);
    any_name();
    State& slash = emit(Op::literal);
    slash.character = '/';
    slash.next = loop;
    out_.states_[loop].other = size();
    at_name_start_ = true;
  }

  /// Every alternative but the last starts with a split to the next; all of them end with a jump behind the brace.
  Status braces(int depth) {
    if (depth > kBracesMax) return refuse("has braces over 32 levels deep");
    wildcard();
    const bool starts_name = at_name_start_;
    bool may_start_name = false;
    std::vector<std::uint32_t> jumps;
    do {
      rest_.remove_prefix(1);  // "{" or ","
      at_name_start_ = starts_name;
      const auto choice = size();
      emit(Op::split);
      MCCOY_DO(sequence(depth));
      if (rest_.empty()) return refuse("has a \"{\" that is never closed");
      may_start_name |= at_name_start_;
      jumps.push_back(size());
      emit(Op::split);
      out_.states_[choice].other = rest_.front() == ',' ? size() : choice + 1;
    } while (rest_.front() == ',');
    rest_.remove_prefix(1);
    for (const auto jump : jumps) out_.states_[jump].next = out_.states_[jump].other = size();
    at_name_start_ = may_start_name;
    return {};
  }

  Status set() {
    wildcard();
    rest_.remove_prefix(1);
    GlobPattern::Set set;
    if (!rest_.empty() && (rest_.front() == '!' || rest_.front() == '^')) {
      set.negated = true;
      rest_.remove_prefix(1);
    }
    do {
      if (rest_.empty()) return refuse("has a \"[\" that is never closed");
      MCCOY_TRY(first, set_character());
      const bool is_range = rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']';
      if (is_range) rest_.remove_prefix(1);
      MCCOY_TRY(last, is_range ? set_character() : Result<char32_t>(first));
      if (last < first) return refuse("has a range that runs backwards");
      set.ranges.emplace_back(first, last);
    } while (!rest_.starts_with(']'));
    rest_.remove_prefix(1);
    emit(Op::one_of).set = static_cast<std::uint32_t>(out_.sets_.size());
    out_.sets_.push_back(std::move(set));
    at_name_start_ = false;
    return {};
  }

  Result<char32_t> set_character() {
    if (rest_.front() == '\\') rest_.remove_prefix(1);
    if (rest_.empty()) return refuse("has a \"[\" that is never closed");
    return take(rest_);
  }

  void wildcard() {
    if (out_.has_wildcards_) return;
    out_.has_wildcards_ = true;
    out_.fixed_folder_ = out_.fixed_path_.substr(0, out_.fixed_path_.rfind('/') + 1);  // npos + 1 is 0
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(out_.states_.size()); }

  State& emit(Op op) {
    State& state = out_.states_.emplace_back();
    state.op = op;
    state.next = size();
    state.other = state.next;
    return state;
  }

  Error refuse(std::string_view why) const {
    return Error{.what = "the pattern \"" + visible_line(pattern_, 80) + "\" " + std::string(why),
                 .hint = "write \"\\\" before a character that is meant as it is"};
  }

  std::string_view pattern_;
  std::string_view rest_;
  bool at_name_start_ = true;
  GlobPattern out_;
};

Result<GlobPattern> GlobPattern::parse(std::string_view pattern) {
  return GlobCompiler(pattern).compile();
}

GlobPattern::Progress GlobPattern::start() const {
  Progress progress;
  std::vector<bool> seen(states_.size());
  add(progress.states, seen, 0);
  return progress;
}

/// With all states that are reached from it without reading.
void GlobPattern::add(std::vector<std::uint32_t>& states, std::vector<bool>& seen, std::uint32_t state) const {
  std::vector<std::uint32_t> waiting{state};
  while (!waiting.empty()) {
    const auto at = waiting.back();
    waiting.pop_back();
    if (seen[at]) continue;
    seen[at] = true;
    if (states_[at].op != Op::split) {
      states.push_back(at);
      continue;
    }
    waiting.push_back(states_[at].next);
    waiting.push_back(states_[at].other);
  }
}

bool GlobPattern::steps(const State& state, char32_t character, bool at_name_start) const {
  if (state.op == Op::literal) {
    return state.character == character && (character != '.' || !at_name_start || state.names_dot);
  }
  if (state.op == Op::match || character == '/' || (character == '.' && at_name_start)) return false;
  if (state.op == Op::any) return true;
  const Set& set = sets_[state.set];
  const bool listed = std::ranges::any_of(
      set.ranges, [character](const auto& range) { return character >= range.first && character <= range.second; });
  return listed != set.negated;
}

GlobPattern::Progress GlobPattern::feed(Progress progress, std::string_view path_part) const {
  while (!path_part.empty() && !progress.states.empty()) {
    const char32_t character = take(path_part);
    std::vector<std::uint32_t> next;
    std::vector<bool> seen(states_.size());
    for (const auto at : progress.states) {
      if (steps(states_[at], character, progress.at_name_start)) add(next, seen, states_[at].next);
    }
    progress.states = std::move(next);
    progress.at_name_start = character == '/';
  }
  return progress;
}

bool GlobPattern::accepts(const Progress& progress) const {
  return std::ranges::any_of(progress.states, [this](auto at) { return states_[at].op == Op::match; });
}
}  // namespace mccoy
