#include "probes/chaos/background.hpp"

#include <poll.h>

#include <thread>

namespace mccoy::chaos {
namespace {
constexpr Duration kWriteWithin = std::chrono::seconds(10);
/// After refusals a writer waits longer and longer, so that whoever is about to come back is let.
constexpr Duration kLongestRest = std::chrono::milliseconds(500);

/// False: it is to end.
bool rest(const Interrupt& over, Duration span) {
  pollfd waited{over.fd(), POLLIN, 0};
  return ::poll(&waited, 1, Deadline::in(span).poll_ms()) <= 0 && !over.raised();
}

class Threads : public Background {
 public:
  ~Threads() override { stop(); }
  void end(Deadline) override { stop(); }

 protected:
  template <class Work>
  void start(int count, Work work) {
    for (int i = 0; i < count; ++i) threads_.emplace_back(work);
  }
  void stop() {
    over_.raise();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  Interrupt over_;

 private:
  std::vector<std::thread> threads_;
};

/// Commands that write a record each. One that was begun is let end, so that its answer is known.
class Writers final : public Threads {
 public:
  explicit Writers(const Stage& stage) : stage_(stage), ask_(*stage.ask.meanwhile.ledger) {}
  ~Writers() override { stop(); }
  Status begin() override {
    start(ask_.writers, [this] { write(); });
    return {};
  }

 private:
  void write() {
    constexpr auto kAtLeast = std::chrono::milliseconds(20);
    Duration pause = ask_.pause;
    do {
      const std::string id = stage_.book.next_id();
      const Command command{.argv = with_id(ask_.write, id), .env = stage_.trial.env, .cwd = stage_.trial.folder};
      const Instant began = Clock::now();
      const auto done = run_command(command, Deadline::in(kWriteWithin), 4096, stage_.trial.interrupt);
      const Duration longer = std::min<Duration>(kLongestRest, 2 * std::max<Duration>(pause, kAtLeast));
      pause = note(id, began, done) ? ask_.pause : std::max(ask_.pause, longer);
    } while (rest(over_, pause));
  }

  /// Whether it was acknowledged.
  bool note(const std::string& id, Instant began, const Result<Captured>& done) {
    using Answer = LedgerBook::Answer;
    const Instant now = Clock::now();
    const bool answered = done.ok() && done->ended.exited && !done->deadline_passed && !done->interrupted;
    const Answer answer = !answered ? Answer::unknown : done->ended.code == 0 ? Answer::acknowledged : Answer::refused;
    using End = Chronicle::End;
    stage_.book.note(id, stage_.chronicle.since_begin(began), stage_.chronicle.since_begin(now), answer);
    stage_.chronicle.traffic(stage_.chronicle.since_begin(now),
                             answer == Answer::acknowledged ? End::ok
                             : answered                     ? End::error
                                                            : End::lost,
                             now - began);
    return answer == Answer::acknowledged;
  }

  const Stage& stage_;
  const LedgerAsk& ask_;
};

class RepeatedCases final : public Threads {
 public:
  explicit RepeatedCases(const Stage& stage) : stage_(stage) {}
  ~RepeatedCases() override { stop(); }
  Status begin() override {
    start(1, [this] {
      do {
        for (const std::string& name : stage_.ask.meanwhile.cases) {
          if (over_.raised()) return;
          stage_.chronicle.asked(name, "while", stage_.trial.neighbours->ask(name, "while", stage_.trial.deadline));
        }
      } while (rest(over_, stage_.ask.meanwhile.every));
    });
    return {};
  }

 private:
  const Stage& stage_;
};
}  // namespace

std::unique_ptr<Background> make_writers(const Stage& stage) {
  return std::make_unique<Writers>(stage);
}

std::unique_ptr<Background> make_repeated_cases(const Stage& stage) {
  return std::make_unique<RepeatedCases>(stage);
}

std::vector<std::unique_ptr<Background>> make_backgrounds(const Stage& stage) {
  const WhileAsk& ask = stage.ask.meanwhile;
  std::vector<std::unique_ptr<Background>> all;
  if (!ask.load.is_null()) all.push_back(make_load(stage));
  if (ask.ledger && ask.load.is_null()) all.push_back(make_writers(stage));
  if (!ask.cases.empty()) all.push_back(make_repeated_cases(stage));
  return all;
}
}  // namespace mccoy::chaos
