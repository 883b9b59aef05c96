// A connection of one's own to a TCP port or a unix socket, within a deadline, name look-up included.
#pragma once
#include <string>

#include "harness/base/owned.hpp"
#include "harness/base/process.hpp"

namespace mccoy::probes {
struct DialAsk {
  std::string host;  ///< a name or an address; "" with a path
  int port = 0;
  std::string path;  ///< absolute, of a unix socket
  Deadline deadline;
  const Interrupt* interrupt = nullptr;
  Span span;                 ///< for errors
  std::string text() const;  ///< "host:port", "unix:/path"
};
struct Dialled {
  UniqueFd fd;           ///< non-blocking; none when refused
  bool refused = false;  ///< all addresses of the name said so
  std::string peer;      ///< "127.0.0.1:80", "unix:/path"
};
/// errors  name unknown, unreachable, no such socket, timed_out, interrupted. "Refused" is an answer, not an error.
Result<Dialled> dial(const DialAsk& ask);

enum class Waited { ready, deadline, interrupted };
/// Until the descriptor has one of the events of poll(2), or it is closed.
Waited wait_for(int fd, short events, Deadline deadline, const Interrupt* interrupt);
Error interrupted_error(Span span);
}  // namespace mccoy::probes
