#include "probes/http_failure.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "harness/base/text.hpp"

namespace mccoy::probes {
namespace {
/// {address} and {detail} are put in.
struct Row {
  int code;
  int os_errno;  ///< 0: any
  std::string_view what, hint;
};
constexpr Row kRows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, 0, "the name of {address} is unknown: {detail}",
     "check the spelling and the name server"},
    {CURLE_COULDNT_CONNECT, ECONNREFUSED, "{address} refused the connection",
     "nothing listens there: is the service running?"},
    {CURLE_COULDNT_CONNECT, ENOENT, "{address} does not exist",
     "is the service running, and is this the path of its socket?"},
    {CURLE_COULDNT_CONNECT, 0, "{address} could not be reached: {detail}", "check address, routes and firewalls"},
    {CURLE_PEER_FAILED_VERIFICATION, 0, "TLS: the certificate of {address} is not trusted: {detail}",
     "name the CA that vouches for it with `ca:`, or renew the certificate"},
    {CURLE_SSL_CONNECT_ERROR, 0, "TLS with {address} failed: {detail}",
     "does this port speak TLS, and in a version we both know?"},
    {CURLE_SSL_CERTPROBLEM, 0, "our client certificate cannot be used: {detail}",
     "check the files of `cert` and `key`"},
    {CURLE_SSL_CACERT_BADFILE, 0, "the CA file cannot be used: {detail}", "check the file of `ca`"},
    {CURLE_GOT_NOTHING, 0, "{address} closed the connection before any answer", "look into the log of the service"},
    {CURLE_PARTIAL_FILE, 0, "{address} closed the connection before the answer was complete: {detail}",
     "look into the log of the service"},
    {CURLE_RECV_ERROR, ECONNRESET, "{address} reset the connection before the answer was complete: {detail}",
     "look into the log of the service"},
    {CURLE_RECV_ERROR, 0, "the answer of {address} broke off: {detail}", "look into the log of the service"},
    {CURLE_SEND_ERROR, 0, "the request could not be sent to {address}: {detail}", "look into the log of the service"},
    {CURLE_UNSUPPORTED_PROTOCOL, 0, "what {address} answered is not HTTP: {detail}",
     "does another kind of server listen there?"},
    {CURLE_WEIRD_SERVER_REPLY, 0, "what {address} answered is not HTTP: {detail}",
     "does another kind of server listen there?"},
    {CURLE_HTTP2, 0, "{address} broke the rules of HTTP/2: {detail}", "does it speak HTTP/2? try http_version: 1.1"},
    {CURLE_HTTP2_STREAM, 0, "{address} ended the answer early: {detail}", "look into the log of the service"},
    {CURLE_BAD_CONTENT_ENCODING, 0, "{address} sent a body that cannot be unpacked: {detail}", {}},
};

std::string filled(std::string_view text, const HttpFailure& failure) {
  const std::string detail = visible_line(failure.detail, 300);
  return fmt::format(fmt::runtime(text), fmt::arg("address", visible_line(failure.address, 200)),
                     fmt::arg("detail", detail.empty() ? "no more is known" : detail));
}

std::string_view how_far(const HttpFailure& failure) {
  if (failure.answered) return "the answer of {address} was not complete after {allowed}; {bytes} of its body had come";
  if (failure.connected && (failure.tls_done || !failure.tls))
    return "{address} took the connection but did not answer within {allowed}";
  if (failure.connected) return "{address} took the connection but TLS did not stand after {allowed}";
  if (failure.resolved) return "{address} did not take the connection within {allowed}";
  return "the name of {address} was not known after {allowed}";
}
}  // namespace

Error explain(const HttpFailure& failure, Span span) {
  const auto* row = std::ranges::find_if(kRows, [&](const Row& each) {
    return each.code == failure.curl_code && (each.os_errno == 0 || each.os_errno == failure.os_errno);
  });
  Error error{.where = span, .what = {}};
  if (failure.os_errno != 0) error.cause = std::error_code(failure.os_errno, std::generic_category());
  if (row == std::end(kRows)) {
    error.what = filled("{address} could not be asked: {detail}", failure);
    return error;
  }
  error.what = filled(row->what, failure);
  error.hint = row->hint;
  return error;
}

Error explain_timeout(const HttpFailure& failure, Duration allowed, Span span) {
  return {
      .where = span,
      .what = fmt::format(fmt::runtime(how_far(failure)), fmt::arg("address", visible_line(failure.address, 200)),
                          fmt::arg("allowed", human_duration(allowed)), fmt::arg("bytes", human_size(failure.bytes))),
      .hint = "give it more time with `within:`, or find out what it waits for",
      .cause = std::make_error_code(std::errc::timed_out)};
}
}  // namespace mccoy::probes
