// Conversations over sockets: every one found, its bytes counted, its other end known.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "tests/harness/witness/watched.hpp"

namespace mccoy::test {
namespace {
struct Talk {
  const char* family;
  const char* protocol;
  int times, out, in;
};
std::ostream& operator<<(std::ostream& out, const Talk& talk) {
  return out << talk.family << " x" << talk.times;
}
const Talk kTalks[] = {
    {"v4", "tcp", 1, 10, 20},     {"v4", "tcp", 50, 1, 1},     {"v4", "tcp", 2, 3'000'000, 5'000'000},
    {"v6", "tcp", 3, 1000, 2000}, {"unix", "unix", 3, 10, 20},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(call_sockets)

BOOST_AUTO_TEST_CASE(a_reset_takes_the_count_away_and_that_is_told) {
  const Activity seen =
      watch_all(words({"/usr/bin/env", "python3", "-c",
                       "import socket, struct, threading\n"
                       "server = socket.create_server(('127.0.0.1', 0))\n"
                       "def answer():\n"
                       "  other, _ = server.accept()\n"
                       "  other.sendall(other.recv(100))\n"
                       "threading.Thread(target=answer).start()\n"
                       "client = socket.create_connection(server.getsockname())\n"
                       "client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))\n"
                       "client.sendall(b'hello')\nassert client.recv(100) == b'hello'\nclient.close()"}));
  BOOST_REQUIRE(!seen.connections.empty());
  BOOST_TEST((!seen.connections[0].bytes_complete || seen.connections[0].bytes_out == 5));
}

BOOST_DATA_TEST_CASE(a_conversation_is_counted_to_the_byte, boost::unit_test::data::make(kTalks), talk) {
  const Folder folder;
  const Activity seen =
      watch_all(fixture("deeds_sockets", {"talk", talk.family, std::to_string(talk.times), std::to_string(talk.out),
                                          std::to_string(talk.in), folder.at("socket")}),
                folder.path());
  BOOST_REQUIRE(seen.connections.size() == 1U);
  const SeenConnection& connection = seen.connections[0];
  BOOST_TEST(connection.protocol == talk.protocol);
  BOOST_TEST(connection.by == 0);
  BOOST_TEST(connection.tried == talk.times);
  BOOST_TEST(connection.made == talk.times);
  BOOST_TEST(seen.sockets_complete);
  if (connection.protocol == "tcp") {
    BOOST_TEST(connection.bytes_complete);
    BOOST_TEST(connection.bytes_out == std::int64_t{talk.times} * talk.out);
    BOOST_TEST(connection.bytes_in == std::int64_t{talk.times} * talk.in);
  }
  BOOST_REQUIRE(seen.programs.size() == 2U);
  BOOST_REQUIRE(!connection.peer_programs.empty());
  BOOST_TEST(std::ranges::count(connection.peer_programs, 1) == 1);
  BOOST_REQUIRE(!seen.listeners.empty());
  std::int64_t accepted = 0;
  for (const auto& listener : seen.listeners) {
    BOOST_TEST(listener.at == connection.to);
    accepted += listener.accepted;
  }
  BOOST_TEST(accepted == talk.times);
}

BOOST_AUTO_TEST_CASE(a_refused_connection_was_not_made) {
  for (const char* deed : {"refused", "refused_later"}) {
    const Activity seen = watch_all(fixture("deeds_sockets", {deed}));
    BOOST_REQUIRE(seen.connections.size() == 1U);
    BOOST_TEST(seen.connections[0].tried == 1);
    BOOST_TEST(seen.connections[0].made == 0);
    BOOST_TEST(seen.connections[0].bytes_out == 0);
    BOOST_TEST(seen.connections[0].peers.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_connection_that_stays_open_to_the_end_is_counted_too) {
  const Activity seen = watch_all(fixture("deeds_sockets", {"kept_open"}));
  BOOST_REQUIRE(seen.connections.size() == 1U);
  BOOST_TEST(seen.connections[0].made == 1);
  BOOST_TEST(seen.connections[0].bytes_out == 1000);
  BOOST_TEST(seen.connections[0].bytes_in == 500);
}

BOOST_AUTO_TEST_CASE(datagrams_to_an_address_are_tries) {
  const Activity seen = watch_all(fixture("deeds_sockets", {"datagrams"}));
  BOOST_REQUIRE(seen.connections.size() == 1U);
  BOOST_TEST(seen.connections[0].protocol == "udp");
  BOOST_TEST(seen.connections[0].tried == 3);
}

BOOST_AUTO_TEST_CASE(so_are_messages_with_an_address) {
  const Activity seen = watch_all(fixture("deeds_sockets", {"messages"}));
  BOOST_REQUIRE(seen.connections.size() == 2U);
  BOOST_TEST(seen.connections[0].to.starts_with("127.0.0.1:"));
  BOOST_TEST(seen.connections[0].tried == 4);
  BOOST_TEST(seen.connections[1].to.starts_with("127.0.0.2:"));
  BOOST_TEST(seen.connections[1].tried == 1);
  for (const SeenConnection& connection : seen.connections) BOOST_TEST(connection.protocol == "udp");
}

/// A datagram and a conversation, to the same address.
BOOST_AUTO_TEST_CASE(what_has_a_connection_is_told_apart_from_what_has_none) {
  const Activity seen = watch_all(fixture("deeds_sockets", {"both_ways"}));
  BOOST_REQUIRE(seen.connections.size() == 2U);
  BOOST_TEST(seen.connections[0].protocol == "udp");
  BOOST_TEST(seen.connections[0].made == 0);
  BOOST_TEST(seen.connections[1].protocol == "tcp");
  BOOST_TEST(seen.connections[1].made == 1);
  BOOST_TEST(seen.connections[1].to == seen.connections[0].to);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
