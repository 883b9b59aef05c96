#include "harness/judge/rejudge.hpp"

#include <fmt/format.h>

#include <array>
#include <map>

#include "harness/base/text.hpp"
#include "harness/judge/retrial.hpp"

namespace mccoy::judge {
namespace {
struct PlanEntry {
  Weighed weighed;
  bool skipped = false, judged = false;
};

constexpr std::size_t kMaxDisagreements = 100;

std::string words(const Judgement& judgement) {
  const std::string rule = judgement.rule.empty() ? "" : fmt::format(" ({})", judgement.rule);
  const std::string strength =
      judgement.strength == Strength::none ? "" : fmt::format(", {}", to_text(judgement.strength));
  return fmt::format("{}/{}{}{}{}", to_text(judgement.outcome), to_text(judgement.provenance), strength,
                     judgement.flaky ? ", flaky" : "", rule);
}

/// A word this version does not know asks for the most.
suite::Requirement requirement(std::string_view word) {
  if (word == "none") return suite::Requirement::none;
  return word == "real" || word.empty() ? suite::Requirement::real : suite::Requirement::challenged;
}

bool same_answer(const Judgement& a, const Judgement& b) {
  return a.outcome == b.outcome && a.provenance == b.provenance && a.strength == b.strength && a.flaky == b.flaky &&
         a.rule == b.rule;
}

class Rejudge {
 public:
  explicit Rejudge(const std::string& folder) : blobs_(folder + "/" + std::string(evidence::kBlobsFolder)) {}

  void take(const evidence::Record& item) {
    for (const Taker& taker : kTakers)
      if (taker.type == item.type) (this->*taker.take)(item.body);
  }

  Rejudged finish(const evidence::JournalReading& reading) {
    if (reading.state == evidence::JournalState::corrupt) disagree("the journal was changed: " + reading.why);
    if (!result_.closed) result_.summary = summary();
    result_.planned = static_cast<std::int64_t>(entries_.size());
    return std::move(result_);
  }

 private:
  struct Taker {
    std::string_view type;
    void (Rejudge::*take)(const Value& body);
  };
  static const std::array<Taker, 8> kTakers;

  void open(const Value& body) { strict_ = body["options"]["strict"].as_bool(); }
  void problem(const Value& body) { result_.problems.push_back(body["text"].as_string()); }

  void disagree(std::string sentence) {
    if (result_.disagreements.size() < kMaxDisagreements) result_.disagreements.push_back(std::move(sentence));
  }

  // ---- the plan

  void plan(const Value& body) {
    if (planned_) disagree("cases were added to the plan after it was closed");
    for (const auto& item : body["cases"].as_list()) {
      PlanEntry entry;
      entry.weighed.require = requirement(item["require"].as_string());
      entry.weighed.soft = item["soft"].as_bool();
      entry.weighed.optional = item["optional"].as_bool();
      entry.skipped = !item["skip"].as_string().empty();
      if (!index_.emplace(item["id"].as_string(), entries_.size()).second)
        disagree(fmt::format("case {} was planned twice", item["id"].as_string()));
      else
        entries_.push_back(std::move(entry));
    }
  }

  void planned(const Value& body) {
    planned_ = true;
    if (body["cases"].as_int(-1) != static_cast<std::int64_t>(entries_.size()))
      disagree(fmt::format("the journal says that {} cases were planned, its plan holds {}", body["cases"].as_int(-1),
                           entries_.size()));
  }

  PlanEntry* entry_of(const std::string& id) {
    const auto found = index_.find(id);
    if (planned_ && found != index_.end()) return &entries_[found->second];
    disagree(fmt::format("case {} was executed, but it is not in the plan that came before", id));
    return nullptr;
  }

  // ---- what was tried

  Disagree about(const std::string& id) {
    return [this, id](const std::string& sentence) { disagree(fmt::format("case {}, {}", id, sentence)); };
  }

  void trial(const Value& body) {
    const std::string& id = body["case"].as_string();
    const PlanEntry* entry = entry_of(id);
    if (entry == nullptr) return;
    if (entry->judged) return disagree(fmt::format("case {} was tried after it was judged", id));
    retrials_[id].take_trial(body, blobs_, about(id));
  }

  void challenge(const Value& body) {
    const std::string& id = body["case"].as_string();
    if (entry_of(id) != nullptr) retrials_[id].take_challenge(body, about(id));
  }

  // ---- judgements

  void close_case(const Value& body) {
    const std::string& id = body["case"].as_string();
    PlanEntry* entry = entry_of(id);
    if (entry == nullptr) return;
    if (entry->judged) return disagree(fmt::format("case {} was judged twice", id));
    entry->judged = true;
    ++result_.judged;
    const Judgement said = judgement_from_value(body["judgement"]);
    Retrial retrial = std::move(retrials_[id]);
    retrials_.erase(id);
    result_.checks += retrial.checks();
    entry->weighed.judgement =
        retrial.tried() ? again(id, body, std::move(retrial), said) : without_trial(id, *entry, said);
    entry->weighed.judgement.facts.clear();  // the totals need the answer, not its words
    entry->weighed.judgement.missing.clear();
    entry->weighed.judgement.reason.clear();
  }

  /// Nothing was tried: the weakest answers need no evidence, all others do.
  Judgement without_trial(const std::string& id, const PlanEntry& entry, const Judgement& said) {
    const bool skipped = said.outcome == Outcome::skip && entry.skipped;
    const bool weak = said.outcome == Outcome::not_run || said.outcome == Outcome::error;
    if ((skipped || weak) && said.provenance == Provenance::unproven && said.strength == Strength::none && !said.flaky)
      return said;
    Judgement nothing;
    disagree(fmt::format("case {}: the journal says {}, but there is no trial of it{}", id, words(said),
                         said.outcome == Outcome::skip ? " and no reason to skip it in the plan" : ""));
    return nothing;
  }

  Judgement again(const std::string& id, const Value& body, Retrial retrial, const Judgement& said) {
    auto terms = terms_from_value(body["terms"]);
    if (!terms.ok()) {
      disagree(fmt::format("case {}: {}", id, terms.error().what));
      return {};
    }
    Judgement follows = judge(std::move(retrial).evidence(std::move(terms).value(), body));
    if (!same_answer(said, follows))
      disagree(fmt::format("case {}: the journal says {}, but from its evidence follows {}: {}", id, words(said),
                           words(follows), follows.reason));
    else if (to_json(to_value(said)) != to_json(to_value(follows)))
      disagree(fmt::format("case {}: the words of its judgement are not those that follow from its evidence", id));
    return follows;
  }

  // ---- the whole

  Summary summary() const {
    std::vector<Weighed> cases;
    cases.reserve(entries_.size());
    for (const auto& entry : entries_) cases.push_back(entry.weighed);
    return summarise(cases, strict_, result_.interrupted, false, result_.problems.size());
  }

  void close(const Value& body) {
    result_.closed = true;
    result_.interrupted = body["reason"].as_string() == "interrupted";
    result_.summary = summary();
    const Value follows = to_value(result_.summary);
    for (const auto& [name, value] : follows.as_map())
      if (!(body[name] == value))
        disagree(fmt::format("the journal closes with {} {}, but from its cases follows {}", name, to_json(body[name]),
                             to_json(value)));
  }

  evidence::Blobs blobs_;
  Rejudged result_;
  std::vector<PlanEntry> entries_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::map<std::string, Retrial> retrials_;
  bool planned_ = false, strict_ = false;
};

const std::array<Rejudge::Taker, 8> Rejudge::kTakers = {{
    {kinds::kOpen, &Rejudge::open},
    {kinds::kPlan, &Rejudge::plan},
    {kinds::kPlanned, &Rejudge::planned},
    {kinds::kTrial, &Rejudge::trial},
    {kinds::kChallenge, &Rejudge::challenge},
    {kinds::kCase, &Rejudge::close_case},
    {kinds::kProblem, &Rejudge::problem},
    {kinds::kClose, &Rejudge::close},
}};
}  // namespace

Result<Rejudged> rejudge(const std::string& bundle_folder) {
  Rejudge rejudge(bundle_folder);
  const std::string path = bundle_folder + "/" + std::string(evidence::kJournalFile);
  MCCOY_TRY(reading, evidence::read_journal(path, [&](const evidence::Record& item) { rejudge.take(item); }));
  return rejudge.finish(reading);
}
}  // namespace mccoy::judge
