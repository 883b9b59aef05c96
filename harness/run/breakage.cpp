#include "harness/run/breakage.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/random.hpp"
#include "harness/base/undo.hpp"

namespace mccoy::run {
namespace {
constexpr std::int64_t kMaxInPlace = 1 << 30;
constexpr std::int64_t kGarbage = 1 << 20;

std::string garbage(std::int64_t bytes) {
  Random random(fresh_seed());
  std::string text(static_cast<std::size_t>(std::min(bytes, kGarbage)), '\0');
  for (char& c : text) c = static_cast<char>(random.next());
  return text;
}

Status overwrite(const std::string& path, std::string_view bytes) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return system_error("cannot write " + path, errno);
  MCCOY_DO(write_all(file.get(), bytes));
  if (::fsync(file.get()) != 0) return system_error("cannot sync " + path, errno);
  return {};
}
}  // namespace

struct Breakage::State {
  std::string path, aside, sha256;
  struct stat before {};
  bool moved = false;  ///< else: copied aside and changed in place
  bool healed = false;
  Undo undo;  ///< the guardian's part, should mccoy be killed meanwhile

  Status heal() {
    const Status status = put_back();
    undo.withdraw();
    return status;
  }

  Status put_back() {
    healed = true;
    const std::string where = "; the original lies at " + aside;
    if (moved) {
      if (struct stat now{}; ::lstat(path.c_str(), &now) == 0)
        if (auto gone = remove_tree(path); !gone.ok()) return Error{.what = gone.error().what + where};
      if (std::rename(aside.c_str(), path.c_str()) != 0)
        return system_error("cannot put " + path + " back" + where, errno);
      return {};
    }
    MCCOY_TRY(original, read_file(aside, kMaxInPlace));
    if (auto back = overwrite(path, original); !back.ok()) return Error{.what = back.error().what + where};
    MCCOY_TRY(now, sha256_file(path));
    if (now != sha256) return Error{.what = path + " is not as it was before the control" + where};
    const timespec times[] = {before.st_atim, before.st_mtim};
    ::utimensat(AT_FDCWD, path.c_str(), times, 0);
    ::unlink(aside.c_str());
    return {};
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

Result<Breakage> Breakage::make(const std::string& path, const std::string& how) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->aside = path + ".mccoy-aside-" + fresh_token(8);
  if (::lstat(path.c_str(), &state->before) != 0) return system_error("cannot break " + path, errno);
  if (how == "missing") {
    MCCOY_TRY(undo, Undo::promise(Undo::What::move_back, state->aside, path));
    state->undo = std::move(undo);
    if (std::rename(path.c_str(), state->aside.c_str()) != 0)
      return system_error("cannot move " + path + " aside", errno);
    state->moved = true;
    return Breakage(std::move(state));
  }
  if (!S_ISREG(state->before.st_mode))
    return Error{.what = path + " is no regular file; only `how: missing` can break it"};
  MCCOY_TRY(original, read_file(path, kMaxInPlace));
  state->sha256 = sha256(original);
  MCCOY_DO(write_atomically(state->aside, original, 0600));
  MCCOY_TRY(undo, Undo::promise(Undo::What::copy_back, state->aside, path));
  state->undo = std::move(undo);
  if (auto broken = overwrite(path, how == "garbage" ? garbage(state->before.st_size) : std::string()); !broken.ok()) {
    (void)state->heal();
    return broken.error();
  }
  return Breakage(std::move(state));
}
}  // namespace mccoy::run
