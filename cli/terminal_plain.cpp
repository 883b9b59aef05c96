// Lines as things end, for logs and pipes.
#include <map>

#include "cli/telling.hpp"
#include "cli/terminal.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/run/load_words.hpp"

namespace mccoy::cli {
namespace {
class PlainTerminal final : public Terminal {
 public:
  explicit PlainTerminal(const TerminalOptions& options) : options_(options) {}

  void planned(std::int64_t cases, std::string_view bundle) override {
    say({"plan       " + std::to_string(cases) + (cases == 1 ? " case" : " cases") + ", evidence in " +
         visible_line(bundle)});
  }
  void preflight(const Value& record) override { say(tell_preflight(record, options_.paint)); }
  void service(const Value& record) override { say(tell_service(record, options_.paint)); }
  void started(const suite::Case& /*which*/) override {}
  /// Of a case that disturbs everything else, each step is told as it is taken.
  void phase(const suite::Case& which, std::string_view what) override {
    if (which.kind->alone) say({"chaos      " + visible_line(which.id) + ": " + visible_line(what)});
  }
  /// Every ten seconds: a log is read afterwards.
  void measuring(const suite::Case& which, const Value& figures) override {
    constexpr std::int64_t kEvery = 10'000'000'000;
    const std::int64_t now = figures["elapsed_ns"].as_int() / kEvery;
    std::int64_t& told = told_[which.id];
    if (now <= told) return;
    told = now;
    say({"load       " + visible_line(which.id) + "  " + run::progress_in_words(figures)});
  }
  void ended(const run::CaseEnd& end) override { say(tell_case(end, options_.require, options_.paint)); }
  void note(std::string_view text) override { say(tell_note(text, options_.paint)); }
  void finished(const run::RunResult& result) override { say(tell_end(result, options_.paint)); }

 private:
  /// A reader that went away is no reason to stop: the evidence is kept all the same.
  void say(const Lines& lines) const {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    [[maybe_unused]] const auto written = write_all(options_.fd, text);
  }

  TerminalOptions options_;
  std::map<std::string, std::int64_t> told_;  ///< by case: how often
};
}  // namespace

std::unique_ptr<Terminal> make_plain_terminal(const TerminalOptions& options) {
  return std::make_unique<PlainTerminal>(options);
}
}  // namespace mccoy::cli
