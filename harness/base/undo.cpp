#include "harness/base/undo.hpp"

#include <unistd.h>

#include <atomic>
#include <utility>

#include "harness/base/guardian.hpp"
#include "harness/base/text.hpp"
#include "harness/base/undo_record.hpp"

namespace mccoy {
namespace {
constexpr std::size_t kMaxPath = 4096;
std::atomic<std::uint64_t> last_id{0};

bool is_usable(const std::string& path) {
  return path.empty() || (path.starts_with('/') && path.size() <= kMaxPath && is_utf8(path));
}
}  // namespace

Result<Undo> Undo::promise(UndoOrder order) {
  const bool names_a_path = order.process.pid != 0 || order.network != 0 || !order.to.empty();
  const bool from_is_path = order.what != What::unmount && order.what != What::writable;  // else the source of a mount
  if (!names_a_path || (from_is_path && !is_usable(order.from)) || !is_usable(order.to) || !is_usable(order.theirs))
    return Error{.what = "cannot promise to undo a change of \"" + order.to + "\": not a path the guardian can use"};
  MCCOY_TRY(guardian, guardian_process());
  order.id = ++last_id;
  MCCOY_TRY(path, keep_undo_record({.path = {},
                                    .order = order,
                                    .mccoy = identify_process(::getpid()).value_or(ProcessId{}),
                                    .guardian = guardian,
                                    .boot_id = boot_id(),
                                    .wall_ms = wall_ms()}));
  Undo undo;
  undo.order_ = std::move(order);
  undo.record_ = std::move(path);
  MCCOY_DO(tell_guardian(undo.order_.id, undo.record_));
  return undo;
}

Undo& Undo::operator=(Undo&& other) noexcept {
  std::swap(order_, other.order_);
  std::swap(record_, other.record_);
  return *this;
}

/// The record goes first: should we be killed in between, the guardian finds nothing left to do.
void Undo::withdraw() noexcept {
  if (order_.id == 0) return;
  ::unlink(record_.c_str());
  forget_undo(order_.id);
  order_.id = 0;
}

Status Undo::fulfil() {
  if (order_.id == 0) return {};
  Status done = carry_out(order_);
  if (done.ok()) withdraw();
  return done;
}

void Undo::leave_to_guardian() noexcept {
  order_.id = 0;
}

std::int64_t expiry_in(Duration span) {
  return boot_us() + std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}
}  // namespace mccoy
