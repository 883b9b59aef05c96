#include "harness/witness/digest_ahead.hpp"

#include <sys/stat.h>

#include "harness/base/process.hpp"

namespace mccoy::witness {
namespace {
constexpr off_t kLarge = 2 << 20;  ///< bytes
}  // namespace

void DigestAhead::add(const std::string& path, std::uint64_t device, std::uint64_t inode) {
  if (!seen_.emplace(device, inode).second) return;
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0 || file.st_ino != inode || file.st_size < kLarge) return;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(path);
  }
  if (!worker_.joinable()) worker_ = std::thread([this] { work(); });
  changed_.notify_one();
}

void DigestAhead::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return over_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::string path = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    (void)identify_executable(path);
    lock.lock();
  }
}

void DigestAhead::finish() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  if (worker_.joinable()) worker_.join();
}
}  // namespace mccoy::witness
