#include <algorithm>
#include <climits>
#include <cstdlib>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/suite/typed.hpp"
#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
extern const FaultKind kill_fault, terminate_fault, restart_fault, crash_loop_fault, pause_fault;
extern const FaultKind cpu_fault, memory_fault, pids_fault, io_fault, limit_fault, hog_fault;
extern const FaultKind fail_calls_fault, slow_calls_fault, disk_full_fault, read_only_fault;
extern const FaultKind config_fault, clock_fault, names_fault;
extern const FaultKind partition_fault, loss_fault, delay_fault;

std::span<const FaultKind> via_faults();

std::span<const FaultKind* const> fault_kinds() {
  static const auto kKinds = [] {
    std::vector<const FaultKind*> kinds = {
        &kill_fault,       &terminate_fault, &restart_fault,   &crash_loop_fault, &pause_fault, &cpu_fault,
        &memory_fault,     &pids_fault,      &io_fault,        &limit_fault,      &hog_fault,   &fail_calls_fault,
        &slow_calls_fault, &disk_full_fault, &read_only_fault, &config_fault,     &clock_fault, &names_fault,
        &partition_fault,  &loss_fault,      &delay_fault,
    };
    for (const FaultKind& kind : via_faults()) kinds.push_back(&kind);
    return kinds;
  }();
  return kKinds;
}

const FaultKind* find_fault(std::string_view name) {
  const auto kinds = fault_kinds();
  const auto found = std::ranges::find_if(kinds, [&](const FaultKind* kind) { return kind->name == name; });
  return found == kinds.end() ? nullptr : *found;
}

namespace {
Error unknown_field(const FaultKind& kind, const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto& field : kind.fields) names.push_back(field.name);
  const auto near = did_you_mean(name, names);
  return {
      .what = "the fault " + std::string(kind.name) + " has no field \"" + name + "\"",
      .hint = near.empty() ? "mccoy probes chaos lists what there is" : "did you mean \"" + std::string(near) + "\"?"};
}

Result<Value> typed_field(const FaultKind& kind, const suite::Field& field, const Value& given) {
  const Value* value = given.find(field.name);
  if (value == nullptr && field.required)
    return Error{.what = "the fault " + std::string(kind.name) + " needs \"" + std::string(field.name) + "\"",
                 .hint = std::string(field.help)};
  if (value == nullptr && field.fallback.empty()) return Value();
  auto typed = suite::typed(field, value == nullptr ? Value(field.fallback) : *value);
  if (!typed.ok()) typed.error().what = std::string(field.name) + ": " + typed.error().what;
  return typed;
}

std::string without_links(const std::string& path) {
  const Owned<char*, nullptr, ::free> found(::realpath(path.c_str(), nullptr));
  if (found) return found.get();
  const std::string folder = dirname(path);
  return folder == path ? path : without_links(folder) + "/" + basename(path);
}

bool is_below(const std::string& path, const std::string& folder) {
  return !folder.empty() && (path == folder || path.starts_with(folder == "/" ? folder : folder + "/"));
}
}  // namespace

Result<Value> typed_settings(const FaultKind& kind, const Value& given) {
  for (const auto& [name, value] : given.as_map())
    if (std::ranges::find(kind.fields, name, &suite::Field::name) == kind.fields.end())
      return unknown_field(kind, name);
  Value settings = Value::map();
  for (const auto& field : kind.fields) {
    MCCOY_TRY(value, typed_field(kind, field, given));
    if (!value.is_null()) settings.set(field.name, std::move(value));
  }
  return settings;
}

Result<std::unique_ptr<Fault>> make_fault(const FaultKind& kind, const FaultContext& context, const Value& settings) {
  const auto where = context.services->whereabouts(context.service);
  if (!where) return Error{.what = "there is no service \"" + context.service + "\" in this suite"};
  const std::string scope = kind.reach == Reach::host ? "touches the whole machine"
                            : where->attached         ? "is done to a service that this suite only attached to"
                                                      : "";
  if (!scope.empty() && !context.beyond_suite)
    return Error{.what = "the fault " + std::string(kind.name) + " " + scope,
                 .hint = "that has to be allowed explicitly"};
  if (kind.check != nullptr) MCCOY_DO(kind.check(settings, Duration::max()));
  return kind.make(context, settings);
}

Result<std::string> path_within(const FaultContext& context, const std::string& path) {
  const auto where = context.services->whereabouts(context.service);
  std::string whole = absolute(path, context.folder);
  const std::string real = without_links(whole);
  const bool inside = is_below(real, without_links(context.folder)) ||
                      (where && is_below(real, where->dir.empty() ? "" : without_links(where->dir)));
  if (inside || context.beyond_suite) return whole;
  return Error{.what = whole + " lies neither below the suite's folder nor below that of " + context.service,
               .hint = "that has to be allowed explicitly"};
}
}  // namespace mccoy::chaos
