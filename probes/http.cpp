// http: one request, sent as stated and to nobody else.
#include "probes/http_transfer.hpp"
#include "probes/unstated.hpp"

namespace mccoy::probes {
namespace {
using suite::FieldType;
using suite::Match;

class HttpProbe final : public Probe {
 public:
  static Result<std::unique_ptr<Probe>> make(const suite::Settings& settings) {
    MCCOY_TRY(request, read_request(settings));
    return std::unique_ptr<Probe>(std::make_unique<HttpProbe>(std::move(request)));
  }
  explicit HttpProbe(HttpRequest request) : request_(std::move(request)) {}
  Result<evidence::Observation> observe(const Trial& trial) override { return transfer(request_, trial); }

 private:
  HttpRequest request_;
};

constexpr std::string_view kVersions[] = {"1.0", "1.1", "2"};
constexpr suite::Field kFields[] = {
    {.name = "headers",
     .type = FieldType::names,
     .help = "Request headers.",
     .example = "{ Accept: application/json }"},
    {.name = "body", .type = FieldType::text, .help = "Bytes to send."},
    {.name = "json", .type = FieldType::json, .help = "A value to send as JSON.", .example = "{ item: \"${nonce}\" }"},
    {.name = "form", .type = FieldType::names, .help = "Names and values to send as a web form."},
    {.name = "follow",
     .type = FieldType::integer,
     .help = "How many redirects are followed, never to another scheme.",
     .fallback = "0"},
    {.name = "ca",
     .type = FieldType::path,
     .help = "Certificates (PEM) that may vouch for the server, in place of the system's."},
    {.name = "cert", .type = FieldType::path, .help = "Our client certificate (PEM)."},
    {.name = "key", .type = FieldType::path, .help = "The private key of `cert` (PEM), if it is not in the same file."},
    {.name = "insecure",
     .type = FieldType::flag,
     .help = "Accept any certificate; the report then says that the peer was not authenticated.",
     .fallback = "false"},
    {.name = "connect_to",
     .type = FieldType::text,
     .help = "Where to connect in place of the URL's host: host:port, or unix:/path of a local socket.",
     .example = "127.0.0.1:8443"},
    {.name = "http_version",
     .type = FieldType::word,
     .help = "The version to speak; without it 2 over TLS if the server can, else 1.1.",
     .words = kVersions},
    {.name = "decompress",
     .type = FieldType::flag,
     .help = "Ask for compression, and look at the body unpacked.",
     .fallback = "false"},
    {.name = "keep",
     .type = FieldType::size,
     .help = "How much of the head and of the tail of the body is kept; all of it is counted and digested.",
     .fallback = "1MiB"},
};

constexpr suite::ExpectField kExpects[] = {
    {"status", Match::number, "status", "Status code.", "2xx", "*"},
    {"headers", Match::names, "headers", "Response headers, names without regard to case."},
    {"body", Match::text, "body", "The body."},
    {"json", Match::json, "body", "Members of the body read as JSON."},
    {"json_match", Match::matcher, "body", "Members of the body read as JSON, each matched by pattern or number."},
    {"bytes", Match::size, "bytes", "Size of the body."},
    {"version", Match::word, "version", "HTTP version that was spoken: 1.0, 1.1 or 2."},
    {"time", Match::duration, "time", "The whole exchange."},
    {"time_dns", Match::duration, "time_dns", "Until the name was known."},
    {"time_connect", Match::duration, "time_connect", "Until the connection stood."},
    {"time_tls", Match::duration, "time_tls", "Until TLS stood."},
    {"time_first_byte", Match::duration, "time_first_byte", "Until the first byte of the answer."},
    {"redirect_url", Match::text, "redirect_url", "Where an answer that was not followed points to."},
    {"tls", Match::word, "tls", "TLS version: TLSv1.3."},
    {"cert_days", Match::number, "cert_days", "Days until the server's certificate expires; negative when it has."},
    {"cert_subject", Match::text, "cert_subject", "Whom the server's certificate names."},
    {"cert_issuer", Match::text, "cert_issuer", "Who signed it."},
};

constexpr std::string_view kSources[] = {
    "status",   "header",          "body",         "bytes", "version", "time",      "time_dns",     "time_connect",
    "time_tls", "time_first_byte", "redirect_url", "peer",  "tls",     "cert_days", "cert_subject", "cert_issuer"};

std::vector<suite::Obligation> default_contract(const suite::Settings&, const std::string& service) {
  return answered_by(service, true);
}

std::string address(const suite::Settings& settings) {
  const auto request = read_request(settings);
  return request.ok() ? address_of(*request) : std::string();
}
}  // namespace

const ProbeKind& http_kind() {
  static const suite::KindSchema schema{
      .name = "http",
      .summary = "sends one HTTP request and looks at status, headers, body, timings and certificate",
      .head = {.name = "http",
               .type = FieldType::text,
               .help = "Method and URL; GET when only the URL is given.",
               .required = true,
               .example = "GET http://127.0.0.1:8080/health"},
      .fields = kFields,
      .expects = kExpects,
      .sources = kSources,
      .main_text = "body",
      .default_contract =
          "the service of the suite that the URL leads to owns the socket that answered, and bytes went both "
          "ways; nothing for an address that is no service of the suite"};
  static const ProbeKind kind{
      .schema = &schema, .make = &HttpProbe::make, .default_contract = &default_contract, .address = &address};
  return kind;
}
}  // namespace mccoy::probes
