// System calls of a service that fail (fail_calls) or take longer (slow_calls), through the listener that watches it.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "harness/base/file.hpp"
#include "harness/base/random.hpp"
#include "harness/base/text.hpp"
#include "harness/suite/settings.hpp"
#include "harness/target/vias.hpp"
#include "harness/witness/call_faults.hpp"
#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;
using Calls = std::vector<std::string>;

/// Calls that give this error where the suite names none.
struct Usual {
  std::string_view error;
  std::initializer_list<std::string_view> calls;
};
const Usual kUsual[] = {
    {"ENOSPC", {"write", "writev", "pwrite64", "pwritev", "fallocate"}},
    {"EDQUOT", {"write", "writev", "pwrite64", "pwritev", "fallocate"}},
    {"EIO", {"write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync"}},
    {"EROFS", {"open", "openat", "openat2", "creat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir"}},
    {"EACCES", {"open", "openat", "openat2", "creat"}},
    {"ENOENT", {"open", "openat", "openat2"}},
    {"ECONNREFUSED", {"connect"}},
    {"ETIMEDOUT", {"connect"}},
    {"ENETUNREACH", {"connect", "sendto"}},
    {"EHOSTUNREACH", {"connect", "sendto"}},
    {"EMFILE", {"open", "openat", "openat2", "creat", "socket", "accept", "accept4"}},
    {"ENFILE", {"open", "openat", "openat2", "creat", "socket", "accept", "accept4"}},
    {"ENOMEM", {"mmap"}},
};
constexpr std::string_view kSlowUsually[] = {"write",     "writev", "pwrite64", "pwritev", "fsync",
                                             "fdatasync", "read",   "readv",    "pread64"};

Calls calls_of(const Value& settings) {
  Calls calls;
  for (const auto& call : settings["calls"].as_list()) calls.push_back(call.as_string());
  if (!calls.empty()) return calls;
  const auto& error = settings["error"].as_string();
  if (error.empty()) return {std::begin(kSlowUsually), std::end(kSlowUsually)};
  const auto usual = std::ranges::find(kUsual, error, &Usual::error);
  if (usual != std::end(kUsual)) calls.assign(usual->calls.begin(), usual->calls.end());
  return calls;
}

Status check(const Value& settings, Duration) {
  const auto known = witness::fault_calls();
  const auto calls = calls_of(settings);
  if (calls.empty())
    return Error{.what = "no call is known that usually gives " + settings["error"].as_string(),
                 .hint = "name them: calls: [write, fsync]"};
  for (const auto& call : calls) {
    if (std::ranges::find(known, call) != known.end()) continue;
    const auto near = did_you_mean(call, known);
    return Error{.what = "calls of " + call + " cannot be made to fail",
                 .hint = near.empty() ? "" : "did you mean \"" + std::string(near) + "\"?"};
  }
  const double share = settings["share"].as_double(1);
  if (!(share > 0 && share <= 1)) return Error{.what = "share: write a number above 0, and at most 1"};
  if (settings["nth"].as_int() < 0) return Error{.what = "nth: the first call is 1"};
  return {};
}

class CallsFault final : public Fault {
 public:
  CallsFault(const FaultContext& context, witness::CallFault fault)
      : context_(context), fault_(std::move(fault)), faults_(context.services->call_faults(context.service)) {}
  ~CallsFault() override { (void)heal(); }

  FaultPlan plan() const override;
  Result<Reading> measure() override;
  bool has_effect(const Reading& before, const Reading& during) const override { return during.value > before.value; }
  bool is_healed(const Reading&, const Reading& after) const override { return !after.facts["armed"].as_bool(); }

 private:
  Status inject() override;
  Status heal() override {
    if (faults_ && id_ != 0) faults_->disarm(id_);
    return {};
  }
  std::string what() const;

  const FaultContext context_;
  witness::CallFault fault_;
  const std::shared_ptr<witness::CallFaults> faults_;
  std::uint64_t id_ = 0;
};

std::string CallsFault::what() const {
  return fault_.error != 0 ? "failed with " + witness::error_name(fault_.error)
                           : "had to wait " + human_duration(fault_.delay);
}

FaultPlan CallsFault::plan() const {
  std::string which = join(fault_.calls, ", ") + " of " + context_.service;
  if (!fault_.path.empty()) which += " on " + fault_.path;
  if (!fault_.address.empty()) which += " to " + fault_.address;
  const std::string then =
      fault_.error != 0 ? "fail with " + witness::error_name(fault_.error) : "wait " + human_duration(fault_.delay);
  const std::string how_many = fault_.nth != 0    ? fmt::format(" (the {}. of them)", fault_.nth)
                               : fault_.share < 1 ? fmt::format(" ({:g} % of them)", fault_.share * 100)
                                                  : "";
  return {.does = {fmt::format("calls of {} {}{}", which, then, how_many)},
          .by_hand = {},
          .through = "seccomp notification"};
}

Result<Reading> CallsFault::measure() {
  const auto counts = faults_ && id_ != 0 ? faults_->counts(id_) : witness::CallCounts{};
  const bool armed = faults_ && id_ != 0 && faults_->is_armed(id_);
  return Reading{.what = "calls of " + context_.service + " that " + what(),
                 .unit = "calls",
                 .value = static_cast<double>(counts.hit),
                 .text = fmt::format("{} seen, {} matched, {} {}", counts.seen, counts.matched, counts.hit, what()),
                 .facts = Value::map({{"seen", counts.seen}, {"matched", counts.matched}, {"armed", armed}})};
}

Status CallsFault::inject() {
  if (!faults_) return Error{.what = "no listener shows the calls of " + context_.service};
  fault_.expiry = Deadline::in(context_.expires_in);
  id_ = faults_->arm(fault_);
  return {};
}

std::string lacks(const FaultContext& context, const Value& settings) {
  if (const auto why = context.services->unwatched(context.service); !why.empty())
    return "the calls of " + context.service + " are not watched: " + why;
  const auto faults = context.services->call_faults(context.service);
  for (const auto& call : calls_of(settings))
    if (!faults || std::ranges::find(faults->trapped(), call) == faults->trapped().end())
      return context.service + " was started without a filter that shows its calls of " + call;
  return "";
}

void provide(const Value& settings, target::Provisions& provisions) {
  provisions.add({.calls = calls_of(settings)});
}

/// A service's name stands for all its ports, by every name of its host, and for the proxy in front of it.
std::string address_of(const FaultContext& context, const std::string& to) {
  const auto where = context.services->whereabouts(to);
  if (!where || where->ports.empty()) return to;
  const bool is_here = where->host == "localhost" || where->host == "::1" || where->host.starts_with("127.");
  const Calls hosts = is_here ? Calls{"127.*", "?::1]"} : Calls{where->host};
  Calls all;
  for (const int port : where->ports)
    for (const auto& host : hosts) all.push_back(fmt::format("{}:{}", host, port));
  if (const auto via = context.services->vias().at(to); !via.empty()) all.push_back(via);
  return join(all, " ");
}

Result<std::unique_ptr<Fault>> make(const FaultContext& context, const Value& settings) {
  MCCOY_DO(check(settings, {}));
  witness::CallFault fault{.calls = calls_of(settings),
                           .error = witness::error_number(settings["error"].as_string()),
                           .delay = Duration(settings["delay"].as_int()),
                           .share = settings["share"].as_double(1),
                           .nth = settings["nth"].as_int(),
                           .seed = derive_seed(context.seed, "calls")};
  if (const auto& path = settings["path"].as_string(); !path.empty()) {
    const auto where = context.services->whereabouts(context.service);
    fault.path = absolute(path, where && !where->dir.empty() ? where->dir : context.folder);
  }
  if (const auto& to = settings["to"].as_string(); !to.empty()) fault.address = address_of(context, to);
  return std::make_unique<CallsFault>(context, std::move(fault));
}

constexpr std::string_view kErrors[] = {"ENOSPC",      "EIO",          "EDQUOT",       "EROFS",     "EACCES",
                                        "EPERM",       "ENOENT",       "EINTR",        "EAGAIN",    "EMFILE",
                                        "ENFILE",      "ENOMEM",       "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET",
                                        "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL"};
constexpr Field kCalls{.name = "calls",
                       .type = FieldType::texts,
                       .help = "which; without it, those that usually give this error",
                       .example = "[fsync, fdatasync]"};
constexpr Field kPath{.name = "path",
                      .help = "glob of the files they are about; relative to the folder of the service",
                      .example = "data/**"};
constexpr Field kTo{
    .name = "to", .help = "whom they connect or send to: a service, HOST:PORT or :PORT", .example = "db"};
constexpr Field kShare{.name = "share",
                       .type = FieldType::number,
                       .help = "of the calls that match; which ones is chosen by the seed",
                       .fallback = "1",
                       .example = "0.1"};
constexpr Field kNth{
    .name = "nth", .type = FieldType::integer, .help = "only the n-th call that matches", .example = "1"};
constexpr Field kFail[] = {{.name = "error",
                            .type = FieldType::word,
                            .help = "what they fail with",
                            .required = true,
                            .example = "ENOSPC",
                            .words = kErrors},
                           kCalls,
                           kPath,
                           kTo,
                           kShare,
                           kNth};
constexpr Field kSlow[] = {{.name = "delay",
                            .type = FieldType::duration,
                            .help = "how long each waits before it is carried out",
                            .required = true,
                            .example = "100ms"},
                           kCalls,
                           kPath,
                           kTo,
                           kShare,
                           kNth};
constexpr std::string_view kNeeds = "seccomp notifications (Linux 5.5), and a service that mccoy starts and watches";
}  // namespace

extern const FaultKind fail_calls_fault{.name = "fail_calls",
                                        .summary =
                                            "system calls of the service fail: full disk, broken disk, no "
                                            "descriptors, no memory, refused connections",
                                        .fields = kFail,
                                        .needs = kNeeds,
                                        .check = &check,
                                        .provide = &provide,
                                        .lacks = &lacks,
                                        .make = &make};
extern const FaultKind slow_calls_fault{.name = "slow_calls",
                                        .summary = "system calls of the service take longer: slow storage",
                                        .fields = kSlow,
                                        .needs = kNeeds,
                                        .check = &check,
                                        .provide = &provide,
                                        .lacks = &lacks,
                                        .make = &make};
}  // namespace mccoy::chaos
