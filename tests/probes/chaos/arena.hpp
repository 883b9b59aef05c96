// A service that does what it is told (fixtures/doer.cpp), and faults done to it.
#pragma once
#include <arpa/inet.h>
#include <sys/socket.h>

#include <map>
#include <set>

#include "probes/chaos/fault.hpp"
#include "tests/harness/target/world.hpp"

namespace mccoy::chaos::testing {
using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

inline const std::string kDoer = MCCOY_BINARY_DIR "/fixtures/doer";

inline bool comes_true(const std::function<bool()>& condition, Duration within = seconds(20)) {
  for (const auto deadline = Deadline::in(within); !condition(); std::this_thread::sleep_for(milliseconds(2)))
    if (deadline.passed()) return false;
  return true;
}

/// One line to a doer, on a connection of its own. "" when it does not answer.
inline std::string ask(int port, const std::string& line, const std::string& host = "127.0.0.1") {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::string text = line + "\n";
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0)
    return "";
  std::string reply;
  char part[512];
  for (ssize_t got = 0; !reply.ends_with('\n') && (got = ::read(fd.get(), part, sizeof part)) > 0;)
    reply.append(part, static_cast<std::size_t>(got));
  if (reply.ends_with('\n')) reply.pop_back();
  return reply;
}

/// The number behind "ok ".
inline double number_in(const std::string& reply) {
  return reply.starts_with("ok ") ? std::strtod(reply.c_str() + 3, nullptr) : -1;
}

inline suite::Service doer(const std::string& name, Texts options = {}) {
  auto service = target::testing::unruly(name);
  Texts words{kDoer, "--port", "${port}", "--dir", "${dir}"};
  words.insert(words.end(), options.begin(), options.end());
  service.run = target::testing::argv(words);
  return service;
}

/// Services of doers, provided with what these faults need.
class Arena {
 public:
  explicit Arena(std::vector<suite::Service> services = {doer("db")}) : world_(std::move(services)) {}

  /// What a suite would say: provides for it before the start.
  Arena& with(const std::string& fault, Value settings, const std::string& service = "db") {
    const auto* kind = find_fault(fault);
    BOOST_REQUIRE_MESSAGE(kind != nullptr, fault);
    auto typed = typed_settings(*kind, settings);
    BOOST_REQUIRE_MESSAGE(typed.ok(), (typed.ok() ? "" : typed.error().what));
    if (kind->provide != nullptr) kind->provide(*typed, world_.provisions()[service]);
    return *this;
  }
  Arena& up() {
    world_.up();
    for (const auto& service : world_.suite().services) BOOST_REQUIRE_EQUAL(world_.unusable(service.name), "");
    return *this;
  }

  FaultContext context(const std::string& service = "db") {
    FaultContext context;
    context.services = &world_.services();
    context.service = service;
    context.seed = 1;
    context.folder = world_.folder();
    context.scratch = world_.folder() + "/scratch";
    context.expires_in = expires_in;
    context.deadline = Deadline::in(seconds(60));
    context.beyond_suite = beyond_suite;
    return context;
  }
  /// Why it cannot be done here; "" = it can.
  std::string lacks(const std::string& fault, const Value& settings, const std::string& service = "db") {
    return find_fault(fault)->lacks(context(service), *typed_settings(*find_fault(fault), settings));
  }
  Result<std::unique_ptr<Fault>> try_make(const std::string& fault, const Value& settings,
                                          const std::string& service = "db") {
    const auto* kind = find_fault(fault);
    BOOST_REQUIRE_MESSAGE(kind != nullptr, fault);
    auto typed = typed_settings(*kind, settings);
    if (!typed.ok()) return std::move(typed).error();
    return make_fault(*kind, context(service), *typed);
  }
  std::unique_ptr<Fault> make(const std::string& fault, const Value& settings, const std::string& service = "db") {
    auto made = try_make(fault, settings, service);
    BOOST_REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().what));
    return std::move(*made);
  }
  std::unique_ptr<ActiveFault> inject(const std::string& fault, const Value& settings,
                                      const std::string& service = "db") {
    auto active = ActiveFault::inject(make(fault, settings, service), context(service));
    BOOST_REQUIRE_MESSAGE(active.ok(), (active.ok() ? "" : active.error().what));
    return std::move(*active);
  }

  std::string ask(const std::string& line, const std::string& service = "db") const {
    return testing::ask(world_.port(service), line);
  }
  target::testing::World& world() { return world_; }
  std::string dir(const std::string& service = "db") const { return world_.text("${services." + service + ".dir}"); }

  Duration expires_in = std::chrono::minutes(1);
  bool beyond_suite = false;

 private:
  target::testing::World world_;
};

inline bool has_effect(ActiveFault& fault, Duration within = seconds(10)) {
  const auto seen = fault.await_effect(Deadline::in(within));
  BOOST_REQUIRE_MESSAGE(seen.ok(), (seen.ok() ? "" : seen.error().what));
  return *seen;
}
/// Heals, and measures that it is.
inline bool heals(ActiveFault& fault, Duration within = seconds(20)) {
  const auto healed = fault.heal();
  BOOST_TEST(healed.ok(), (healed.ok() ? "" : healed.error().what));
  const auto seen = fault.await_healed(Deadline::in(within));
  BOOST_REQUIRE_MESSAGE(seen.ok(), (seen.ok() ? "" : seen.error().what));
  return *seen;
}
inline bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}
}  // namespace mccoy::chaos::testing
