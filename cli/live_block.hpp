// The lines at the bottom of a terminal that change: one for each running case, with the time it has taken so far.
// Finished lines are printed above and scroll away. A thread of its own draws, at most ten times a second.
#pragma once
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "cli/telling.hpp"
#include "harness/base/clock.hpp"

namespace mccoy::cli {
class LiveBlock {
 public:
  LiveBlock(int fd, Paint paint);
  ~LiveBlock();  ///< draws what is pending and clears the block
  LiveBlock(const LiveBlock&) = delete;
  LiveBlock& operator=(const LiveBlock&) = delete;

  // Any thread. Texts are harmless already.
  void plan(std::int64_t cases);
  void begin(const std::string& id);
  void change(const std::string& id, std::string what);
  void end(const std::string& id);
  void print(const Lines& lines);

 private:
  struct Running {
    Instant since;
    std::string what;
  };
  void draw_until_closed();
  void draw(bool last);
  Lines block_lines() const;

  const int fd_;
  const Paint paint_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::map<std::string, Running> running_;
  std::int64_t planned_ = 0, done_ = 0;
  std::string pending_;          ///< lines that go above the block
  std::size_t drawn_lines_ = 0;  ///< of the block as it stands on the terminal
  std::thread drawer_;
};
}  // namespace mccoy::cli
