// What a chaos case asks for, typed and complete: read from the settings of one trial.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/suite/settings.hpp"
#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
struct FaultAsk {
  const FaultKind* kind = nullptr;
  std::string service;
  Value settings;                ///< typed by the kind's table, defaults filled in
  Duration at{};                 ///< since the first injection
  std::optional<Duration> hold;  ///< none: as long as the whole
  std::string name() const { return std::string(kind->name) + " of " + service; }
};

struct LedgerAsk {
  std::vector<std::string> write;      ///< argv; empty: the load writes
  std::vector<std::string> read_back;  ///< argv, or one item "GET URL"
  std::string list, key;
  bool listed = false;  ///< `list` or `key` was given: what is read back is JSON
  bool ordered = false;
  int writers = 2;
  Duration pause = std::chrono::milliseconds(20);
  bool each() const;  ///< {{id}} stands in read_back: asked once for each record
};

struct WhileAsk {
  Value load;            ///< head and fields as a load case has them; null: no load
  bool endless = false;  ///< the load states no end
  std::vector<std::string> cases;
  Duration every = std::chrono::milliseconds(500);
  std::optional<LedgerAsk> ledger;
  bool any() const { return !load.is_null() || !cases.empty() || ledger; }
};

struct ChaosAsk {
  std::vector<FaultAsk> faults;
  std::vector<std::string> steady_state;
  Value expect_during = Value::map();
  Duration hold = std::chrono::seconds(5), recovers_within = std::chrono::seconds(30);
  Duration lead = std::chrono::seconds(1), poll = std::chrono::milliseconds(200);
  Duration effect_within = std::chrono::seconds(5);
  WhileAsk meanwhile;
  Duration span() const;  ///< from the first injection until the last fault is to be undone
};

/// errors  a value that does not fit the field of its kind of fault
Result<ChaosAsk> read_chaos_ask(const Value& head);
/// Of the keys of an entry of `fault`: the kinds they name. A key that is also a field of another kind that is named is
/// that field: { memory: db, limit: 64MiB }.
std::vector<const FaultKind*> kinds_among(const std::vector<std::string_view>& keys);
/// The kind an entry names; nullptr: none, or several.
const FaultKind* kind_of(const Value& entry);
/// What the kind of fault is given, out of an entry. errors: as above
Result<Value> settings_of(const FaultKind& kind, const Value& entry);
}  // namespace mccoy::chaos
