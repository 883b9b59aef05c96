#include "probes/load/tls.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "harness/base/text.hpp"

namespace mccoy::load {
namespace {
constexpr unsigned char kOnlyH2[] = {2, 'h', '2'};
constexpr unsigned char kOnlyHttp1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

Error tls_error(const std::string& what) {
  char why[200] = "no reason given";
  if (const auto code = ::ERR_peek_last_error(); code != 0) ::ERR_error_string_n(code, why, sizeof why);
  ::ERR_clear_error();
  return Error{.what = fmt::format("{}: {}", visible_line(what, 300), why), .hint = "is it a PEM file?"};
}

Status load_trust(SSL_CTX* context, const Tls& tls) {
  if (!tls.verify) return {};
  const bool loaded = tls.ca_file.empty() ? ::SSL_CTX_set_default_verify_paths(context) == 1
                                          : ::SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) == 1;
  if (!loaded) return tls_error("the certificate authorities in " + tls.ca_file);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return {};
}

Status load_identity(SSL_CTX* context, const Tls& tls) {
  if (tls.cert_file.empty()) return {};
  if (::SSL_CTX_use_certificate_chain_file(context, tls.cert_file.c_str()) != 1)
    return tls_error("the certificate in " + tls.cert_file);
  const auto& key = tls.key_file.empty() ? tls.cert_file : tls.key_file;
  if (::SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      ::SSL_CTX_check_private_key(context) != 1)
    return tls_error("the key in " + key);
  return {};
}

bool looks_like_address(const std::string& name) {
  unsigned char ignored[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, name.c_str(), ignored) == 1 || ::inet_pton(AF_INET6, name.c_str(), ignored) == 1;
}
}  // namespace

void TlsSession::Free::operator()(ssl_st* ssl) const noexcept {
  ::SSL_free(ssl);
}

void TlsContext::Free::operator()(ssl_ctx_st* context) const noexcept {
  ::SSL_CTX_free(context);
}

Result<TlsContext> TlsContext::make(const Target& target) {
  TlsContext made;
  made.context_.reset(::SSL_CTX_new(::TLS_client_method()));
  if (!made.context_) return tls_error("TLS could not be set up");
  SSL_CTX* context = made.context_.get();
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_read_ahead(context, 1);
  const Tls& tls = *target.tls;
  MCCOY_DO(load_trust(context, tls));
  MCCOY_DO(load_identity(context, tls));
  if (target.protocol == Protocol::http2) {
    ::SSL_CTX_set_alpn_protos(context, kOnlyH2, sizeof kOnlyH2);
  } else if (target.protocol == Protocol::http1) {
    ::SSL_CTX_set_alpn_protos(context, kOnlyHttp1, sizeof kOnlyHttp1);
  }
  made.name_ = tls.server_name.empty() ? target.host : tls.server_name;
  made.is_address_ = looks_like_address(made.name_);
  made.verify_ = tls.verify;
  return made;
}

TlsSession TlsContext::session(int fd) const {
  TlsSession session;
  session.ssl_.reset(::SSL_new(context_.get()));
  SSL* ssl = session.ssl_.get();
  if (ssl == nullptr || ::SSL_set_fd(ssl, fd) != 1) return {};
  ::SSL_set_connect_state(ssl);
  if (!is_address_ && !name_.empty()) ::SSL_set_tlsext_host_name(ssl, name_.c_str());
  if (verify_ && is_address_) {
    ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), name_.c_str());
  } else if (verify_) {
    ::SSL_set1_host(ssl, name_.c_str());
  }
  return session;
}

Moved TlsSession::outcome(int result) {
  const int why = ::SSL_get_error(ssl_.get(), result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return Moved::later;
  if (why == SSL_ERROR_ZERO_RETURN) return Moved::end;
  const auto code = ::ERR_peek_error();
  ::ERR_clear_error();
  if (why == SSL_ERROR_SYSCALL) return errno == ECONNRESET || errno == EPIPE ? Moved::reset : Moved::end;
  if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return Moved::end;
  explain(code);
  return Moved::wrong;
}

/// In the words of OpenSSL; of a certificate, what is wrong with it.
void TlsSession::explain(unsigned long code) {
  const long verified = ::SSL_get_verify_result(ssl_.get());
  const bool is_certificate = ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK;
  const char* reason = is_certificate ? ::X509_verify_cert_error_string(verified) : ::ERR_reason_error_string(code);
  failure_ = reason != nullptr ? reason : "no reason given";
}

Moved TlsSession::shake_hands() {
  ::ERR_clear_error();
  errno = 0;
  const int result = ::SSL_do_handshake(ssl_.get());
  if (result == 1) return Moved::some;
  const int before = errno;  // what the socket said; 0: nothing
  const Moved moved = outcome(result);
  if (moved == Moved::end || moved == Moved::reset)
    failure_ = before == 0 ? "the peer ended the connection during the handshake"
                           : "during the handshake: " + std::generic_category().message(before);
  return moved;
}

Moved TlsSession::read(char* into, std::size_t size, std::size_t& got) {
  ::ERR_clear_error();
  errno = 0;
  const int result = ::SSL_read(ssl_.get(), into, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  got = result > 0 ? static_cast<std::size_t>(result) : 0;
  return result > 0 ? Moved::some : outcome(result);
}

Moved TlsSession::write(const char* from, std::size_t size, std::size_t& put) {
  ::ERR_clear_error();
  errno = 0;
  const int result = ::SSL_write(ssl_.get(), from, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  put = result > 0 ? static_cast<std::size_t>(result) : 0;
  return result > 0 ? Moved::some : outcome(result);
}

bool TlsSession::agreed_on_h2() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  ::SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  return length == 2 && name[0] == 'h' && name[1] == '2';
}

void TlsSession::close() {
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_.get());
  ::ERR_clear_error();
}
}  // namespace mccoy::load
