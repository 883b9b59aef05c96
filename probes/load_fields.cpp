#include "probes/load_fields.hpp"

#include "probes/load_examine.hpp"

namespace mccoy::probes {
namespace {
using suite::FieldType;
using suite::Match;
using suite::MetricSort;

constexpr std::string_view kArrivalWords[] = {"constant", "poisson"};
constexpr std::string_view kOrders[] = {"in-turn", "random"};
constexpr std::string_view kVersions[] = {"1.1", "2"};

constexpr suite::Field kStage[] = {
    {.name = "to", .help = "The level at its end, reached evenly.", .example = "500/s"},
    {.name = "over", .type = FieldType::duration, .help = "How long that takes.", .example = "10s"},
    {.name = "hold", .help = "The level it keeps.", .example = "500/s"},
    {.name = "for",
     .type = FieldType::duration,
     .help = "How long; without `hold` at the level there is.",
     .example = "60s"},
    {.name = "name",
     .help = "What gates and reports call it; stage 1, stage 2 … if not given.",
     .example = "hold",
     .fixed = true},
    {.name = "counted",
     .type = FieldType::flag,
     .help = "Whether it is part of the figures of the whole.",
     .fallback = "true"},
};

constexpr suite::Field kRequest[] = {
    {.name = "request",
     .help = "Method and path on the server of the case, or a whole URL of another.",
     .required = true,
     .example = "POST /login"},
    {.name = "weight",
     .type = FieldType::number,
     .help = "How often, beside the others.",
     .fallback = "1",
     .example = "3"},
    {.name = "headers",
     .type = FieldType::names,
     .help = "Request headers, besides those of the case.",
     .example = "{ Authorization: \"Bearer {{login.token}}\" }"},
    {.name = "json",
     .type = FieldType::json,
     .help = "A value to send as JSON.",
     .example = "{ user: \"{{data.user}}\" }"},
    {.name = "form", .type = FieldType::names, .help = "Names and values to send as a web form."},
    {.name = "body", .help = "Bytes to send."},
    {.name = "expect",
     .type = FieldType::json,
     .help = "What a response must be: status, headers, body, json; status 2xx if nothing is said of it. One that is "
             "not is an error.",
     .example = "{ status: 201, json: { /ok: true } }"},
    {.name = "sample",
     .help = "The share of responses of which more than the status is looked at.",
     .fallback = "100%",
     .example = "1%"},
    {.name = "capture",
     .type = FieldType::names,
     .help = "In a sequence: values kept for later steps, which write {{STEP.NAME}}.",
     .example = "{ token: json /token }"},
    {.name = "pause", .type = FieldType::duration, .help = "In a sequence: after the step before.", .example = "200ms"},
    {.name = "timeout",
     .type = FieldType::duration,
     .help = "For the whole response; that of the case if not given.",
     .example = "5s"},
    {.name = "answer_ends", .help = "tcp, unix: the text an answer ends with.", .example = "\"\\n\""},
    {.name = "answer_bytes", .type = FieldType::integer, .help = "tcp, unix: the bytes an answer has.", .example = "4"},
};

constexpr suite::Field kSequence[] = {
    {.name = "weight",
     .type = FieldType::number,
     .help = "How often, beside the others.",
     .fallback = "1",
     .example = "3"},
    {.name = "steps",
     .type = FieldType::named,
     .help = "Requests, one after the other; one that fails ends this turn.",
     .required = true,
     .fields = kRequest,
     .short_form = "request"},
};

constexpr suite::Field kData[] = {
    {.name = "file",
     .type = FieldType::path,
     .help = "CSV whose first line names the columns, or JSON: a list of objects.",
     .required = true,
     .example = "users.csv"},
    {.name = "name", .help = "What {{NAME.column}} calls it.", .fallback = "data", .example = "users", .fixed = true},
    {.name = "order",
     .type = FieldType::word,
     .help = "How rows are chosen, one for each turn.",
     .fallback = "in-turn",
     .words = kOrders,
     .fixed = true},
};

constexpr suite::Field kArrivals[] = {
    {.name = "http",
     .help = "Where the service tells its own count.",
     .required = true,
     .example = "GET ${services.orders.url}/orders"},
    {.name = "take", .help = "What of the answer is the count.", .fallback = "number", .example = "json /count"},
    {.name = "of",
     .type = FieldType::texts,
     .help = "Names of the requests it counts; all if not given.",
     .example = "[order]"},
    {.name = "tolerance",
     .help = "By how much it may differ from what was sent; not at all if not given.",
     .example = "1%"},
    {.name = "at_least",
     .type = FieldType::flag,
     .help = "Others are counted, too: it may be more.",
     .fallback = "false"},
};

constexpr suite::Field kFields[] = {
    {.name = "rate",
     .help = "Open: requests (or sequences) that are due by the clock, whatever the target does.",
     .example = "500/s"},
    {.name = "users", .help = "Closed: virtual users, each of whom asks again when answered.", .example = "50"},
    {.name = "for", .type = FieldType::duration, .help = "How long.", .example = "60s"},
    {.name = "stages",
     .type = FieldType::objects,
     .help = "The course of the load, level by level, in place of rate, users and for. Levels are rates (500/s) or "
             "users (50 users).",
     .example = "[{ to: 500/s, over: 10s }, { hold: 500/s, for: 60s, name: hold }]",
     .fields = kStage},
    {.name = "start", .help = "The level before the first stage; 0 if not given.", .example = "50/s"},
    {.name = "arrival",
     .type = FieldType::word,
     .help = "Open: evenly, or at random with the same rate.",
     .fallback = "constant",
     .words = kArrivalWords},
    {.name = "think", .help = "Closed: what a user waits before asking again.", .example = "1s..3s"},
    {.name = "iterations", .type = FieldType::integer, .help = "Ends the load after so many.", .example = "10000"},
    {.name = "warm_up",
     .type = FieldType::duration,
     .help = "Load at the first level before the first stage, no part of the figures.",
     .example = "5s"},
    {.name = "requests",
     .type = FieldType::named,
     .help = "Several requests, chosen by weight; the case then names the server only.",
     .example = "{ list: GET /orders, order: { request: POST /orders, weight: 3, json: { item: \"{{unique}}\" } } }",
     .fields = kRequest,
     .short_form = "request"},
    {.name = "sequences",
     .type = FieldType::named,
     .help = "Requests in a row, of which later ones use what earlier ones captured.",
     .fields = kSequence},
    {.name = "data",
     .type = FieldType::objects,
     .help = "Files with data for the requests: {{data.COLUMN}}.",
     .example = "users.csv",
     .fields = kData,
     .short_form = "file"},
    {.name = "headers",
     .type = FieldType::names,
     .help = "Headers of every request.",
     .example = "{ Accept: application/json }"},
    {.name = "json",
     .type = FieldType::json,
     .help = "A value to send as JSON.",
     .example = "{ item: \"{{unique}}\" }"},
    {.name = "form", .type = FieldType::names, .help = "Names and values to send as a web form."},
    {.name = "body", .help = "Bytes to send."},
    {.name = "response",
     .type = FieldType::json,
     .help = "What a response must be, as `expect` of a request: status, headers, body, json; status 2xx if nothing is "
             "said of it.",
     .example = "{ status: 201 }"},
    {.name = "sample",
     .help = "The share of responses of which more than the status is looked at.",
     .fallback = "100%",
     .example = "1%"},
    {.name = "answer_ends", .help = "tcp, unix: the text an answer ends with.", .example = "\"\\n\""},
    {.name = "answer_bytes", .type = FieldType::integer, .help = "tcp, unix: the bytes an answer has.", .example = "4"},
    {.name = "max_in_flight",
     .type = FieldType::integer,
     .help = "Open: what would be more than this is dropped and counted.",
     .fallback = "10000"},
    {.name = "connections",
     .type = FieldType::integer,
     .help = "Connections at most; as many as are needed if not given.",
     .example = "50"},
    {.name = "reuse",
     .type = FieldType::flag,
     .help = "Whether a connection carries more than one request.",
     .fallback = "true"},
    {.name = "timeout", .type = FieldType::duration, .help = "For a whole response.", .fallback = "30s"},
    {.name = "connect_timeout",
     .type = FieldType::duration,
     .help = "For a connection, TLS included.",
     .fallback = "10s"},
    {.name = "drain",
     .type = FieldType::duration,
     .help = "How long what is under way at the end is waited for.",
     .fallback = "10s"},
    {.name = "http_version",
     .type = FieldType::word,
     .help = "The version to speak.",
     .fallback = "1.1",
     .words = kVersions},
    {.name = "ca",
     .type = FieldType::path,
     .help = "Certificates (PEM) that may vouch for the server, in place of the system's."},
    {.name = "cert", .type = FieldType::path, .help = "Our client certificate (PEM)."},
    {.name = "key", .type = FieldType::path, .help = "The private key of `cert` (PEM), if it is not in the same file."},
    {.name = "insecure", .type = FieldType::flag, .help = "Accept any certificate.", .fallback = "false"},
    {.name = "connect_to",
     .help = "Where to connect in place of the URL's host: host:port, or unix:/path of a local socket.",
     .example = "\"unix:/run/app.sock\""},
    {.name = "threads",
     .type = FieldType::integer,
     .help = "Threads that make the load; chosen from the rate if not given.",
     .example = "2"},
    {.name = "grid",
     .type = FieldType::duration,
     .help = "Distance of the moments at which requests are sent; chosen from the rate if not given, and told.",
     .example = "1ms"},
    {.name = "arrivals",
     .type = FieldType::object,
     .help = "The service's own count of requests, read before and after: the difference must be what was sent.",
     .example = "{ http: GET ${services.orders.url}/orders, take: json /count }",
     .fields = kArrivals},
};

constexpr suite::ExpectField kExpects[] = {
    {"requests", Match::number, "requests", "Complete responses."},
    {"errors", Match::number, "errors", "Failed requests, and responses that were not as they must be."},
    {"dropped", Match::number, "dropped", "Requests that were never sent, because max_in_flight was reached."},
};

constexpr std::string_view kSources[] = {"requests", "errors", "error_share", "dropped", "sent", "rate",  "achieved",
                                         "p50",      "p95",    "p99",         "p999",    "max",  "series"};

constexpr std::string_view kOfResponse[] = {"http_req_duration", "latency"}, kOfService[] = {"service_time"},
                           kOfErrors[] = {"http_req_failed"}, kOfRequests[] = {"http_reqs", "iterations"},
                           kOfDropped[] = {"dropped_iterations"}, kOfIn[] = {"data_received"}, kOfOut[] = {"data_sent"};
constexpr suite::Metric kMetrics[] = {
    {"response", MetricSort::times, "From the moment a request was due to the last byte of its response.", kOfResponse},
    {"service", MetricSort::times, "From the moment it was sent to the last byte of its response.", kOfService},
    {"arrival", MetricSort::times, "From the moment a request was due to the moment it was sent.", {}},
    {"requests", MetricSort::counter, "Complete responses; rate: per second, target: what was asked for.", kOfRequests},
    {"errors", MetricSort::share,
     "Requests without a complete response, or whose response failed a check, of those begun.", kOfErrors},
    {"achieved", MetricSort::share, "Complete responses of the requests that were due.", {}},
    {"checks", MetricSort::share, "Checks of responses that held, of those made.", {}},
    {"dropped", MetricSort::counter, "Requests that were never sent: max_in_flight was reached.", kOfDropped},
    {"late", MetricSort::counter, "Requests that were sent noticeably after they were due.", {}},
    {"bytes_in", MetricSort::counter, "Bytes of responses.", kOfIn},
    {"bytes_out", MetricSort::counter, "Bytes of requests.", kOfOut},
    {"arrived", MetricSort::share, "The service's own count of the requests that were sent; needs `arrivals`.", {}},
};
constexpr std::string_view kSelectors[] = {"request", "stage"};
constexpr std::string_view kLate[] = {"unique", "nonce"};
}  // namespace

const suite::KindSchema& load_schema() {
  static const suite::KindSchema schema{
      .name = "load",
      .summary = "sends many requests by the clock or by virtual users, and measures what became of them",
      .head = {.name = "load",
               .type = FieldType::text,
               .help =
                   "Method and URL, tcp://host:port, tls://host:port or unix:/path; with requests or sequences the "
                   "server only. {{unique}}, {{nonce}}, {{random 1..6}}, {{data.COLUMN}} and {{STEP.NAME}} are put in "
                   "anew for each request; see docs/load.md.",
               .required = true,
               .example = "POST http://127.0.0.1:8080/orders"},
      .fields = kFields,
      .expects = kExpects,
      .sources = kSources,
      .main_text = "series",
      .default_contract =
          "the service of the suite that the URL leads to owns the socket that answered, and bytes went both ways; "
          "nothing for an address that is no service of the suite",
      .metrics = kMetrics,
      .selectors = kSelectors,
      .labels = &load_labels,
      .examine = &examine_load,
      .late = kLate};
  return schema;
}
}  // namespace mccoy::probes
