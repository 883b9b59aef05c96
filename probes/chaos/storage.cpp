// The disk of a service is full, or can only be read. Both need a file system that only the service uses: one is made
// for its folder at its start. Errors and slowness of single calls, without root: fail_calls, slow_calls.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/base/file.hpp"
#include "harness/base/random.hpp"
#include "harness/base/undo.hpp"
#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;

struct Disk {
  std::string folder, source;
};

Disk disk_of(const FaultContext& context) {
  const auto where = context.services->whereabouts(context.service);
  return where ? Disk{where->dir, where->disk} : Disk{};
}

std::string lacks(const FaultContext& context, const Value&) {
  const auto where = context.services->whereabouts(context.service);
  if (!where || !where->disk.empty()) return "";
  return where->no_disk.empty() ? context.service + " was started without a file system of its own" : where->no_disk;
}

void provide(const Value& settings, target::Provisions& provisions) {
  provisions.add({.disk_bytes = settings["disk"].as_int()});
}

Undo::What what_undoes(bool full) {
  return full ? Undo::What::remove : Undo::What::writable;
}

/// What both have in common: the promise, and how it is kept.
class DiskFault : public Fault {
 public:
  DiskFault(const FaultContext& context, bool full) : context_(context), disk_(disk_of(context)), full_(full) {}
  ~DiskFault() override { (void)DiskFault::heal(); }

  FaultPlan plan() const override {
    return {.does = {fmt::format("the disk of {} at {} is made {}", context_.service, disk_.folder,
                                 full_ ? "full" : "read-only")},
            .by_hand = {full_ ? "rm " + disk_.folder + "/.mccoy-ballast-*" : "mount -o remount,rw " + disk_.folder},
            .through = "tmpfs"};
  }

 protected:
  Status promise(const std::string& to, const std::string& from) {
    MCCOY_TRY(undo, Undo::promise({.what = what_undoes(full_),
                                   .from = from,
                                   .to = to,
                                   .expires_boot_us = expiry_in(context_.expires_in),
                                   .because = fmt::format("the disk of {} is {}", context_.service,
                                                          full_ ? "full" : "read-only")}));
    undo_ = std::move(undo);
    return {};
  }
  Status heal() override { return undo_.fulfil(); }
  Result<struct statvfs> look() const {
    struct statvfs now {};
    if (::statvfs(disk_.folder.c_str(), &now) != 0)
      return system_error("cannot look at the disk at " + disk_.folder, errno);
    return now;
  }

  const FaultContext context_;
  const Disk disk_;

 private:
  const bool full_;
  Undo undo_;
};

class DiskFull final : public DiskFault {
 public:
  DiskFull(const FaultContext& context, std::int64_t leave)
      : DiskFault(context, true), leave_(leave), ballast_(disk_.folder + "/.mccoy-ballast-" + fresh_token(8)) {}

  Result<Reading> measure() override {
    MCCOY_TRY(now, look());
    const auto free = static_cast<std::int64_t>(now.f_bavail * now.f_bsize);
    struct stat ballast {};
    const bool weighs = ::stat(ballast_.c_str(), &ballast) == 0;
    return Reading{.what = "room on the disk of " + context_.service,
                   .unit = "bytes",
                   .value = static_cast<double>(free),
                   .text = fmt::format("{} of {} free", human_size(free),
                                       human_size(static_cast<std::int64_t>(now.f_blocks * now.f_bsize))),
                   .facts = Value::map({{"ballast", weighs},
                                        {"ballast_blocks", std::int64_t(ballast.st_blocks)},
                                        {"blocks", static_cast<std::int64_t>(now.f_blocks)},
                                        {"page", static_cast<std::int64_t>(now.f_bsize)}})};
  }
  bool has_effect(const Reading& before, const Reading& during) const override {
    const double nothing = static_cast<double>(leave_ + during.facts["page"].as_int());
    return before.value > nothing && during.value <= nothing;
  }
  /// What the target removed of its own is its own affair.
  std::string fell_short(const Reading& before, const Reading& last) const override {
    const bool whole = last.facts["ballast_blocks"].as_int() >= ballast_blocks_;
    const bool as_large = last.facts["blocks"] == before.facts["blocks"];
    return whole && as_large ? "" : "somebody made room on the disk of " + context_.service;
  }
  /// What the target wrote meanwhile is its own.
  bool is_healed(const Reading&, const Reading& after) const override { return !after.facts["ballast"].as_bool(); }

 private:
  Status inject() override;
  Status fill(int file) const;
  const std::int64_t leave_;
  const std::string ballast_;
  std::int64_t ballast_blocks_ = 0;  ///< of 512 bytes, when the disk was full
};

/// Until nothing is free: the target may free or use some meanwhile.
Status DiskFull::fill(int file) const {
  constexpr int kRounds = 20;
  std::int64_t size = 0;
  for (int round = 0; round < kRounds; ++round) {
    MCCOY_TRY(now, look());
    const auto more = static_cast<std::int64_t>(now.f_bavail * now.f_bsize) - leave_;
    if (more < static_cast<std::int64_t>(now.f_bsize)) return {};
    if (::fallocate(file, 0, size, more) == 0)
      size += more;
    else if (errno != ENOSPC)
      return system_error("cannot fill the disk at " + disk_.folder, errno);
  }
  return {};
}

Status DiskFull::inject() {
  MCCOY_DO(promise(ballast_, ""));
  const UniqueFd file(::open(ballast_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return system_error("cannot fill the disk at " + disk_.folder, errno);
  MCCOY_DO(fill(file.get()));
  struct stat made {};
  if (::fstat(file.get(), &made) == 0) ballast_blocks_ = made.st_blocks;
  return {};
}

class ReadOnly final : public DiskFault {
 public:
  explicit ReadOnly(const FaultContext& context) : DiskFault(context, false) {}

  Result<Reading> measure() override {
    MCCOY_TRY(now, look());
    const bool closed = (now.f_flag & ST_RDONLY) != 0;
    return Reading{.what = "the disk of " + context_.service + " can only be read",
                   .unit = "",
                   .value = closed ? 1.0 : 0.0,
                   .text = closed ? "read-only" : "writable"};
  }
  bool has_effect(const Reading& before, const Reading& during) const override { return during.value > before.value; }
  std::string fell_short(const Reading& before, const Reading& last) const override {
    return has_effect(before, last) ? "" : "somebody made the disk of " + context_.service + " writable again";
  }
  bool is_healed(const Reading& before, const Reading& after) const override { return after.value <= before.value; }

 private:
  Status inject() override {
    MCCOY_DO(promise(disk_.folder, disk_.source));
    if (::mount("none", disk_.folder.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
                nullptr) == 0)
      return {};
    Error error = system_error("cannot make " + disk_.folder + " read-only", errno);
    if (errno == EBUSY) error.hint = "the service has files open to write; fail_calls with error: EROFS does without";
    return error;
  }
};

constexpr Field kDisk{.name = "disk",
                      .type = FieldType::size,
                      .help = "size of the file system that the service's folder gets at its start",
                      .fallback = "64MiB"};
constexpr Field kFull[] = {kDisk,
                           {.name = "leave", .type = FieldType::size, .help = "what stays free", .fallback = "0"}};
constexpr Field kReadOnly[] = {kDisk};

Result<std::unique_ptr<Fault>> make_full(const FaultContext& context, const Value& settings) {
  return std::make_unique<DiskFull>(context, settings["leave"].as_int());
}
Result<std::unique_ptr<Fault>> make_read_only(const FaultContext& context, const Value&) {
  return std::make_unique<ReadOnly>(context);
}
constexpr std::string_view kNeeds = "root, to mount a tmpfs over the folder of the service before it starts";
}  // namespace

extern const FaultKind disk_full_fault{.name = "disk_full",
                                       .summary = "the disk of the service is full",
                                       .fields = kFull,
                                       .needs = kNeeds,
                                       .provide = &provide,
                                       .lacks = &lacks,
                                       .make = &make_full};
extern const FaultKind read_only_fault{.name = "read_only",
                                       .summary = "the disk of the service can only be read",
                                       .fields = kReadOnly,
                                       .needs = kNeeds,
                                       .provide = &provide,
                                       .lacks = &lacks,
                                       .make = &make_read_only};
}  // namespace mccoy::chaos
