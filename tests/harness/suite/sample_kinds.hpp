// Kinds of cases for the tests of the suite language, shaped like the shipped ones but independent of them.
#pragma once
#include <span>

#include "harness/suite/field.hpp"

namespace mccoy::suite::sample {
using enum FieldType;

inline constexpr Field kCommandFields[] = {
    {.name = "stdin", .help = "What it reads."},
    {.name = "env", .type = names, .help = "Added to its environment.", .example = "{ LANG: C }"},
    {.name = "inherit", .type = texts, .help = "Names handed on.", .example = "[PATH]"},
    {.name = "cwd", .type = path, .help = "Where it runs.", .example = "build"},
    {.name = "umask", .help = "Octal.", .fallback = "022"},
    {.name = "keep", .type = size, .help = "Bytes kept.", .fallback = "1MiB"},
};
inline constexpr ExpectField kCommandExpects[] = {
    {"exit", Match::number, "exit", "Exit status.", "0", "signal"},
    {"signal", Match::word, "signal", "The signal that ended it."},
    {"stdout", Match::text, "stdout", "Standard output."},
    {"stderr", Match::text, "stderr", "Standard error."},
    {"json", Match::json, "stdout", "Standard output as JSON."},
    {"json_match", Match::matcher, "stdout", "Places of it."},
    {"wrote", Match::globs, "wrote", "Files written."},
    {"wall", Match::duration, "wall", "Time."},
    {"cpu", Match::duration, "cpu", "Processor time."},
};
inline constexpr std::string_view kCommandSources[] = {"stdout", "stderr", "exit", "signal", "wrote", "wall", "cpu"};
inline constexpr KindSchema kExec{
    .name = "exec",
    .summary = "runs a command",
    .head = {.name = "exec", .type = argv, .help = "The command.", .required = true, .example = "[ls, -l]"},
    .fields = kCommandFields,
    .expects = kCommandExpects,
    .sources = kCommandSources,
    .main_text = "stdout",
    .default_contract = "the program ran"};
inline constexpr KindSchema kShell{
    .name = "shell",
    .summary = "runs a line of bash",
    .head = {.name = "shell", .help = "The line.", .required = true, .example = "sort names | uniq"},
    .fields = kCommandFields,
    .expects = kCommandExpects,
    .sources = kCommandSources,
    .main_text = "stdout",
    .default_contract = "bash ran"};

inline constexpr std::string_view kVersions[] = {"1.1", "2"};
inline constexpr Field kHttpFields[] = {
    {.name = "headers", .type = names, .help = "Request headers.", .example = "{ Accept: text/plain }"},
    {.name = "body", .help = "Request body."},
    {.name = "json", .type = json, .help = "Request body as JSON."},
    {.name = "form", .type = names, .help = "Request body as a form.", .example = "{ user: me }"},
    {.name = "ca", .type = path, .help = "CA certificates."},
    {.name = "insecure", .type = flag, .help = "Any certificate will do.", .fallback = "false"},
    {.name = "http_version", .type = word, .help = "The version to speak.", .fallback = "1.1", .words = kVersions},
    {.name = "follow", .type = integer, .help = "Redirects followed.", .fallback = "0"},
    {.name = "connect_to", .help = "Address to connect to.", .example = "\"127.0.0.1:80\""},
    {.name = "weight", .type = number, .help = "A number.", .example = "0.5"},
    {.name = "pause", .type = duration, .help = "Waits first.", .example = "250ms"},
    {.name = "source_port", .type = port, .help = "The port to ask from.", .example = "40000"},
    {.name = "valid_on", .type = date, .help = "The certificate is valid on that day.", .example = "2027-01-01"},
};
inline constexpr ExpectField kHttpExpects[] = {
    {"status", Match::number, "status", "Status code.", "2xx", "*"},
    {"headers", Match::names, "headers", "Response headers."},
    {"body", Match::text, "body", "The body."},
    {"json", Match::json, "body", "The body as JSON."},
    {"json_match", Match::matcher, "body", "Places of it."},
    {"bytes", Match::size, "bytes", "Size of the body."},
    {"time", Match::duration, "time", "The exchange."},
    {"cert_days", Match::number, "cert_days", "Days the certificate is valid."},
    {"version", Match::word, "version", "HTTP version."},
};
inline constexpr std::string_view kHttpSources[] = {"status", "header", "body", "bytes", "time", "version"};
inline constexpr KindSchema kHttp{
    .name = "http",
    .summary = "asks a server",
    .head = {.name = "http", .help = "Method and URL.", .required = true, .example = "GET http://127.0.0.1:8080/"},
    .fields = kHttpFields,
    .expects = kHttpExpects,
    .sources = kHttpSources,
    .main_text = "body",
    .default_contract = "the service answered"};

inline constexpr Field kTcpFields[] = {{.name = "send", .help = "What is sent."}};
inline constexpr ExpectField kTcpExpects[] = {
    {"reply", Match::text, "reply", "What came back."},
    {"connected", Match::flag, "connected", "It accepted."},
    {"refused", Match::flag, "refused", "It refused."},
};
inline constexpr std::string_view kTcpSources[] = {"reply", "connected"};
inline constexpr KindSchema kTcp{
    .name = "tcp",
    .summary = "opens a connection",
    .head = {.name = "tcp", .help = "host:port.", .required = true, .example = "127.0.0.1:5432"},
    .fields = kTcpFields,
    .expects = kTcpExpects,
    .sources = kTcpSources,
    .main_text = "reply",
    .default_contract = "somebody listened"};

inline constexpr ExpectField kFileExpects[] = {
    {"exists", Match::flag, "exists", "It is there."},
    {"size", Match::size, "size", "Bytes."},
    {"sha256", Match::word, "sha256", "Digest."},
    {"content", Match::text, "content", "What is in it."},
    {"json", Match::json, "content", "It as JSON."},
    {"json_match", Match::matcher, "content", "Places of it."},
    {"age", Match::duration, "age", "Since it was changed."},
    {"count", Match::number, "count", "Files the glob matches."},
    {"mode", Match::word, "mode", "Octal mode."},
};
inline constexpr std::string_view kFileSources[] = {"content", "size", "sha256", "count"};
inline constexpr KindSchema kFile{
    .name = "file",
    .summary = "looks at a file",
    .head = {.name = "file", .type = path, .help = "Path or glob.", .required = true, .example = "dist/app.js"},
    .fields = {},
    .expects = kFileExpects,
    .sources = kFileSources,
    .main_text = "content",
    .default_contract = "nothing"};

inline constexpr const KindSchema* kKinds[] = {&kExec, &kShell, &kHttp, &kTcp, &kFile};
inline std::span<const KindSchema* const> kinds() {
  return kKinds;
}
}  // namespace mccoy::suite::sample
