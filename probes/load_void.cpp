// When a load says nothing of its target; declared in load_observation.hpp. Rules and figures: docs/load.md,
// "Saturation".
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"
#include "probes/load_observation.hpp"

namespace mccoy::probes {
namespace {
constexpr double kOwnFailuresMost = 0.001;  ///< of the requests that were due
constexpr double kLateMost = 0.01;          ///< of the requests that were sent
constexpr double kBusy = 0.95;              ///< of one processor
constexpr double kPartMost = 0.1;           ///< of a time that was measured: its delay by the generator

double part(std::uint64_t some, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(some) / static_cast<double>(all);
}

std::string saturated(std::string_view facts) {
  return fmt::format("generator saturated: {}; ask for less, or give the load more processors", facts);
}

/// The whole load, warm-up too: the generator is one.
load::Tally everything(const load::Report& report) {
  load::Tally all;
  for (const load::Cell& cell : report.cells) all.merge(cell.tally);
  return all;
}

/// A generator that is busy cannot keep up; one that is not was not given a processor when it wanted one.
std::string in_time_in_words(const load::Generator& g) {
  return g.cpu_share > kBusy
             ? fmt::format("it could not keep up ({:.0f} % of a processor)", g.cpu_share * 100)
             : fmt::format("it was woken late, by up to {} (it used {:.0f} % of a processor)",
                           human_duration(Duration(std::max(g.lag.max(), g.read_lag.max()))), g.cpu_share * 100);
}

std::string late_in_words(const load::Report& report, const load::Tally& all) {
  const load::Generator& g = report.generator;
  if (all.dropped_late > 0)
    return fmt::format("{} of {} requests were dropped when it caught up: {}", all.dropped_late, all.due,
                       in_time_in_words(g));
  if (all.late_generator == 0) return fmt::format("answers waited to be read: {}", in_time_in_words(g));
  return fmt::format("{} of {} requests were sent over {} late because {}", all.late_generator, all.sent,
                     human_duration(g.late_after), in_time_in_words(g));
}

std::string saturation(const load::Report& report, const load::Tally& all) {
  std::uint64_t own = 0;
  for (std::size_t i = 0; i < load::kCauses; ++i)
    if (load::by_generator(static_cast<load::Cause>(i))) own += all.failed[i];
  if (part(own, all.due) > kOwnFailuresMost)
    return saturated(fmt::format("{} requests found no free port or file on this machine", own));
  const load::Generator& g = report.generator;
  if (report.ended == load::Ended::finished && part(all.never_sent, all.due) > kOwnFailuresMost)
    return saturated(
        fmt::format("{} of {} requests were never sent, for the load was over before it came to them ({:.0f} % of a "
                    "processor)",
                    all.never_sent, all.due, g.cpu_share * 100));
  if (g.cpu_share <= kBusy) return {};
  if (report.model == load::Model::open && part(all.late_generator, all.sent) > kLateMost)
    return saturated(late_in_words(report, all));
  // By the last answer: a generator that is always busy is what the rate depends on, not the target.
  const bool waits_for_us =
      static_cast<double>(g.lag_p99()) > kPartMost * static_cast<double>(all.service.percentile(0.5));
  if (report.model == load::Model::closed && waits_for_us)
    return saturated(fmt::format("its busiest thread used {:.0f} % of a processor and answers waited {} for it",
                                 g.cpu_share * 100, human_duration(Duration(g.lag_p99()))));
  return {};
}

/// A check that was made of no response says nothing; nor does one that would have had to see more of it.
std::string unchecked(const load::Report& report, const load::Tally& all) {
  if (const auto cut = all.failed[static_cast<std::size_t>(load::Cause::unchecked)]; cut > 0)
    return fmt::format("{} responses were too large to check: of a body no more than 1 MiB is looked at", cut);
  for (std::size_t r = 0; r < report.requests.size(); ++r) {
    const load::Tally tally = report.of_request(r);
    for (std::size_t i = 0; i < tally.checks_run.size(); ++i)
      if (tally.finished() > 0 && tally.checks_run[i] == 0)
        return fmt::format("the check \"{}\" of \"{}\" was made of none of {} responses: a larger sample is needed",
                           report.requests[r].checks[i], report.requests[r].name, tally.finished());
  }
  return {};
}

std::string unanswered(const load::Report& report, const load::Tally& all) {
  std::uint64_t opened = 0;
  std::string tls;
  for (const load::Connections& connections : report.connections) {
    opened += connections.opened;
    if (tls.empty() && !connections.tls_failure.empty()) tls = ", for example: " + connections.tls_failure;
  }
  if (opened > 0) return {};
  std::string causes;
  for (std::size_t i = 0; i < load::kCauses; ++i)
    if (all.failed[i] != 0)
      causes += fmt::format("{}{} times {}{}", causes.empty() ? "" : ", ", all.failed[i],
                            load::to_text(static_cast<load::Cause>(i)),
                            static_cast<load::Cause>(i) == load::Cause::tls ? tls : "");
  return fmt::format("the target could not be reached: not one connection was made ({})",
                     causes.empty() ? "nothing was begun" : causes);
}
}  // namespace

std::string void_of(const load::Report& report) {
  const load::Tally all = everything(report);
  const std::string after = human_duration(report.elapsed);
  if (report.ended == load::Ended::interrupted) return fmt::format("interrupted after {}: the load is partial", after);
  if (report.ended == load::Ended::deadline)
    return fmt::format("the case's time was over after {}: the load is partial", after);
  if (all.due == 0) return "not a single request was due, so nothing was measured";
  if (std::string why = saturation(report, all); !why.empty()) return why;
  if (std::string why = unchecked(report, all); !why.empty()) return why;
  return unanswered(report, all);
}

std::string never_asked(const load::Report& report) {
  for (std::size_t r = 0; r < report.requests.size(); ++r)
    if (std::ranges::none_of(report.cells,
                             [r](const load::Cell& cell) { return cell.request == r && cell.tally.due > 0; }))
      return fmt::format("\"{}\" was not due even once, so nothing is known of it: a longer load is needed",
                         report.requests[r].name);
  return {};
}

std::string lateness_of(const load::Report& report) {
  return saturated(late_in_words(report, everything(report)));
}
}  // namespace mccoy::probes
