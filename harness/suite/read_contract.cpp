#include "harness/suite/read_contract.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/read_field.hpp"
#include "harness/suite/typed.hpp"

namespace mccoy::suite {
namespace {
/// Where a field of an obligation means a service: always, or when it is not an address or a path.
struct ServiceField {
  std::string_view kind, field;
  bool may_be_address;
};
constexpr ServiceField kServiceFields[] = {
    {"listener", "svc", false}, {"service", "svc", false}, {"service", "connect", true}, {"connect", "to", true},
    {"signal", "to", false},    {"engine", "at", true},    {"delegate", "to", true}};
constexpr std::string_view kPatternFields[] = {"argv"};

bool looks_like_an_address(std::string_view text) {
  return text.find_first_of(":/") != std::string_view::npos || has_variable(text);
}

const Node& node_of(const Node& map, std::string_view field) {
  const Node* found = map.find(field);
  return found == nullptr ? map : *found;
}

void check_patterns(Reading& reading, const Value& settings, const Node& node) {
  for (const auto field : kPatternFields) {
    const Value& pattern = settings[field];
    if (!pattern.is_string() || has_variable(pattern)) continue;
    const re2::RE2 compiled(pattern.as_string(), re2::RE2::Quiet);
    if (!compiled.ok()) {
      reading.add(node_of(node, field), fmt::format("not a regular expression: {}", visible_line(compiled.error())),
                  std::string(kPatternAdvice));
    }
  }
}

void check_services(Reading& reading, const ObligationKind& kind, const Value& settings, const Node& node,
                    ServiceNames& services) {
  for (const auto& row : kServiceFields) {
    const Value& value = settings[row.field];
    if (row.kind != kind.name || !value.is_string()) continue;
    const std::string& name = value.as_string();
    if (row.may_be_address && looks_like_an_address(name)) continue;
    if (is_service(reading, node_of(node, row.field), name)) services.insert(name);
  }
}

/// The long form: { svc: orders, … }. A service may itself be called "name".
bool names_its_service(const Node& node) {
  const Node* name = node.find("name");
  return node.find("svc") != nullptr || (name != nullptr && !name->is_map() && !name->is_list());
}

/// An obligation that names a kind but nothing to look for.
bool says_something(Reading& reading, const ObligationKind& kind, const Value& settings, const Node& node) {
  if (kind.name == "listener") {
    if (settings.find("svc") != nullptr || settings.find("port") != nullptr) return true;
    reading.add(node, "listener must say which socket", "name a service: listener: orders, or a port");
    return false;
  }
  if (kind.name == "syscall" && settings.find("errno") == nullptr) {
    const Value& call = settings["call"];
    const std::vector<std::string_view> known(countable_calls().begin(), countable_calls().end());
    if (has_variable(call) || is_countable_call(call.as_string())) return true;
    reading.add(node_of(node, "call"),
                fmt::format("calls of \"{}\" are not counted", visible_line(call.as_string(), 40)),
                near_or(call.as_string(), known, "one of: " + listed(known)));
    return false;
  }
  if (kind.name == "children" && settings["min"].is_int() && settings["min"].as_int() < 1) {
    reading.add(node_of(node, "min"), "children must be at least 1", "say how many processes must be alive at once");
    return false;
  }
  if (kind.name == "service") {
    for (const auto field : {"connect", "read", "write", "nowrite"}) {
      if (settings.find(field) != nullptr) return true;
    }
    reading.add(node, "service must say what the service does: connect, read, write or nowrite",
                "for example service: { orders: { connect: db } }");
    return false;
  }
  return true;
}

class ContractReader {
 public:
  ContractReader(Reading& reading, ServiceNames& services) : reading_(reading), services_(services) {}

  void read(const ObligationKind& kind, const Node& node) {
    if (node.is_list()) {
      for (const Node& item : node.items) read(kind, item);
      if (node.items.empty())
        reading_.add(node, fmt::format("{} is an empty list", kind.name), "say what must be seen");
      return;
    }
    if (kind.name == "service" && node.is_map() && !names_its_service(node)) return read_service_map(kind, node);
    if (node.is_map()) return read_map(kind, node, {});
    read_short(kind, node);
  }

  std::vector<Obligation> take() { return std::move(contract_); }

 private:
  /// { orders: { connect: db } }
  void read_service_map(const ObligationKind& kind, const Node& node) {
    if (node.items.empty())
      reading_.add(node, "service names no service", "for example service: { orders: { connect: db } }");
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (is_service(reading_, node.key(i), node.key(i).text)) read_of_service(kind, node.key(i).text, node.value(i));
    }
  }

  void read_of_service(const ObligationKind& kind, const std::string& service, const Node& node) {
    if (node.is_list() && !node.items.empty()) {
      for (const Node& item : node.items) read_of_service(kind, service, item);
    } else if (require_map(reading_, node, service, "{ connect: db }")) {
      read_map(kind, node, service);
    }
  }

  void read_map(const ObligationKind& kind, const Node& node, const std::string& service) {
    std::vector<Field> fields(kind.fields.begin(), kind.fields.end());
    if (!service.empty())
      std::erase_if(fields, [](const Field& field) { return field.name == "svc" || field.name == "name"; });
    const std::size_t before = reading_.count();
    const LocatedMap read = read_fields(reading_, fields, node, kind.name);
    if (reading_.count() != before) return;
    Value::Map settings;
    if (!service.empty()) settings.emplace_back("svc", service);
    const bool of_service = kind.name == "service" && service.empty();
    for (const auto& [name, located] : read)
      settings.emplace_back(of_service && name == "name" ? "svc" : name, located.value);
    add(kind, Value(std::move(settings)), node);
  }

  void read_short(const ObligationKind& kind, const Node& node) {
    const Field* meant = find_field(kind.fields, kind.short_form);
    if (meant == nullptr) {
      reading_.add(node, fmt::format("{} must be a map of fields; this is {}", kind.name, kind_in_words(node)),
                   "it has: " + listed(names_of(kind.fields)));
      return;
    }
    auto value = read_field(reading_, *meant, node);
    if (value) add(kind, Value(Value::Map{{std::string(meant->name), std::move(*value)}}), node);
  }

  void add(const ObligationKind& kind, Value settings, const Node& node) {
    if (!says_something(reading_, kind, settings, node)) return;
    check_patterns(reading_, settings, node);
    check_services(reading_, kind, settings, node, services_);
    contract_.push_back({.kind = &kind, .settings = std::move(settings), .span = reading_.span(node)});
  }

  Reading& reading_;
  ServiceNames& services_;
  std::vector<Obligation> contract_;
};
}  // namespace

bool is_service(Reading& reading, const Node& node, std::string_view name) {
  if (reading.has_service(name)) return true;
  const auto& known = reading.service_names;
  const Span place = node.is_list() ? reading.within(reading.span(node), name) : reading.span(node);
  reading.add(place, fmt::format("no service is called \"{}\"", visible_line(name, 60)),
              near_or(name, known, known.empty() ? "this suite has no services" : "one of: " + listed(known)));
  return false;
}

std::vector<Obligation> read_contract(Reading& reading, const Node& evidence, ServiceNames& services) {
  ContractReader reader(reading, services);
  if (!require_map(reading, evidence, "evidence", "{ listener: orders }")) return {};
  if (evidence.items.empty()) reading.add(evidence, "evidence is empty", "say what must be seen, or remove it");
  for (std::size_t i = 0; i < evidence.size(); ++i) {
    if (const ObligationKind* kind = find_obligation_kind(evidence.key(i).text)) {
      reader.read(*kind, evidence.value(i));
      continue;
    }
    std::vector<std::string_view> known;
    for (const auto& kind : obligation_kinds()) known.push_back(kind.name);
    report_unknown_key(reading, evidence.key(i), "evidence", known);
  }
  return reader.take();
}
}  // namespace mccoy::suite
