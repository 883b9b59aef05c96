#include "harness/base/undo_record.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/base/text.hpp"

namespace mccoy {
namespace {
constexpr std::int64_t kMaxRecord = 1 << 20;
constexpr std::string_view kEnding = ".json", kUnfinished = ".json.new";

std::vector<std::string> candidates() {
  std::vector<std::string> folders;
  const auto below = [&](const char* variable, const char* path) {
    const char* const value = std::getenv(variable);
    if (value != nullptr && *value == '/') folders.push_back(std::string(value) + path);
  };
  below("XDG_STATE_HOME", "/mccoy");
  below("HOME", "/.local/state/mccoy");
  if (::geteuid() == 0) folders.emplace_back("/run/mccoy");
  folders.push_back("/tmp/mccoy-" + std::to_string(::geteuid()));
  return folders;
}

/// In /tmp anybody may have made it before us.
bool is_ours_alone(const std::string& folder) {
  struct stat found {};
  return ::lstat(folder.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid() &&
         (found.st_mode & 022) == 0;
}

bool can_be_used(const std::string& folder) {
  return make_dirs(dirname(folder), 0700).ok() && make_dirs(folder, 0700).ok() && is_ours_alone(folder) &&
         make_dirs(folder + "/undo", 0700).ok() && is_ours_alone(folder + "/undo") &&
         ::access((folder + "/undo").c_str(), W_OK) == 0;
}

Value to_value(const ProcessId& process) {
  return Value::map({{"pid", process.pid}, {"start_ticks", process.start_ticks}});
}
ProcessId process_from(const Value& value) {
  return {static_cast<pid_t>(value["pid"].as_int()), value["start_ticks"].as_int()};
}

Value to_value(const UndoRecord& record) {
  return Value::map({{"mccoy_undo", 1},
                     {"promised", rfc3339(record.wall_ms)},
                     {"wall_ms", record.wall_ms},
                     {"boot_id", record.boot_id},
                     {"mccoy", to_value(record.mccoy)},
                     {"guardian", to_value(record.guardian)},
                     {"order", mccoy::to_value(record.order)},
                     {"by_hand", by_hand(record.order)}});
}

std::string padded(std::int64_t number) {
  std::string digits = std::to_string(number);
  return std::string(digits.size() < 14 ? 14 - digits.size() : 0, '0') + digits;
}
}  // namespace

namespace {
/// Under a name that says whose it is, until it is whole.
Status write_durably(const std::string& path, std::string_view bytes) {
  const std::string unfinished = path + ".new";
  const UniqueFd file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  Status status = file ? write_all(file.get(), bytes) : Status(system_error(unfinished, errno));
  if (status.ok() && ::fsync(file.get()) != 0) status = system_error(unfinished, errno);
  if (status.ok() && std::rename(unfinished.c_str(), path.c_str()) != 0) status = system_error(path, errno);
  if (status.ok()) return sync_dir(dirname(path));
  ::unlink(unfinished.c_str());
  return status;
}

/// Paths in all of the folders whose names end so.
std::vector<std::string> paths_that_end(std::string_view ending) {
  std::vector<std::string> paths;
  for (const auto& folder : candidates()) {
    if (!is_ours_alone(folder) || !is_ours_alone(folder + "/undo")) continue;
    const UniqueFd open(::open((folder + "/undo").c_str(), kOpenFolder));
    const auto entries = open ? read_folder(open.get()) : Error{};
    if (!entries.ok()) continue;
    for (const auto& entry : *entries)
      if (entry.name.ends_with(ending)) paths.push_back(folder + "/undo/" + entry.name);
  }
  return paths;
}
}  // namespace

Result<std::string> keep_undo_record(const UndoRecord& record) {
  const std::string name = "/undo/" + padded(record.wall_ms) + "-" + std::to_string(record.mccoy.pid) + "-" +
                           padded(static_cast<std::int64_t>(record.order.id)) + std::string(kEnding);
  Error first{.what = "there is no folder for undo records"};
  for (const auto& folder : candidates()) {
    if (!can_be_used(folder)) continue;
    auto written = write_durably(folder + name, to_pretty_json(to_value(record)) + "\n");
    if (written.ok()) return folder + name;
    first = std::move(written).error();
  }
  first.hint = "set XDG_STATE_HOME to a folder of yours with some room";
  return first;
}

Result<UndoRecord> read_undo_record(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return system_error("cannot read " + path, errno);
  if (!S_ISREG(found.st_mode) || found.st_uid != ::geteuid() || (found.st_mode & 022) != 0)
    return Error{.what = path + " may have been written by somebody else, so it is not believed"};
  MCCOY_TRY(text, read_file(path, kMaxRecord));
  auto value = from_json(text);
  if (!value.ok() || (*value)["mccoy_undo"].as_int() != 1) return Error{.what = path + " is no undo record"};
  MCCOY_TRY(order, undo_order_from((*value)["order"]));
  return UndoRecord{.path = path,
                    .order = std::move(order),
                    .mccoy = process_from((*value)["mccoy"]),
                    .guardian = process_from((*value)["guardian"]),
                    .boot_id = (*value)["boot_id"].as_string(),
                    .wall_ms = (*value)["wall_ms"].as_int()};
}

std::vector<std::string> undo_records() {
  auto paths = paths_that_end(kEnding);
  std::ranges::sort(paths, {}, [](const std::string& path) { return basename(path); });
  return paths;
}

void remove_unfinished_records(const ProcessId& mccoy) {
  const std::string mark = "-" + std::to_string(mccoy.pid) + "-";
  for (const auto& path : paths_that_end(kUnfinished))
    if (basename(path).find(mark) != std::string::npos) ::unlink(path.c_str());
}

std::string boot_id() {
  const UniqueFd file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t got = file ? ::read(file.get(), text, sizeof text) : 0;
  return std::string(trim({text, static_cast<std::size_t>(std::max<ssize_t>(got, 0))}));
}

bool lives(const ProcessId& process) {
  const auto now = process_info(process.pid);
  return process.pid > 0 && now && now->id == process && now->state != 'Z' && now->state != 'X';
}
}  // namespace mccoy
