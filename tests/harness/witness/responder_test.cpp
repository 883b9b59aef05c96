// Who answered: real servers of many kinds of sockets, looked up from our end of a connection.
#include "harness/witness/responder.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>

#include <fstream>
#include <set>
#include <thread>

#include "harness/base/clock.hpp"
#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/witness/socket_tables.hpp"
#include "tests/harness/witness/listeners.hpp"

namespace mccoy::test {
namespace {
using evidence::Responder;
using How = Responder::How;
using Who = Responder::Who;
const std::int64_t kLongAgo = 0;

}  // namespace

BOOST_AUTO_TEST_SUITE(responder)

BOOST_AUTO_TEST_CASE(the_accepted_socket_leads_to_the_process_its_image_and_its_script) {
  const Listener server({"plain"});
  Decided owned;
  owned.service(server.root(), "web");
  const UniqueFd fd = connected(server.port());
  const auto seen = witness::who_answered(fd.get(), owned, kLongAgo);
  BOOST_TEST((seen.how == How::accepted));
  BOOST_TEST((seen.who == Who::service));
  BOOST_TEST(seen.service == "web");
  BOOST_TEST(seen.peer == "127.0.0.1:" + std::to_string(server.port()));
  BOOST_TEST(!seen.started_before_run);
  BOOST_REQUIRE(seen.processes.size() == 1U);
  BOOST_TEST(seen.processes[0].id.pid == server.root());
  BOOST_TEST(seen.processes[0].exe.find("python3") != std::string::npos);
  BOOST_TEST(seen.processes[0].exe_sha256 == sha256_file(seen.processes[0].exe).value());
  BOOST_TEST(seen.processes[0].script == MCCOY_SOURCE_DIR "/fixtures/listeners.py");
  BOOST_TEST(seen.processes[0].script_sha256 == sha256_file(MCCOY_SOURCE_DIR "/fixtures/listeners.py").value());
}

BOOST_AUTO_TEST_CASE(a_process_nobody_knows_is_a_stranger_and_one_of_ours_the_harness) {
  const Listener server({"plain"});
  Decided owned;
  const UniqueFd fd = connected(server.port());
  BOOST_TEST((witness::who_answered(fd.get(), owned, kLongAgo).who == Who::stranger));
  owned.harness(server.root());
  BOOST_TEST((witness::who_answered(fd.get(), owned, kLongAgo).who == Who::harness));
}

BOOST_AUTO_TEST_CASE(an_instance_that_was_there_before_the_run_is_told) {
  const Listener server({"plain"});
  const UniqueFd fd = connected(server.port());
  BOOST_TEST(witness::who_answered(fd.get(), Decided(), wall_ms() + 60'000).started_before_run);
  BOOST_TEST(!witness::who_answered(fd.get(), Decided(), wall_ms() - 600'000).started_before_run);
}

BOOST_AUTO_TEST_CASE(a_child_of_a_prefork_server_is_found_by_the_socket_it_accepted) {
  const Listener server({"prefork"});
  Decided owned;
  for (const int word : {2, 3, 4}) owned.service(server.number(word), "web");
  const UniqueFd fd = connected(server.port());
  const auto seen = witness::who_answered(fd.get(), owned, kLongAgo);
  BOOST_TEST((seen.how == How::accepted));
  BOOST_TEST(seen.processes.size() == 1U);
  BOOST_TEST(seen.processes[0].id.pid != server.root());
  BOOST_TEST((seen.who == Who::service));
}

BOOST_AUTO_TEST_CASE(all_owners_of_a_shared_listener_are_listed) {
  const Listener server({"prefork"});
  std::set<pid_t> pids;
  for (const auto& process : witness::listeners_on(server.port(), {})) pids.insert(process.id.pid);
  BOOST_TEST((pids == std::set<pid_t>{server.root(), server.number(2), server.number(3), server.number(4)}));
}

BOOST_AUTO_TEST_CASE(a_server_whose_parent_is_gone_is_found) {
  const Listener server({"parent-gone"});
  const UniqueFd fd = connected(server.port());
  const auto seen = witness::who_answered(fd.get(), Decided(), kLongAgo);
  BOOST_TEST((seen.how == How::accepted));
  BOOST_TEST((seen.who == Who::stranger));
}

BOOST_AUTO_TEST_CASE(an_accepted_socket_that_is_closed_already_leaves_the_listener) {
  const Listener server({"hasty"});
  Decided owned;
  owned.service(server.root(), "web");
  const UniqueFd fd = connected(server.port());
  char room[8];
  while (::recv(fd.get(), room, sizeof room, 0) > 0) continue;  // the server has closed
  const auto seen = witness::who_answered(fd.get(), owned, kLongAgo);
  BOOST_TEST((seen.how == How::listener));
  BOOST_TEST((seen.who == Who::service));
  BOOST_TEST(seen.service == "web");
}

BOOST_AUTO_TEST_CASE(ipv6_and_ipv4_over_ipv6_are_found) {
  const Listener server({"dual"});
  for (const bool v6 : {true, false}) {
    const UniqueFd fd = v6 ? connected_v6(server.port()) : connected(server.port());
    const auto seen = witness::who_answered(fd.get(), Decided(), kLongAgo);
    BOOST_TEST((seen.how == How::accepted));
    BOOST_TEST(seen.processes.at(0).id.pid == server.root());
  }
  BOOST_TEST(witness::listeners_on(server.port(), {}).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_wildcard_listener_is_found_on_another_loopback_address) {
  const Listener server({"any"});
  const UniqueFd fd = connected(server.port(), "127.0.0.77");
  const auto seen = witness::who_answered(fd.get(), Decided(), kLongAgo);
  BOOST_TEST((seen.how == How::accepted));
  BOOST_TEST(seen.peer == "127.0.0.77:" + std::to_string(server.port()));
}

BOOST_AUTO_TEST_CASE(of_two_processes_that_share_a_port_the_one_that_answered_is_named) {
  const Listener first({"shared", "0"});
  const Listener second({"shared", std::to_string(first.port())});
  Decided owned;
  owned.service(first.root(), "web");
  std::set<pid_t> answered;
  for (int attempt = 0; attempt < 200 && answered.size() < 2; ++attempt) {
    const UniqueFd fd = connected(first.port());
    const auto seen = witness::who_answered(fd.get(), owned, kLongAgo);
    BOOST_REQUIRE(seen.processes.size() == 1U);
    answered.insert(seen.processes[0].id.pid);
    BOOST_TEST((seen.who == (seen.processes[0].id.pid == first.root() ? Who::service : Who::stranger)));
  }
  BOOST_TEST((answered == std::set<pid_t>{first.root(), second.root()}));
  BOOST_TEST(witness::listeners_on(first.port(), {first.root()}).size() == 2U);
}

witness::Endpoint loopback_at(int port) {
  constexpr std::uint8_t kAddress[] = {127, 0, 0, 1};
  return witness::make_endpoint(AF_INET, kAddress, port);
}

BOOST_AUTO_TEST_CASE(who_may_answer_is_told_by_who_listens) {
  const Listener first({"shared", "0"});
  Decided owned;
  owned.service(first.root(), "web");
  const auto alone = witness::who_listens(loopback_at(first.port()), owned, kLongAgo);
  BOOST_TEST((alone.how == How::listener && alone.who == Who::service));
  const Listener second({"shared", std::to_string(first.port())});
  const auto both = witness::who_listens(loopback_at(first.port()), owned, kLongAgo);
  BOOST_TEST((both.how == How::listener && both.who == Who::unknown));
  BOOST_TEST(both.why_unseen.find("different owners") != std::string::npos, both.why_unseen);
  owned.service(second.root(), "web");
  BOOST_TEST((witness::who_listens(loopback_at(first.port()), owned, kLongAgo).who == Who::service));
}

BOOST_AUTO_TEST_CASE(where_nobody_listens_nobody_is_seen) {
  BOOST_TEST((witness::who_listens(loopback_at(1), Decided(), kLongAgo).how == How::unseen));
}

BOOST_AUTO_TEST_CASE(a_local_socket_leads_to_its_owner) {
  const auto folder = TempDir::make("/tmp", "mccoy-witness-").value();
  const Listener server({"unix", folder.path() + "/s"});
  Decided owned;
  owned.service(server.root(), "web");
  const UniqueFd fd = connected_unix(folder.path() + "/s");
  const auto seen = witness::who_answered(fd.get(), owned, kLongAgo);
  BOOST_TEST((seen.how == How::accepted));
  BOOST_TEST((seen.who == Who::service));
  BOOST_TEST(seen.peer == "unix:" + folder.path() + "/s");
}

BOOST_AUTO_TEST_CASE(what_is_no_connection_is_unseen_and_says_why) {
  const UniqueFd lonely(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  for (const int fd : {lonely.get(), -1}) {
    const auto seen = witness::who_answered(fd, Decided(), kLongAgo);
    BOOST_TEST((seen.how == How::unseen));
    BOOST_TEST((seen.who == Who::unknown));
    BOOST_TEST(!seen.why_unseen.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_server_in_another_network_namespace_is_unseen_and_says_why) {
  if (::geteuid() != 0) return;
  Responder seen;
  std::thread apart([&] {  // its sockets live elsewhere; ours cannot see them
    const UniqueFd home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (::unshare(CLONE_NEWNET) != 0) return;
    if (std::system("ip link set lo up 2>/dev/null") != 0) return;
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length);
    ::listen(listener.get(), 1);
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) return;
    const UniqueFd accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (::setns(home.get(), CLONE_NEWNET) != 0) return;
    seen = witness::who_answered(fd.get(), Decided(), kLongAgo);
  });
  apart.join();
  if (seen.peer.empty()) return;  // namespaces are not to be had here
  BOOST_TEST((seen.how == How::unseen));
  BOOST_TEST(seen.why_unseen.find("namespace") != std::string::npos, seen.why_unseen);
}

BOOST_AUTO_TEST_CASE(ports_and_connections_of_a_process_are_told) {
  const Listener server({"plain"});
  const UniqueFd fd = connected(server.port());
  BOOST_TEST((witness::ports_listened_by({server.root()}) == std::vector<int>{server.port()}));
  const auto connections = witness::connections_of({server.root()});
  BOOST_REQUIRE(connections.size() == 1U);
  BOOST_TEST(connections[0].local_port == server.port());
  BOOST_TEST(connections[0].peer_is_local);
  const auto ours = witness::connections_of({::getpid()});
  BOOST_TEST(std::ranges::any_of(ours, [&](const auto& each) { return each.peer_port == server.port(); }));
}

BOOST_AUTO_TEST_CASE(the_tables_of_proc_say_the_same_as_sock_diag) {
  const Listener server({"dual"});
  for (const bool v6 : {true, false}) {
    const UniqueFd fd = v6 ? connected_v6(server.port()) : connected(server.port());
    sockaddr_storage ours{}, theirs{};
    socklen_t length = sizeof ours;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&ours), &length);
    length = sizeof theirs;
    ::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&theirs), &length);
    const auto local = witness::endpoint_of(theirs), peer = witness::endpoint_of(ours);
    const auto one = witness::find_connected(local, peer), other = witness::proc_net::find_connected(local, peer);
    BOOST_REQUIRE((one && other));
    BOOST_TEST(one->inode == other->inode);
    BOOST_TEST(one->inode != 0U);
  }
  BOOST_TEST(witness::proc_net::listening_sockets(server.port()).size() ==
             witness::listening_sockets(server.port()).size());
}

BOOST_AUTO_TEST_CASE(the_cost_with_10000_sockets_open_is_shown) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 12000);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  BOOST_REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  BOOST_REQUIRE(::listen(listener.get(), 4096) == 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length);
  std::vector<UniqueFd> open;
  while (open.size() < 10000) {
    UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!client || ::connect(client.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) break;
    open.push_back(std::move(client));
    open.emplace_back(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!open.back()) break;
  }
  const Listener server({"plain"});
  Decided owned;
  owned.service(server.root(), "web");
  const UniqueFd fd = connected(server.port());
  witness::who_answered(fd.get(), owned, kLongAgo);  // the digest of the image is cached from here on
  constexpr int kTimes = 50;
  const auto began = Clock::now();
  for (int time = 0; time < kTimes; ++time)
    BOOST_REQUIRE((witness::who_answered(fd.get(), owned, kLongAgo).how == How::accepted));
  const auto each = (Clock::now() - began) / kTimes;
  BOOST_TEST_MESSAGE(open.size() << " sockets open elsewhere: " << human_duration(each) << " for one look");
  const auto strange = Clock::now();
  witness::who_answered(fd.get(), Decided(), kLongAgo);
  BOOST_TEST_MESSAGE("a stranger seen lately: " << human_duration(Clock::now() - strange));
  BOOST_TEST(open.size() >= 10000U);
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
