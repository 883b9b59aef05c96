#include "harness/run/scheduler.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "harness/run/case_runner.hpp"

namespace mccoy::run {
namespace {
using judge::Outcome;

std::string_view past(Outcome outcome) {
  switch (outcome) {
    case Outcome::fail:
      return "failed";
    case Outcome::error:
      return "could not be found out";
    case Outcome::skip:
      return "was skipped";
    case Outcome::not_run:
      return "was not run";
    case Outcome::pass:
      break;
  }
  return "passed";
}

/// The graph of one suite while it is being run. One mutex for it; the work and what is told of it go on outside.
/// A case that waits for a lock is parked with it, so that nobody looks at it before the lock is free.
class Scheduler {
 public:
  Scheduler(SuiteContext& context, const Schedule& schedule, std::vector<std::string>& problems,
            const std::function<void(CaseEnd)>& done)
      : context_(context), schedule_(schedule), problems_(problems), done_(done) {
    for (std::size_t i = 0; i < schedule.cases.size(); ++i) index_.emplace(schedule.cases[i]->name, i);
    nodes_.resize(schedule.cases.size());
    for (std::size_t i = 0; i < schedule.cases.size(); ++i) {
      for (const std::string& need : schedule.cases[i]->needs) {
        const auto found = index_.find(need);
        if (found == index_.end()) continue;
        nodes_[found->second].dependants.push_back(i);
        ++nodes_[i].waits_for;
      }
      if (nodes_[i].waits_for == 0) ready_.push_back(i);
    }
    left_ = nodes_.size();
  }

  void run() {
    std::vector<std::thread> workers;
    const int count = std::clamp(schedule_.jobs, 1, static_cast<int>(std::max<std::size_t>(1, nodes_.size())));
    try {
      for (int i = 1; i < count; ++i) workers.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      // As many as the system allows; this thread works too.
    }
    work();
    for (std::thread& worker : workers) worker.join();
  }

 private:
  struct Node {
    std::vector<std::size_t> dependants;
    std::size_t waits_for = 0;
    std::string blocked;  ///< why it cannot be run; "" = it can
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (left_ > 0) {
      const auto next = take();
      if (!next) {
        changed_.wait(lock);
        continue;
      }
      const suite::Case& which = *schedule_.cases[*next];
      const std::string why = why_not(nodes_[*next]);
      lock.unlock();
      std::vector<std::string> problems;
      CaseEnd end = why.empty() ? perform(which, problems) : pass_over(context_.recorder, which, Outcome::not_run, why);
      const Outcome outcome = end.judgement.outcome;
      tell(std::move(end));
      lock.lock();
      std::ranges::move(problems, std::back_inserter(problems_));
      finish(*next, outcome);
    }
  }

  /// Before what needs it becomes ready, so that a case is told before those behind it.
  void tell(CaseEnd end) {
    const std::lock_guard lock(telling_);
    done_(std::move(end));
  }

  CaseEnd perform(const suite::Case& which, std::vector<std::string>& problems) {
    context_.progress.started(which);
    return run_case(context_, which, problems);
  }

  /// The first ready case whose locks are free, with its locks taken.
  std::optional<std::size_t> take() {
    while (!ready_.empty()) {
      const std::size_t i = ready_.front();
      ready_.pop_front();
      const auto& wanted = schedule_.cases[i]->locks;
      const auto held = std::ranges::find_if(wanted, [&](const std::string& name) { return locked_.contains(name); });
      if (held == wanted.end()) {
        locked_.insert(wanted.begin(), wanted.end());
        return i;
      }
      parked_[*held].push_back(i);
      for (const std::string& name : wanted)  // it was perhaps woken for one of these, which is left to the next
        if (!locked_.contains(name)) wake(name);
    }
    return std::nullopt;
  }

  /// The lock is free: the first that waits for it looks again.
  void wake(const std::string& name) {
    const auto waiting = parked_.find(name);
    if (waiting == parked_.end()) return;
    ready_.push_front(waiting->second.front());
    waiting->second.pop_front();
    if (waiting->second.empty()) parked_.erase(waiting);
  }

  std::string why_not(const Node& node) const {
    if (!node.blocked.empty()) return node.blocked;
    if (context_.interrupt.raised()) return "interrupted";
    if (context_.recorder.lost()) return "the evidence could not be kept";
    if (schedule_.fail_fast && !stopped_by_.empty()) return "--fail-fast: " + stopped_by_;
    return {};
  }

  void finish(std::size_t i, Outcome outcome) {
    const suite::Case& which = *schedule_.cases[i];
    for (const std::string& name : which.locks) {
      locked_.erase(name);
      wake(name);
    }
    if (outcome != Outcome::pass && outcome != Outcome::skip && stopped_by_.empty())
      stopped_by_ = which.name + " " + std::string(past(outcome));
    for (const std::size_t dependant : nodes_[i].dependants) {
      Node& node = nodes_[dependant];
      if (outcome != Outcome::pass && node.blocked.empty())
        node.blocked = "needs " + which.name + ", which " + std::string(past(outcome));
      if (--node.waits_for == 0) ready_.push_back(dependant);
    }
    --left_;
    changed_.notify_all();
  }

  SuiteContext& context_;
  const Schedule& schedule_;
  std::vector<std::string>& problems_;
  const std::function<void(CaseEnd)>& done_;
  std::map<std::string_view, std::size_t> index_;
  std::vector<Node> nodes_;
  std::deque<std::size_t> ready_;
  std::set<std::string> locked_;
  std::map<std::string, std::deque<std::size_t>> parked_;  ///< lock -> ready cases that wait for it
  std::size_t left_ = 0;
  std::string stopped_by_;
  std::mutex mutex_;
  std::mutex telling_;
  std::condition_variable changed_;
};
}  // namespace

void run_schedule(SuiteContext& context, const Schedule& schedule, std::vector<std::string>& problems,
                  const std::function<void(CaseEnd)>& done) {
  Scheduler(context, schedule, problems, done).run();
}
}  // namespace mccoy::run
