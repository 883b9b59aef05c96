#include "harness/target/reach.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include "harness/base/owned.hpp"
#include "harness/target/libcurl.hpp"
#include "harness/target/wake.hpp"

namespace mccoy::target {
namespace {
void close_easy(CURL* easy) noexcept {
  curl().easy_cleanup(easy);
}
using Easy = Owned<CURL*, nullptr, close_easy>;
void close_multi(CURLM* multi) noexcept {
  curl().multi_cleanup(multi);
}
using Multi = Owned<CURLM*, nullptr, close_multi>;
constexpr int kLongestWait_ms = 1000;

struct Reason {
  CURLcode code;
  Reached::How how;
  std::string_view words;
};
constexpr Reason kReasons[] = {
    {CURLE_COULDNT_RESOLVE_HOST, Reached::How::name_unknown, "its name is not known"},
    {CURLE_OPERATION_TIMEDOUT, Reached::How::timed_out, "nobody answered in time"},
    {CURLE_SSL_CONNECT_ERROR, Reached::How::tls_failed, "TLS failed"},
    {CURLE_PEER_FAILED_VERIFICATION, Reached::How::tls_failed, "TLS failed: its certificate is not trusted"},
    {CURLE_SSL_CERTPROBLEM, Reached::How::tls_failed, "TLS failed"},
    {CURLE_SSL_CIPHER, Reached::How::tls_failed, "TLS failed"},
    {CURLE_SSL_CACERT_BADFILE, Reached::How::tls_failed, "TLS failed: no certificate authorities"},
    {CURLE_SSL_ISSUER_ERROR, Reached::How::tls_failed, "TLS failed: its certificate is not trusted"},
};

Reached refused_or_no_route(long os_error) {
  using How = Reached::How;
  const bool no_route = os_error == ENETUNREACH || os_error == EHOSTUNREACH || os_error == EADDRNOTAVAIL;
  if (os_error == ECONNREFUSED) return {How::refused, 0, "the connection was refused"};
  if (os_error == ETIMEDOUT) return {How::timed_out, 0, "nobody answered in time"};
  return {no_route ? How::no_route : How::broken, 0,
          no_route ? "there is no route to it"
                   : fmt::format("cannot connect: {}", std::strerror(static_cast<int>(os_error)))};
}

/// The transfer and what its callbacks noted.
struct Transfer {
  const ReachAsk* ask;
  std::vector<int> sockets = {};  ///< open ones: a name with several addresses is tried on some at a time
  bool told = false;
  char message[CURL_ERROR_SIZE] = {};

  void tell() {
    if (!ask->on_answer || std::exchange(told, true)) return;
    sockaddr_storage peer{};
    for (const int fd : sockets) {
      socklen_t size = sizeof peer;
      if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0) return ask->on_answer(fd);
    }
  }
};

curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(user);
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd >= 0) transfer.sockets.push_back(fd);
  return fd;
}

int close_socket(void* user, curl_socket_t fd) {
  std::erase(static_cast<Transfer*>(user)->sockets, fd);
  return ::close(fd);
}

std::size_t on_header(char*, std::size_t size, std::size_t count, void* user) {
  static_cast<Transfer*>(user)->tell();
  return size * count;
}

std::size_t ignore_body(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

void set_options(CURL* easy, Transfer& transfer) {
  const ReachAsk& ask = *transfer.ask;
  curl().easy_setopt(easy, CURLOPT_URL, ask.url.c_str());
  curl().easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl().easy_setopt(easy, CURLOPT_PROXY, "");
  curl().easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl().easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl().easy_setopt(easy, CURLOPT_CONNECT_ONLY, ask.only_connect ? 1L : 0L);
  curl().easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, ask.check_certificate ? 1L : 0L);
  curl().easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, ask.check_certificate ? 2L : 0L);
  curl().easy_setopt(easy, CURLOPT_USERAGENT, "mccoy");
  curl().easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.message);
  curl().easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl().easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
  curl().easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  curl().easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &transfer);
  curl().easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl().easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl().easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore_body);
}

/// nullopt: it was interrupted or the deadline passed before the transfer ended.
std::optional<CURLcode> perform(CURLM* multi, const ReachAsk& ask) {
  curl_waitfd also[2] = {};
  unsigned count = 0;
  if (ask.interrupt != nullptr) also[count++] = {ask.interrupt->fd(), CURL_WAIT_POLLIN, 0};
  if (ask.give_up_fd >= 0) also[count++] = {ask.give_up_fd, CURL_WAIT_POLLIN, 0};
  for (;;) {
    int running = 0;
    curl().multi_perform(multi, &running);
    int left = 0;
    if (const CURLMsg* message = curl().multi_info_read(multi, &left); message != nullptr) return message->data.result;
    if (ask.deadline.passed()) return CURLE_OPERATION_TIMEDOUT;
    if (also[0].revents != 0 || also[1].revents != 0) return std::nullopt;
    const int wait_ms = ask.deadline.never() ? kLongestWait_ms : std::min(ask.deadline.poll_ms(), kLongestWait_ms);
    curl().multi_poll(multi, also, count, wait_ms, nullptr);
  }
}

Reached outcome(CURL* easy, std::optional<CURLcode> result, const Transfer& transfer) {
  if (!result) return {Reached::How::given_up, 0, "it was interrupted"};
  if (*result == CURLE_OK) {
    long status = 0;
    curl().easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return {Reached::How::answered, static_cast<int>(status), ""};
  }
  if (*result == CURLE_COULDNT_CONNECT) {
    long os_error = 0;
    curl().easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
    return refused_or_no_route(os_error);
  }
  const std::string_view details = transfer.message[0] != '\0' ? transfer.message : curl().easy_strerror(*result);
  for (const auto& reason : kReasons) {
    if (reason.code != *result) continue;
    const bool tls = reason.how == Reached::How::tls_failed;
    return {reason.how, 0, tls ? fmt::format("{} ({})", reason.words, details) : std::string(reason.words)};
  }
  return {Reached::How::broken, 0, std::string(details)};
}

std::string without_tcp(const std::string& url) {
  return url.starts_with("tcp://") ? "http://" + url.substr(6) : url;
}
}  // namespace

Reached reach(const ReachAsk& asked) {
  ReachAsk ask = asked;
  ask.url = without_tcp(asked.url);
  Transfer transfer{.ask = &ask};
  const Multi multi(curl().multi_init());  // outlives the handle, whose sockets it keeps
  const Easy easy(curl().easy_init());
  if (!easy || !multi) return {Reached::How::broken, 0, "no memory for a connection"};
  set_options(easy.get(), transfer);
  curl().multi_add_handle(multi.get(), easy.get());
  const auto result = perform(multi.get(), ask);
  if (result == CURLE_OK) transfer.tell();
  auto reached = outcome(easy.get(), result, transfer);
  curl().multi_remove_handle(multi.get(), easy.get());
  return reached;
}

bool HostPort::is_loopback() const {
  return host == "localhost" || host.starts_with("127.") || host == "::1" || host == "0.0.0.0" || host == "::";
}

HostPort parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  auto host = colon == std::string_view::npos ? std::string_view("127.0.0.1") : text.substr(0, colon);
  const auto digits = colon == std::string_view::npos ? text : text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return {};
  }
  int port = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool valid = failed == std::errc() && end == digits.data() + digits.size() && port > 0 && port < 65536;
  return valid && !host.empty() ? HostPort{std::string(host), port} : HostPort{};
}

std::string to_text(const HostPort& address) {
  const bool six = address.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", six ? "[" : "", address.host, six ? "]" : "", address.port);
}
}  // namespace mccoy::target
