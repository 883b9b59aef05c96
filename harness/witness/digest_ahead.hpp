// Digests of large programs, made beside their run instead of after it. What is digested here is found at once by
// identify_executable() later; a file that changes meanwhile is another version and digested again there.
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

namespace mccoy::witness {
/// add() and finish() by one thread.
class DigestAhead {
 public:
  DigestAhead() = default;
  DigestAhead(const DigestAhead&) = delete;
  ~DigestAhead() { finish(); }
  /// A program that runs. Each file once; small ones are left for later, they cost less than being handed on.
  void add(const std::string& path, std::uint64_t device, std::uint64_t inode);
  /// Returns when all are done.
  void finish();

 private:
  void work();
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  bool over_ = false;
  std::thread worker_;
};
}  // namespace mccoy::witness
