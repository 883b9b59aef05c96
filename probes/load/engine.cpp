#include "probes/load/engine.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <system_error>
#include <thread>

#include "probes/load/machine.hpp"
#include "probes/load/worker.hpp"

namespace mccoy::load {
namespace {
constexpr std::size_t kPeersMax = 64;
constexpr std::uint64_t kOtherFiles = 64;  ///< descriptors besides those of connections
constexpr double kRateOfThread = 25'000;   ///< one thread can surely make
/// Waking for each arrival is worth it up to here; above, replies wake the loop often enough.
constexpr double kFineBelow = 10'000, kMiddleBelow = 50'000;
constexpr auto kMiddleGrid = std::chrono::microseconds(250), kCoarseGrid = std::chrono::microseconds(1000);

std::size_t threads_for(const Profile& profile, double peak) {
  const auto cpus = static_cast<double>(processors());
  double threads = profile.threads;
  if (threads == 0) threads = profile.model == Model::open ? std::ceil(peak / kRateOfThread) : std::floor(cpus / 2);
  if (profile.threads == 0) threads = std::clamp(threads, 1.0, cpus);
  const double most = profile.model == Model::open ? static_cast<double>(profile.max_in_flight) : std::ceil(peak);
  threads = std::min(threads, most);
  if (profile.connections > 0) threads = std::min(threads, static_cast<double>(profile.connections));
  return static_cast<std::size_t>(std::max(1.0, threads));
}

Duration grid_for(double rate_of_thread) {
  if (rate_of_thread <= kFineBelow) return {};
  return rate_of_thread <= kMiddleBelow ? kMiddleGrid : kCoarseGrid;
}

std::uint64_t files_for(const Profile& profile, double peak) {
  const auto busy = profile.model == Model::open ? profile.max_in_flight : static_cast<std::size_t>(std::ceil(peak));
  return (profile.connections > 0 ? profile.connections : busy) + kOtherFiles + open_files();
}

/// The threads, and the caller's thread while they run.
class Run {
 public:
  Run(const Plan& plan, const Hooks& hooks, std::size_t threads)
      : control_(plan, hooks, threads), hooks_(hooks), done_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  Control& control() { return control_; }
  Status start();
  void watch();
  Report report();

 private:
  void stop(Ended how, std::string reason = {});
  void tell();
  void work(Worker* worker);
  int wait_ms() const;

  Control control_;
  const Hooks& hooks_;
  UniqueFd done_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> running_ = 0;
  Ended ended_ = Ended::finished;
  std::string reason_;
  bool stopped_ = false;
  std::int64_t began_wall_ms_ = 0;
  Instant next_tell_;
};

Status Run::start() {
  if (!done_) return system_error("no eventfd for a run of load", errno);
  control_.origin = Clock::now();
  for (std::size_t i = 0; i < control_.threads; ++i) {
    MCCOY_TRY(worker, Worker::make(control_, i));
    workers_.push_back(std::move(worker));
  }
  began_wall_ms_ = wall_ms();
  control_.origin = Clock::now();  // what was made ready is no part of the load
  if (hooks_.begun) hooks_.begun(control_.origin);
  next_tell_ = control_.origin + std::chrono::milliseconds(1050);
  running_ = workers_.size();
  try {
    for (auto& worker : workers_) threads_.emplace_back(&Run::work, this, worker.get());
  } catch (const std::system_error& problem) {
    running_ -= workers_.size() - threads_.size();
    stop(Ended::aborted);
    watch();
    return Error{.what = "no thread for a run of load", .cause = problem.code()};
  }
  return {};
}

void Run::work(Worker* worker) {
  worker->run();
  if (--running_ == 0) ::eventfd_write(done_.get(), 1);
}

int Run::wait_ms() const {
  if (stopped_) return -1;
  const Deadline tell = hooks_.progress || hooks_.abort ? Deadline::at(next_tell_) : Deadline{};
  return tell.earlier(hooks_.deadline).poll_ms();
}

void Run::watch() {
  while (running_ > 0) {
    const bool listens = hooks_.interrupt != nullptr && !stopped_;
    pollfd waited[] = {{done_.get(), POLLIN, 0}, {listens ? hooks_.interrupt->fd() : -1, POLLIN, 0}};
    ::poll(waited, 2, wait_ms());
    if (waited[0].revents != 0) break;
    if (stopped_) continue;
    if (waited[1].revents != 0) {
      stop(Ended::interrupted);
    } else if (hooks_.deadline.passed()) {
      stop(Ended::deadline);
    } else if (Clock::now() >= next_tell_) {
      tell();
      next_tell_ += std::chrono::seconds(1);
    }
  }
  for (auto& thread : threads_) thread.join();
}

void Run::stop(Ended how, std::string reason) {
  stopped_ = true;
  ended_ = how;
  reason_ = std::move(reason);
  control_.stop = true;
  for (auto& worker : workers_) worker->wake();
}

void Run::tell() {
  Progress progress{.elapsed = Clock::now() - control_.origin, .span = control_.plan.course().span()};
  progress.stage = control_.plan.course().stage_at(progress.elapsed);
  progress.last = control_.ledger.last();
  if (hooks_.abort) progress.so_far = &control_.ledger.so_far();
  if (hooks_.progress) hooks_.progress(progress);
  std::string reason = hooks_.abort && !stopped_ ? hooks_.abort(progress) : std::string();
  if (!reason.empty() && running_ > 0) stop(Ended::aborted, std::move(reason));
}

void add(Connections& into, const Connections& from) {
  static constexpr std::uint64_t Connections::*kSums[] = {
      &Connections::opened,         &Connections::failed,       &Connections::reused,  &Connections::resent,
      &Connections::closed_by_peer, &Connections::closed_by_us, &Connections::open_max};
  for (const auto sum : kSums) into.*sum += from.*sum;
  if (into.tls_failure.empty()) into.tls_failure = from.tls_failure;
}

void add(Report& report, const Outcome& outcome) {
  Generator& generator = report.generator;
  generator.threads.push_back(outcome.health);
  generator.cpu_s += outcome.health.cpu_s;
  if (outcome.health.wall_s > 0)
    generator.cpu_share = std::max(generator.cpu_share, outcome.health.cpu_s / outcome.health.wall_s);
  generator.lag.merge(report.model == Model::open ? outcome.lag : outcome.read_lag);
  generator.read_lag.merge(outcome.read_lag);
  generator.away = std::max(generator.away, outcome.away);
  generator.files_used_max += outcome.open_max;
  generator.retransmits += outcome.retransmits;
  generator.retransmits_of += outcome.retransmits_of;
  report.journeys_begun += outcome.journeys_begun;
  report.journeys_finished += outcome.journeys_finished;
  report.journeys_cut_off += outcome.journeys_cut_off;
  report.load_elapsed = std::max(report.load_elapsed, outcome.load_elapsed);
  for (std::size_t i = 0; i < report.connections.size(); ++i) add(report.connections[i], outcome.connections[i]);
  report.peers.insert(report.peers.end(), outcome.peers.begin(), outcome.peers.end());
  report.nonces.insert(report.nonces.end(), outcome.nonces.begin(), outcome.nonces.end());
}

/// Every so many, so that the sample stays spread over the run.
void thin_out(std::vector<NonceSample>& nonces, std::size_t most) {
  if (nonces.size() <= most) return;
  for (std::size_t i = 0; i < most; ++i) std::swap(nonces[i], nonces[i * nonces.size() / most]);
  nonces.resize(most);
}

/// What is left of a second at the end would look like a slump.
Second last_whole(const Report& report) {
  for (auto second = report.seconds.rbegin(); second != report.seconds.rend(); ++second)
    if (std::chrono::seconds(second->second + 1) <= report.elapsed) return *second;
  return report.seconds.empty() ? Second{} : report.seconds.back();
}

Report Run::report() {
  Report report = control_.ledger.take();
  const Profile& profile = control_.plan.profile();
  report.ended = ended_;
  report.reason = reason_;
  report.began_wall_ms = began_wall_ms_;
  report.elapsed = Clock::now() - control_.origin;
  for (const auto& target : profile.targets) report.connections.push_back({.target = target.name});
  for (const auto& worker : workers_) add(report, worker->outcome());
  // A load of so many requests takes no less time than they were asked to take.
  if (ended_ == Ended::finished && report.model == Model::open)
    report.load_elapsed = std::max(report.load_elapsed, report.asked_until);
  for (const auto& target : report.connections)
    report.generator.ports_used_max = std::max(report.generator.ports_used_max, target.open_max);
  if (report.peers.size() > kPeersMax) report.peers.resize(kPeersMax);
  thin_out(report.nonces, profile.nonce_sample);
  return report;
}
}  // namespace

Result<Report> run(const Profile& profile, const Hooks& hooks) {
  MCCOY_DO(check(profile));
  MCCOY_TRY(plan, Plan::make(profile, hooks.deadline, hooks.interrupt));
  const double peak = plan.course().peak();
  const std::size_t threads = threads_for(profile, peak);
  const MoreFiles files(files_for(profile, peak));
  const std::uint64_t files_before = open_files();
  const std::uint64_t free_files = files.limit() - std::min(files.limit(), files_before);
  Run run(plan, hooks, threads);
  run.control().files_most = free_files - std::min(kOtherFiles, free_files / 2);
  const bool chosen = profile.grid == Duration{};
  run.control().grid = chosen ? grid_for(peak / static_cast<double>(threads)) : profile.grid;
  MCCOY_DO(run.start());
  run.watch();
  Report report = run.report();
  Generator& generator = report.generator;
  generator.processors = processors();
  generator.grid = profile.model == Model::open ? run.control().grid : Duration{};
  generator.grid_chosen = chosen;
  generator.late_after = run.control().grid + std::chrono::milliseconds(1);
  generator.ports_all = ephemeral_ports();
  generator.files_limit = files.limit();
  generator.files_used_max += files_before;
  if (hooks.progress) {
    hooks.progress(
        {report.elapsed, plan.course().span(), plan.course().stage_at(report.elapsed), last_whole(report), &report});
  }
  return report;
}
}  // namespace mccoy::load
