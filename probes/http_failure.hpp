// Why an HTTP exchange gave no answer, in words that tell the user what to look at.
#pragma once
#include <string>

#include "harness/base/clock.hpp"
#include "harness/base/error.hpp"

namespace mccoy::probes {
struct HttpFailure {
  int curl_code = 0;  ///< CURLcode; 0: the deadline passed
  int os_errno = 0;
  std::string detail;                                                            ///< libcurl's own words
  std::string address;                                                           ///< host:port that was asked
  bool resolved = false, connected = false, tls_done = false, answered = false;  ///< how far it got
  bool tls = false;
  std::int64_t bytes = 0;  ///< of the body so far
};
Error explain(const HttpFailure& failure, Span span);
Error explain_timeout(const HttpFailure& failure, Duration allowed, Span span);
}  // namespace mccoy::probes
