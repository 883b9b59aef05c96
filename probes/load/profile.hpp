// What load is asked for: where to, what, how much, for how long. A plain struct in which everything is resolved: no
// defaults are looked up later, no names, no files but those of TLS. It knows nothing of suites.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/value.hpp"

namespace mccoy::load {
enum class Protocol {
  http1,
  http2,  ///< over TLS agreed by ALPN, else by prior knowledge (h2c)
  tcp,    ///< a request of bytes, answered by bytes
};

struct Tls {
  bool verify = true;       ///< the chain and the host's name
  std::string ca_file;      ///< PEM; "": the system's
  std::string cert_file;    ///< PEM, of the client; "": none
  std::string key_file;     ///< PEM; "": in cert_file
  std::string server_name;  ///< SNI and the name that is verified; "": the target's host
};

struct Target {
  std::string name;  ///< in reports: "http://127.0.0.1:8080"
  Protocol protocol = Protocol::http1;
  std::string host;  ///< a name (looked up once, before the load starts) or an address; "" with unix_path
  int port = 0;
  std::string unix_path;  ///< absolute
  std::string authority;  ///< the Host header; "": host:port, or localhost for a unix socket
  std::optional<Tls> tls;
};

/// A part of a text that is put together for each request.
struct Piece {
  enum class Kind {
    literal,  ///< text
    unique,   ///< a decimal number no other journey of this run has; the same in all steps of one journey
    nonce,    ///< 20 letters and digits nobody can know before; one per request, the same wherever it stands in it
    column,   ///< a value of a table; the row is chosen once per journey and table
    capture,  ///< what an earlier step of the journey captured
    random,   ///< a decimal number, chosen anew at each place
  };
  Kind kind = Kind::literal;
  std::string text = {};           ///< literal
  std::size_t table = 0;           ///< column: index into Profile::tables
  std::size_t column = 0;          ///< column: index into the row
  std::size_t variable = 0;        ///< capture: index into the journey's variables, see Capture
  std::int64_t low = 0, high = 0;  ///< random: both inclusive, low <= high
};
using Template = std::vector<Piece>;

/// Data for requests: every row has the same number of columns.
struct Table {
  enum class Order {
    in_turn,  ///< as journeys are begun; open model: by the number of the arrival
    random,   ///< seeded
  };
  Order order = Order::in_turn;
  std::vector<std::vector<std::string>> rows;  ///< at least one
  std::size_t drawn_as = 0;  ///< random: a turn takes the same row of all tables of this number and length
};

/// What must be true of a response. A response that fails one is a response, but no ok one.
struct Check {
  enum class Kind {
    status,    ///< lies in one of the ranges
    contains,  ///< the body has the text
    lacks,     ///< the body has it not
    matches,   ///< RE2 finds the text somewhere in the body
    json,      ///< the value at the pointer (RFC 6901) equals `expected`
    header,    ///< RE2 finds `text` in the value of the header `where`
  };
  struct Range {
    int first = 200, last = 299;
  };
  Kind kind = Kind::status;
  std::string name;           ///< in reports, unique within the request
  std::vector<Range> ranges;  ///< status
  std::string text;           ///< contains, lacks, matches, header
  std::string where;          ///< json: the pointer; header: its name
  Value expected;             ///< json
  double share = 1;           ///< 0 < share <= 1: of the responses that are checked; chosen by the seed
};

/// Takes a value from a response for later steps of the same journey. Not found: the request fails (Cause::capture)
/// and its journey ends.
struct Capture {
  enum class Kind {
    json,    ///< where: a pointer; text and numbers as they stand, others as JSON
    header,  ///< where: its name; the first of that name
    regex,   ///< where: RE2; group 1, or the whole match when it has no group; over the body
  };
  Kind kind = Kind::json;
  std::string where;
  std::size_t variable = 0;
};

struct Header {
  std::string name;
  Template value;
};

/// One request. Host, Content-Length and (without reuse) Connection are added when `headers` has none of that name.
struct Request {
  std::string name;  ///< in reports; unique in the profile
  std::size_t target = 0;
  std::string method = "GET";
  Template path;  ///< with its query: "/orders?x=1"
  std::vector<Header> headers;
  Template body;  ///< with Protocol::tcp all that is sent
  std::vector<Check> checks;
  std::vector<Capture> captures;
  Duration response_timeout = {};  ///< 0: the profile's
  Duration pause = {};             ///< between the end of the step before and this one being due
  // Protocol::tcp only: where the response ends; one of the two.
  std::string until;      ///< behind this text
  std::size_t bytes = 0;  ///< after so many
};

/// What one arrival or one turn of a virtual user does: one request, or several in a row.
struct Journey {
  std::string name;
  double weight = 1;           ///< > 0; journeys are chosen by weight and seed
  std::vector<Request> steps;  ///< at least one
  std::size_t variables = 0;   ///< number of captured variables
};

enum class Model {
  open,    ///< journeys start by the clock, whatever the target does
  closed,  ///< virtual users: each starts its next journey when it has ended the one before
};
enum class Spacing {
  constant,  ///< evenly; in a ramp the distance shrinks or grows with the rate
  poisson,   ///< independent arrivals (exponential distances, seeded)
};

/// A part of the load with a linear course: from == to holds it.
struct Stage {
  std::string name;         ///< in reports
  double from = 0, to = 0;  ///< open: journeys per second; closed: virtual users (rounded); >= 0
  Duration span = {};       ///< > 0
  bool counted = true;      ///< false: warm-up; reported, but no part of totals
};

struct Profile {
  Model model = Model::open;
  Spacing spacing = Spacing::constant;      ///< open
  Duration think_min = {}, think_max = {};  ///< closed: chosen evenly, after each journey
  std::vector<Stage> stages;
  std::uint64_t max_journeys = 0;  ///< ends the load after so many; 0: no limit

  std::vector<Target> targets;
  std::vector<Journey> journeys;
  std::vector<Table> tables;

  std::size_t max_in_flight = 10000;  ///< open: journeys beyond are dropped and counted; > 0
  std::size_t connections = 0;        ///< open at a time, to all targets; 0: as many as are in flight. HTTP/2: each
                                      ///< carries up to 100 requests at once
  bool reuse = true;                  ///< false: a connection for each request
  Duration connect_timeout = std::chrono::seconds(10);   ///< TLS included
  Duration response_timeout = std::chrono::seconds(30);  ///< from sending to the last byte
  std::uint64_t body_limit = 0;     ///< a response with a longer body fails (too_large); 0: any length is read
  std::size_t body_kept = 1 << 20;  ///< bytes of a body that checks and captures see
  Duration drain = std::chrono::seconds(10);  ///< at the end: waits so long for what is in flight

  int threads = 0;         ///< 0: chosen from the rate and the processors
  Duration grid = {};      ///< distance of wake-ups; arrivals are sent at the first one after they are due.
                           ///< 0: chosen from the rate (see Generator::grid); 1 ns: one for each arrival
  std::uint64_t seed = 1;  ///< same seed: same arrivals, choices, rows and numbers, whatever the number of threads
  std::uint64_t unique_first = 0;  ///< where the numbers of Piece::Kind::unique begin
  std::string nonce_key;           ///< what nonces are made of, besides the request's number; not to be guessed
  std::size_t nonce_sample = 32;   ///< requests whose nonce is looked for in the response
};
}  // namespace mccoy::load
