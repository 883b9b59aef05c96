// Limits of the running processes of a service (prlimit(2)): open files, address space, processes of its user, size of
// files. Needs no privileges; the kernel enforces them process by process, and children inherit them.
#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>

#include "harness/base/undo.hpp"
#include "harness/base/undo_record.hpp"
#include "probes/chaos/victims.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;

std::int64_t open_files(pid_t pid) {
  std::error_code error;
  std::int64_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/" + std::to_string(pid) + "/fd", error), end; !error && at != end;
       at.increment(error))
    ++count;
  return count;
}

/// A line "NAME: NUMBER kB" of /proc/PID/status.
std::int64_t status_number(pid_t pid, std::string_view name) {
  std::ifstream lines("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name)) return std::strtoll(line.c_str() + name.size() + 1, nullptr, 10);
  return 0;
}

std::int64_t address_space(pid_t pid) {
  return status_number(pid, "VmPeak") * 1024;
}

/// Of the largest regular file it holds open.
std::int64_t file_size(pid_t pid) {
  std::error_code error;
  std::int64_t largest = 0;
  for (std::filesystem::directory_iterator at("/proc/" + std::to_string(pid) + "/fd", error), end; !error && at != end;
       at.increment(error)) {
    struct stat found {};
    if (::stat(at->path().c_str(), &found) == 0 && S_ISREG(found.st_mode))
      largest = std::max<std::int64_t>(largest, found.st_size);
  }
  return largest;
}

/// Threads of all processes of its user: what the kernel counts.
std::int64_t processes(pid_t pid) {
  struct stat owner {};
  if (::stat(("/proc/" + std::to_string(pid)).c_str(), &owner) != 0) return 0;
  std::int64_t count = 0;
  for (const auto& process : process_table(false)) {
    struct stat found {};
    if (::stat(("/proc/" + std::to_string(process.id.pid)).c_str(), &found) == 0 && found.st_uid == owner.st_uid)
      count += status_number(process.id.pid, "Threads");
  }
  return count;
}

struct Resource {
  std::string_view name;
  int number;
  std::int64_t (*used)(pid_t pid);
  double near;  ///< use from this share of the limit on counts as met: the last request was refused
  std::string_view unit;
};
// A thread that waits in accept(2) has a descriptor that is not to be seen yet.
const Resource kResources[] = {{"open_files", RLIMIT_NOFILE, &open_files, 0.9, "open files"},
                               {"address_space", RLIMIT_AS, &address_space, 0.9, "bytes"},
                               {"file_size", RLIMIT_FSIZE, &file_size, 1, "bytes"},
                               {"processes", RLIMIT_NPROC, &processes, 1, "threads"}};

const Resource& resource_of(const Value& settings) {
  return *std::ranges::find(kResources, settings["resource"].as_string(), &Resource::name);
}

class Rlimit final : public Fault {
 public:
  Rlimit(const FaultContext& context, const Resource& resource, std::int64_t limit)
      : context_(context), resource_(resource), limit_(limit) {}
  ~Rlimit() override { (void)heal(); }

  FaultPlan plan() const override {
    return {.does = {fmt::format("limit {} of each process of {} to {}", resource_.name, context_.service, limit_)},
            .by_hand = {"mccoy undo"},
            .through = "prlimit"};
  }
  Result<Reading> measure() override;
  std::string fell_short(const Reading&, const Reading& last) const override {
    return last.facts["freed"].as_int() == 0 ? ""
                                             : "processes of " + context_.service + " gave themselves other limits";
  }
  /// Use that was there before says nothing, for what it was refused since is not to be seen: it has to grow.
  bool has_effect(const Reading&, const Reading& during) const override {
    return during.facts["limited"].as_int() > 0 && during.facts["met"].as_bool();
  }
  bool is_healed(const Reading& before, const Reading& after) const override {
    return after.facts["limited"].as_int() <= before.facts["limited"].as_int();
  }

 private:
  Status inject() override;
  Status heal() override;

  const FaultContext context_;
  const Resource& resource_;
  const std::int64_t limit_;
  rlimit limits_of(const ProcessId& process) const;
  std::int64_t freed() const;

  std::vector<Undo> undo_;
  std::set<pid_t> below_;  ///< processes that were seen to use less
  bool met_ = false;
  std::vector<ProcessId> there_before_;
};

/// {0, 0}: it has ended, or they cannot be read.
rlimit Rlimit::limits_of(const ProcessId& process) const {
  rlimit now{};
  (void)::prlimit(process.pid, static_cast<__rlimit_resource>(resource_.number), nullptr, &now);
  return now;
}

/// Processes that were limited and live without it.
std::int64_t Rlimit::freed() const {
  return std::ranges::count_if(undo_, [this](const Undo& undo) {
    return lives(undo.order().process) && limits_of(undo.order().process).rlim_cur != static_cast<rlim_t>(limit_);
  });
}

Result<Reading> Rlimit::measure() {
  std::int64_t most = 0, limited = 0;
  for (const auto& process : choose_victims(context_, "", Choice::all)) {
    if (limits_of(process).rlim_cur == static_cast<rlim_t>(limit_)) ++limited;
    const std::int64_t used = resource_.used(process.pid);
    most = std::max(most, used);
    if (static_cast<double>(used) < resource_.near * static_cast<double>(limit_))
      below_.insert(process.pid);
    else
      met_ = met_ || (!undo_.empty() && below_.contains(process.pid));
  }
  return Reading{.what = fmt::format("most {} of one process of {}", resource_.name, context_.service),
                 .unit = std::string(resource_.unit),
                 .value = static_cast<double>(most),
                 .text = fmt::format("{} of {} used; {} processes are limited", most, limit_, limited),
                 .facts = Value::map({{"limited", limited}, {"met", met_}, {"freed", freed()}})};
}

Status Rlimit::inject() {
  there_before_ = choose_victims(context_, "", Choice::all);
  for (const auto& process : there_before_) {
    rlimit now{};
    if (::prlimit(process.pid, static_cast<__rlimit_resource>(resource_.number), nullptr, &now) != 0) {
      if (errno == ESRCH) continue;
      return system_error(fmt::format("cannot read the limits of process {}", process.pid), errno);
    }
    if (now.rlim_max < static_cast<rlim_t>(limit_)) continue;  // it has less already
    MCCOY_TRY(undo, Undo::promise({.what = Undo::What::limit,
                                   .bytes = std::to_string(limit_),
                                   .process = process,
                                   .number = resource_.number,
                                   .soft = now.rlim_cur,
                                   .hard = now.rlim_max,
                                   .expires_boot_us = expiry_in(context_.expires_in),
                                   .because = fmt::format("{} of {} are limited", resource_.name, context_.service)}));
    undo_.push_back(std::move(undo));
    const rlimit low{.rlim_cur = static_cast<rlim_t>(limit_), .rlim_max = now.rlim_max};
    if (::prlimit(process.pid, static_cast<__rlimit_resource>(resource_.number), &low, nullptr) != 0 && errno != ESRCH)
      return system_error(fmt::format("cannot limit process {}", process.pid), errno);
  }
  return {};
}

/// Children that were born meanwhile inherited the limit: they get back what their parents had. Of those that were
/// there before, each has its own order.
Status Rlimit::heal() {
  if (undo_.empty()) return {};
  const UndoOrder first = undo_.front().order();
  Status failed;
  for (auto& undo : undo_)
    if (auto done = undo.fulfil(); !done.ok() && failed.ok()) failed = std::move(done);
  if (failed.ok()) undo_.clear();
  for (const auto& process : choose_victims(context_, "", Choice::all)) {
    const rlimit now = limits_of(process);
    const bool inherited = now.rlim_cur == static_cast<rlim_t>(limit_) && now.rlim_max == first.hard;
    if (!inherited || std::ranges::find(there_before_, process) != there_before_.end()) continue;
    const rlimit before{.rlim_cur = first.soft, .rlim_max = first.hard};
    (void)::prlimit(process.pid, static_cast<__rlimit_resource>(resource_.number), &before, nullptr);
  }
  return failed;
}

constexpr std::string_view kNames[] = {"open_files", "address_space", "file_size", "processes"};
constexpr Field kFields[] = {{.name = "resource",
                              .type = FieldType::word,
                              .help = "what is limited, for each process by itself (processes: for its user)",
                              .required = true,
                              .words = kNames},
                             {.name = "to",
                              .type = FieldType::size,
                              .help = "a number, or a size where bytes are meant",
                              .required = true,
                              .example = "64"}};

std::string lacks(const FaultContext& context, const Value& settings) {
  const auto where = context.services->whereabouts(context.service);
  rlimit now{};
  if (where && ::prlimit(where->root.pid, RLIMIT_NOFILE, nullptr, &now) != 0 && errno == EPERM)
    return "limits of another user's processes may not be changed here (CAP_SYS_RESOURCE)";
  if (!where || resource_of(settings).number != RLIMIT_NPROC) return "";
  struct stat found {};
  const bool root = ::stat(("/proc/" + std::to_string(where->root.pid)).c_str(), &found) == 0 && found.st_uid == 0;
  return root ? context.service + " runs as root, whom the kernel lets have as many processes as it likes" : "";
}

Status check(const Value& settings, Duration) {
  return settings["to"].as_int() > 0 ? Status() : Error{.what = "to: write a number above 0, or a size"};
}

Result<std::unique_ptr<Fault>> make(const FaultContext& context, const Value& settings) {
  return std::make_unique<Rlimit>(context, resource_of(settings), settings["to"].as_int());
}
}  // namespace

extern const FaultKind limit_fault{.name = "limit",
                                   .summary =
                                       "each process of the service may have fewer open files, less memory, "
                                       "smaller files",
                                   .fields = kFields,
                                   .needs = "processes: a service that does not run as root",
                                   .check = &check,
                                   .lacks = &lacks,
                                   .make = &make};
}  // namespace mccoy::chaos
