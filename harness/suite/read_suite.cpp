#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/suite/language.hpp"
#include "harness/suite/read_contract.hpp"
#include "harness/suite/read_field.hpp"
#include "harness/suite/read_parts.hpp"

namespace mccoy::suite {
namespace {
const Field& row(std::string_view name) {
  return *find_field(language::suite_fields(), name);
}

class SuiteReader {
 public:
  SuiteReader(Reading& reading, Kinds kinds, std::string_view today, Suite& suite)
      : reading_(reading), kinds_(kinds), today_(today), suite_(suite) {}

  /// Parts of `root` are freed as soon as they have become something else.
  void read(Node& root) {
    if (!root.is_map()) {
      reading_.add(root, fmt::format("a suite is a map; this is {}", kind_in_words(root)), "start with: suite: NAME");
      return;
    }
    check_keys(root);
    read_top(root);
    read_services(root);
    if (const Node* preflight = root.find("preflight")) suite_.preflight = read_preflight(reading_, *preflight);
    read_cases(root);
    for (Service& service : suite_.services) service.has_via = reading_.vias.contains(service.name);
    resolve_needs(reading_, suite_);
    resolve_passages(reading_, suite_);
    resolve_asks(reading_, suite_);
    check_captures(reading_, suite_);
    if (const Node* claims = root.find("claims")) suite_.claims = read_claims(reading_, *claims, suite_);
    if (const Node* known = root.find("fingerprints")) suite_.fingerprints = read_fingerprints(reading_, *known);
  }

 private:
  void check_keys(const Node& root) {
    const auto known = names_of(language::suite_fields());
    for (std::size_t i = 0; i < root.size(); ++i) {
      if (find_field(language::suite_fields(), root.key(i).text) == nullptr) {
        report_unknown_key(reading_, root.key(i), "a suite", known);
      }
    }
    if (reading_.count() > 0) return;
    for (const Field& field : language::suite_fields()) {
      if (field.required && root.find(field.name) == nullptr) {
        reading_.add(root, fmt::format("the suite lacks {}", field.name),
                     fmt::format("for example {}: {}", field.name, field.example));
      }
    }
  }

  void read_top(const Node& root) {
    if (const Node* name = root.find("suite")) {
      const auto value = read_field(reading_, row("suite"), *name);
      if (value && check_name(reading_, *name, "a suite")) suite_.name = value->as_string();
    }
    if (const Node* require = root.find("require")) {
      const auto value = read_field(reading_, row("require"), *require);
      if (value) suite_.require = requirement_of(value->as_string());
    }
    if (const Node* secrets = root.find("secrets")) {
      const Value names = read_field(reading_, row("secrets"), *secrets).value_or(Value());
      for (const Value& name : names.as_list()) suite_.secrets.push_back(name.as_string());
    }
    if (const Node* vars = root.find("vars")) suite_.vars = read_vars(reading_, *vars);
    Value::Map values;
    for (const auto& [name, located] : suite_.vars) values.emplace_back(name, located.value);
    reading_.set_vars(Value(std::move(values)));
  }

  void read_services(const Node& root) {
    const Node* services = root.find("services");
    if (services == nullptr || !require_map(reading_, *services, "services", row("services").example)) return;
    for (std::size_t i = 0; i < services->size(); ++i) reading_.add_service(services->key(i).text);
    for (std::size_t i = 0; i < services->size(); ++i) {
      suite_.services.push_back(read_service(reading_, services->key(i), services->value(i)));
    }
    check_service_needs(reading_, suite_);
  }

  void read_cases(Node& root) {
    const Node* found = root.find("cases");
    if (found == nullptr ||
        !require_map(reading_, *found, "cases", "{ builds: { exec: [make], expect: { exit: 0 } } }"))
      return;
    if (found->items.empty()) reading_.add(*found, "a suite without cases proves nothing", "add a case");
    const std::size_t count = found->size();
    suite_.cases.reserve(count);
    for (std::size_t i = 0; i < count && !reading_.full(); ++i) {
      suite_.cases.push_back(read_case(reading_, kinds_, today_, found->key(i), found->value(i), i));
      Case& one = suite_.cases.back();
      one.id = suite_.name + "/" + one.name;
      const bool own = found->value(i).find("require") != nullptr;
      if (!own) one.require = suite_.require;
      if (const Node* needs = found->value(i).find("needs")) one.needs_span = reading_.span(*needs);
      release(root, i);
    }
  }

  /// Gives the memory of one case's node back.
  static void release(Node& root, std::size_t which) {
    for (std::size_t i = 0; i < root.size(); ++i) {
      if (root.key(i).text == "cases") root.value(i).value(which) = Node{};
    }
  }

  Reading& reading_;
  Kinds kinds_;
  std::string_view today_;
  Suite& suite_;
};

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_reserved(std::string_view name) {
  return std::ranges::any_of(language::builtins(), [&](const auto& builtin) {
    return builtin.name.substr(0, builtin.name.find('.')) == name;
  });
}

/// One sentence and the cases that stand for it.
class ClaimReader {
 public:
  ClaimReader(Reading& reading, const Suite& suite) : reading_(reading), suite_(suite) {
    for (const Case& one : suite.cases) names_.insert(one.name);
  }

  void read(const Node& key, const Node& cases) {
    named_.clear();
    Claim claim{.text = key.text, .cases = {}, .span = reading_.span(key)};
    if (trim(key.text).empty())
      reading_.add(key, "a claim is a sentence; this is empty",
                   "for example \"Orders survive a crash\": [takes-an-order]");
    if (cases.is_scalar()) {
      add(claim, cases);
    } else if (require_list(reading_, cases, "the cases of a claim", "[takes-an-order]")) {
      if (cases.items.empty())
        reading_.add(cases, "a claim without cases is proven by nothing", "name the cases that must pass");
      for (const Node& item : cases.items) add(claim, item);
    }
    claims_.push_back(std::move(claim));
  }

  std::vector<Claim> take() { return std::move(claims_); }

 private:
  void add(Claim& claim, const Node& node) {
    if (reading_.full()) return;
    if (names_.contains(node.text)) return add_name(claim, node.text);
    bool matched = false;
    for (const Case& one : suite_.cases) {
      if (!is_glob(node.text)) break;
      if (!glob_matches(node.text, one.name)) continue;
      add_name(claim, one.name);
      matched = true;
    }
    if (matched) return;
    reading_.add(node, fmt::format("no case is called \"{}\"", visible_line(node.text, 60)),
                 near_or(node.text, known_cases(suite_), "a claim names cases of this suite"));
  }

  void add_name(Claim& claim, const std::string& name) {
    if (named_.insert(name).second) claim.cases.push_back(name);
  }

  Reading& reading_;
  const Suite& suite_;
  std::unordered_set<std::string_view> names_;
  std::unordered_set<std::string> named_;  ///< by the claim being read
  std::vector<Claim> claims_;
};

std::string folder_of(const std::string& path) {
  std::error_code problem;
  const auto here = std::filesystem::current_path(problem);
  return dirname(absolute(path, problem ? std::string("/") : here.string()));
}
}  // namespace

LocatedMap read_vars(Reading& reading, const Node& node) {
  LocatedMap vars;
  if (!require_map(reading, node, "vars", "{ customers: 50 }")) return vars;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Node& key = node.key(i);
    if (!is_variable_name(key.text)) {
      reading.add(key, fmt::format("\"{}\" is no name for a variable", visible_line(key.text, 60)),
                  "letters, digits, - and _, no digit first");
    } else if (is_reserved(key.text)) {
      reading.add(key, fmt::format("${{{}}} is known to the harness already", key.text), "choose another name");
    }
    vars.emplace_back(key.text, Located{to_value(node.value(i)), reading.span(node.value(i))});
  }
  Reader rules;
  rules.of = Reader::Of::suite;
  reading.check_variables(node, rules);
  return vars;
}

std::vector<Claim> read_claims(Reading& reading, const Node& node, const Suite& suite) {
  ClaimReader reader(reading, suite);
  const auto read_map = [&](const Node& map) {
    for (std::size_t i = 0; i < map.size(); ++i) reader.read(map.key(i), map.value(i));
  };
  constexpr std::string_view kExample = "[\"Orders survive a crash\": [takes-an-order]]";
  if (node.is_map()) {
    read_map(node);
  } else if (require_list(reading, node, "claims", kExample)) {
    for (const Node& item : node.items) {
      if (require_map(reading, item, "a claim", "{ \"Orders survive a crash\": [takes-an-order] }")) read_map(item);
    }
  }
  return reader.take();
}

const Case* Suite::find_case(std::string_view wanted) const {
  const auto found = std::ranges::find(cases, wanted, &Case::name);
  return found == cases.end() ? nullptr : &*found;
}

const Service* Suite::find_service(std::string_view wanted) const {
  const auto found = std::ranges::find(services, wanted, &Service::name);
  return found == services.end() ? nullptr : &*found;
}

std::variant<Suite, ReadErrors> read_suite_text(std::string text, const std::string& path, Kinds kinds,
                                                std::string_view today) {
  Suite suite;
  suite.path = path;
  suite.folder = folder_of(path);
  suite.sha256 = sha256(text);
  suite.text = std::move(text);
  auto root = parse_yaml_text(suite.text, path);
  if (!root.ok()) return ReadErrors{{std::move(root).error()}};
  Reading reading(suite.text, intern(path));
  SuiteReader(reading, kinds, today, suite).read(*root);
  if (auto errors = reading.take_errors(); !errors.empty()) return ReadErrors{std::move(errors)};
  return suite;
}

std::variant<Suite, ReadErrors> read_suite(const std::string& path, Kinds kinds, std::string_view today) {
  auto text = read_suite_bytes(path);
  if (!text.ok()) return ReadErrors{{std::move(text).error()}};
  return read_suite_text(std::move(text).value(), path, kinds, today);
}
}  // namespace mccoy::suite
