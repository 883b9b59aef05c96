// Carrying undo orders out. Called by the guardian, by mccoy itself and by `mccoy undo`; nothing here runs a shell.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/file_marks.hpp"
#include "harness/base/namespaces.hpp"
#include "harness/base/text.hpp"
#include "harness/base/undo.hpp"
#include "harness/base/undo_record.hpp"

namespace mccoy {
namespace {
bool exists(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0;
}

/// Makes room for the original.
Status clear(const UndoOrder& order) {
  if (!exists(order.to)) return {};
  if (order.theirs.empty()) return remove_tree(order.to);
  if (std::rename(order.to.c_str(), order.theirs.c_str()) == 0) return {};
  return system_error("cannot keep " + order.to + " as " + order.theirs, errno);
}

Status move_back(const UndoOrder& order) {
  if (!exists(order.from)) return {};  // the original was never moved aside, or is back already
  MCCOY_DO(clear(order));
  if (std::rename(order.from.c_str(), order.to.c_str()) != 0)
    return system_error("cannot move " + order.from + " back to " + order.to, errno);
  return {};
}

/// A target may have put a pipe or a device where a file was: opening it must neither wait nor do anything to it.
UniqueFd open_plain(const std::string& path, int access) {
  UniqueFd file(::open(path.c_str(), access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  return file;
}

/// Into the same file, which a program may hold open; into a new one if the target took it away meanwhile or put
/// something else there. Of a file made unreadable, its owner can still change the mode, and opens it only then.
UniqueFd open_to_restore(const UndoOrder& order) {
  constexpr mode_t kOpen = S_IRUSR | S_IWUSR;
  const std::string& path = order.to;
  struct stat now {};
  const bool there = ::lstat(path.c_str(), &now) == 0;
  if (there && !S_ISREG(now.st_mode)) (void)clear(order);
  const bool closed = there && S_ISREG(now.st_mode) && (now.st_mode & kOpen) != kOpen;
  if (closed && ::chmod(path.c_str(), (now.st_mode & 07777U) | kOpen) != 0) return {};
  return open_plain(path, O_RDWR | O_CREAT);
}

Status copy_all(int from, int to, const std::string& path) {
  char buffer[1 << 16];
  for (;;) {
    const ssize_t got = ::read(from, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read what belongs into " + path, errno);
    if (got == 0) return {};
    MCCOY_DO(write_all(to, {buffer, static_cast<std::size_t>(got)}));
  }
}

/// Of its first `length` bytes, or of all there are. "": it cannot be read
std::string digest_of(int fd, std::int64_t length) {
  Sha256 digest;
  char buffer[1 << 16];
  for (std::int64_t at = 0; at < length;) {
    const auto wanted = std::min<std::int64_t>(length - at, sizeof buffer);
    const ssize_t got = ::pread(fd, buffer, static_cast<std::size_t>(wanted), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return "";
    if (got == 0) break;
    digest.update({buffer, static_cast<std::size_t>(got)});
    at += got;
  }
  return digest.hex();
}

Error is_another(const UndoOrder& order) {
  return {.what = order.to + " is not what it was before; its original lies at " + order.from};
}

Status check_digest(const UndoOrder& order) {
  MCCOY_TRY(digest, sha256_file(order.to));
  return digest == order.bytes ? Status() : is_another(order);
}

/// What somebody appended to it since is his own. Before its times are put back, for reading it changes one of them.
Status check_digest(const UndoOrder& order, int target, int source) {
  struct stat original {};
  if (order.bytes.empty() || ::fstat(source, &original) != 0) return {};
  return digest_of(target, original.st_size) == order.bytes ? Status() : is_another(order);
}

bool is_damaged(const UndoOrder& order) {
  const auto digest = order.bytes.empty() ? Result<std::string>(order.bytes) : sha256_file(order.from);
  return !digest.ok() || *digest != order.bytes;
}

/// A file that is neither as we left it nor as it was is somebody's work. Kept once, however often this is tried.
Status keep_theirs(const UndoOrder& order, int target) {
  struct stat now {};
  if (order.theirs.empty() || exists(order.theirs) || ::fstat(target, &now) != 0 || now.st_size == 0) return {};
  const std::string digest = digest_of(target, now.st_size);
  if (digest == order.ours || digest == order.bytes) return {};
  const UniqueFd kept(::open(order.theirs.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!kept) return system_error("cannot keep " + order.to + " as " + order.theirs, errno);
  MCCOY_DO(copy_all(target, kept.get(), order.theirs));
  if (::fsync(kept.get()) != 0 || ::lseek(target, 0, SEEK_SET) != 0)
    return system_error("cannot keep " + order.to + " as " + order.theirs, errno);
  return {};
}

Status restore(const UndoOrder& order) {
  if (!exists(order.from)) return {};  // nothing was set aside yet, or it is back already
  if (is_damaged(order)) {
    // The copy was not finished, so nothing had been changed.
    MCCOY_DO(check_digest(order));
    ::unlink(order.from.c_str());
    return {};
  }
  const UniqueFd source = open_plain(order.from, O_RDONLY);
  if (!source) return system_error("cannot read " + order.from, errno);
  const UniqueFd target = open_to_restore(order);
  if (!target) return Error{.what = "cannot write " + order.to + ": it is no regular file any more, or closed to us"};
  MCCOY_DO(keep_theirs(order, target.get()));
  if (::ftruncate(target.get(), 0) != 0) return system_error("cannot empty " + order.to, errno);
  MCCOY_DO(copy_all(source.get(), target.get(), order.to));
  MCCOY_DO(check_digest(order, target.get(), source.get()));
  if (!order.marks.is_null()) MCCOY_DO(marks_from(order.marks).put_on(target.get(), order.to));
  if (::fsync(target.get()) != 0) return system_error("cannot sync " + order.to, errno);
  ::unlink(order.from.c_str());
  return {};
}

/// A handle of the very process the order means; none: it has ended.
UniqueFd handle_of(const ProcessId& process) {
  UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  return handle && identify_process(process.pid) == process ? std::move(handle) : UniqueFd();
}

Status send_signal(const UndoOrder& order) {
  const UniqueFd handle = handle_of(order.process);
  if (!handle || ::syscall(SYS_pidfd_send_signal, handle.get(), order.number, nullptr, 0) == 0 || errno == ESRCH)
    return {};
  return system_error("cannot " + in_words(order), errno);
}

/// First the process itself: children it has from then on inherit what they should.
Status give_limits_back(const UndoOrder& order) {
  if (!handle_of(order.process)) return {};
  const rlimit limits{.rlim_cur = order.soft, .rlim_max = order.hard};
  const auto resource = static_cast<__rlimit_resource>(order.number);
  if (::prlimit(order.process.pid, resource, &limits, nullptr) != 0)
    return errno == ESRCH ? Status() : system_error("cannot " + in_words(order), errno);
  for (const pid_t child : order.bytes.empty() ? std::vector<pid_t>{} : descendants_of(order.process.pid)) {
    rlimit now{};
    if (::prlimit(child, resource, nullptr, &now) == 0 && std::to_string(now.rlim_cur) == order.bytes &&
        now.rlim_max == order.hard)
      (void)::prlimit(child, resource, &limits, nullptr);
  }
  return {};
}

Status write_to_kernel(const std::string& path, std::string_view bytes) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return system_error("cannot open " + path, errno);
  if (::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    return system_error("cannot write " + path, errno);
  return {};
}

Status write_back(const UndoOrder& order) {
  return exists(order.to) ? write_to_kernel(order.to, order.bytes) : Status();
}

/// Those that fork meanwhile are found in the next round.
Status dissolve_cgroup(const UndoOrder& order) {
  constexpr int kRounds = 100, kPause_ms = 5;
  for (int round = 0; round < kRounds; ++round) {
    if (::rmdir(order.from.c_str()) == 0 || errno == ENOENT) return {};
    std::ifstream members(order.from + "/cgroup.procs");
    for (std::string pid; std::getline(members, pid);) (void)write_to_kernel(order.to + "/cgroup.procs", pid);
    if (round > 2) ::poll(nullptr, 0, kPause_ms);
  }
  return system_error("cannot remove the cgroup " + order.from, EBUSY);
}

/// As /proc/self/mountinfo writes a path.
std::string octal_escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    char octal[8];
    std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned>(static_cast<unsigned char>(c)));
    text += c == ' ' || c == '\t' || c == '\n' || c == '\\' ? std::string(octal) : std::string(1, c);
  }
  return text;
}

/// proc(5): "36 35 98:0 ROOT POINT OPTIONS [TAGS] - TYPE SOURCE OPTIONS"
bool is_mounted(const std::string& process, const std::string& point, const std::string& source) {
  std::ifstream lines("/proc/" + process + "/mountinfo");
  for (std::string line; std::getline(lines, line);) {
    const auto fields = split(line, ' ');
    const auto dash = std::ranges::find(fields, "-");
    if (fields.size() > 4 && fields.end() - dash > 2 && fields[4] == octal_escaped(point) &&
        (source.empty() || dash[2] == source))
      return true;
  }
  return false;
}

bool take_off(const char* point) {
  return ::umount2(point, UMOUNT_NOFOLLOW) == 0 || ::umount2(point, MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
}

Status unmount(const UndoOrder& order) {
  constexpr int kMost = 16;
  if (order.process.pid != 0) {
    const UniqueFd handle = handle_of(order.process);
    if (!handle || !is_mounted(std::to_string(order.process.pid), order.to, order.from)) return {};
    return unmount_for(order.process, order.to);
  }
  for (int i = 0; i < kMost && is_mounted("self", order.to, order.from); ++i)
    if (!take_off(order.to.c_str())) return system_error("cannot unmount " + order.to, errno);
  return {};
}

Status make_writable(const UndoOrder& order) {
  if (!is_mounted("self", order.to, order.from) ||
      ::mount("none", order.to.c_str(), nullptr, MS_REMOUNT | MS_BIND, nullptr) == 0)
    return {};
  return system_error("cannot " + in_words(order), errno);
}

/// A network can outlive the process: by a name, or by others in it.
Status delete_in_network(const UndoOrder& order, std::vector<std::string> argv) {
  const UniqueFd network = open_network(order.process, order.network);
  if (!network) return {};  // it has gone with the process
  auto ran = run_in_network(network.get(), std::move(argv));
  if (!ran.ok()) ran.error().what = "cannot " + in_words(order) + ": " + ran.error().what;
  return ran;
}

/// "inet NAME" of ours only: letters, digits, "_".
bool is_plain_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Status delete_table(const UndoOrder& order) {
  const auto words = split(order.bytes, ' ');
  if (words.size() != 2 || !is_plain_name(words[0]) || !is_plain_name(words[1]))
    return Error{.what = "\"" + order.bytes + "\" is no nft table of ours"};
  // "add" first: a table that is gone is as good as one that is deleted
  MCCOY_DO(delete_in_network(order, {"nft", "add", "table", words[0], words[1]}));
  return delete_in_network(order, {"nft", "delete", "table", words[0], words[1]});
}

Status delete_queue(const UndoOrder& order) {
  if (!is_plain_name(order.bytes)) return Error{.what = "\"" + order.bytes + "\" is no network device"};
  // "replace" first, as above
  MCCOY_DO(delete_in_network(order, {"tc", "qdisc", "replace", "dev", order.bytes, "root", "pfifo"}));
  return delete_in_network(order, {"tc", "qdisc", "del", "dev", order.bytes, "root"});
}
}  // namespace

Status carry_out(const UndoOrder& order) noexcept {
  switch (order.what) {
    case UndoOrder::What::move_back:
      return move_back(order);
    case UndoOrder::What::restore:
      return restore(order);
    case UndoOrder::What::remove:
      return remove_tree(order.to);
    case UndoOrder::What::signal:
      return send_signal(order);
    case UndoOrder::What::limit:
      return give_limits_back(order);
    case UndoOrder::What::write:
      return write_back(order);
    case UndoOrder::What::cgroup:
      return dissolve_cgroup(order);
    case UndoOrder::What::unmount:
      return unmount(order);
    case UndoOrder::What::writable:
      return make_writable(order);
    case UndoOrder::What::nft_table:
      return delete_table(order);
    case UndoOrder::What::qdisc:
      break;
  }
  return delete_queue(order);
}
}  // namespace mccoy
