// TLS over a non-blocking socket, by OpenSSL. No header of OpenSSL is needed to include this one.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "harness/base/error.hpp"
#include "probes/load/profile.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace mccoy::load {
/// What came of an attempt to move bytes.
enum class Moved {
  some,   ///< bytes were moved, or the handshake is done
  later,  ///< when the socket is ready again
  end,    ///< the peer ended the stream
  reset,  ///< connection reset or broken pipe
  wrong,  ///< a failure of TLS
};

class TlsSession {
 public:
  TlsSession() = default;
  explicit operator bool() const { return ssl_ != nullptr; }
  Moved shake_hands();
  Moved read(char* into, std::size_t size, std::size_t& got);
  Moved write(const char* from, std::size_t size, std::size_t& put);
  bool agreed_on_h2() const;
  const std::string& failure() const { return failure_; }  ///< why TLS broke down; "": it did not
  void close();                                            ///< says goodbye, as far as the socket takes it at once

 private:
  friend class TlsContext;
  struct Free {
    void operator()(ssl_st* ssl) const noexcept;
  };
  Moved outcome(int result);
  void explain(unsigned long code);
  std::unique_ptr<ssl_st, Free> ssl_;
  std::string failure_;
};

/// Settings shared by the sessions of one target; used by all threads.
class TlsContext {
 public:
  /// errors  files that cannot be read, a key that does not fit its certificate
  static Result<TlsContext> make(const Target& target);
  TlsSession session(int fd) const;  ///< empty when memory ran out

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::string name_;  ///< of the server: SNI, and what is verified; an address has no SNI
  bool verify_ = true;
  bool is_address_ = false;
};
}  // namespace mccoy::load
