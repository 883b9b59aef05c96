#include "harness/witness/socket_window.hpp"

#include <algorithm>

namespace mccoy::witness {
namespace {
constexpr std::size_t kMostConnections = 10'000, kMostListeners = 5'000;
}  // namespace

evidence::SeenConnection* SocketWindow::connection(int by, const std::string& to, std::string_view protocol) {
  std::tuple key(by, std::string(protocol), to);
  if (const auto known = connection_at_.find(key); known != connection_at_.end()) return &connections[known->second];
  if (connections.size() >= kMostConnections) {
    ++dropped;
    return nullptr;
  }
  connection_at_.emplace(std::move(key), connections.size());
  connections.push_back({.by = by, .to = to, .protocol = std::string(protocol)});
  return &connections.back();
}

evidence::SeenListener* SocketWindow::listener(int by, const std::string& at) {
  std::pair key(by, at);
  if (const auto known = listener_at_.find(key); known != listener_at_.end()) return &listeners[known->second];
  if (listeners.size() >= kMostListeners) {
    ++dropped;
    return nullptr;
  }
  listener_at_.emplace(std::move(key), listeners.size());
  listeners.push_back({.by = by, .at = at});
  return &listeners.back();
}

SocketBytes SocketWindow::since(std::uint64_t cookie, const SocketBytes& now) const {
  const auto before = before_.find(cookie);
  if (before == before_.end()) return now;
  SocketBytes more = now;
  more.out = std::max<std::int64_t>(0, now.out - before->second.out);
  more.in = std::max<std::int64_t>(0, now.in - before->second.in);
  more.maybe_one_less = now.maybe_one_less && more.in > 0;
  return more;
}
}  // namespace mccoy::witness
