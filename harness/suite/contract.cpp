#include "harness/suite/contract.hpp"

#include <algorithm>

namespace mccoy::suite {
namespace {
using enum FieldType;

constexpr Field kExec[] = {
    {.name = "exe",
     .help = "The program that must have run, as the file its name resolves to.",
     .required = true,
     .example = "./worker"},
    {.name = "argv",
     .help = "Regular expression its arguments, joined by blanks, must match.",
     .example = "--input .+"},
    {.name = "exit", .type = integer, .help = "The status it must have ended with.", .example = "0"},
    {.name = "min", .type = integer, .help = "How often it must have run at least.", .fallback = "1"},
};
constexpr Field kRead[] = {
    {.name = "path",
     .type = path,
     .help = "The file, or a glob of files, that must have been read.",
     .required = true,
     .example = "src/**/*.c"},
    {.name = "min_bytes", .type = size, .help = "Bytes that must have been read of it.", .fallback = "1"},
};
constexpr Field kWrite[] = {
    {.name = "path",
     .type = path,
     .help = "The file, or a glob, that must have been created or changed in this run.",
     .required = true,
     .example = "dist/app.js"},
    {.name = "by", .type = texts, .help = "The programs of which one must have written it.", .example = "[cc1, ld]"},
    {.name = "derived",
     .type = flag,
     .help = "It must be computed: not a copy or a link of a file that was there before.",
     .fallback = "false"},
};
constexpr Field kNowrite[] = {
    {.name = "path",
     .type = path,
     .help = "The folder or glob below which nothing may be written.",
     .required = true,
     .example = "src"},
};
constexpr Field kAbsent[] = {
    {.name = "path",
     .type = path,
     .help = "The file or folder that must not be there, or a glob that must match nothing.",
     .required = true,
     .example = "build/lock"},
};
constexpr Field kConnect[] = {
    {.name = "to", .help = "A service of the suite, or host:port.", .required = true, .example = "db"},
    {.name = "peer_exe",
     .help = "The program that must answer there.",
     .example = "/usr/lib/postgresql/15/bin/postgres"},
    {.name = "min_requests", .type = integer, .help = "Sends to it, at least.", .example = "300"},
    {.name = "min_bytes_in", .type = size, .help = "Bytes that must have come back.", .fallback = "1"},
    {.name = "min_bytes_out", .type = size, .help = "Bytes that must have been sent.", .example = "1"},
};
constexpr std::string_view kStarted[] = {"run", "any"};
constexpr Field kListener[] = {
    {.name = "svc",
     .help = "The service of the suite whose process must own the listening socket.",
     .example = "orders"},
    {.name = "port", .type = port, .help = "The port, when it belongs to no service of the suite.", .example = "8080"},
    {.name = "exe", .help = "The program that must own the socket.", .example = "/usr/sbin/nginx"},
    {.name = "argv", .help = "Regular expression its arguments must match.", .example = "server\\.js"},
    {.name = "started",
     .type = word,
     .help = "run: this run must have started it.",
     .fallback = "run",
     .words = kStarted},
};
constexpr Field kService[] = {
    {.name = "svc",
     .help = "The service that must have done it; in the short form it is the key.",
     .example = "orders"},
    {.name = "name", .help = "Another word for svc.", .example = "orders"},
    {.name = "connect",
     .help = "The service, or host:port, it must have talked to while the probe ran.",
     .example = "db"},
    {.name = "min_bytes_in", .type = size, .help = "Bytes that must have come back from there.", .example = "1"},
    {.name = "min_bytes_out", .type = size, .help = "Bytes it must have sent there.", .example = "1"},
    {.name = "read",
     .type = texts,
     .help = "Files, or globs, of each of which one must have been read. ${dir} and ${port} are those of the service.",
     .example = "[\"${dir}/prices.json\"]"},
    {.name = "write",
     .type = texts,
     .help = "Files, or globs, of each of which one must have been created or changed.",
     .example = "[\"${dir}/orders.db\"]"},
    {.name = "nowrite",
     .type = texts,
     .help = "Folders or globs below which it may have written nothing.",
     .example = "[\"${dir}/prices\"]"},
};
constexpr Field kDelegate[] = {
    {.name = "to",
     .help = "The socket or address of the resident process the work is handed to.",
     .required = true,
     .example = "/run/builder.sock"},
    {.name = "exec", .help = "The program that process must run for it.", .example = "cc1"},
};
constexpr Field kSignal[] = {
    {.name = "sig", .help = "The signal, without SIG.", .required = true, .example = "KILL"},
    {.name = "to", .help = "The service it must have reached.", .required = true, .example = "db"},
};
constexpr Field kSyscall[] = {
    {.name = "call", .help = "The system call.", .required = true, .example = "fsync"},
    {.name = "min", .type = integer, .help = "How often it must have been called at least.", .fallback = "1"},
    {.name = "by", .type = texts, .help = "The programs of which one must have called it.", .example = "[./worker]"},
    {.name = "errno", .help = "The error the kernel must have returned; never seen.", .example = "ENOSPC"},
};
constexpr std::string_view kCountableCalls[] = {
    "fsync",     "fdatasync", "sync",      "syncfs",   "sync_file_range", "msync",
    "fallocate", "ftruncate", "flock",     "sendfile", "copy_file_range", "splice",
    "mlock",     "mlockall",  "setrlimit", "prlimit64"};
constexpr Field kChildren[] = {
    {.name = "min",
     .type = integer,
     .help = "How many processes must have been alive at the same time; those that wait for counted ones are not "
             "counted.",
     .required = true,
     .example = "4"},
    {.name = "exe", .help = "The program they must have run; else any below the command.", .example = "./worker"},
    {.name = "cpu", .type = duration, .help = "Processor time each of them must have used.", .example = "10ms"},
};
constexpr Field kOverlap[] = {
    {.name = "exe", .help = "A program that must have run.", .required = true, .example = "./producer"},
    {.name = "with",
     .help = "The program that must have run at the same time; else another process of the same.",
     .example = "./consumer"},
    {.name = "min", .type = duration, .help = "For how long both must have been alive.", .example = "100ms"},
};
constexpr Field kMin[] = {
    {.name = "min",
     .type = duration,
     .help = "At least this long, by the clock of the harness.",
     .required = true,
     .example = "2s"},
};
constexpr Field kTests[] = {
    {.name = "min_executed",
     .type = integer,
     .help = "Tests that must have been executed, skipped ones not counted.",
     .fallback = "1"},
    {.name = "report",
     .type = path,
     .help = "The JUnit report of the runner, written in this run.",
     .example = "build/junit.xml"},
};
constexpr Field kEngine[] = {
    {.name = "kind", .help = "The engine the claim names.", .required = true, .example = "postgresql"},
    {.name = "at", .help = "The service, or host:port, where it must be.", .required = true, .example = "db"},
};

constexpr ObligationKind kKinds[] = {
    {.name = "exec",
     .help = "A program ran.",
     .fields = kExec,
     .short_form = "exe",
     .performing = true,
     .effect = false},
    {.name = "read",
     .help = "Bytes of the input were read.",
     .fields = kRead,
     .short_form = "path",
     .performing = false,
     .effect = false},
    {.name = "write",
     .help = "A file was created or changed in this run.",
     .fields = kWrite,
     .short_form = "path",
     .performing = true,
     .effect = true},
    {.name = "nowrite",
     .help = "Nothing was written there.",
     .fields = kNowrite,
     .short_form = "path",
     .performing = false,
     .effect = false},
    {.name = "absent",
     .help = "Nothing is there, by the harness' own look after the work.",
     .fields = kAbsent,
     .short_form = "path",
     .performing = false,
     .effect = false},
    {.name = "connect",
     .help = "There was a conversation with an endpoint, in both directions.",
     .fields = kConnect,
     .short_form = "to",
     .performing = true,
     .effect = true},
    {.name = "listener",
     .help = "Who owned the socket that answered.",
     .fields = kListener,
     .short_form = "svc",
     .performing = false,
     .effect = false},
    {.name = "service",
     .help = "The target service talked to its dependency, or touched a file, while the probe ran.",
     .fields = kService,
     .short_form = "",
     .performing = true,
     .effect = true},
    {.name = "delegate",
     .help = "Work was handed to a resident process.",
     .fields = kDelegate,
     .short_form = "to",
     .performing = true,
     .effect = true},
    {.name = "signal",
     .help = "A signal was delivered to that process, and it died or stopped.",
     .fields = kSignal,
     .short_form = "",
     .performing = true,
     .effect = true},
    {.name = "syscall",
     .help = "A system call was made, so often. That it was called is seen, not what it returned.",
     .fields = kSyscall,
     .short_form = "call",
     .performing = true,
     .effect = true},
    {.name = "duration",
     .help = "The work took at least this long.",
     .fields = kMin,
     .short_form = "min",
     .performing = true,
     .effect = false},
    {.name = "cpu",
     .help = "The work used at least this much processor time.",
     .fields = kMin,
     .short_form = "min",
     .performing = true,
     .effect = false},
    {.name = "tests",
     .help = "Tests were executed, not only collected or skipped.",
     .fields = kTests,
     .short_form = "min_executed",
     .performing = true,
     .effect = false},
    {.name = "engine",
     .help = "The data engine the claim names answered there.",
     .fields = kEngine,
     .short_form = "",
     .performing = false,
     .effect = false},
    {.name = "children",
     .help = "So many processes below the command were alive at the same time.",
     .fields = kChildren,
     .short_form = "min",
     .performing = true,
     .effect = false},
    {.name = "overlap",
     .help = "Two programs ran at the same time.",
     .fields = kOverlap,
     .short_form = "exe",
     .performing = true,
     .effect = false},
};
}  // namespace

std::span<const ObligationKind> obligation_kinds() {
  return kKinds;
}

std::span<const std::string_view> countable_calls() {
  return kCountableCalls;
}

bool is_countable_call(std::string_view name) {
  return std::ranges::find(kCountableCalls, name) != std::end(kCountableCalls);
}

const ObligationKind* find_obligation_kind(std::string_view name) {
  const auto* found = std::ranges::find(kKinds, name, &ObligationKind::name);
  return found == std::end(kKinds) ? nullptr : found;
}
}  // namespace mccoy::suite
