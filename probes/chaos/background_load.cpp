// The load that goes on while faults come and go; declared in background.hpp.
#include <poll.h>

#include <atomic>
#include <optional>
#include <thread>

#include "harness/base/random.hpp"
#include "probes/chaos/background.hpp"
#include "probes/chaos/writing_steps.hpp"
#include "probes/load/engine.hpp"
#include "probes/load_observation.hpp"
#include "probes/load_plan.hpp"

namespace mccoy::chaos {
namespace {
/// A request that is under way when the load ends has had no answer if it is older than this, and older than several
/// times the slowest that was answered well.
constexpr Duration kPatience = std::chrono::seconds(2);
constexpr int kTimes = 4;
constexpr std::size_t kLookedAt = 4;  ///< connections of each target whose other end is looked up

/// {{unique}} becomes the number of a record: with the digits of the trial in front.
void number_records(load::Template& text, const std::string& prefix) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i].kind == load::Piece::Kind::unique)
      text.insert(text.begin() + static_cast<std::ptrdiff_t>(i++), load::Piece{.text = prefix});
}

void number_records(load::Profile& profile, const std::string& prefix) {
  for (load::Journey& journey : profile.journeys)
    for (load::Request& request : journey.steps) {
      number_records(request.path, prefix);
      number_records(request.body, prefix);
      for (load::Header& header : request.headers) number_records(header.value, prefix);
    }
}

class LoadBackground final : public Background {
 public:
  explicit LoadBackground(const Stage& stage) : stage_(stage) {}
  ~LoadBackground() override { stop(); }

  Status begin() override {
    const Trial& trial = stage_.trial;
    MCCOY_TRY(plan, probes::plan_load(probes::Said(stage_.ask.meanwhile.load, nowhere_), trial.folder));
    profile_ = std::move(plan.profile);
    profile_.seed = trial.seed;
    profile_.nonce_key = trial.nonce + fresh_token();
    if (stage_.ask.meanwhile.ledger) {
      MCCOY_TRY(writes, writing_steps(profile_));
      writes_ = std::move(writes);
      number_records(profile_, stage_.book.prefix());
    }
    MCCOY_DO(load::check(profile_));
    thread_ = std::thread([this] { run(); });
    return {};
  }

  void end(Deadline deadline) override {
    if (!stage_.ask.meanwhile.endless) wait(deadline);
    stop();
  }

  Value figures() const override { return report_ ? probes::observe_load(*report_, profile_).values["load"] : Value(); }
  std::string trouble() const override { return trouble_; }

 private:
  void run() {
    load::Hooks hooks;
    hooks.interrupt = &over_;
    hooks.deadline = stage_.trial.deadline;
    hooks.exchanges = kLookedAt;
    hooks.exchanged = [this](int fd, std::int64_t out, std::int64_t in) { stage_.trial.watch->exchanged(fd, out, in); };
    hooks.begun = [this](Instant origin) { origin_ = origin; };
    hooks.finished = [this](const load::Finished& request) { note(request); };
    auto report = load::run(profile_, hooks);
    if (report.ok())
      report_ = std::move(report).value();
    else
      trouble_ = report.error().what;
    done_.raise();
  }

  std::int64_t at(std::int64_t ns) const { return stage_.chronicle.since_begin(origin_ + Duration(ns)); }

  /// What this machine had no port or file for says nothing of the target.
  void note(const load::Finished& request) {
    if (request.cause && load::by_generator(*request.cause)) return;
    if (request.abandoned) {
      note_abandoned(request);
    } else {
      using End = Chronicle::End;
      const Duration took(request.ended - request.due);
      const End how = request.ok ? End::ok : request.cause ? End::lost : End::error;
      stage_.chronicle.traffic(at(request.ended), how, took);
      if (request.ok && took.count() > slowest_ns_) slowest_ns_ = took.count();
    }
    if (request.request < writes_.size() && writes_[request.request]) note_write(request);
  }

  void note_abandoned(const load::Finished& request) {
    const std::int64_t begun = request.sent > 0 ? request.sent : request.due;
    const Duration patience = std::max<Duration>(kPatience, kTimes * Duration(slowest_ns_.load()));
    if (Duration(request.ended - begun) >= patience) stage_.chronicle.never_answered(at(begun), patience);
  }

  void note_write(const load::Finished& request) {
    using Answer = LedgerBook::Answer;
    if (request.abandoned && request.sent == 0) return;
    const bool unknown = request.abandoned || request.cause;
    const Answer answer = request.ok ? Answer::acknowledged : unknown ? Answer::unknown : Answer::refused;
    stage_.book.note(stage_.book.prefix() + std::to_string(request.journey), at(request.sent), at(request.ended),
                     answer);
  }

  void wait(Deadline deadline) const {
    pollfd ended[] = {{done_.fd(), POLLIN, 0}, {stage_.trial.interrupt->fd(), POLLIN, 0}};
    ::poll(ended, 2, deadline.poll_ms());
  }

  void stop() {
    over_.raise();
    if (thread_.joinable()) thread_.join();
  }

  const Stage& stage_;
  const suite::Settings nowhere_;
  load::Profile profile_;
  std::vector<bool> writes_;  ///< of each request; empty: there is no ledger
  std::atomic<std::int64_t> slowest_ns_ = 0;
  Instant origin_;
  Interrupt over_, done_;
  std::thread thread_;
  std::optional<load::Report> report_;  ///< of the thread, until it is joined
  std::string trouble_;
};
}  // namespace

std::unique_ptr<Background> make_load(const Stage& stage) {
  return std::make_unique<LoadBackground>(stage);
}
}  // namespace mccoy::chaos
