// Limits on what a service may use: cpu, memory, pids and io through cgroups.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "probes/chaos/limit_group.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;

/// Where a group tells that its limit was felt.
struct Counter {
  const char* file;
  const char* key;  ///< "" = the only number in it
};
struct Measure {
  const char* what;
  const char* unit;
  Counter v2, v1;
};

class Limited final : public Fault {
 public:
  /// rate  of a limit per second: its effect is that about so much is used; 0: that something was counted
  Limited(const FaultContext& context, LimitGroup::Want want, const Measure& measure, std::string sentence,
          std::int64_t rate = 0)
      : context_(context), want_(std::move(want)), measure_(measure), sentence_(std::move(sentence)), rate_(rate) {}

  FaultPlan plan() const override { return {.does = {sentence_}, .by_hand = {"mccoy undo"}, .through = "cgroup"}; }
  Result<Reading> measure() override;
  bool has_effect(const Reading& before, const Reading& during) const override {
    return rate_ == 0 ? during.value > before.value : during.facts["at_limit"].as_bool();
  }
  bool is_healed(const Reading&, const Reading& after) const override { return !after.facts["limited"].as_bool(); }

 private:
  Status inject() override {
    MCCOY_TRY(group, LimitGroup::make(context_, want_));
    group_.emplace(std::move(group));
    since_ = Clock::now();
    through_ = group_->through();
    return {};
  }
  /// The last count is kept: it goes with the group.
  Status heal() override {
    if (!group_) return {};
    last_ = count();
    MCCOY_DO(group_->heal());
    path_ = group_->path();
    group_.reset();
    return {};
  }
  std::int64_t count() const {
    const Counter& counter = group_->through() == "cgroup v2" ? measure_.v2 : measure_.v1;
    return group_->number(counter.file, counter.key);
  }
  bool is_limited() const;
  bool is_at_limit() const;

  const FaultContext context_;
  const LimitGroup::Want want_;
  const Measure measure_;
  const std::string sentence_;
  const std::int64_t rate_;
  Instant since_{};
  std::optional<LimitGroup> group_;
  std::int64_t last_ = 0;
  std::string through_, path_;
};

/// After healing: is the group gone (v1), or the value back (v2: heal() wrote and would have failed)?
bool Limited::is_limited() const {
  return group_.has_value() || (through_ == "cgroup v1" && ::access(path_.c_str(), F_OK) == 0);
}

/// Over long enough a time, about as much as is allowed went through.
bool Limited::is_at_limit() const {
  constexpr double kLongEnough_s = 0.5, kLeast = 0.6, kMost = 1.6;
  const double span_s = std::chrono::duration<double>(Clock::now() - since_).count();
  const double share = static_cast<double>(last_) / span_s / static_cast<double>(std::max<std::int64_t>(rate_, 1));
  return rate_ > 0 && span_s >= kLongEnough_s && share >= kLeast && share <= kMost;
}

Result<Reading> Limited::measure() {
  if (group_) {
    group_->gather();
    last_ = count();
  }
  return Reading{
      .what = fmt::format(fmt::runtime(measure_.what), context_.service),
      .unit = measure_.unit,
      .value = static_cast<double>(last_),
      .text = through_.empty() ? "no limit of ours" : fmt::format("{} {}, through {}", last_, measure_.unit, through_),
      .facts = Value::map({{"limited", is_limited()}, {"through", through_}, {"at_limit", is_at_limit()}})};
}

constexpr Measure kCpu{"periods in which {} had to wait for processor time",
                       "periods",
                       {"cpu.stat", "nr_throttled"},
                       {"cpu.stat", "nr_throttled"}};
constexpr Measure kMemory{
    "allocations of {} that met the limit of memory", "times", {"memory.events", "max"}, {"memory.failcnt", ""}};
constexpr Measure kOom{"processes of {} that were killed for want of memory",
                       "processes",
                       {"memory.events", "oom_kill"},
                       {"memory.oom_control", "oom_kill"}};
constexpr Measure kPids{"processes that {} could not start", "times", {"pids.events", "max"}, {"pids.events", "max"}};
constexpr Measure kIo{
    "bytes of {} that went through the limit", "bytes", {"io.stat", ""}, {"blkio.throttle.io_service_bytes", "Total"}};

LimitGroup::Want cpu_want(const Value& settings) {
  constexpr std::int64_t kPeriod_us = 100'000;
  const auto quota = std::llround(settings["quota"].as_double() * kPeriod_us);
  return {.controller = "cpu",
          .v2 = {{"cpu.max", fmt::format("{} {}", quota, kPeriod_us)}},
          .v1 = {{"cpu.cfs_period_us", std::to_string(kPeriod_us)}, {"cpu.cfs_quota_us", std::to_string(quota)}}};
}

LimitGroup::Want memory_want(const Value& settings) {
  const auto limit = std::to_string(settings["limit"].as_int());
  return {.controller = "memory", .v2 = {{"memory.max", limit}}, .v1 = {{"memory.limit_in_bytes", limit}}};
}

LimitGroup::Want pids_want(const Value& settings) {
  const auto limit = std::to_string(settings["limit"].as_int());
  return {.controller = "pids", .v2 = {{"pids.max", limit}}, .v1 = {{"pids.max", limit}}};
}

/// The disk that holds the folder of the service.
std::string device_of(const FaultContext& context) {
  const auto where = context.services->whereabouts(context.service);
  struct stat found {};
  if (!where || ::stat(where->dir.c_str(), &found) != 0) return "";
  return fmt::format("{}:{}", major(found.st_dev), minor(found.st_dev));
}

LimitGroup::Want io_want(const FaultContext& context, const Value& settings) {
  const auto rate = settings["write"].as_int();
  const auto device = device_of(context);
  return {.controller = "blkio",
          .v2 = {{"io.max", fmt::format("{} wbps={}", device, rate)}},
          .v1 = {{"blkio.throttle.write_bps_device", fmt::format("{} {}", device, rate)}}};
}

template <auto want_of>
LimitGroup::Want want(const FaultContext& context, const Value& settings) {
  if constexpr (std::is_invocable_v<decltype(want_of), const FaultContext&, const Value&>)
    return want_of(context, settings);
  else
    return want_of(settings);
}

template <auto want_of>
std::string lacks(const FaultContext& context, const Value& settings) {
  return LimitGroup::lacks(context, want<want_of>(context, settings));
}

Status check_cpu(const Value& settings, Duration) {
  const double quota = settings["quota"].as_double();
  if (quota >= 0.01 && quota <= 1000) return {};
  return Error{.what = "quota: write processors, at least 0.01: 0.5 is half of one"};
}
Status check_memory(const Value& settings, Duration) {
  return settings["limit"].as_int() > 0 ? Status() : Error{.what = "limit: write a size above 0"};
}
Status check_pids(const Value& settings, Duration) {
  return settings["limit"].as_int() > 0 ? Status() : Error{.what = "limit: write a number above 0"};
}
Status check_io(const Value& settings, Duration) {
  return settings["write"].as_int() > 0 ? Status() : Error{.what = "write: write a size above 0"};
}

Result<std::unique_ptr<Fault>> make_cpu(const FaultContext& context, const Value& settings) {
  const double quota = settings["quota"].as_double();
  return std::make_unique<Limited>(context, cpu_want(settings), kCpu,
                                   fmt::format("give {} at most {:g} of a processor", context.service, quota));
}

Result<std::unique_ptr<Fault>> make_memory(const FaultContext& context, const Value& settings) {
  const auto sentence =
      fmt::format("let {} allocate at most {} from now on", context.service, human_size(settings["limit"].as_int()));
  return std::make_unique<Limited>(context, memory_want(settings),
                                   settings["expect"].as_string() == "kill" ? kOom : kMemory, sentence);
}

Result<std::unique_ptr<Fault>> make_pids(const FaultContext& context, const Value& settings) {
  return std::make_unique<Limited>(
      context, pids_want(settings), kPids,
      fmt::format("let {} have at most {} processes and threads", context.service, settings["limit"].as_int()));
}

Result<std::unique_ptr<Fault>> make_io(const FaultContext& context, const Value& settings) {
  return std::make_unique<Limited>(context, io_want(context, settings), kIo,
                                   fmt::format("let {} write at most {} a second to the disk {}", context.service,
                                               human_size(settings["write"].as_int()), device_of(context)),
                                   settings["write"].as_int());
}

constexpr std::string_view kEffects[] = {"limit", "kill"};
constexpr Field kCpuFields[] = {{.name = "quota",
                                 .type = FieldType::number,
                                 .help = "processors it gets: 0.1 is a tenth of one",
                                 .required = true,
                                 .example = "0.1"}};
constexpr Field kMemoryFields[] = {
    {.name = "limit",
     .type = FieldType::size,
     .help = "what it may allocate from then on",
     .required = true,
     .example = "64MiB"},
    {.name = "expect",
     .type = FieldType::word,
     .help = "what counts as the effect: that the limit was met, or that the kernel killed a process for it",
     .fallback = "limit",
     .words = kEffects}};
constexpr Field kPidsFields[] = {
    {.name = "limit", .type = FieldType::integer, .help = "processes and threads", .required = true, .example = "20"}};
constexpr Field kIoFields[] = {{.name = "write",
                                .type = FieldType::size,
                                .help = "bytes a second, to the disk with its folder",
                                .required = true,
                                .example = "1MiB"}};
constexpr std::string_view kNeeds = "cgroups this user may write to: v2 where the controller is delegated, else v1";
}  // namespace

extern const FaultKind cpu_fault{.name = "cpu",
                                 .summary = "the service gets less processor time",
                                 .fields = kCpuFields,
                                 .needs = kNeeds,
                                 .check = &check_cpu,
                                 .lacks = &lacks<&cpu_want>,
                                 .make = &make_cpu};
extern const FaultKind memory_fault{.name = "memory",
                                    .summary = "the service gets no more memory",
                                    .fields = kMemoryFields,
                                    .needs = kNeeds,
                                    .check = &check_memory,
                                    .lacks = &lacks<&memory_want>,
                                    .make = &make_memory};
extern const FaultKind pids_fault{.name = "pids",
                                  .summary = "the service gets no more processes",
                                  .fields = kPidsFields,
                                  .needs = kNeeds,
                                  .check = &check_pids,
                                  .lacks = &lacks<&pids_want>,
                                  .make = &make_pids};
extern const FaultKind io_fault{.name = "io",
                                .summary = "the service writes slowly to its disk",
                                .fields = kIoFields,
                                .needs = kNeeds,
                                .check = &check_io,
                                .lacks = &lacks<&io_want>,
                                .make = &make_io};
}  // namespace mccoy::chaos
