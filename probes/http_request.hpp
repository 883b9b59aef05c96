// An HTTP request as a case states it, checked before anything is sent.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "harness/suite/settings.hpp"

namespace mccoy::probes {
struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  ///< "Name: value", no line ends inside
  std::string body;
  bool has_body = false;
  int follow = 0;             ///< redirects followed at most, never to another scheme
  std::string ca, cert, key;  ///< files; "" = the system's CAs, no client certificate
  bool insecure = false;
  std::string connect_to;  ///< "host:port" or "unix:/path" in place of what the URL names
  std::string version;     ///< "1.0", "1.1", "2"; "" = as the server likes, 2 over TLS if both can
  bool decompress = false;
  std::size_t keep = 0;  ///< bytes of head and of tail kept of the body
  Span span;
  bool tls() const { return url.starts_with("https:"); }
};

/// errors  no URL, another scheme than http and https, a line end in a header, two bodies
Result<HttpRequest> read_request(const suite::Settings& settings);
/// "host:port" the URL (or connect_to) leads to; "" when it cannot be told.
std::string address_of(const HttpRequest& request);
}  // namespace mccoy::probes
