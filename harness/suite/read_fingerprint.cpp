#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "harness/base/glob_pattern.hpp"
#include "harness/base/text.hpp"
#include "harness/suite/fingerprint.hpp"
#include "harness/suite/language.hpp"
#include "harness/suite/read_field.hpp"
#include "harness/suite/read_parts.hpp"

namespace mccoy::suite {
namespace {
constexpr std::size_t kTellingBytes = 3;

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

/// Some name in it has three characters in a row that stand for themselves, so that it cannot match everything.
bool is_telling(std::string_view glob) {
  std::size_t run = 0;
  for (const char c : glob) {
    run = std::string_view("/*?[]{},").find(c) == std::string_view::npos ? run + 1 : 0;
    if (run >= kTellingBytes) return true;
  }
  return false;
}

template <class E>
E word_in(std::span<const std::string_view> words, const Value& value) {
  return static_cast<E>(std::ranges::find(words, value.as_string()) - words.begin());
}

std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> list;
  for (const Value& item : value.as_list()) list.push_back(item.as_string());
  return list;
}

Fingerprint fingerprint_of(const Value& value) {
  return {.id = value["id"].as_string(),
          .ecosystem = value["ecosystem"].as_string(),
          .library = value["library"].as_string(),
          .kind = word_in<Fingerprint::Kind>(language::fingerprint_kinds(), value["kind"]),
          .implies = word_in<Fingerprint::Implies>(language::fingerprint_implications(), value["implies"]),
          .stands_for = texts(value["stands_for"]),
          .files = texts(value["files"]),
          .programs = texts(value["programs"]),
          .with = texts(value["with"]),
          .env = texts(value["env"]),
          .symbols = texts(value["symbols"]),
          .headers = texts(value["headers"]),
          .always_loaded_by = texts(value["always_loaded_by"]),
          .examples = texts(value["examples"]),
          .verified = value["verified"].as_string(),
          .note = value["note"].as_string(),
          .span = {}};
}

class FingerprintReader {
 public:
  explicit FingerprintReader(Reading& reading) : reading_(reading) {}

  void read(const Value& value, const Node& node) {
    Fingerprint one = fingerprint_of(value);
    const Node& id = *node.find("id");
    one.span = reading_.span(id);
    if (!is_id(one.id))
      reading_.add(id, fmt::format("\"{}\" is no id for a fingerprint", visible_line(one.id, 60)),
                   "letters, digits, . - and _: our.fake-ledger");
    if (!ids_.insert(one.id).second)
      reading_.add(id, fmt::format("the id \"{}\" is given twice", visible_line(one.id, 60)), "one entry for each id");
    if (one.files.empty() && one.programs.empty() && one.symbols.empty())
      reading_.add(id, fmt::format("\"{}\" says by no file and by no program how to recognise it", one.id),
                   "for example files: [\"**/node_modules/fake-ledger/**\"]");
    check_globs(node.find("files"));
    check_globs(node.find("programs"));
    if (!one.with.empty() && one.programs.empty())
      reading_.add(*node.find("with"), "with looks at the words behind a program, and no program is named",
                   "add programs, or remove with");
    read_.push_back(std::move(one));
  }

  std::vector<Fingerprint> take() { return std::move(read_); }

 private:
  void check_globs(const Node* node) {
    if (node == nullptr) return;
    if (node->is_scalar()) return check_glob(*node);
    for (const Node& item : node->items) check_glob(item);
  }

  void check_glob(const Node& node) {
    if (auto parsed = GlobPattern::parse(node.text); !parsed.ok()) {
      reading_.add(node, parsed.error().what, parsed.error().hint);
    } else if (!node.text.starts_with('/') && !node.text.starts_with("**/")) {
      reading_.add(node, fmt::format("\"{}\" matches no absolute path", visible_line(node.text, 60)),
                   "start it with **/ (anywhere) or with /");
    } else if (!is_telling(node.text)) {
      reading_.add(node,
                   fmt::format("\"{}\" matches too much to tell one library from another", visible_line(node.text, 60)),
                   "name the folder of the library: **/node_modules/fake-ledger/**");
    }
  }

  Reading& reading_;
  std::unordered_set<std::string> ids_;
  std::vector<Fingerprint> read_;
};

std::vector<Fingerprint> read_entries(Reading& reading, std::span<const Field> fields, const Node& node) {
  const Field list{
      .name = "fingerprints",
      .type = FieldType::objects,
      .example = "[{ id: our.fake-ledger, kind: test-double, implies: mock, files: [\"**/fake_ledger/**\"] }]",
      .fields = fields};
  const auto values = read_field(reading, list, node);
  FingerprintReader reader(reading);
  if (!values) return {};
  for (std::size_t i = 0; i < values->as_list().size() && !reading.full(); ++i)
    reader.read(values->as_list()[i], node.is_list() ? node.items[i] : node);
  return reader.take();
}
}  // namespace

std::vector<Fingerprint> read_fingerprints(Reading& reading, const Node& node) {
  return read_entries(reading, language::fingerprint_fields(), node);
}

Result<std::vector<Fingerprint>> read_catalogue(std::string_view text, std::string_view name) {
  MCCOY_TRY(root, parse_yaml_text(text, name));
  Reading reading(text, intern(name));
  const Node* entries = root.find("fingerprints");
  if (entries == nullptr) return Error{.where = reading.span(root), .what = "there are no fingerprints in it"};
  auto read = read_entries(reading, language::catalogue_fields(), *entries);
  if (auto errors = reading.take_errors(); !errors.empty()) return std::move(errors.front());
  return read;
}

std::string_view to_text(Fingerprint::Kind kind) {
  return language::fingerprint_kinds()[static_cast<std::size_t>(kind)];
}

std::string_view to_text(Fingerprint::Implies implies) {
  return language::fingerprint_implications()[static_cast<std::size_t>(implies)];
}
}  // namespace mccoy::suite
