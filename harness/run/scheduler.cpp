#include "harness/run/scheduler.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
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

/// The graph of one suite while it is being run. One mutex; the work itself is done outside of it.
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
      if (next == ready_.end()) {
        changed_.wait(lock);
        continue;
      }
      const std::size_t i = *next;
      ready_.erase(next);
      const suite::Case& which = *schedule_.cases[i];
      const std::string why = why_not(nodes_[i]);
      for (const std::string& name : which.locks) locked_.insert(name);
      lock.unlock();
      std::vector<std::string> problems;
      CaseEnd end = why.empty() ? perform(which, problems) : pass_over(context_.recorder, which, Outcome::not_run, why);
      lock.lock();
      for (const std::string& name : which.locks) locked_.erase(name);
      finish(i, std::move(end), std::move(problems));
    }
  }

  CaseEnd perform(const suite::Case& which, std::vector<std::string>& problems) {
    context_.progress.started(which);
    return run_case(context_, which, problems);
  }

  /// The first ready case whose locks are free.
  std::deque<std::size_t>::iterator take() {
    return std::ranges::find_if(ready_, [&](std::size_t i) {
      return std::ranges::none_of(schedule_.cases[i]->locks,
                                  [&](const std::string& name) { return locked_.contains(name); });
    });
  }

  std::string why_not(const Node& node) const {
    if (!node.blocked.empty()) return node.blocked;
    if (context_.interrupt.raised()) return "interrupted";
    if (context_.recorder.lost()) return "the evidence could not be kept";
    if (schedule_.fail_fast && !stopped_by_.empty()) return "--fail-fast: " + stopped_by_;
    return {};
  }

  void finish(std::size_t i, CaseEnd end, std::vector<std::string> problems) {
    const suite::Case& which = *schedule_.cases[i];
    const Outcome outcome = end.judgement.outcome;
    std::ranges::move(problems, std::back_inserter(problems_));
    if (outcome != Outcome::pass && outcome != Outcome::skip && stopped_by_.empty())
      stopped_by_ = which.name + " " + std::string(past(outcome));
    for (const std::size_t dependant : nodes_[i].dependants) {
      Node& node = nodes_[dependant];
      if (outcome != Outcome::pass && node.blocked.empty())
        node.blocked = "needs " + which.name + ", which " + std::string(past(outcome));
      if (--node.waits_for == 0) ready_.push_back(dependant);
    }
    --left_;
    done_(std::move(end));
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
  std::size_t left_ = 0;
  std::string stopped_by_;
  std::mutex mutex_;
  std::condition_variable changed_;
};
}  // namespace

void run_schedule(SuiteContext& context, const Schedule& schedule, std::vector<std::string>& problems,
                  const std::function<void(CaseEnd)>& done) {
  Scheduler(context, schedule, problems, done).run();
}
}  // namespace mccoy::run
