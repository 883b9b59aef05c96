// A file of the target is replaced, emptied, filled with garbage, corrupted, taken away or made unreadable, and put
// back byte for byte with mode, owner, times and attributes (harness/run/breakage.hpp).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/random.hpp"
#include "harness/base/undo.hpp"
#include "harness/run/breakage.hpp"
#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;

/// How often a file was opened by others. The kernel puts equal events that wait together, so it is a lower bound.
class Opens {
 public:
  explicit Opens(const std::string& path) : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    ::inotify_add_watch(events_.get(), path.c_str(), IN_OPEN);
  }
  /// To be called just before we open it ourselves, and just after.
  void before_ours() { count_ += drain(); }
  void after_ours() { count_ += std::max<std::int64_t>(drain() - 1, 0); }
  std::int64_t count() const { return count_; }

 private:
  std::int64_t drain() const {
    std::int64_t opens = 0;
    alignas(inotify_event) char buffer[4096];
    for (ssize_t got = 0; (got = ::read(events_.get(), buffer, sizeof buffer)) > 0;)
      for (const char* at = buffer; at < buffer + got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(at);
        opens += (event->mask & IN_OPEN) != 0 ? 1 : 0;
        at += sizeof *event + event->len;
      }
    return opens;
  }

  UniqueFd events_;
  std::int64_t count_ = 0;
};

/// Who the target is to the file system.
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};
User user_of(pid_t pid) {
  struct stat found {};
  const bool there = ::stat(("/proc/" + std::to_string(pid)).c_str(), &found) == 0;
  return there ? User{found.st_uid, found.st_gid} : User{::geteuid(), ::getegid()};
}

/// Opens as that user: of this thread alone, so by the system calls themselves.
UniqueFd open_as(const User& user, const std::string& path) {
  const auto old_group = ::syscall(SYS_setfsgid, user.gid);
  const auto old_user = ::syscall(SYS_setfsuid, user.uid);
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOATIME));
  if (!file && errno == EPERM) file = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const int error = errno;
  ::syscall(SYS_setfsuid, old_user);
  ::syscall(SYS_setfsgid, old_group);
  errno = error;
  return file;
}

class Config final : public Fault {
 public:
  Config(const FaultContext& context, std::string path, std::string how, std::string bytes, bool must_be_opened)
      : context_(context),
        path_(std::move(path)),
        how_(std::move(how)),
        bytes_(std::move(bytes)),
        must_be_opened_(must_be_opened) {}

  FaultPlan plan() const override;
  Result<Reading> measure() override;
  bool has_effect(const Reading& before, const Reading& during) const override {
    return during.value > before.value && (!must_be_opened_ || during.facts["opens"].as_int() > 0);
  }
  /// It was read back through the very file as it was put back; what is written to it from then on is the target's.
  bool is_healed(const Reading&, const Reading&) const override { return !broken_; }
  std::string fell_short(const Reading&, const Reading& last) const override {
    if (!theirs_.empty())
      return fmt::format(
          "{} was written to while it was {}, so it is no file to be changed; what was written lies at {}", path_, how_,
          theirs_);
    return last.value > 0 ? "" : path_ + " was as before again by the end: somebody put it back";
  }

 private:
  Status inject() override;
  Status heal() override {
    if (!broken_) return {};
    MCCOY_DO(broken_->heal());
    theirs_ = broken_->theirs();
    broken_.reset();
    return {};
  }
  std::string look(std::string& why);
  Value marks() const;

  const FaultContext context_;
  const std::string path_, how_, bytes_;
  const bool must_be_opened_;
  std::optional<run::Breakage> broken_;
  std::string theirs_;  ///< where that lies which the target wrote to it meanwhile; "": nothing
  std::optional<Opens> opens_;
  std::string first_;  ///< what it was, as the target sees it
};

FaultPlan Config::plan() const {
  return {.does = {fmt::format("{} of {}: {}", path_, context_.service, how_)},
          .by_hand = {"the original lies beside it, as " + path_ + ".mccoy-aside-*; mccoy undo puts it back"}};
}

/// Its digest as the target may read it; "" and why when it may not.
std::string Config::look(std::string& why) {
  const auto where = context_.services->whereabouts(context_.service);
  if (opens_) opens_->before_ours();
  const UniqueFd file = open_as(user_of(where ? where->root.pid : 0), path_);
  if (!file) {
    why = std::strerror(errno);
    return "";
  }
  if (opens_) opens_->after_ours();
  Sha256 digest;
  char buffer[1 << 16];
  for (ssize_t got = 0; (got = ::read(file.get(), buffer, sizeof buffer)) > 0;)
    digest.update({buffer, static_cast<std::size_t>(got)});
  return digest.hex();
}

/// Mode, owner and time of writing; that of reading is changed by every look.
Value Config::marks() const {
  struct stat now {};
  if (::lstat(path_.c_str(), &now) != 0) return {};
  return Value::map({{"mode", fmt::format("{:o}", now.st_mode)},
                     {"uid", std::int64_t{now.st_uid}},
                     {"gid", std::int64_t{now.st_gid}},
                     {"written_s", std::int64_t{now.st_mtim.tv_sec}},
                     {"written_ns", std::int64_t{now.st_mtim.tv_nsec}}});
}

Result<Reading> Config::measure() {
  std::string why;
  const std::string digest = look(why);
  if (first_.empty() && digest.empty() && !broken_) return Error{.what = "cannot read " + path_ + ": " + why};
  if (first_.empty()) first_ = digest;
  const std::int64_t opens = opens_ ? opens_->count() : 0;
  const std::string how = digest.empty()     ? why
                          : digest == first_ ? "as it was"
                                             : "other bytes: " + digest.substr(0, 16);
  return Reading{.what = path_ + " differs from what it was, as " + context_.service + " sees it",
                 .unit = "",
                 .value = digest == first_ ? 0.0 : 1.0,
                 .text = fmt::format("{}; opened {} times since", how, opens),
                 .facts = Value::map({{"sha256", digest}, {"opens", opens}, {"marks", marks()}})};
}

Status Config::inject() {
  const run::Breakage::Terms terms{.bytes = bytes_,
                                   .seed = derive_seed(context_.seed, "config"),
                                   .expires_boot_us = expiry_in(context_.expires_in),
                                   .because = path_ + " of " + context_.service + " is " + how_,
                                   .keep_theirs = true};
  MCCOY_TRY(broken, run::Breakage::make(path_, how_, terms));
  broken_.emplace(std::move(broken));
  opens_.emplace(path_);
  return {};
}

constexpr std::string_view kWays[] = {"replaced", "empty", "garbage", "corrupted", "missing", "unreadable"};
constexpr Field kFields[] = {
    {.name = "path",
     .help = "the file, relative to the folder of the service; below that or the folder of the suite",
     .required = true,
     .example = "nginx.conf"},
    {.name = "how", .type = FieldType::word, .help = "what becomes of it", .fallback = "empty", .words = kWays},
    {.name = "with", .help = "what it holds meanwhile, with `how: replaced`", .example = "worker_processes 0;"},
    {.name = "must_be_opened",
     .type = FieldType::flag,
     .help = "count as an effect only that somebody opened the file since",
     .fallback = "false"}};

std::string lacks(const FaultContext& context, const Value& settings) {
  const auto where = context.services->whereabouts(context.service);
  const bool root = where && user_of(where->root.pid).uid == 0;
  return settings["how"].as_string() == "unreadable" && root
             ? context.service + " runs as root, who may read every file; give it a `user`"
             : "";
}

Status check(const Value& settings, Duration) {
  const auto& how = settings["how"].as_string();
  if ((how == "replaced") != settings["with"].is_string())
    return Error{.what = how == "replaced" ? "with: what the file is to hold is missing"
                                           : "with: goes with `how: replaced` only"};
  if (how == "missing" && settings["must_be_opened"].as_bool())
    return Error{.what = "must_be_opened: nobody can open a file that is missing", .hint = "leave it out"};
  return {};
}

Result<std::unique_ptr<Fault>> make(const FaultContext& context, const Value& settings) {
  const auto& how = settings["how"].as_string();
  const auto where = context.services->whereabouts(context.service);
  const std::string folder = where && !where->dir.empty() ? where->dir : context.folder;
  MCCOY_TRY(path, path_within(context, absolute(settings["path"].as_string(), folder)));
  return std::make_unique<Config>(context, std::move(path), how, settings["with"].as_string(),
                                  settings["must_be_opened"].as_bool());
}
}  // namespace

extern const FaultKind config_fault{.name = "config",
                                    .summary =
                                        "a file of the service is replaced, emptied, corrupted, taken away or "
                                        "made unreadable",
                                    .fields = kFields,
                                    .needs = "unreadable: a service that does not run as root",
                                    .check = &check,
                                    .lacks = &lacks,
                                    .make = &make};
}  // namespace mccoy::chaos
