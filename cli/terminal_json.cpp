// One JSON object per line for each event. Texts of the target are made visible first: some CI systems look for their
// commands anywhere in a line, inside of JSON as well.
#include "cli/telling.hpp"
#include "cli/terminal.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"

namespace mccoy::cli {
namespace {
constexpr std::size_t kTextBytes = 400;

Value visible(const Value& value) {
  if (value.is_string()) return visible_line(value.as_string(), kTextBytes);
  if (value.is_list()) {
    Value list = Value::list();
    for (const auto& item : value.as_list()) list.push(visible(item));
    return list;
  }
  if (!value.is_map()) return value;
  Value map = Value::map();
  for (const auto& [key, item] : value.as_map()) map.set(visible_line(key), visible(item));
  return map;
}

Value case_value(const run::CaseEnd& end) {
  Value value = Value::map({{"case", end.which->id},
                            {"file", std::string(end.which->span.file)},
                            {"line", end.which->span.line},
                            {"attempts", end.attempts},
                            {"wall_ns", static_cast<std::int64_t>(end.wall.count())},
                            {"judgement", judge::to_value(end.judgement)}});
  if (!end.why_not_run.empty()) value.set("why_not_run", end.why_not_run);
  if (!end.error.empty()) value.set("error", end.error);
  Value checks = Value::list();
  for (const auto& check : end.checks)
    if (check.held != judge::Held::yes) checks.push(judge::to_value(check));
  if (!checks.as_list().empty()) value.set("checks", std::move(checks));
  Value leftovers = Value::list();
  for (const auto& process : end.leftovers) leftovers.push(process);
  if (!end.leftovers.empty()) value.set("leftovers", std::move(leftovers));
  return value;
}

class JsonTerminal final : public Terminal {
 public:
  explicit JsonTerminal(int fd) : fd_(fd) {}

  void planned(std::int64_t cases, std::string_view bundle) override {
    say("planned", Value::map({{"cases", cases}, {"bundle", std::string(bundle)}}));
  }
  void preflight(const Value& record) override { say("preflight", record); }
  void service(const Value& record) override { say("service", record); }
  void started(const suite::Case& which) override { say("started", Value::map({{"case", which.id}})); }
  void phase(const suite::Case& which, std::string_view what) override {
    say("phase", Value::map({{"case", which.id}, {"what", std::string(what)}}));
  }
  void measuring(const suite::Case& which, const Value& figures) override {
    say("measuring", Value::map({{"case", which.id}, {"figures", figures}}));
  }
  void ended(const run::CaseEnd& end) override { say("ended", case_value(end)); }
  void note(std::string_view text) override { say("note", Value::map({{"text", std::string(text)}})); }
  void finished(const run::RunResult& result) override {
    Value problems = Value::list();
    for (const auto& problem : result.problems) problems.push(problem);
    say("finished", Value::map({{"verdict", judge::to_text(result.summary.verdict)},
                                {"exit", judge::exit_code(result.summary.verdict)},
                                {"sentence", result.summary.sentence},
                                {"planned", result.summary.totals.planned},
                                {"proven", result.summary.totals.proven},
                                {"bundle", result.bundle},
                                {"problems", std::move(problems)}}));
  }

 private:
  void say(std::string_view type, const Value& body) const {
    const Value line = Value::map({{"type", type}, {"body", visible(body)}});
    [[maybe_unused]] const auto written = write_all(fd_, to_json(line) + "\n");
  }

  int fd_;
};
}  // namespace

std::unique_ptr<Terminal> make_json_terminal(const TerminalOptions& options) {
  return std::make_unique<JsonTerminal>(options.fd);
}
}  // namespace mccoy::cli
