#include "harness/run/breakage.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/file_marks.hpp"
#include "harness/base/random.hpp"
#include "harness/base/undo.hpp"

namespace mccoy::run {
namespace {
constexpr std::int64_t kMaxInPlace = 1 << 30;
constexpr std::int64_t kGarbage = 1 << 20;

std::string garbage(std::int64_t bytes, std::uint64_t seed) {
  Random random(seed);
  std::string text(static_cast<std::size_t>(std::min(bytes, kGarbage)), '\0');
  for (char& c : text) c = static_cast<char>(random.next());
  return text;
}

void change(char& byte, std::uint64_t bits) {
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ static_cast<unsigned char>(bits));
}

/// Of the same length; at least one byte differs, unless there is none.
std::string corrupted(std::string bytes, std::uint64_t seed) {
  constexpr std::size_t kOneIn = 100;
  Random random(seed);
  for (std::size_t left = bytes.empty() ? 0 : bytes.size() / kOneIn + 1; left > 0; --left)
    change(bytes[random.below(bytes.size())], 1 + random.below(255));
  return bytes;
}

Status write_into(int fd, const std::string& path, std::string_view bytes) {
  MCCOY_DO(write_all(fd, bytes));
  if (::fsync(fd) != 0) return system_error("cannot sync " + path, errno);
  return {};
}

UniqueFd open_to_write(const std::string& path, int more) {
  return UniqueFd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | more, 0600));
}

Status overwrite(const std::string& path, std::string_view bytes) {
  const UniqueFd file = open_to_write(path, O_TRUNC);
  if (!file) return system_error("cannot write " + path, errno);
  return write_into(file.get(), path, bytes);
}
}  // namespace

struct Breakage::State {
  std::string aside;
  bool healed = false;  ///< or tried to be
  Undo undo;            ///< how it is put back; the guardian's part, should mccoy be killed meanwhile

  /// Else its folder is gone: nothing was put back, even if nothing is left to be done.
  bool is_within_reach() const {
    struct stat found {};
    return ::lstat(aside.c_str(), &found) == 0 || ::lstat(undo.order().to.c_str(), &found) == 0;
  }

  Status heal() {
    healed = true;
    Status status = is_within_reach() ? undo.fulfil() : system_error("cannot put " + undo.order().to + " back", ENOENT);
    if (status.ok()) return status;
    undo.leave_to_guardian();
    status.error().what += "; the original lies at " + aside;
    return status;
  }
};

Breakage::Breakage(std::unique_ptr<State> state) : state_(std::move(state)) {}
Breakage::Breakage(Breakage&&) noexcept = default;

Breakage::~Breakage() {
  if (state_ && !state_->healed) (void)state_->heal();
}

Status Breakage::heal() {
  return state_->heal();
}

std::string Breakage::theirs() const {
  const std::string& path = state_->undo.order().theirs;
  struct stat found {};
  return !path.empty() && ::lstat(path.c_str(), &found) == 0 ? path : "";
}

namespace {
/// What the file is to hold instead.
std::string broken_bytes(const std::string& how, const std::string& original, const Breakage::Terms& terms) {
  const std::uint64_t seed = terms.seed != 0 ? terms.seed : fresh_seed();
  if (how == "garbage") return garbage(static_cast<std::int64_t>(original.size()), seed);
  if (how == "corrupted") return corrupted(original, seed);
  return how == "replaced" ? terms.bytes : std::string();
}

/// Under its name from the start: half a copy is known by its digest, and removed with the order.
Status set_aside(const std::string& path, const std::string& bytes) {
  const UniqueFd file = open_to_write(path, O_CREAT | O_EXCL);
  if (!file) return system_error("cannot write " + path, errno);
  MCCOY_DO(write_into(file.get(), path, bytes));
  return sync_dir(dirname(path));
}

Status change(const std::string& path, const std::string& how, const std::string& broken) {
  if (how != "unreadable") return overwrite(path, broken);
  return ::chmod(path.c_str(), 0) == 0 ? Status() : system_error("cannot change the mode of " + path, errno);
}
}  // namespace

Result<Breakage> Breakage::make(const std::string& path, const std::string& how, const Terms& terms) {
  auto state = std::make_unique<State>();
  state->aside = path + ".mccoy-aside-" + fresh_token(8);
  UndoOrder order{.what = Undo::What::move_back,
                  .from = state->aside,
                  .to = path,
                  .expires_boot_us = terms.expires_boot_us,
                  .because = terms.because};
  if (terms.keep_theirs) order.theirs = path + ".mccoy-theirs-" + fresh_token(8);
  struct stat before {};
  if (::lstat(path.c_str(), &before) != 0) return system_error("cannot break " + path, errno);
  if (how == "missing") {
    MCCOY_TRY(undo, Undo::promise(order));
    state->undo = std::move(undo);
    if (std::rename(path.c_str(), state->aside.c_str()) != 0)
      return system_error("cannot move " + path + " aside", errno);
    return Breakage(std::move(state));
  }
  if (!S_ISREG(before.st_mode)) return Error{.what = path + " is no regular file; only `how: missing` can break it"};
  MCCOY_TRY(marks, FileMarks::of(path));
  MCCOY_TRY(original, read_file(path, kMaxInPlace));
  order.what = Undo::What::restore;
  order.bytes = sha256(original);
  const std::string bytes = how == "unreadable" ? original : broken_bytes(how, original, terms);
  order.ours = sha256(bytes);
  order.marks = to_value(marks);
  MCCOY_TRY(undo, Undo::promise(order));  // first: without it nothing is set aside
  state->undo = std::move(undo);
  MCCOY_DO(set_aside(state->aside, original));
  if (auto broken = change(path, how, bytes); !broken.ok()) {
    Error error = broken.error();
    if (auto healed = state->heal(); !healed.ok()) error.what += "; " + healed.error().what;
    return error;
  }
  return Breakage(std::move(state));
}
}  // namespace mccoy::run
