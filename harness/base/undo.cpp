#include "harness/base/undo.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "harness/base/file.hpp"
#include "harness/base/guardian.hpp"

namespace mccoy {
namespace {
constexpr std::size_t kMaxPath = 4096;
std::atomic<std::uint64_t> last_id{0};

bool exists(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0;
}

void move_back(const std::string& from, const std::string& to) {
  if (!exists(from)) return;  // the original was never moved aside, or is back already
  if (exists(to)) (void)remove_tree(to);
  (void)std::rename(from.c_str(), to.c_str());
}

/// A target may have put a pipe or a device where a file was: opening it must neither wait nor do anything to it.
UniqueFd open_plain(const std::string& path, int access) {
  UniqueFd file(::open(path.c_str(), access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  return file;
}

void copy_back(const std::string& from, const std::string& to) {
  const UniqueFd source = open_plain(from, O_RDONLY);
  if (!source) return;
  const UniqueFd target = open_plain(to, O_WRONLY);
  if (!target || ::ftruncate(target.get(), 0) != 0) return;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t got = ::read(source.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    if (got == 0) break;
    if (!write_all(target.get(), {buffer, static_cast<std::size_t>(got)}).ok()) return;
  }
  if (::fsync(target.get()) == 0) ::unlink(from.c_str());
}
}  // namespace

Result<Undo> Undo::promise(What what, std::string_view from, std::string_view to) {
  const bool absolute_paths = to.starts_with('/') && (from.empty() || from.starts_with('/'));
  if (!absolute_paths || from.size() > kMaxPath || to.size() > kMaxPath)
    return Error{.what =
                     "cannot promise to undo a change of \"" + std::string(to) + "\": not a path the guardian can use"};
  const std::uint64_t id = ++last_id;
  MCCOY_DO(tell_guardian({.id = id, .what = what, .from = std::string(from), .to = std::string(to)}));
  return Undo(id);
}

Undo::Undo(Undo&& other) noexcept : id_(std::exchange(other.id_, 0)) {}

Undo& Undo::operator=(Undo&& other) noexcept {
  std::swap(id_, other.id_);
  return *this;
}

void Undo::withdraw() noexcept {
  if (id_ != 0) forget_undo(std::exchange(id_, 0));
}

void carry_out(const UndoOrder& order) noexcept {
  switch (order.what) {
    case Undo::What::move_back:
      return move_back(order.from, order.to);
    case Undo::What::copy_back:
      return copy_back(order.from, order.to);
    case Undo::What::remove:
      (void)remove_tree(order.to);
      return;
  }
}
}  // namespace mccoy
