// A file or folder that is broken for a control, and put back when its owner goes away: byte for byte, with mode, owner
// and times. A file that is emptied or filled with garbage is changed in place, so that a program which holds it open
// sees it too.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "harness/base/error.hpp"

namespace mccoy::run {
class Breakage {
 public:
  struct Terms {
    std::string bytes = {};            ///< of `replaced`
    std::uint64_t seed = 0;            ///< of `garbage` and `corrupted`; 0: a fresh one
    std::int64_t expires_boot_us = 0;  ///< see UndoOrder
    std::string because = {};
    /// What somebody else makes of it meanwhile is kept beside it, and heal() says so; else it is overwritten.
    bool keep_theirs = false;
  };
  /// how: missing | empty | garbage | replaced | corrupted (one byte in a hundred) | unreadable (nobody may open it)
  ///   errors  there is no such file, it cannot be moved or changed
  static Result<Breakage> make(const std::string& path, const std::string& how, const Terms& terms);
  static Result<Breakage> make(const std::string& path, const std::string& how) { return make(path, how, Terms()); }
  Breakage(Breakage&&) noexcept;
  Breakage& operator=(Breakage&&) = delete;
  ~Breakage();
  /// Puts it back now and reads it back. errors: it is not as it was; says where the original lies
  Status heal();
  /// Where that lies which somebody else made of it meanwhile; "": nobody did, or it was not asked for.
  std::string theirs() const;

 private:
  struct State;
  explicit Breakage(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};
}  // namespace mccoy::run
