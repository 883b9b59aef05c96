#include "harness/run/baseline.hpp"

#include <fmt/format.h>

#include "harness/base/text.hpp"
#include "harness/evidence/bundle.hpp"
#include "harness/run/records.hpp"

namespace mccoy::run {
namespace {
struct Earlier {
  Output histograms;
  std::string head;
};

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
  return Earlier{std::move(observation.texts["histograms"]), journal.head};
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
  if (auto earlier = earlier_of(bundle, case_id); earlier.ok()) {
    told.set("head", earlier->head);
    observation.texts.insert_or_assign("baseline", std::move(earlier->histograms));
  } else {
    told.set("why", fmt::format("the baseline {} cannot be used: {}", visible_line(bundle, 120), earlier.error().what));
  }
  observation.values.set("baseline", std::move(told));
}
}  // namespace mccoy::run
