#include "harness/target/service_log.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "harness/base/file.hpp"

namespace mccoy::target {
void RecentBytes::add(std::string_view bytes) {
  if (bytes.size() > keep_) {
    dropped_ += static_cast<std::int64_t>(bytes_.size() + bytes.size() - keep_);
    bytes_.assign(bytes.substr(bytes.size() - keep_));
    return;
  }
  bytes_.append(bytes);
  if (bytes_.size() < 2 * keep_) return;
  dropped_ += static_cast<std::int64_t>(bytes_.size() - keep_);
  bytes_.erase(0, bytes_.size() - keep_);
}

std::string_view RecentBytes::last(std::size_t bytes) const {
  const std::string_view all = bytes_;
  return all.substr(all.size() - std::min(all.size(), bytes));
}

void RecentBytes::clear() {
  bytes_.clear();
  dropped_ = 0;
}

Result<ServiceLog> ServiceLog::open(const std::string& path) {
  ServiceLog log;
  log.file_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!log.file_) return system_error("the log " + path + " cannot be written", errno);
  return log;
}

void ServiceLog::add(std::string_view bytes) {
  const auto room = static_cast<std::size_t>(std::max<std::int64_t>(0, kLogHead - bytes_));
  const auto head = bytes.substr(0, std::min(bytes.size(), room));
  bytes_ += static_cast<std::int64_t>(bytes.size());
  digest_.update(bytes);
  write(head);
  tail_.add(bytes.substr(head.size()));
}

/// A full disk must not stop the service: what cannot be written is counted.
void ServiceLog::write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (!file_ || !write_all(file_.get(), bytes).ok()) dropped_ += static_cast<std::int64_t>(bytes.size());
}

void ServiceLog::finish() {
  if (!file_) return;
  if (tail_.dropped() > 0) write("\n[mccoy: " + std::to_string(tail_.dropped()) + " bytes left out here]\n");
  write(tail_.last(kLogTail * 2));
  dropped_ += tail_.dropped();
  tail_.clear();
  file_.reset();
}
}  // namespace mccoy::target
