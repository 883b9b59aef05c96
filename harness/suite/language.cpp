#include "harness/suite/language.hpp"

#include "harness/suite/language_perturbations.hpp"

namespace mccoy::suite::language {
namespace {
using namespace tables;
using enum FieldType;

constexpr std::string_view kRequirements[] = {"none", "real", "challenged"};
constexpr std::string_view kLevels[] = {"must", "soft"};
constexpr std::string_view kClaims[] = {"unit", "integration", "end-to-end", "plan", "liveness"};
constexpr std::string_view kSignals[] = {"TERM", "INT", "QUIT", "HUP", "KILL", "USR1", "USR2"};

constexpr Field kTool[] = {
    {.name = "version", .help = "What its version must be.", .example = "\">= 13\"", .fixed = true},
    {.name = "argv",
     .type = argv,
     .help = "How to ask for its version; NAME --version if not given.",
     .example = "[openssl, version]"},
    {.name = "pattern",
     .help = "Regular expression with one group that holds the version.",
     .example = "\"OpenSSL ([0-9.]+)\"",
     .fixed = true},
};
constexpr Field kDisk[] = {
    {.name = "path", .type = path, .help = "A folder on the disk that is meant.", .fallback = ".", .example = "."},
    {.name = "free",
     .type = size,
     .help = "Bytes that must be free there.",
     .required = true,
     .example = "500MiB",
     .fixed = true},
};
constexpr Field kPreflight[] = {
    {.name = "tools",
     .type = named,
     .help = "Programs that must run, and the versions they must say they are.",
     .example = "{ postgres: \">= 13\" }",
     .fields = kTool,
     .short_form = "version"},
    {.name = "ports", .type = texts, .help = "Ports that must be free.", .example = "[8080]"},
    {.name = "disk",
     .type = objects,
     .help = "Room on a disk.",
     .example = "{ path: ., free: 500MiB }",
     .fields = kDisk},
    {.name = "memory", .type = size, .help = "Memory that must be available.", .example = "1GiB", .fixed = true},
    {.name = "files", .type = texts, .help = "Files that must be readable.", .example = "[data/prices.json]"},
    {.name = "addresses",
     .type = texts,
     .help = "Servers that must be reachable: host:port or a URL.",
     .example = "[\"db.example:5432\"]"},
    {.name = "within", .type = duration, .help = "How long each of these may take.", .fallback = "3s", .fixed = true},
};

constexpr Field kReady[] = {
    {.name = "http", .help = "It answers this URL.", .example = "\"http://127.0.0.1:${port}/ready\""},
    {.name = "tcp", .help = "It accepts connections at this address.", .example = "\"127.0.0.1:${port}\""},
    {.name = "command", .type = argv, .help = "This command exits with 0.", .example = "[pg_isready, -p, \"${port}\"]"},
    {.name = "log", .help = "A line of its output matches this regular expression.", .example = "\"listening on\""},
    {.name = "status",
     .type = integer,
     .help = "The HTTP status it must answer; any 2xx if not given.",
     .example = "200",
     .fixed = true},
    {.name = "within", .type = duration, .help = "How long it may take.", .fallback = "10s", .fixed = true},
    {.name = "every", .type = duration, .help = "How often it is asked.", .fallback = "50ms", .fixed = true},
};
constexpr Field kStop[] = {
    {.name = "signal",
     .type = word,
     .help = "The signal that asks it to stop.",
     .fallback = "TERM",
     .words = kSignals,
     .fixed = true},
    {.name = "within", .type = duration, .help = "After this it is killed.", .fallback = "5s", .fixed = true},
};
constexpr Field kService[] = {
    {.name = "run",
     .type = argv,
     .help = "The command that runs it in the foreground; started without a shell.",
     .example = "[./orders, --port, \"${port}\"]"},
    {.name = "attach",
     .help = "The host:port of a server that runs already; then it is not started or stopped.",
     .example = "\"127.0.0.1:5432\""},
    {.name = "before",
     .type = argvs,
     .help = "Commands run once before it starts, in ${dir} and as the same user.",
     .example = "[[initdb, -D, \"${dir}/data\"]]"},
    {.name = "env", .type = names, .help = "Variables added to its environment.", .example = "{ LOG: debug }"},
    {.name = "cwd",
     .type = path,
     .help = "The folder it runs in. If not given: the suite's folder, or ${dir} for a service with `user:`, who may "
             "not be able to read the suite's.",
     .example = "."},
    {.name = "needs",
     .type = texts,
     .help = "Services that must be ready before it starts.",
     .example = "[db]",
     .fixed = true},
    {.name = "port",
     .type = port,
     .help = "A fixed port; without it a free one is chosen.",
     .example = "8080",
     .fixed = true},
    {.name = "ports",
     .type = texts,
     .help = "Names of further free ports, used as ${port.NAME}.",
     .example = "[admin]",
     .fixed = true},
    {.name = "ready",
     .type = object,
     .help = "How it shows that it can be used.",
     .example = "{ tcp: \"127.0.0.1:${port}\" }",
     .fields = kReady},
    {.name = "user",
     .help = "Who it runs as; unprivileged: not root, even when mccoy is.",
     .example = "unprivileged",
     .fixed = true},
    {.name = "watch",
     .type = flag,
     .help =
         "Whether its system calls are watched, so that `evidence: { service: … }` can be decided. Turn it off for a "
         "service that answers seccomp notifications itself, or that needs set-user-ID programs while mccoy is not "
         "root.",
     .fallback = "true",
     .fixed = true},
    {.name = "stop",
     .type = object,
     .help = "How it is stopped.",
     .example = "{ signal: INT, within: 2s }",
     .fields = kStop,
     .short_form = "signal"},
    {.name = "leaves_nothing",
     .type = texts,
     .help = "Globs of files that must be gone after it stopped.",
     .example = "[\"${dir}/*.pid\"]"},
    {.name = "url",
     .help = "What ${services.NAME.url} is; http://127.0.0.1:${port} if not given.",
     .example = "\"https://127.0.0.1:${port}\""},
};

constexpr Field kUntil[] = {
    {.name = "within",
     .type = duration,
     .help = "How long to wait for a pass.",
     .required = true,
     .example = "30s",
     .fixed = true},
    {.name = "every", .type = duration, .help = "How often to look.", .fallback = "500ms", .fixed = true},
};
constexpr Field kRetry[] = {
    {.name = "times",
     .type = integer,
     .help = "Further attempts after the first.",
     .required = true,
     .example = "2",
     .fixed = true},
    {.name = "every", .type = duration, .help = "How long to wait between them.", .fallback = "0s", .fixed = true},
};

constexpr Field kCase[] = {
    {.name = "expect", .type = json, .help = "What must hold; see Checks.", .example = "{ exit: 0 }"},
    {.name = "gates",
     .type = json,
     .help = "Limits of what was measured, in k6's grammar and ours; see Gates.",
     .example = "[\"p(95) < 500ms\", \"errors < 0.1%\"]"},
    {.name = "baseline",
     .type = path,
     .help = "The bundle of an earlier run, with whose measurements gates are compared.",
     .example = "baselines/main"},
    {.name = "capture",
     .type = names,
     .help = "Values kept for the cases that need this one.",
     .example = "{ order: json /id }",
     .fixed = true},
    {.name = "evidence",
     .type = json,
     .help = "What must be seen for a pass to be believed; see Evidence.",
     .example = "{ listener: orders }"},
    {.name = "control",
     .type = objects,
     .help = "Things to break: with each of them the case must fail, or it proves nothing.",
     .example = "{ stop: db }",
     .fields = kControl},
    {.name = "vary",
     .type = object,
     .help = "An input the result must depend on, used as ${vary}.",
     .example = "{ over: [100, 200], relation: increases, of: \"stdout number\" }",
     .fields = kVary},
    {.name = "challenges",
     .type = objects,
     .help = "Perturbations and what honest work then gives.",
     .example = "[{ name: planted violation, before: [[cp, planted.c, src/]], expect: fail }]",
     .fields = kChallenge},
    {.name = "needs",
     .type = texts,
     .help = "Cases, or globs of cases, that must pass before.",
     .example = "[healthy]",
     .fixed = true},
    {.name = "services",
     .type = texts,
     .help = "Services it uses without naming them elsewhere.",
     .example = "[db]",
     .fixed = true},
    {.name = "tags", .type = texts, .help = "Words to choose cases by.", .example = "[slow]", .fixed = true},
    {.name = "lock",
     .type = texts,
     .help = "Never at the same time as a case with the same lock.",
     .example = "database",
     .fixed = true},
    {.name = "within",
     .type = duration,
     .help = "After this an attempt is ended and is an error.",
     .fallback = "60s",
     .example = "2m",
     .fixed = true},
    {.name = "until",
     .type = object,
     .help = "Waits for a pass: attempts that fail before are no failures.",
     .example = "{ within: 30s, every: 500ms }",
     .fields = kUntil},
    {.name = "retry",
     .type = object,
     .help = "Tries again after a failure; a pass is then called flaky.",
     .example = "{ times: 2, every: 1s }",
     .fields = kRetry},
    {.name = "skip", .help = "The reason why it is not run.", .example = "\"needs a GPU\"", .fixed = true},
    {.name = "level",
     .type = word,
     .help = "soft: a failure is waived until a date.",
     .fallback = "must",
     .words = kLevels,
     .fixed = true},
    {.name = "owner", .help = "Who answers for the waiver of level: soft.", .example = "payments", .fixed = true},
    {.name = "expires",
     .type = date,
     .help = "The last day of the waiver of level: soft.",
     .example = "2026-12-31",
     .fixed = true},
    {.name = "reason", .help = "Why it is waived.", .example = "\"waits for the new driver\"", .fixed = true},
    {.name = "require",
     .type = word,
     .help = "What a pass of this case must be to count; the suite's if not given.",
     .words = kRequirements,
     .fixed = true},
    {.name = "claim",
     .type = word,
     .help = "What is claimed, which decides what counts as pretending.",
     .words = kClaims,
     .fixed = true},
    {.name = "workspace",
     .type = path,
     .help = "A folder of which every trial gets a fresh copy to work in.",
     .example = "./gate",
     .fixed = true},
    {.name = "before",
     .type = argvs,
     .help = "Commands that set each trial up; not part of the claim.",
     .example = "[[npm, ci, --offline]]"},
    {.name = "covers",
     .type = texts,
     .help = "Ids of requirements or controls it speaks for.",
     .example = "[REQ-12]",
     .fixed = true},
    {.name = "optional", .type = flag, .help = "Not run is then shown as skipped.", .fallback = "false", .fixed = true},
};

constexpr std::string_view kKinds[] = {"no-double", "runner",     "test-double", "service-virtualisation", "emulator",
                                       "recorder",  "fake-clock", "fake-fs",     "fault-simulator"};
constexpr std::string_view kImplications[] = {"none", "simulated", "mock"};
/// The first kSuiteRows are what a suite may say.
constexpr Field kCatalogue[] = {
    {.name = "id",
     .help = "Its name in reports; one of the catalogue replaces that entry.",
     .required = true,
     .example = "our.fake-ledger",
     .fixed = true},
    {.name = "kind",
     .type = word,
     .help = "What it is; no-double: it looks like one and is none.",
     .required = true,
     .example = "test-double",
     .words = kKinds,
     .fixed = true},
    {.name = "implies",
     .type = word,
     .help = "What a result is if it is shown to have stood in for what the claim names.",
     .required = true,
     .example = "mock",
     .words = kImplications,
     .fixed = true},
    {.name = "files",
     .type = texts,
     .help = "Globs of files that are opened by the process it is loaded into; ** is any number of folders.",
     .example = "[\"**/node_modules/fake-ledger/**\"]",
     .fixed = true},
    {.name = "programs",
     .type = texts,
     .help = "Globs of executables and scripts that are the substitute.",
     .example = "[\"**/bin/fake-ledger\"]",
     .fixed = true},
    {.name = "with",
     .type = texts,
     .help = "Words of which the program's arguments must hold one.",
     .example = "[--replay]",
     .fixed = true},
    {.name = "stands_for",
     .type = texts,
     .help = "Engines and services it takes the place of.",
     .example = "[redis]",
     .fixed = true},
    {.name = "library", .help = "How people call it.", .example = "fake-ledger", .fixed = true},
    {.name = "note", .help = "What an auditor should know of it.", .example = "\"spies call through\"", .fixed = true},
    {.name = "ecosystem", .help = "python, node, jvm, …", .example = "python", .fixed = true},
    {.name = "always_loaded_by",
     .type = texts,
     .help = "Ids of runners that load it in every run.",
     .example = "[runner.pytest]",
     .fixed = true},
    {.name = "env", .type = texts, .help = "Variables that go with it.", .example = "[\"FAKETIME=*\"]", .fixed = true},
    {.name = "symbols",
     .type = texts,
     .help = "Text in a program it is linked into.",
     .example = "[\"mockall::\"]",
     .fixed = true},
    {.name = "headers",
     .type = texts,
     .help = "Headers of its answers.",
     .example = "[\"Server: stubby/*\"]",
     .fixed = true},
    {.name = "examples",
     .type = texts,
     .help = "Real paths, as installed.",
     .example = "[/usr/bin/faketime]",
     .fixed = true},
    {.name = "verified", .help = "The version it was seen with.", .example = "sinon 22.1.0", .fixed = true},
};
constexpr std::size_t kSuiteRows = 9;

constexpr Field kSuite[] = {
    {.name = "suite", .help = "The name of the suite.", .required = true, .example = "orders", .fixed = true},
    {.name = "require",
     .type = word,
     .help = "What a pass must be to count.",
     .fallback = "real",
     .words = kRequirements,
     .fixed = true},
    {.name = "vars", .type = json, .help = "Values used as ${NAME}.", .example = "{ customers: 50 }"},
    {.name = "secrets",
     .type = texts,
     .help = "Environment variables whose values are masked before anything is written.",
     .example = "[DB_PASSWORD]",
     .fixed = true},
    {.name = "preflight",
     .type = object,
     .help = "What must be true of the machine before anything runs.",
     .example = "{ tools: { postgres: \">= 13\" } }",
     .fields = kPreflight},
    {.name = "services",
     .type = named,
     .help = "What is started for the cases, or attached to.",
     .example = "{ db: { run: [postgres, -p, \"${port}\"] } }",
     .fields = kService},
    {.name = "cases",
     .type = named,
     .help = "The claims that are put to the test, by name.",
     .required = true,
     .example = "{ builds: { exec: [make], expect: { exit: 0 } } }",
     .fields = kCase},
    {.name = "claims",
     .type = json,
     .help = "Sentences, each with the cases that must pass for it.",
     .example = "[\"Orders survive a crash\": [takes-an-order]]"},
    {.name = "fingerprints",
     .type = objects,
     .help = "Substitutes of your own that are to be recognised, beside those `mccoy probes --fingerprints` lists.",
     .example = "[{ id: our.fake-ledger, kind: test-double, implies: mock, files: [\"**/fake_ledger/**\"] }]",
     .fields = {kCatalogue, kSuiteRows}},
};

using Takes = Matcher::Takes;
constexpr Matcher kMatchers[] = {
    {"equals", "The whole text.", "ready", Takes::texts},
    {"contains", "A part of it, or a list of parts that must all be there.", "[one, two]", Takes::texts},
    {"not_contains", "What must not be in it.", "Traceback", Takes::texts},
    {"matches", "A regular expression (RE2) found in it.", "\"^ok\"", Takes::patterns},
    {"not_matches", "A regular expression (RE2) not found in it.", "\"(?i)error\"", Takes::patterns},
    {"number", "The first number in it.", "\">= 3\"", Takes::number},
    {"json", "It is JSON and holds these values.", "{ /status: ok }", Takes::json},
    {"json_match", "It is JSON and these places of it match.", "{ /id: { matches: \"^[0-9]+$\" } }", Takes::matchers},
    {"lines", "How many lines it has.", "\"> 10\"", Takes::number},
    {"bytes", "How long it is.", "\"< 1MiB\"", Takes::size},
    {"empty", "true: nothing is there; false: something is.", "true", Takes::flag},
};

constexpr Builtin kBuiltins[] = {
    {"nonce", "Fresh in every trial; the same everywhere in it.", true, false, false},
    {"unique", "Fresh at every place it stands.", true, true, false},
    {"random", "A number drawn from the seed of the trial.", true, true, false},
    {"vary", "The value of this trial of the case's `vary`.", true, false, false},
    {"port", "The port of the service; in a case, a free one.", true, true, false},
    {"port.", "A further port of the service, by name.", false, true, false},
    {"dir", "The private folder of the service or trial.", true, true, false},
    {"suite.dir", "The folder the suite's file is in.", true, true, true},
    {"case.dir", "The folder this trial works in.", true, false, false},
    {"services.",
     "${services.NAME.port}, .url, .host, .dir, .pid, .log of a service; .via (host:port) and .via_url lead to it "
     "through a proxy of mccoy, on which faults can be laid.",
     true, true, false},
    {"env.", "The environment of mccoy; ${env.NAME:-default} if it may be unset.", true, true, true},
};
constexpr std::string_view kServiceFacts[] = {"port", "url", "host", "dir", "pid", "log", "via", "via_url"};
}  // namespace

std::span<const Field> suite_fields() {
  return kSuite;
}
std::span<const Field> preflight_fields() {
  return kPreflight;
}
std::span<const Field> service_fields() {
  return kService;
}
std::span<const Field> case_fields() {
  return kCase;
}
std::span<const Field> control_fields() {
  return kControl;
}
std::span<const Field> challenge_fields() {
  return kChallenge;
}
std::span<const Field> vary_fields() {
  return kVary;
}
std::span<const Field> drawn_fields() {
  return kDrawn;
}
std::span<const Field> fingerprint_fields() {
  return {kCatalogue, kSuiteRows};
}
std::span<const Field> catalogue_fields() {
  return kCatalogue;
}
std::span<const std::string_view> fingerprint_kinds() {
  return kKinds;
}
std::span<const std::string_view> fingerprint_implications() {
  return kImplications;
}
std::span<const Matcher> matchers() {
  return kMatchers;
}
std::span<const Builtin> builtins() {
  return kBuiltins;
}
std::span<const std::string_view> service_facts() {
  return kServiceFacts;
}
}  // namespace mccoy::suite::language
