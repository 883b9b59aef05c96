// What can go wrong, and the type that carries it.
// A function that may not find something out returns Result<T>; one that only does something returns Status.
// Libraries that throw are caught where they are called; nothing of ours throws.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

namespace mccoy {
/// A place in a file the user wrote; not the place where our code noticed.
struct Span {
  std::string_view file = {};  ///< interned for the life of the process, see intern(); empty: no place
  int line = 0;                ///< 1-based; 0 means the whole file
  int column = 0;              ///< 1-based, in bytes
  int length = 1;              ///< bytes to underline
};

/// Keeps one copy of a name for the life of the process, so that spans stay small. Thread-safe.
std::string_view intern(std::string_view name);

/// Why something could not be found out. Never used for a claim that turned out false.
struct [[nodiscard]] Error {
  Span where = {};
  std::string what;            ///< what happened, in the user's words
  std::string hint = {};       ///< what to do about it
  std::error_code cause = {};  ///< the system's reason, if it gave one
};

/// An error of the system: "WHAT: No such file or directory", with errno kept as its cause.
Error system_error(std::string what, int errno_value);

/// Ends the process with a message: a broken invariant of our own, in release builds too.
[[noreturn]] void broken_invariant(const char* condition, const char* file, int line) noexcept;

/// Text for a terminal: file:line:column, the line, a caret, the hint. Ends with a newline.
/// The line is read again from the file; hostile bytes in it are made visible.
std::string render(const Error& error);

/// A value or the reason why there is none. Asking for the one that is not there ends the process.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}
  /// From what is neither but becomes a T: a literal for a string, a pointer to a derived class.
  template <class U>
  requires(std::is_convertible_v<U, T> && !std::is_same_v<U, Result> && !std::is_same_v<U, T> &&
           !std::is_same_v<U, Error>) Result(U value)
      : held_(std::in_place_index<0>, std::move(value)) {}

  bool ok() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  T& value() & { return held<0>(held_); }
  const T& value() const& { return held<0>(held_); }
  T&& value() && { return std::move(held<0>(held_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() & { return held<1>(held_); }
  const Error& error() const& { return held<1>(held_); }
  Error&& error() && { return std::move(held<1>(held_)); }

 private:
  template <std::size_t which, class Held>
  static auto& held(Held& held) {
    auto* found = std::get_if<which>(&held);
    if (found == nullptr) broken_invariant("a Result holds what it was asked for", __FILE__, __LINE__);
    return *found;
  }
  std::variant<T, Error> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};
using Status = Result<void>;
}  // namespace mccoy

#define MCCOY_CONCAT_(a, b) a##b
#define MCCOY_CONCAT(a, b) MCCOY_CONCAT_(a, b)

/// MCCOY_TRY(name, call): binds the value of a Result to `name`, or returns its error from this function.
#define MCCOY_TRY(name, call)                                                                                       \
  auto MCCOY_CONCAT(mccoy_result_, __LINE__) = (call);                                                              \
  if (!MCCOY_CONCAT(mccoy_result_, __LINE__).ok()) return std::move(MCCOY_CONCAT(mccoy_result_, __LINE__)).error(); \
  auto name = std::move(MCCOY_CONCAT(mccoy_result_, __LINE__)).value()  // NOLINT(bugprone-macro-parentheses): a name

/// MCCOY_DO(call): returns the error of a Status (or of any Result whose value is not needed).
#define MCCOY_DO(call)                                                                          \
  do {                                                                                          \
    if (auto mccoy_status = (call); !mccoy_status.ok()) return std::move(mccoy_status).error(); \
  } while (false)

#define MCCOY_CHECK(condition)                                                   \
  do {                                                                           \
    if (!(condition)) ::mccoy::broken_invariant(#condition, __FILE__, __LINE__); \
  } while (false)
