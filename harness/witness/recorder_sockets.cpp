// Calls about sockets.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/witness/recorder_caller.hpp"

namespace mccoy::witness {
namespace {
/// A socket address; "" when it cannot be read.
std::string address_at(pid_t thread, std::uint64_t address, std::uint32_t size) {
  std::array<char, sizeof(sockaddr_storage)> room;
  const std::size_t got = tracee::read_bytes(thread, address, room.data(), std::min<std::size_t>(size, room.size()));
  return got < sizeof(sa_family_t) ? std::string() : std::string(room.data(), got);
}
}  // namespace

void Recorder::connect(Caller& caller, int fd, std::uint64_t address, std::uint64_t size) {
  const std::string to = address_at(caller.thread(), address, static_cast<std::uint32_t>(size));
  if (!to.empty()) sockets_.connects(caller.process, programs_.program_of(caller.process), fd, to);
  if (sockets_.crowded()) sockets_.forget_closed(programs_);
}

void Recorder::send_to(Caller& caller, int fd, std::uint64_t address, std::uint64_t size) {
  const std::string to = address_at(caller.thread(), address, static_cast<std::uint32_t>(size));
  if (!to.empty()) sockets_.sends(caller.process, programs_.program_of(caller.process), fd, {&to, 1});
}

/// Messages to an address of their own; those over a connection have none.
///   headers  where the array of struct mmsghdr is; of one, the msghdr it begins with is enough
void Recorder::send_messages(Caller& caller, int fd, std::uint64_t headers, std::uint64_t count) {
  constexpr std::uint64_t kMost = 1024;  // UIO_MAXIOV: the kernel takes no more
  const std::size_t width = caller.narrow ? 4 : 8, each = caller.narrow ? 32 : 64;
  std::array<char, 64 * kMost> room;
  const std::size_t wanted = count == 1 ? width + 4 : each * std::min(count, kMost);
  const std::size_t got = tracee::read_bytes(caller.thread(), headers, room.data(), wanted);
  std::vector<std::string> addresses;
  for (std::size_t at = 0; at + width + 4 <= got; at += each) {
    std::uint64_t name = 0;
    std::uint32_t size = 0;
    std::memcpy(&name, &room[at], width);
    std::memcpy(&size, &room[at + width], sizeof size);
    if (name != 0) addresses.push_back(address_at(caller.thread(), name, size));
  }
  if (!addresses.empty()) sockets_.sends(caller.process, programs_.program_of(caller.process), fd, addresses);
}

/// 32-bit x86 has one call for all of them.
void Recorder::socket_call(Caller& caller) {
  constexpr std::uint64_t kConnect = 3, kListen = 4, kAccept = 5, kSendto = 11, kSendmsg = 16, kAccept4 = 18,
                          kSendmmsg = 20;  // linux/net.h
  std::array<std::uint32_t, 6> args{};
  if (tracee::read_bytes(caller.thread(), caller.arg(1), args.data(), sizeof args) == 0) return;
  const int fd = static_cast<int>(args[0]);
  const int by = programs_.program_of(caller.process);
  const std::uint64_t number = caller.arg(0);
  if (number == kConnect) connect(caller, fd, args[1], args[2]);
  if (number == kSendto && args[4] != 0) send_to(caller, fd, args[4], args[5]);
  if (number == kSendmsg) send_messages(caller, fd, args[1], 1);
  if (number == kSendmmsg) send_messages(caller, fd, args[1], args[2]);
  if (number == kListen) sockets_.listens(caller.process, by, fd);
  if (number == kAccept || number == kAccept4) sockets_.accepts(caller.process, by, fd);
}
}  // namespace mccoy::witness
