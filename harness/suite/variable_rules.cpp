// Which ${…} may stand where; the part of Reading that knows the names.
#include <fmt/format.h>

#include <algorithm>

#include "harness/suite/language.hpp"
#include "harness/suite/reading.hpp"

namespace mccoy::suite {
namespace {
constexpr std::string_view kServices = "services.";

/// The built-in a name belongs to; nullptr for names of the suite.
const language::Builtin* builtin_of(std::string_view name) {
  for (const auto& builtin : language::builtins()) {
    if (builtin.name.ends_with('.') ? name.starts_with(builtin.name) : name == builtin.name) return &builtin;
  }
  return nullptr;
}

bool allowed(const language::Builtin& builtin, Reader::Of of) {
  switch (of) {
    case Reader::Of::one_case:
      return builtin.in_cases;
    case Reader::Of::service:
      return builtin.in_services;
    case Reader::Of::preflight:
    case Reader::Of::suite:
      return builtin.in_preflight;
  }
  return false;
}

std::string_view place_in_words(Reader::Of of) {
  switch (of) {
    case Reader::Of::one_case:
      return "a case";
    case Reader::Of::service:
      return "a service";
    case Reader::Of::preflight:
      return "preflight";
    case Reader::Of::suite:
      return "vars";
  }
  return "";
}
}  // namespace

void Reading::set_vars(Value values) {
  vars = std::move(values);
  for (const auto& [name, value] : vars.as_map()) vars_by_name_.emplace(name, &value);
}

void Reading::add_service(std::string_view name) {
  service_names.push_back(name);
  services_.insert(name);
}

/// ${a.b} of a variable that holds a map counts, too.
bool Reading::known_var(std::string_view name) const {
  if (vars_by_name_.contains(name)) return true;
  const auto dot = name.find('.');
  const auto root = vars_by_name_.find(name.substr(0, dot));
  if (dot == std::string_view::npos || root == vars_by_name_.end()) return false;
  const Value* value = root->second;
  for (auto rest = name.substr(dot + 1); value != nullptr && !rest.empty();) {
    const auto step = rest.substr(0, rest.find('.'));
    value = value->find(step);
    rest.remove_prefix(std::min(rest.size(), step.size() + 1));
  }
  return value != nullptr;
}

void Reading::check_variables(const Node& node, Reader& reader) {
  if (node.is_scalar()) {
    if (node.text.find("${") != std::string::npos) check_scalar(node, reader);
    return;
  }
  for (std::size_t i = 0; i < node.size(); ++i) check_variables(node.is_map() ? node.value(i) : node.items[i], reader);
}

void Reading::check_scalar(const Node& node, Reader& reader) {
  const auto uses = variables_in(node.text);
  Places places(*this, node);
  if (!uses.ok()) {
    const auto rest = std::string_view(node.text).substr(static_cast<std::size_t>(uses.error().where.column - 1));
    const auto end = rest.find('}');
    add(places.next(rest.substr(0, end == std::string_view::npos ? 2 : end + 1)), uses.error().what, uses.error().hint);
    return;
  }
  for (const VariableUse& use : *uses) {
    if (full()) return;
    check_use(places, std::string_view(node.text).substr(use.begin, use.end - use.begin), use, reader);
  }
}

void Reading::check_use(Places& places, std::string_view written, const VariableUse& use, Reader& reader) {
  const auto place = [&] { return places.next(written); };
  if (use.name.starts_with(kServices) && reader.of != Reader::Of::preflight && reader.of != Reader::Of::suite) {
    check_service_use(places, written, use, reader);
    return;
  }
  if (const auto* builtin = builtin_of(use.name)) {
    if (!allowed(*builtin, reader.of)) {
      add(place(), fmt::format("${{{}}} means nothing in {}", use.name, place_in_words(reader.of)),
          std::string(builtin->help));
    } else if (builtin->name == "vary" && !reader.has_vary) {
      add(place(), "${vary} in a case without vary", "add vary: { over: [.., ..] }");
    } else if (builtin->name == "port.") {
      const auto name = std::string_view(use.name).substr(builtin->name.size());
      if (reader.ports == nullptr || std::ranges::find(*reader.ports, name) == reader.ports->end()) {
        add(place(), fmt::format("this service has no port \"{}\"", name), fmt::format("add ports: [{}]", name));
      }
    }
    return;
  }
  if (known_var(use.name) && reader.of != Reader::Of::suite) return;
  if (reader.of == Reader::Of::one_case) {
    const bool is_new = reader.names.insert(use.name).second;  // the first use says enough
    if (is_new) capture_uses.push_back({.user = reader.index, .name = use.name, .span = place()});
    return;
  }
  std::vector<std::string_view> known;
  for (const auto& [name, value] : vars.as_map()) known.push_back(name);
  for (const auto& builtin : language::builtins()) {
    if (allowed(builtin, reader.of) && !builtin.name.ends_with('.')) known.push_back(builtin.name);
  }
  add(place(), fmt::format("unknown variable ${{{}}}", use.name),
      near_or(use.name, known, "name it under vars:, or write $${ for a literal ${"));
}

void Reading::check_service_use(Places& places, std::string_view written, const VariableUse& use, Reader& reader) {
  const auto place = [&] { return places.next(written); };
  const auto rest = std::string_view(use.name).substr(kServices.size());
  const auto name = rest.substr(0, rest.find('.'));
  if (!has_service(name)) {
    add(place(), fmt::format("no service is called \"{}\"", name),
        near_or(name, service_names,
                service_names.empty() ? "this suite has no services" : "one of: " + listed(service_names)));
    return;
  }
  reader.services.emplace(name);
  const auto fact = rest.substr(std::min(rest.size(), name.size() + 1));
  if (fact == "via" || fact == "via_url") vias.emplace(name);
  const auto facts = language::service_facts();
  if (std::ranges::find(facts, fact) != facts.end() || fact.starts_with("port.")) return;
  const std::vector<std::string_view> known(facts.begin(), facts.end());
  add(place(), fmt::format("a service has no \"{}\"", fact), near_or(fact, known, "one of: " + listed(known)));
}
}  // namespace mccoy::suite
