// The socket tables as text, for systems that refuse sock_diag: every question reads all of them.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>

#include "harness/base/text.hpp"
#include "harness/witness/socket_tables.hpp"

namespace mccoy::witness::proc_net {
namespace {
constexpr int kStateListening = 0x0A, kStateEstablished = 0x01;

template <class Number>
bool read_number(std::string_view text, int base, Number& number) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return problem == std::errc() && end == text.data() + text.size();
}

/// "0100007F:1F90": words of 4 bytes in the machine's own order.
bool read_endpoint(std::string_view text, int family, Endpoint& endpoint) {
  const std::size_t digits = family == AF_INET6 ? 32 : 8;
  if (text.size() < digits + 2 || text[digits] != ':') return false;
  std::array<std::uint32_t, 4> words{};
  for (std::size_t word = 0; word < digits / 8; ++word)
    if (!read_number(text.substr(word * 8, 8), 16, words[word])) return false;
  int port = 0;
  if (!read_number(text.substr(digits + 1), 16, port)) return false;
  endpoint = make_endpoint(family, words.data(), port);
  return true;
}

/// "  0: LOCAL REMOTE STATE tx:rx tr:when retrnsmt uid timeout inode …"
void read_table(const char* path, int family, int state, std::vector<TcpSocket>& into) {
  constexpr std::size_t kLocal = 1, kPeer = 2, kState = 3, kInode = 9;
  std::ifstream table(path);
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    auto columns = split(line, ' ');
    std::erase(columns, std::string());
    int its_state = 0;
    TcpSocket socket;
    if (columns.size() <= kInode || !read_number(columns[kState], 16, its_state) ||
        (state != 0 && its_state != state) || !read_endpoint(columns[kLocal], family, socket.local) ||
        !read_endpoint(columns[kPeer], family, socket.peer) || !read_number(columns[kInode], 10, socket.inode))
      continue;
    socket.listening = its_state == kStateListening;
    into.push_back(socket);
  }
}

std::vector<TcpSocket> sockets(int state) {
  std::vector<TcpSocket> found;
  read_table("/proc/net/tcp", AF_INET, state, found);
  read_table("/proc/net/tcp6", AF_INET6, state, found);
  return found;
}
}  // namespace

std::optional<TcpSocket> find_connected(const Endpoint& local, const Endpoint& peer) {
  for (const TcpSocket& socket : sockets(0))
    if (!socket.listening && socket.local == local && socket.peer == peer) return socket;
  return {};
}

std::vector<TcpSocket> listening_sockets(int port) {
  auto found = sockets(kStateListening);
  std::erase_if(found, [port](const TcpSocket& socket) { return port != 0 && socket.local.port != port; });
  return found;
}

std::vector<TcpSocket> established_sockets() {
  return sockets(kStateEstablished);
}

/// "ffff…: REFERENCES PROTOCOL FLAGS TYPE STATE INODE NAME"
std::vector<std::uint64_t> listening_unix_sockets(std::string_view name) {
  constexpr std::size_t kFlags = 3, kInode = 6, kName = 7;
  constexpr std::uint32_t kListens = 0x10000;  // __SO_ACCEPTCON
  std::vector<std::uint64_t> inodes;
  std::ifstream table("/proc/net/unix");
  for (std::string line; std::getline(table, line);) {
    if (!line.ends_with(name)) continue;
    auto columns = split(line, ' ');
    std::erase(columns, std::string());
    std::uint32_t flags = 0;
    std::uint64_t inode = 0;
    if (columns.size() > kName && columns[kName] == name && read_number(columns[kFlags], 16, flags) &&
        (flags & kListens) != 0 && read_number(columns[kInode], 10, inode))
      inodes.push_back(inode);
  }
  return inodes;
}
}  // namespace mccoy::witness::proc_net
