// What the guardian puts right when mccoy is gone before it could do so itself, even by SIGKILL.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"

namespace mccoy {
/// A promise kept by the guardian: carried out once mccoy and all its commands are gone, unless this owner let go of it
/// first.
class Undo {
 public:
  enum class What : char {
    move_back = 'm',  ///< rename `from` to `to`; what stands at `to` by then is removed
    copy_back = 'c',  ///< write the bytes of `from` into the file `to`, in place; then remove `from`
    remove = 'r',     ///< remove the tree `to`; `from` is ""
  };
  /// Must be called before what it undoes is done. errors: no guardian, paths over 4 KiB or relative
  static Result<Undo> promise(What what, std::string_view from, std::string_view to);
  Undo() = default;
  Undo(Undo&& other) noexcept;
  Undo& operator=(Undo&& other) noexcept;
  ~Undo() { withdraw(); }
  /// It is done, or not needed any more.
  void withdraw() noexcept;

 private:
  explicit Undo(std::uint64_t id) : id_(id) {}
  std::uint64_t id_ = 0;
};

/// The guardian's side: a request as it came from mccoy.
struct UndoOrder {
  std::uint64_t id = 0;
  Undo::What what = Undo::What::remove;
  std::string from, to;
};
void carry_out(const UndoOrder& order) noexcept;
}  // namespace mccoy
