#include "harness/run/service_logs.hpp"

#include <fmt/format.h>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/run/records.hpp"

namespace mccoy::run {
namespace {
constexpr std::int64_t kMaxLog = 32 << 20;  ///< far above what a log file keeps: 8 MiB of the head and 2 of the tail

void note(SuiteContext& context, const std::string& text) {
  context.recorder.append(record::kNote, Value::map({{"text", text}}));
  context.progress.note(text);
}

void keep_log(SuiteContext& context, const target::LogFile& log) {
  Value body = Value::map({{"suite", context.suite.name},
                           {"name", log.service},
                           {"event", "log"},
                           {"stream", log.stream},
                           {"bytes", log.bytes},
                           {"kept", log.bytes - log.dropped}});
  const std::string which =
      fmt::format("{} that service {} printed on std{}", human_size(log.bytes), log.service, log.stream);
  const bool no_secrets = context.recorder.masker().counts().empty();  // else the digest would let one be guessed
  if (no_secrets) body.set("stream_sha256", log.sha256);
  const auto text = read_file(log.path, kMaxLog);
  if (!text.ok()) {
    body.set("kept", 0).set("why", text.error().what);
    note(context, fmt::format("of {} nothing is in the evidence: {}", which, text.error().what));
  } else if (auto blob = context.recorder.keep(std::string_view(*text)); blob.ok()) {
    body.set("sha256", std::move(blob).value());
    if (log.dropped > 0) note(context, fmt::format("of {} the evidence lacks {}", which, human_size(log.dropped)));
  }
  context.recorder.append(record::kService, body);
}
}  // namespace

void keep_service_logs(SuiteContext& context) {
  for (const target::LogFile& log : context.services->logs())
    if (log.bytes > 0) keep_log(context, log);
}
}  // namespace mccoy::run
