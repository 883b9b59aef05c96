#include "probes/http_transfer.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/target/libcurl.hpp"
#include "probes/http_answer.hpp"
#include "probes/http_failure.hpp"

namespace mccoy::probes {
namespace {
using target::curl;

constexpr long kReadBytes = 64 * 1024;  ///< large enough for a stream, small enough to notice an interrupt soon
constexpr int kLongestWaitMs = 1000;
constexpr std::int64_t kNsPerUs = 1000;

struct FreeList {
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
};
class TextList {
 public:
  void add(const std::string& text) { list_.reset(curl().slist_append(list_.release(), text.c_str())); }
  curl_slist* get() const { return list_.get(); }

 private:
  std::unique_ptr<curl_slist, FreeList> list_;
};

struct FreeEasy {
  void operator()(CURL* easy) const { curl().easy_cleanup(easy); }
};

/// What drives the requests of one thread. It keeps parsed CA files of the system and nothing of a case.
class Driver {
 public:
  Driver() { MCCOY_CHECK(multi_ != nullptr); }
  Driver(const Driver&) = delete;
  ~Driver() { curl().multi_cleanup(multi_); }
  CURLM* get() const { return multi_; }

 private:
  CURLM* multi_ = curl().multi_init();
};

CURLM* multi() {
  thread_local Driver ours;
  return ours.get();
}

class Exchange {
 public:
  Exchange(const HttpRequest& request, const Trial& trial)
      : request_(request), trial_(trial), allowed_(trial.deadline.left()), answer_(request.keep) {
    MCCOY_CHECK(easy_ != nullptr);
    set(CURLOPT_ERRORBUFFER, error_text_);
    isolate();
    ask();
    speak_tls();
    listen();
  }
  Exchange(const Exchange&) = delete;
  ~Exchange() { curl().multi_remove_handle(multi(), easy()); }

  Result<evidence::Observation> run();

 private:
  enum class End { done, deadline, interrupted };
  CURL* easy() const { return easy_.get(); }
  template <class T>
  void set(CURLoption option, T value) {
    curl().easy_setopt(easy(), option, value);
  }
  template <class T>
  T info(CURLINFO which, T fallback = T()) const {
    T value{};
    return curl().easy_getinfo(easy(), which, &value) == CURLE_OK ? value : fallback;
  }
  std::string file(const std::string& path) const { return absolute(path, trial_.folder); }

  void isolate();
  void ask();
  void connect_elsewhere();
  void speak_tls();
  void listen();
  End drive(CURLcode& code);
  HttpFailure failure(CURLcode code) const;
  evidence::Observation observed();
  void add_certificate(Value& values) const;
  void tell_watch();

  static curl_socket_t on_socket(void* self, curlsocktype, curl_sockaddr* address);
  static std::size_t on_header(char* bytes, std::size_t, std::size_t length, void* self);
  static std::size_t on_body(char* bytes, std::size_t, std::size_t length, void* self);

  const HttpRequest& request_;
  const Trial& trial_;
  Duration allowed_;
  Instant began_ = Clock::now();
  HttpAnswer answer_;
  TextList headers_, elsewhere_;
  char error_text_[CURL_ERROR_SIZE] = {};
  std::unique_ptr<CURL, FreeEasy> easy_{curl().easy_init()};
  int last_socket_ = -1;
  std::string tls_version_;
};

/// Nothing from the environment, from files of the user, or from an earlier case.
void Exchange::isolate() {
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, request_.tls() ? "https" : "http");
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  set(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name server that is silent must not hold us after the deadline
}

void Exchange::ask() {
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_USERAGENT, "mccoy");
  const std::string& method = request_.method;
  if (request_.has_body || method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.data());
  }
  if (method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (method != "HEAD" && method != (request_.has_body ? "POST" : "GET") && method != "POST")
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
  headers_.add("Expect:");  // no waiting for "100 Continue"
  for (const std::string& header : request_.headers) headers_.add(header);
  set(CURLOPT_HTTPHEADER, headers_.get());
  if (request_.decompress) set(CURLOPT_ACCEPT_ENCODING, "");
  set(CURLOPT_FOLLOWLOCATION, request_.follow > 0 ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, static_cast<long>(request_.follow));
  set(CURLOPT_HTTP_VERSION, request_.version == "1.0"                    ? long{CURL_HTTP_VERSION_1_0}
                            : request_.version == "1.1"                  ? long{CURL_HTTP_VERSION_1_1}
                            : request_.version == "2" && !request_.tls() ? long{CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE}
                                                                         : long{CURL_HTTP_VERSION_2TLS});
  connect_elsewhere();
}

void Exchange::connect_elsewhere() {
  const std::string& to = request_.connect_to;
  if (to.empty()) return;
  if (to.starts_with("unix:")) {
    set(CURLOPT_UNIX_SOCKET_PATH, file(to.substr(5)).c_str());
    return;
  }
  HttpRequest named = request_;
  named.connect_to.clear();
  elsewhere_.add(address_of(named) + ":" + to);
  set(CURLOPT_CONNECT_TO, elsewhere_.get());
}

void Exchange::speak_tls() {
  if (!request_.tls()) return;
  set(CURLOPT_CERTINFO, 1L);
  if (request_.insecure) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!request_.ca.empty()) {
    set(CURLOPT_CAINFO, file(request_.ca).c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set(CURLOPT_CA_CACHE_TIMEOUT, 0L);  // the file may be another one under the same name
  }
  if (!request_.cert.empty()) set(CURLOPT_SSLCERT, file(request_.cert).c_str());
  if (!request_.key.empty()) set(CURLOPT_SSLKEY, file(request_.key).c_str());
}

void Exchange::listen() {
  set(CURLOPT_BUFFERSIZE, kReadBytes);
  set(CURLOPT_OPENSOCKETFUNCTION, &on_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, this);
}

curl_socket_t Exchange::on_socket(void* self, curlsocktype, curl_sockaddr* address) {
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  static_cast<Exchange*>(self)->last_socket_ = fd;
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

std::size_t Exchange::on_header(char* bytes, std::size_t, std::size_t length, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  bool first = false;
  if (!exchange.answer_.add_head_line({bytes, length}, first)) return 0;
  if (first) exchange.tell_watch();
  return length;
}

std::size_t Exchange::on_body(char* bytes, std::size_t, std::size_t length, void* self) {
  static_cast<Exchange*>(self)->answer_.add_body({bytes, length});
  return length;
}

/// The connection is open and has begun to answer: the one moment at which both its ends can be seen.
void Exchange::tell_watch() {
  const auto active = info<curl_socket_t>(CURLINFO_ACTIVESOCKET, CURL_SOCKET_BAD);
  const int fd = active != CURL_SOCKET_BAD ? active : last_socket_;
  const auto out = info<long>(CURLINFO_REQUEST_SIZE) + info<curl_off_t>(CURLINFO_SIZE_UPLOAD_T);
  if (fd >= 0) trial_.watch->exchanged(fd, out, answer_.head_bytes());
  if (!request_.tls()) return;
  const auto* session = info<curl_tlssessioninfo*>(CURLINFO_TLS_SSL_PTR);
  if (session != nullptr && session->backend == CURLSSLBACKEND_OPENSSL && session->internals != nullptr)
    tls_version_ = SSL_get_version(static_cast<const SSL*>(session->internals));
}

Exchange::End Exchange::drive(CURLcode& code) {
  curl().multi_add_handle(multi(), easy());
  curl_waitfd stop{
      .fd = trial_.interrupt != nullptr ? trial_.interrupt->fd() : -1, .events = CURL_WAIT_POLLIN, .revents = 0};
  int running = 0;
  while (curl().multi_perform(multi(), &running) == CURLM_OK && running > 0) {
    if (trial_.interrupt != nullptr && trial_.interrupt->raised()) return End::interrupted;
    if (trial_.deadline.passed()) return End::deadline;
    const int left = trial_.deadline.poll_ms();
    curl().multi_poll(multi(), &stop, stop.fd >= 0 ? 1 : 0, left < 0 ? kLongestWaitMs : std::min(left, kLongestWaitMs),
                      nullptr);
  }
  int waiting = 0;
  const CURLMsg* message = curl().multi_info_read(multi(), &waiting);
  code = message != nullptr ? message->data.result : CURLE_FAILED_INIT;
  return End::done;
}

/// libcurl counts a connection as such only when TLS stands, too.
bool is_connected(int fd) {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  return fd >= 0 && ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0;
}

HttpFailure Exchange::failure(CURLcode code) const {
  return {.curl_code = code,
          .os_errno = static_cast<int>(info<long>(CURLINFO_OS_ERRNO)),
          .detail = error_text_[0] != '\0' ? error_text_ : curl().easy_strerror(code),
          .address = address_of(request_),
          .resolved = last_socket_ >= 0,
          .connected = is_connected(last_socket_),
          .tls_done = info<curl_off_t>(CURLINFO_APPCONNECT_TIME_T) > 0,
          .answered = answer_.started(),
          .tls = request_.tls(),
          .bytes = answer_.body_bytes()};
}

/// A redirect that may not be followed is an answer all the same.
bool stopped_at_redirect(CURLcode code, long status) {
  return (code == CURLE_TOO_MANY_REDIRECTS || code == CURLE_UNSUPPORTED_PROTOCOL) && status >= 300 && status < 400;
}

Result<evidence::Observation> Exchange::run() {
  CURLcode code = CURLE_OK;
  const End end = drive(code);
  if (end == End::interrupted)
    return Error{.where = request_.span,
                 .what = "the request was given up because the run was interrupted",
                 .cause = std::make_error_code(std::errc::interrupted)};
  if (end == End::deadline) return explain_timeout(failure(CURLE_OPERATION_TIMEDOUT), allowed_, request_.span);
  if (code == CURLE_WRITE_ERROR)
    return Error{.where = request_.span,
                 .what = fmt::format("{} sent more than {} of headers", visible_line(address_of(request_)),
                                     human_size(HttpAnswer::kHeadBytes))};
  if (code != CURLE_OK && !stopped_at_redirect(code, info<long>(CURLINFO_RESPONSE_CODE)))
    return explain(failure(code), request_.span);
  return observed();
}

std::string version_word(long version) {
  switch (version) {
    case CURL_HTTP_VERSION_1_0:
      return "1.0";
    case CURL_HTTP_VERSION_1_1:
      return "1.1";
    case CURL_HTTP_VERSION_2_0:
      return "2";
    default:
      return "";
  }
}

std::string peer_of(const char* ip, long port) {
  const std::string text = ip != nullptr ? ip : "";
  if (text.empty()) return "";
  return fmt::format("{}:{}", text.find(':') != std::string::npos ? "[" + text + "]" : text, port);
}

evidence::Observation Exchange::observed() {
  struct Phase {
    const char* name;
    CURLINFO which;
  };
  static constexpr Phase kPhases[] = {{"time_dns", CURLINFO_NAMELOOKUP_TIME_T},
                                      {"time_connect", CURLINFO_CONNECT_TIME_T},
                                      {"time_tls", CURLINFO_APPCONNECT_TIME_T},
                                      {"time_first_byte", CURLINFO_STARTTRANSFER_TIME_T}};
  evidence::Observation seen;
  Value& values = seen.values;
  values.set("status", info<long>(CURLINFO_RESPONSE_CODE));
  values.set("version", version_word(info<long>(CURLINFO_HTTP_VERSION)));
  values.set("headers", answer_.headers());
  if (!answer_.trailers().as_map().empty()) values.set("trailers", answer_.trailers());
  values.set("bytes", answer_.body_bytes());
  values.set("time", Duration(Clock::now() - began_).count());
  for (const Phase& phase : kPhases) values.set(phase.name, std::int64_t{info<curl_off_t>(phase.which)} * kNsPerUs);
  if (const char* next = info<char*>(CURLINFO_REDIRECT_URL)) values.set("redirect_url", next);
  values.set("peer", request_.connect_to.starts_with("unix:")
                         ? request_.connect_to
                         : peer_of(info<char*>(CURLINFO_PRIMARY_IP), info<long>(CURLINFO_PRIMARY_PORT)));
  if (request_.tls()) add_certificate(values);
  seen.texts.emplace("body", answer_.finish_body());
  return seen;
}

/// Whole days to a date as OpenSSL prints it; rounded down, so that "0" is still valid today.
Value days_until(const char* date) {
  constexpr std::int64_t kDay = 86400;
  const std::int64_t left = curl().getdate(date, nullptr) - wall_ms() / 1000;
  return left >= 0 ? left / kDay : -((-left + kDay - 1) / kDay);
}

void Exchange::add_certificate(Value& values) const {
  values.set("tls", tls_version_);
  values.set("peer_authenticated", !request_.insecure);
  const auto* chain = info<curl_certinfo*>(CURLINFO_CERTINFO);
  if (chain == nullptr || chain->num_of_certs < 1) return;
  for (const curl_slist* line = chain->certinfo[0]; line != nullptr; line = line->next) {
    const std::string_view text = line->data;
    if (text.starts_with("Subject:")) values.set("cert_subject", text.substr(8));
    if (text.starts_with("Issuer:")) values.set("cert_issuer", text.substr(7));
    if (text.starts_with("Expire date:")) values.set("cert_days", days_until(line->data + 12));
  }
}
}  // namespace

Result<evidence::Observation> transfer(const HttpRequest& request, const Trial& trial) {
  return Exchange(request, trial).run();
}
}  // namespace mccoy::probes
