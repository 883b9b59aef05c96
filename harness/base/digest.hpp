// SHA-256 of bytes and files (OpenSSL), always written as 64 lower-case hex digits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"

namespace mccoy {
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  std::string hex() const;  ///< of all bytes so far; may go on afterwards
  std::string take_raw();   ///< the 32 bytes themselves; then it starts anew

 private:
  struct State;
  std::unique_ptr<State> state_;
};
std::string sha256(std::string_view bytes);
/// Of a regular file, streamed. errors: cannot be read, not a regular file.
Result<std::string> sha256_file(const std::string& path);
}  // namespace mccoy
