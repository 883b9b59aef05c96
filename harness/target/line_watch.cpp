#include "harness/target/line_watch.hpp"

#include <re2/re2.h>

#include <mutex>

#include "harness/target/wake.hpp"

namespace mccoy::target {
namespace {
constexpr std::size_t kLongestLine = 64 << 10;
}

struct LineWatch::State {
  std::unique_ptr<RE2> pattern;
  Wake wake;
  mutable std::mutex mutex;
  std::string open_line[2];
  bool seen = false;

  void look(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), *pattern)) return;
    seen = true;
    wake.set();
  }
};

LineWatch::LineWatch() : state_(std::make_unique<State>()) {}
LineWatch::~LineWatch() = default;

Result<std::shared_ptr<LineWatch>> LineWatch::make(const std::string& pattern) {
  std::shared_ptr<LineWatch> watch(new LineWatch);
  watch->state_->pattern = std::make_unique<RE2>(pattern, RE2::Quiet);
  if (watch->state_->pattern->ok()) return watch;
  return Error{.what = "\"" + pattern + "\" is no regular expression: " + watch->state_->pattern->error()};
}

void LineWatch::add(std::string_view bytes, bool err) {
  const std::lock_guard lock(state_->mutex);
  auto& open_line = state_->open_line[err ? 1 : 0];
  while (!state_->seen) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    open_line.append(part.substr(0, kLongestLine - std::min(kLongestLine, open_line.size())));
    if (end == std::string_view::npos) return;
    state_->look(open_line);
    open_line.clear();
    bytes.remove_prefix(end + 1);
  }
}

bool LineWatch::seen() const {
  const std::lock_guard lock(state_->mutex);
  return state_->seen;
}

int LineWatch::fd() const {
  return state_->wake.fd();
}
}  // namespace mccoy::target
