// Live lines on a terminal: what runs is at the bottom, what has ended scrolls above it.
#include "cli/live_block.hpp"
#include "cli/telling.hpp"
#include "cli/terminal.hpp"
#include "harness/base/text.hpp"
#include "harness/run/load_words.hpp"

namespace mccoy::cli {
namespace {
class LiveTerminal final : public Terminal {
 public:
  explicit LiveTerminal(const TerminalOptions& options)
      : options_(options), block_(std::make_unique<LiveBlock>(options.fd, options.paint)) {}

  void planned(std::int64_t cases, std::string_view bundle) override {
    block_->plan(cases);
    block_->print({"plan       " + std::to_string(cases) + (cases == 1 ? " case" : " cases") + ", evidence in " +
                   visible_line(bundle)});
  }
  void preflight(const Value& record) override { block_->print(tell_preflight(record, options_.paint)); }
  void service(const Value& record) override { block_->print(tell_service(record, options_.paint)); }
  void started(const suite::Case& which) override { block_->begin(visible_line(which.id)); }
  void phase(const suite::Case& which, std::string_view what) override {
    block_->change(visible_line(which.id), visible_line(what));
  }
  void measuring(const suite::Case& which, const Value& figures) override {
    block_->change(visible_line(which.id), run::progress_in_words(figures));
  }
  void ended(const run::CaseEnd& end) override {
    block_->end(visible_line(end.which->id));
    block_->print(tell_case(end, options_.require, options_.paint));
  }
  void note(std::string_view text) override { block_->print(tell_note(text, options_.paint)); }
  void finished(const run::RunResult& result) override {
    block_->print(tell_end(result, options_.paint));
    block_.reset();
  }

 private:
  TerminalOptions options_;
  std::unique_ptr<LiveBlock> block_;
};
}  // namespace

std::unique_ptr<Terminal> make_live_terminal(const TerminalOptions& options) {
  return std::make_unique<LiveTerminal>(options);
}
}  // namespace mccoy::cli
