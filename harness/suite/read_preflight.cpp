#include <fmt/format.h>
#include <re2/re2.h>

#include "harness/base/text.hpp"
#include "harness/suite/language.hpp"
#include "harness/suite/read_field.hpp"
#include "harness/suite/read_parts.hpp"
#include "harness/suite/typed.hpp"

namespace mccoy::suite {
namespace {
using What = Preflight::What;

class PreflightReader {
 public:
  PreflightReader(Reading& reading, Duration within) : reading_(reading), within_(within) {}

  void tools(const Value& tools, const Node& node) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node& name = node.is_map() ? node.key(i) : node.items[i];
      const Node& how = node.is_map() ? node.value(i) : name;
      const Value& asked = tools[name.text];
      Preflight check = make(What::tool, name.text, name);
      check.version = asked["version"].as_string();
      check.pattern = asked["pattern"].as_string();
      for (const Value& word : asked["argv"].as_list()) check.argv.push_back(word.as_string());
      check_version(check, how);
      check_pattern(check, how);
      checks_.push_back(std::move(check));
    }
  }

  void ports(const Node& node) {
    each(node, [this](const Node& item) {
      Preflight check = make(What::port, item.text, item);
      if (!has_variable(std::string_view(item.text))) {
        const auto port = typed({.name = "port", .type = FieldType::port, .example = "8080"}, Value(item.text));
        if (!port.ok()) return reading_.add(item, port.error().what, port.error().hint);
        check.port = static_cast<int>(port->as_int());
      }
      checks_.push_back(std::move(check));
    });
  }

  void disks(const Value& disks, const Node& node) {
    for (const Value& disk : disks.as_list()) {
      const Value* path = disk.find("path");
      Preflight check = make(What::disk, path == nullptr ? "." : path->as_string(), node);
      check.bytes = disk["free"].as_int();
      checks_.push_back(std::move(check));
    }
  }

  void memory(const Value& bytes, const Node& node) {
    Preflight check = make(What::memory, "memory", node);
    check.bytes = bytes.as_int();
    checks_.push_back(std::move(check));
  }

  void named(What what, const Node& node) {
    each(node, [&](const Node& item) {
      if (trim(item.text).empty()) return reading_.add(item, "an empty name", "remove it");
      checks_.push_back(make(what, item.text, item));
    });
  }

  std::vector<Preflight> take() { return std::move(checks_); }

 private:
  template <class Act>
  void each(const Node& node, Act act) {
    if (node.is_scalar()) return act(node);
    for (const Node& item : node.items) act(item);
  }

  Preflight make(What what, std::string name, const Node& node) const {
    Preflight check;
    check.what = what;
    check.span = reading_.span(node);
    check.subject = {Value(name), check.span};
    check.name = std::move(name);
    check.within = within_;
    return check;
  }

  /// ">= 13, < 16": each part a sign, if any, and a version that starts with a digit.
  void check_version(const Preflight& check, const Node& node) {
    if (check.version.empty()) return;
    for (const auto& part : split(check.version, ',')) {
      auto version = trim(part);
      version.remove_prefix(std::min(version.find_first_not_of("<>=! "), version.size()));
      if (!version.empty() && version[0] >= '0' && version[0] <= '9') continue;
      reading_.add(node, fmt::format("\"{}\" is no version to compare with", visible_line(check.version, 60)),
                   "for example \">= 13\" or \">= 3.1, < 4\"");
      return;
    }
  }

  void check_pattern(const Preflight& check, const Node& node) {
    if (check.pattern.empty()) return;
    const re2::RE2 pattern(check.pattern, re2::RE2::Quiet);
    const Node* at = node.find("pattern");
    if (!pattern.ok()) {
      reading_.add(at == nullptr ? node : *at,
                   fmt::format("not a regular expression: {}", visible_line(pattern.error())),
                   std::string(kPatternAdvice));
    } else if (pattern.NumberOfCapturingGroups() != 1) {
      reading_.add(at == nullptr ? node : *at, "the pattern needs one group, which holds the version",
                   "for example \"OpenSSL ([0-9.]+)\"");
    }
  }

  Reading& reading_;
  Duration within_;
  std::vector<Preflight> checks_;
};
}  // namespace

std::vector<Preflight> read_preflight(Reading& reading, const Node& node) {
  if (!require_map(reading, node, "preflight", "{ tools: { postgres: \">= 13\" } }")) return {};
  const LocatedMap map = read_fields(reading, language::preflight_fields(), node, "preflight");
  PreflightReader reader(reading, duration_of(map, "within", Preflight{}.within));
  for (const auto& [name, located] : map) {
    const Node& value = *node.find(name);
    if (name == "tools") reader.tools(located.value, value);
    if (name == "ports") reader.ports(value);
    if (name == "disk") reader.disks(located.value, value);
    if (name == "memory") reader.memory(located.value, value);
    if (name == "files") reader.named(What::file, value);
    if (name == "addresses") reader.named(What::address, value);
  }
  Reader rules;
  rules.of = Reader::Of::preflight;
  reading.check_variables(node, rules);
  return reader.take();
}
}  // namespace mccoy::suite
