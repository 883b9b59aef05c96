// What is put right when mccoy is gone before it could do so itself, even by SIGKILL, or merely hangs: by the guardian,
// or, should that be gone as well, by `mccoy undo` from the record of the promise (undo_record.hpp).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/base/clock.hpp"
#include "harness/base/error.hpp"
#include "harness/base/process.hpp"
#include "harness/base/value.hpp"

namespace mccoy {
/// One thing that puts something back; plain data, as a record holds it.
struct UndoOrder {
  enum class What {
    move_back,  ///< rename `from` to `to`; what stands at `to` by then is removed, or kept as `theirs`
    restore,    ///< give the file `to` the bytes of `from`, whose SHA-256 is `bytes`, and its `marks`, in place; then
                ///< remove `from`
    remove,     ///< remove the tree `to`
    signal,     ///< send `number` to `process`, unless that has ended
    limit,      ///< give `process` its limits `soft` and `hard` on the resource `number` back, and to its descendants
                ///< that inherited the soft limit `bytes` meanwhile
    write,      ///< write `bytes` into `to`, a file of the kernel; gone: nothing to do
    cgroup,     ///< move the processes of the cgroup `from` to the cgroup `to`, then remove `from`
    unmount,    ///< unmount `to`, if what is mounted there still has the source `from` ("" = any), as `process` sees it
                ///< (none: as we do)
    writable,   ///< make what is mounted at `to` from `from` writable again
    nft_table,  ///< delete the nft table `bytes` ("inet NAME") in `network`
    qdisc,      ///< delete the root queue of the network device `bytes` in `network`
  };
  std::uint64_t id = 0;
  What what = What::remove;
  std::string from = {}, to = {};  ///< absolute
  std::string bytes = {};
  ProcessId process = {};
  int number = 0;
  std::uint64_t soft = 0, hard = 0;
  std::uint64_t network = 0;  ///< inode of a network namespace, which may outlive `process`; 0: that of `process`
  Value marks = {};           ///< FileMarks; null: bytes only
  std::string ours = {};      ///< SHA-256 of what we made of the file `to`
  std::string theirs = {};    ///< absolute: where to keep what somebody else made of it since; "": nowhere
  std::int64_t expires_boot_us = 0;  ///< when it is carried out although mccoy lives; 0: never
  std::string because = {};          ///< what was done, for people: "db is paused"
};
std::string_view to_text(UndoOrder::What what);
Value to_value(const UndoOrder& order);
/// errors: no order this version knows
Result<UndoOrder> undo_order_from(const Value& value);

/// Does it hold processes back, so that they cannot even end as they should, or go with them before it is undone?
bool holds_processes(UndoOrder::What what);
/// Carries it out; twice is as good as once. errors: it could not be done, and is still to be done
Status carry_out(const UndoOrder& order) noexcept;
/// One sentence: "wake process 4711".
std::string in_words(const UndoOrder& order);
/// The commands that do the same, for somebody with a shell.
std::string by_hand(const UndoOrder& order);
/// Is there still something to undo after the machine was started anew? Processes, mounts and limits are gone then.
bool outlives_reboot(UndoOrder::What what);

/// A promise kept by the guardian: carried out once mccoy and all its commands are gone or the promise has expired,
/// unless this owner let go of it first.
class Undo {
 public:
  using What = UndoOrder::What;
  /// Must be called before what it undoes is done: when it returns, the record is on the disk.
  ///   order   `id` is chosen here
  ///   errors  no guardian, no place for records, paths over 4 KiB or relative
  static Result<Undo> promise(UndoOrder order);
  static Result<Undo> promise(What what, std::string_view from, std::string_view to) {
    return promise({.what = what, .from = std::string(from), .to = std::string(to)});
  }
  Undo() = default;
  Undo(Undo&& other) noexcept { *this = std::move(other); }
  Undo& operator=(Undo&& other) noexcept;
  ~Undo() { withdraw(); }
  /// It is done, or not needed any more.
  void withdraw() noexcept;
  /// Does it now. On error the promise stands.
  Status fulfil();
  explicit operator bool() const { return order_.id != 0; }
  const UndoOrder& order() const { return order_; }
  /// Never withdrawn: the guardian tries again when mccoy is gone.
  void leave_to_guardian() noexcept;

 private:
  UndoOrder order_;
  std::string record_;  ///< path
};
/// `expires_boot_us` for a moment so far from now.
std::int64_t expiry_in(Duration span);
}  // namespace mccoy
