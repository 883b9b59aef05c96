#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/language.hpp"
#include "harness/suite/read_contract.hpp"
#include "harness/suite/read_field.hpp"
#include "harness/suite/read_parts.hpp"
#include "harness/suite/typed.hpp"

namespace mccoy::suite {
namespace {
struct HowWord {
  std::string_view word;
  Ready::How how;
};
constexpr HowWord kHows[] = {
    {"http", Ready::How::http}, {"tcp", Ready::How::tcp}, {"command", Ready::How::command}, {"log", Ready::How::log}};

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Ready read_ready(Reading& reading, const Value& value, const Node& node) {
  Ready ready;
  for (const HowWord& row : kHows) {
    const Value* what = value.find(row.word);
    if (what == nullptr) continue;
    if (ready.how != Ready::How::none) {
      reading.add(node, "ready asks in one way; this names two", "keep one of http, tcp, command, log");
      break;
    }
    ready.how = row.how;
    ready.what = {*what, reading.span(*node.find(row.word))};
  }
  if (ready.how == Ready::How::none)
    reading.add(node, "ready does not say how to ask", "name one of http, tcp, command, log");
  if (ready.how == Ready::How::log && !has_variable(ready.what.value)) {
    const re2::RE2 pattern(ready.what.value.as_string(), re2::RE2::Quiet);
    if (!pattern.ok())
      reading.add(ready.what.span, fmt::format("not a regular expression: {}", visible_line(pattern.error())),
                  std::string(kPatternAdvice));
  }
  ready.status = static_cast<int>(value["status"].as_int());
  if (const Value* within = value.find("within")) ready.within = Duration(within->as_int());
  if (const Value* every = value.find("every")) ready.every = Duration(every->as_int());
  if (ready.status != 0 && ready.how != Ready::How::http) {
    reading.add(*node.find("status"), "status belongs to ready by http", "remove it");
  }
  if (ready.status != 0 && (ready.status < 100 || ready.status > 599)) {
    reading.add(*node.find("status"), "an HTTP status is a number from 100 to 599", "for example 200");
  }
  return ready;
}

void check_way(Reading& reading, const Node& name, const Node& node) {
  const bool runs = node.find("run") != nullptr;
  const bool attaches = node.find("attach") != nullptr;
  if (!runs && !attaches) {
    reading.add(
        name, fmt::format("the service \"{}\" says neither how to run it nor where it is", visible_line(name.text, 60)),
        "add run: [command, …] or attach: \"host:port\"");
  }
  if (!attaches) return;
  for (const std::string_view field :
       {"run", "before", "env", "cwd", "port", "ports", "user", "watch", "stop", "leaves_nothing"}) {
    if (node.find(field) == nullptr) continue;
    reading.add(*node.find(field),
                fmt::format("a service that is attached to is not started, so it takes no {}", field),
                "remove it, or remove attach");
  }
}

void check_use_of_variables(Reading& reading, const Node& node, Service& service) {
  Reader reader;
  reader.of = Reader::Of::service;
  reader.ports = &service.ports;
  reading.check_variables(node, reader);
  for (const auto& used : reader.services) {
    if (used == service.name) {
      reading.add(node, fmt::format("the service \"{}\" names itself", service.name),
                  "inside it write ${port}, ${dir}");
    } else if (std::ranges::find(service.needs, used) == service.needs.end()) {
      service.needs.push_back(used);
    }
  }
}
}  // namespace

Service read_service(Reading& reading, const Node& name, const Node& node) {
  Service service;
  service.name = name.text;
  service.span = reading.span(name);
  if (!is_plain_name(name.text)) {
    reading.add(name, fmt::format("\"{}\" is no name for a service", visible_line(name.text, 60)),
                "letters, digits, - and _ only: it is used as ${services.NAME.port}");
    return service;
  }
  if (!require_map(reading, node, name.text, "{ run: [./server, --port, \"${port}\"] }")) return service;
  const LocatedMap map = read_fields(reading, language::service_fields(), node, fmt::format("service {}", name.text));
  check_way(reading, name, node);
  service.run = located_of(map, "run");
  service.attach = located_of(map, "attach");
  service.before = commands_of(map, "before");
  service.env = names_of(map, "env");
  service.cwd = located_of(map, "cwd");
  for (auto& needed : texts_of(map, "needs")) {
    if (is_service(reading, *node.find("needs"), needed)) service.needs.push_back(std::move(needed));
  }
  service.fixed_port = static_cast<int>(located_of(map, "port").value.as_int());
  service.ports = texts_of(map, "ports");
  for (const auto& port : service.ports) {
    if (!is_plain_name(port))
      reading.add(*node.find("ports"), fmt::format("\"{}\" is no name for a port", visible_line(port, 60)),
                  "names, not numbers: ports: [admin], used as ${port.admin}");
  }
  if (const Located* ready = find_located(map, "ready"))
    service.ready = read_ready(reading, ready->value, *node.find("ready"));
  service.user = text_of(map, "user");
  if (const Located* watch = find_located(map, "watch")) service.watch = watch->value.as_bool(true);
  if (const Located* stop = find_located(map, "stop")) {
    if (const Value* signal = stop->value.find("signal")) service.stop_signal = signal->as_string();
    if (const Value* within = stop->value.find("within")) service.stop_within = Duration(within->as_int());
  }
  if (const Located* gone = find_located(map, "leaves_nothing")) {
    for (const Value& glob : gone->value.as_list()) service.leaves_nothing.push_back({glob, gone->span});
  }
  service.url = located_of(map, "url");
  check_use_of_variables(reading, node, service);
  return service;
}
}  // namespace mccoy::suite
