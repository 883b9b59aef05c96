#include "harness/run/baseline.hpp"

#include <fmt/format.h>

#include "harness/base/text.hpp"
#include "harness/evidence/bundle.hpp"
#include "harness/run/records.hpp"

namespace mccoy::run {
namespace {
constexpr double kErrorsMore = 0.01;  ///< share of errors by which a baseline may be worse
constexpr double kLevelOff = 0.1;     ///< part by which it may have asked for more or less

struct Earlier {
  Output histograms;
  Value load;
  std::string head;
};

double error_share(const Value& load) {
  const Value& all = load["all"];
  const auto begun = all["due"].as_int() - all["dropped"].as_int() - all["never_sent"].as_int();
  return begun > 0 ? all["errors"].as_double() / static_cast<double>(begun) : 0;
}

/// What was asked for, in order: "list GET /orders, order POST /orders".
std::string asks_of(const Value& load) {
  std::vector<std::string> asks;
  for (const Value& request : load["requests"].as_list())
    asks.push_back(request["name"].as_string() + " " + request["asks"].as_string());
  return join(asks, ", ");
}

/// Why times of two loads are of different things; "" = they can be compared. What a bundle of before does not say is
/// not held against it.
std::string difference(const Value& before, const Value& now) {
  if (!before.is_map() || !now.is_map()) return {};
  const double were = error_share(before), are = error_share(now);
  if (were > are + kErrorsMore)
    return fmt::format("{:.3g}% of its requests were errors, of these {:.3g}%", were * 100, are * 100);
  if (before["model"].as_string() != now["model"].as_string())
    return fmt::format("its load was {}, this one is {}", before["model"].as_string(), now["model"].as_string());
  const double level = before["level"].as_double(), wanted = now["level"].as_double();
  if (level > 0 && (wanted < level * (1 - kLevelOff) || wanted > level * (1 + kLevelOff)))
    return fmt::format("it was asked for {:.4g}, this one for {:.4g} ({})", level, wanted,
                       now["model"].as_string() == "open" ? "per second" : "users");
  const bool says =
      !before["requests"].as_list().empty() && before["requests"].as_list().front().find("asks") != nullptr;
  if (says && asks_of(before) != asks_of(now))
    return fmt::format("it asked for {}; this one for {}", visible_line(asks_of(before), 200),
                       visible_line(asks_of(now), 200));
  return {};
}

/// Of the last undisturbed trial of the case that was no error.
Result<Earlier> earlier_of(const std::string& bundle, const std::string& case_id) {
  MCCOY_TRY(integrity, evidence::check_integrity(bundle));
  if (integrity.state != evidence::Integrity::State::intact)
    return Error{.what = fmt::format("the bundle is {}, so it is no baseline", to_text(integrity.state))};
  Value found;
  const auto each = [&](const evidence::Record& record) {
    const Value& body = record.body;
    if (record.type != record::kTrial || body["case"].as_string() != case_id) return;
    const bool usable = body["phase"].as_string() == "baseline" && body["error"].as_string().empty() &&
                        body["observation"]["texts"].find("histograms") != nullptr;
    if (usable) found = body["observation"];
  };
  MCCOY_TRY(journal, evidence::read_journal(bundle + "/" + std::string(evidence::kJournalFile), each));
  if (found.is_null()) return Error{.what = fmt::format("it holds no measurement of the case {}", case_id)};
  const evidence::Blobs blobs(bundle + "/" + std::string(evidence::kBlobsFolder));
  MCCOY_TRY(observation, evidence::observation_from_value(found, blobs));
  Value load = observation.values["load"];
  return Earlier{std::move(observation.texts["histograms"]), std::move(load), journal.head};
}
}  // namespace

void add_baseline(const std::string& bundle, const std::string& case_id, evidence::Observation& observation) {
  if (bundle.empty()) {
    observation.values.set(
        "baseline",
        Value::map({{"why", "no baseline was named: add baseline: FOLDER to the case, or --baseline FOLDER"}}));
    return;
  }
  Value told = Value::map({{"bundle", bundle}, {"case", case_id}});
  auto earlier = earlier_of(bundle, case_id);
  if (earlier.ok())
    if (std::string why = difference(earlier->load, observation.values["load"]); !why.empty())
      earlier = Error{.what = std::move(why)};
  if (earlier.ok()) {
    told.set("head", earlier->head).set("error_share", error_share(earlier->load));
    if (earlier->load["level"].is_number()) told.set("level", earlier->load["level"]);
    observation.texts.insert_or_assign("baseline", std::move(earlier->histograms));
  } else {
    told.set("why", fmt::format("the baseline {} cannot be used: {}", visible_line(bundle, 120), earlier.error().what));
  }
  observation.values.set("baseline", std::move(told));
}
}  // namespace mccoy::run
