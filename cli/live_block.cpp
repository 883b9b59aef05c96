#include "cli/live_block.hpp"

#include <algorithm>
#include <vector>

#include "harness/base/file.hpp"

namespace mccoy::cli {
namespace {
constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr std::size_t kMaxBlockLines = 12;
constexpr int kTimeColumns = 10;
}  // namespace

LiveBlock::LiveBlock(int fd, Paint paint) : fd_(fd), paint_(paint), drawer_([this] { draw_until_closed(); }) {}

LiveBlock::~LiveBlock() {
  {
    const std::lock_guard hold(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  drawer_.join();
}

void LiveBlock::plan(std::int64_t cases) {
  const std::lock_guard hold(mutex_);
  planned_ = cases;
}

void LiveBlock::begin(const std::string& id) {
  const std::lock_guard hold(mutex_);
  running_[id] = {Clock::now(), ""};
}

void LiveBlock::change(const std::string& id, std::string what) {
  const std::lock_guard hold(mutex_);
  if (const auto found = running_.find(id); found != running_.end()) found->second.what = std::move(what);
}

void LiveBlock::end(const std::string& id) {
  const std::lock_guard hold(mutex_);
  running_.erase(id);
  ++done_;
}

void LiveBlock::print(const Lines& lines) {
  const std::lock_guard hold(mutex_);
  for (const auto& line : lines) pending_ += line + "\n";
}

void LiveBlock::draw_until_closed() {
  std::unique_lock hold(mutex_);
  while (!changed_.wait_for(hold, kRedraw, [this] { return closed_; })) draw(false);
  draw(true);
}

/// Back to the first line of the block, all below erased, the finished lines, the block again: one write.
void LiveBlock::draw(bool last) {
  const Lines block = last ? Lines{} : block_lines();
  if (block.empty() && drawn_lines_ == 0 && pending_.empty()) return;
  std::string text = drawn_lines_ > 0 ? "\x1b[" + std::to_string(drawn_lines_) + "A\r\x1b[J" : "";
  text += pending_;
  for (const auto& line : block) text += line + "\n";
  pending_.clear();
  drawn_lines_ = block.size();
  [[maybe_unused]] const auto written = write_all(fd_, text);
}

Lines LiveBlock::block_lines() const {
  if (running_.empty()) return {};
  std::vector<std::pair<std::string, Running>> oldest_first(running_.begin(), running_.end());
  std::sort(oldest_first.begin(), oldest_first.end(),
            [](const auto& a, const auto& b) { return a.second.since < b.second.since; });
  const int width = std::max(terminal_width(fd_) - 1, 20);
  Lines lines;
  for (const auto& [id, running] : oldest_first) {
    if (lines.size() == kMaxBlockLines) break;
    const std::string elapsed = padded(human_duration(Clock::now() - running.since), kTimeColumns);
    std::string line = elapsed + " " + id;
    if (!running.what.empty()) line.append("  ").append(running.what);
    lines.push_back(paint_(Tone::quiet, fit(line, width)));
  }
  const std::string done = std::to_string(done_) + " of " + std::to_string(planned_) + " done, " +
                           std::to_string(running_.size()) + " running";
  lines.push_back(paint_(Tone::quiet, fit(done, width)));
  return lines;
}
}  // namespace mccoy::cli
