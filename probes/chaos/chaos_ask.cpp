#include "probes/chaos/chaos_ask.hpp"

#include <algorithm>

#include "harness/suite/typed.hpp"
#include "probes/chaos/chaos_fields.hpp"
#include "probes/load_fields.hpp"

namespace mccoy::chaos {
namespace {
constexpr Duration kEndless = std::chrono::hours(24);

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.as_list()) out.push_back(suite::scalar_text(item));
  return out;
}

void take_duration(const Value& map, const char* name, Duration& into) {
  if (const Value* found = map.find(name)) into = Duration(found->as_int());
}

const suite::Field& row_of(std::string_view name) {
  const auto rows = fault_fields();
  const auto found = std::ranges::find(rows, name, &suite::Field::name);
  MCCOY_CHECK(found != rows.end());
  return *found;
}

Result<FaultAsk> read_fault(const Value& entry) {
  FaultAsk ask{.kind = kind_of(entry), .service = {}, .settings = {}, .at = {}, .hold = {}};
  if (ask.kind == nullptr) return Error{.what = "an entry of fault names one kind of fault"};
  ask.service = entry[ask.kind->name].as_string();
  take_duration(entry, "at", ask.at);
  if (const Value* hold = entry.find("hold")) ask.hold = Duration(hold->as_int());
  MCCOY_TRY(settings, settings_of(*ask.kind, entry));
  ask.settings = std::move(settings);
  return ask;
}

LedgerAsk read_ledger(const Value& said) {
  LedgerAsk ask;
  ask.write = texts(said["write"]);
  ask.read_back = texts(said["read_back"]);
  ask.list = said["list"].as_string();
  ask.key = said["key"].as_string();
  ask.listed = said.find("list") != nullptr || said.find("key") != nullptr;
  ask.ordered = said["ordered"].as_bool();
  ask.writers = static_cast<int>(std::clamp<std::int64_t>(said["writers"].as_int(2), 1, 64));
  take_duration(said, "pause", ask.pause);
  return ask;
}

Value load_of(const Value& said, bool& endless) {
  if (said.find("load") == nullptr) return {};
  Value load = Value::map({{"load", said["load"]}});
  for (const suite::Field& field : probes::load_schema().fields)
    if (const Value* value = said.find(field.name)) load.set(field.name, *value);
  endless = load.find("for") == nullptr && load.find("stages") == nullptr;
  if (endless) load.set("for", kEndless.count());
  return load;
}

WhileAsk read_while(const Value& said) {
  WhileAsk ask;
  ask.load = load_of(said, ask.endless);
  ask.cases = texts(said["cases"]);
  take_duration(said, "every", ask.every);
  if (said.find("ledger") != nullptr) ask.ledger = read_ledger(said["ledger"]);
  return ask;
}
}  // namespace

bool LedgerAsk::each() const {
  return std::ranges::any_of(read_back,
                             [](const std::string& word) { return word.find("{{id}}") != std::string::npos; });
}

Duration ChaosAsk::span() const {
  Duration longest = hold;
  for (const FaultAsk& fault : faults) longest = std::max(longest, fault.at + fault.hold.value_or(Duration{}));
  return longest;
}

std::vector<const FaultKind*> kinds_among(const std::vector<std::string_view>& keys) {
  std::vector<const FaultKind*> named;
  for (const std::string_view key : keys)
    if (const FaultKind* kind = find_fault(key)) named.push_back(kind);
  const auto is_field_of_another = [all = named](const FaultKind* kind) {
    return std::ranges::any_of(all, [&](const FaultKind* other) {
      return other != kind && std::ranges::find(other->fields, kind->name, &suite::Field::name) != other->fields.end();
    });
  };
  if (named.size() > 1) std::erase_if(named, is_field_of_another);
  return named;
}

const FaultKind* kind_of(const Value& entry) {
  std::vector<std::string_view> keys;
  for (const auto& [name, value] : entry.as_map()) keys.emplace_back(name);
  const auto kinds = kinds_among(keys);
  return kinds.size() == 1 ? kinds.front() : nullptr;
}

Result<Value> settings_of(const FaultKind& kind, const Value& entry) {
  Value settings = Value::map();
  for (const suite::Field& field : kind.fields) {
    const Value* given = entry.find(field.name);
    if (given == nullptr && field.fallback.empty()) continue;
    const bool typed_already = given != nullptr && row_of(field.name).type == field.type;
    if (typed_already) {
      settings.set(field.name, *given);
      continue;
    }
    auto typed = suite::typed(field, given == nullptr ? Value(field.fallback) : *given);
    if (!typed.ok()) {
      typed.error().what = std::string(kind.name) + ": " + typed.error().what;
      return std::move(typed).error();
    }
    settings.set(field.name, std::move(typed).value());
  }
  return settings;
}

Result<ChaosAsk> read_chaos_ask(const Value& head) {
  ChaosAsk ask;
  for (const Value& entry : head["fault"].as_list()) {
    MCCOY_TRY(fault, read_fault(entry));
    ask.faults.push_back(std::move(fault));
  }
  ask.steady_state = texts(head["steady_state"]);
  if (head.find("expect_during") != nullptr) ask.expect_during = head["expect_during"];
  take_duration(head, "hold", ask.hold);
  take_duration(head, "recovers_within", ask.recovers_within);
  take_duration(head, "lead", ask.lead);
  take_duration(head, "poll", ask.poll);
  take_duration(head, "effect_within", ask.effect_within);
  ask.meanwhile = read_while(head["while"]);
  return ask;
}
}  // namespace mccoy::chaos
