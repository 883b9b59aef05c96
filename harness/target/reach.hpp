// One connection to an address, to find out whether somebody is there: connect only, or one GET. Reasons for failing
// are told apart. No proxy is ever used, redirects are not followed.
#pragma once
#include <functional>
#include <string>

#include "harness/base/process.hpp"

namespace mccoy::target {
struct ReachAsk {
  std::string url;            ///< http://, https://; only connect: tcp://host:port as well
  bool only_connect = false;  ///< TCP, and TLS for https
  bool check_certificate = true;
  Deadline deadline;
  const Interrupt* interrupt = nullptr;
  int give_up_fd = -1;  ///< readable: the answer is no longer wanted
  /// Called once with the connected socket while it is open: at the first bytes of an answer, or when connected.
  std::function<void(int fd)> on_answer = {};
};
struct Reached {
  enum class How {
    answered,
    name_unknown,
    refused,
    timed_out,
    no_route,
    tls_failed,
    given_up,
    broken
  } how = How::broken;
  int status = 0;   ///< of HTTP
  std::string why;  ///< one sentence when not answered
  bool ok() const { return how == How::answered; }
};
/// Keeps the deadline and the interrupt within milliseconds, name look-ups included.
Reached reach(const ReachAsk& ask);

struct HostPort {
  std::string host;  ///< without brackets
  int port = 0;      ///< 0: the text is no "host:port"
  bool is_loopback() const;
};
/// "127.0.0.1:80", "[::1]:80", "db.example:5432"; a bare "80" is on 127.0.0.1.
HostPort parse_host_port(std::string_view text);
std::string to_text(const HostPort& address);
}  // namespace mccoy::target
