// A suite as read and checked: nothing in it is executed yet, everything keeps the place it was written at.
// Immutable after read_suite(); shared by all threads of a run.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/error.hpp"
#include "harness/base/value.hpp"
#include "harness/suite/check.hpp"
#include "harness/suite/contract.hpp"
#include "harness/suite/field.hpp"
#include "harness/suite/fingerprint.hpp"

namespace mccoy::suite {
/// What a pass must be to count.
enum class Requirement { none, real, challenged };  ///< none: provenance is shown, not required

enum class Level { must, soft };

struct Located {
  Value value;  ///< may hold ${…}
  Span span;
};
using LocatedMap = std::vector<std::pair<std::string, Located>>;

struct Capture {
  std::string name;
  Extractor from;
  Span span;
};

struct Retry {
  int times = 0;  ///< further attempts after the first
  Duration every{};
};
struct Until {
  Duration within{};
  Duration every = std::chrono::milliseconds(500);
};
struct Waiver {                        ///< of `level: soft`
  std::string owner, expires, reason;  ///< expires: 2026-12-31, included
};

enum class Expected { fail, pass, any };
enum class Relation { differs, equals, increases, decreases, scales };

/// Inputs nobody could have known: drawn from the seed of the run, no two alike.
struct Drawn {
  int count = 0;
  std::int64_t from = 0, to = 0;  ///< whole numbers, both ends included
  int letters = 0;                ///< words of so many lower-case letters instead; 0 = numbers
};

struct Vary {
  std::vector<Value> over;     ///< at least two, unless `drawn` is given
  std::optional<Drawn> drawn;  ///< then `over` is empty
  Relation relation = Relation::differs;
  Extractor of;
  std::size_t count() const { return drawn ? static_cast<std::size_t>(drawn->count) : over.size(); }
  /// What ${vary} is, one after another. Drawn numbers ascend; the same seed and case give the same ones.
  std::vector<Value> inputs(std::uint64_t seed, std::string_view case_id) const;
};

/// In by this case, out by another: the nonce that was sent must be found there.
struct Passage {
  std::string out;  ///< a case of the same suite
  Duration within{};
  Span span;
};

/// A perturbation and what honest work must then give. `control`, `vary` and the entries of `challenges` all become
/// one.
struct Challenge {
  std::string name;
  Span span;
  enum class Form { control, vary, general } form = Form::general;
  std::string group;  ///< controls of the same kind (rule R11b): `kind:` of the suite; "" = its own
  Expected expected = Expected::fail;
  bool automatic = false;  ///< nobody wrote it: what the evidence says was used is broken (`--challenge auto`)
  // perturbation
  std::string stop;                  ///< service that is stopped
  bool cut_network = false;          ///< the command runs where no address can be reached
  std::string file;                  ///< path that is broken …
  std::string file_how = "missing";  ///< … missing | empty | garbage
  LocatedMap env;                    ///< changed variables; a null value removes one
  std::vector<Located> argv;         ///< replaces the command's argv (or its arguments when the first is "…")
  std::vector<Located> before;       ///< argvs, run in the fresh workspace
  std::optional<Vary> vary;
  std::optional<Passage> passage;  ///< nothing is broken; what went in is looked for at another door
  // what must then hold
  std::vector<Located> oracle;  ///< argv run by the harness; exit 0 = as honest work would have given
  Duration at_least_wall{}, at_least_cpu{};
  std::vector<std::string> same;  ///< "files-opened", "programs-run": needs the witness
};

struct Case {
  std::string name;
  std::string id;  ///< "suite/case", unique in a run
  Span span;
  const KindSchema* kind = nullptr;
  Located head;               ///< what stands behind the kind's key
  LocatedMap settings;        ///< the kind's fields that were given
  std::vector<Check> checks;  ///< of `expect` and of `gates`
  Located baseline;           ///< an earlier bundle that gates are compared with; null: none
  std::vector<Capture> captures;
  std::vector<Obligation> contract;  ///< `evidence:`, as stated
  std::vector<Challenge> challenges;
  std::vector<std::pair<std::string, Span>> asks = {};  ///< cases it asks while it runs; set by KindSchema::examine
  Span needs_span;
  std::vector<std::string> needs;  ///< names of cases of the same suite, globs already resolved
  std::vector<std::string>
      uses;  ///< services: named by ${services.x}, evidence or controls, and by `services:` of the case
  std::vector<std::string> tags, locks;
  std::vector<std::string> covers;  ///< requirement or control ids, for traceability
  Duration within = std::chrono::seconds(60);
  std::optional<Retry> retry;
  std::optional<Until> until;
  std::string skip;  ///< reason; "" = not skipped
  Level level = Level::must;
  std::optional<Waiver> waiver;
  Requirement require = Requirement::real;
  std::string claim;            ///< unit | integration | end-to-end | plan | liveness; "" = the kind's default
  std::string workspace;        ///< folder copied fresh for every trial; "" = none
  std::vector<Located> before;  ///< argvs: set-up of each trial, outside the claim
  bool optional = false;        ///< not-run is then reported as skipped
};

struct Ready {
  enum class How { none, http, tcp, command, log } how = How::none;
  Located what;    ///< URL, address, argv, RE2 pattern
  int status = 0;  ///< http: 0 = any 2xx
  Duration within = std::chrono::seconds(10);
  Duration every = std::chrono::milliseconds(50);
};

struct Service {
  std::string name;
  Span span;
  Located run;                  ///< argv
  Located attach;               ///< "host:port" of a server that runs already; then there is no `run`
  std::vector<Located> before;  ///< argvs, as the same user, in the same folder
  LocatedMap env;
  Located cwd;
  std::vector<std::string> needs;
  int fixed_port = 0;              ///< 0: chosen by the harness
  std::vector<std::string> ports;  ///< names of further ports, ${port.NAME}
  Ready ready;
  std::string user;   ///< "unprivileged": nobody when mccoy is root, else ourselves
  bool watch = true;  ///< its system calls are watched
  std::string stop_signal = "TERM";
  Duration stop_within = std::chrono::seconds(5);
  std::vector<Located> leaves_nothing;  ///< globs of files that must be gone after the stop
  Located url;                          ///< default http://127.0.0.1:${port}
  bool has_via = false;  ///< somebody names ${services.NAME.via}: a proxy of mccoy's own stands in front of it
};

/// One thing to find out before anything runs; `what` decides which of the others mean something.
struct Preflight {
  enum class What { tool, port, disk, memory, file, address } what = What::tool;
  Span span;
  std::string name;               ///< tool, path, host:port, URL
  Located subject;                ///< the same, expandable
  std::string version;            ///< tool: ">= 13" or "" (must only run)
  std::vector<std::string> argv;  ///< tool: how to ask for its version; default [name, --version]
  std::string pattern;            ///< tool: RE2 with one group that holds the version
  std::int64_t bytes = 0;
  int port = 0;
  Duration within = std::chrono::seconds(3);
};

struct Claim {
  std::string text;
  std::vector<std::string> cases;
  Span span;
};

struct Suite {
  std::string name;
  std::string path;    ///< as given
  std::string folder;  ///< absolute; relative paths of the suite start here
  std::string sha256;  ///< of the file's bytes
  std::string text;    ///< the file itself, kept as a blob of the bundle
  Requirement require = Requirement::real;
  LocatedMap vars;
  std::vector<std::string> secrets;  ///< names of environment variables
  std::vector<Preflight> preflight;
  std::vector<Service> services;
  std::vector<Case> cases;
  std::vector<Claim> claims;
  std::vector<Fingerprint> fingerprints;  ///< additions to the catalogue
  const Case* find_case(std::string_view name) const;
  const Service* find_service(std::string_view name) const;
};

/// Reads and checks a whole file. All mistakes found are returned, in file order, at most 20.
///   kinds  what the catalogue of probes offers
///   today  YYYY-MM-DD, against which waivers expire
struct ReadErrors {
  std::vector<Error> errors;
};
std::variant<Suite, ReadErrors> read_suite(const std::string& path, std::span<const KindSchema* const> kinds,
                                           std::string_view today);
/// The same for bytes in memory; `path` is what messages and spans name.
std::variant<Suite, ReadErrors> read_suite_text(std::string text, const std::string& path,
                                                std::span<const KindSchema* const> kinds, std::string_view today);

/// JSON Schema 2020-12 of the suite language; text, pretty printed. Derived from the tables.
std::string suite_schema(std::span<const KindSchema* const> kinds);
/// Markdown of the suite language (docs/suite.md), derived from the same tables.
std::string suite_reference(std::span<const KindSchema* const> kinds);
}  // namespace mccoy::suite
