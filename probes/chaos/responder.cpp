#include "probes/chaos/responder.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cctype>
#include <cerrno>
#include <cstring>

namespace mccoy::chaos {
namespace {
// RFC 1035, section 4.1.1: ID, flags, four counts, each of two bytes.
constexpr std::size_t kHeader = 12;
constexpr std::size_t kMaxPacket = 4096;
constexpr int kUpstreamPatience_ms = 2000;
constexpr std::uint16_t kTypeA = 1;

/// Where the question ends, and what it says; 0: malformed.
std::size_t read_name(const std::string& packet, std::string& name) {
  std::size_t at = kHeader;
  while (at < packet.size()) {
    const auto length = static_cast<unsigned char>(packet[at++]);
    if (length == 0) return at + 4 <= packet.size() ? at : 0;
    if (length > 63 || at + length > packet.size()) return 0;
    if (!name.empty()) name += '.';
    for (std::size_t i = 0; i < length; ++i)
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(packet[at + i])));
    at += length;
  }
  return 0;
}

std::uint16_t number_at(const std::string& packet, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(packet[at]) << 8U |
                                    static_cast<unsigned char>(packet[at + 1]));
}

void append_number(std::string& packet, std::uint16_t number) {
  packet += static_cast<char>(number >> 8U);
  packet += static_cast<char>(number & 0xFFU);
}

/// The question again, with these flags and that many answers to follow.
std::string begin_reply(const std::string& question, std::size_t end, std::uint16_t code, std::uint16_t answers) {
  constexpr std::uint16_t kIsAnswer = 0x8000, kRecursionDesired = 0x0100, kRecursionAvailable = 0x0080;
  std::string reply = question.substr(0, 2);
  append_number(reply, static_cast<std::uint16_t>(kIsAnswer | kRecursionAvailable |
                                                  (number_at(question, 2) & kRecursionDesired) | code));
  append_number(reply, 1);
  append_number(reply, answers);
  append_number(reply, 0);
  append_number(reply, 0);
  return reply + question.substr(kHeader, end + 4 - kHeader);
}

sockaddr_in at_port_53(const std::string& address) {
  sockaddr_in found{};
  found.sin_family = AF_INET;
  found.sin_port = htons(53);
  ::inet_pton(AF_INET, address.c_str(), &found.sin_addr);
  return found;
}
}  // namespace

std::string name_in_question(const std::string& packet) {
  std::string name;
  return packet.size() > kHeader && read_name(packet, name) != 0 ? name : "";
}

Result<std::unique_ptr<Responder>> Responder::start(Answer answer, const std::string& upstream) {
  std::unique_ptr<Responder> made(new Responder);
  made->answer_ = std::move(answer);
  made->upstream_ = upstream;
  made->socket_ = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  int error = EADDRINUSE;
  for (int last = 1; error == EADDRINUSE && last < 255; ++last) {
    made->address_ = "127.53.77." + std::to_string(last);
    const auto address = at_port_53(made->address_);
    error = ::bind(made->socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  }
  if (error != 0) return system_error("cannot answer questions about names on loopback", error);
  made->thread_ = std::thread([responder = made.get()] { responder->serve(); });
  return made;
}

Responder::~Responder() {
  over_.raise();
  if (thread_.joinable()) thread_.join();
}

std::string Responder::forward(const std::string& question) const {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto server = at_port_53(upstream_);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 ||
      ::send(socket.get(), question.data(), question.size(), 0) < 0)
    return "";
  pollfd waited[] = {{socket.get(), POLLIN, 0}, {over_.fd(), POLLIN, 0}};
  if (::poll(waited, 2, kUpstreamPatience_ms) <= 0 || waited[0].revents == 0) return "";
  std::string reply(kMaxPacket, '\0');
  const ssize_t got = ::recv(socket.get(), reply.data(), reply.size(), 0);
  reply.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return reply;
}

std::string Responder::reply_to(const std::string& question) {
  constexpr std::uint16_t kNoSuchName = 3;
  std::string name;
  const std::size_t end = read_name(question, name);
  if (end == 0) return "";
  if (name != answer_.name) return upstream_.empty() ? begin_reply(question, end, kNoSuchName, 0) : forward(question);
  ++asked_;
  pollfd ended{over_.fd(), POLLIN, 0};
  for (const auto until = Deadline::in(answer_.delay); !until.passed();)
    if (::poll(&ended, 1, until.poll_ms()) > 0) return "";
  if (answer_.address.empty()) return begin_reply(question, end, kNoSuchName, 0);
  if (number_at(question, end) != kTypeA) return begin_reply(question, end, 0, 0);
  std::string reply = begin_reply(question, end, 0, 1);
  in_addr address{};
  ::inet_pton(AF_INET, answer_.address.c_str(), &address);
  append_number(reply, 0xC000 | kHeader);  // the name of the question
  append_number(reply, kTypeA);
  append_number(reply, 1);  // class IN
  append_number(reply, 0);
  append_number(reply, 0);  // may not be remembered
  append_number(reply, sizeof address);
  return reply.append(reinterpret_cast<const char*>(&address), sizeof address);
}

void Responder::serve() {
  pollfd waited[] = {{socket_.get(), POLLIN, 0}, {over_.fd(), POLLIN, 0}};
  while (::poll(waited, 2, -1) >= 0 || errno == EINTR) {
    if (waited[1].revents != 0) return;
    if (waited[0].revents == 0) continue;
    std::string question(kMaxPacket, '\0');
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t got =
        ::recvfrom(socket_.get(), question.data(), question.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got <= static_cast<ssize_t>(kHeader)) continue;
    question.resize(static_cast<std::size_t>(got));
    const std::string reply = reply_to(question);
    if (!reply.empty())
      (void)::sendto(socket_.get(), reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
  }
}
}  // namespace mccoy::chaos
