// A service that is watched for its whole life, and what is recorded of it in windows of time.
#include "harness/witness/service_witness.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "tests/harness/witness/watched.hpp"

using namespace mccoy;
using namespace mccoy::test;

namespace {
/// A service that does what it is told, word by word, and says when it has done so. Only builtins are used, unless a
/// word calls for more.
class Servant {
 public:
  explicit Servant(const std::string& program, const std::string& before = "", bool reads = true)
      : witness_(witness::ServiceWitness::make()) {
    for (const char* name : {"in", "out"}) BOOST_REQUIRE(::mkfifo(folder.at(name).c_str(), 0600) == 0);
    Command command =
        words({"/bin/bash", "-c", before + "\nwhile read word; do\n" + program + "\necho done >&7\ndone <&6"});
    command.argv[2] = "exec 6<>in 7<>out\n" + command.argv[2];
    command.cwd = folder.path();
    witness_->watch(command, reads);
    auto tree = ProcessTree::start(command);
    BOOST_REQUIRE_MESSAGE(tree.ok(), (tree.ok() ? "" : render(tree.error())));
    tree_ = std::move(*tree);
    in_ = UniqueFd(::open(folder.at("in").c_str(), O_RDWR | O_CLOEXEC));
    out_ = UniqueFd(::open(folder.at("out").c_str(), O_RDWR | O_CLOEXEC));
  }
  ~Servant() {
    tree_.kill_all();
    witness_->end();
  }
  void tell(const std::string& word) {
    const std::string line = word + "\n";
    BOOST_REQUIRE(::write(in_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    pollfd answered{out_.get(), POLLIN, 0};
    BOOST_REQUIRE(::poll(&answered, 1, 60'000) == 1);
    char answer[5];
    BOOST_REQUIRE(::read(out_.get(), answer, sizeof answer) == sizeof answer);
  }
  std::unique_ptr<witness::ServiceWitness::Window> open(bool files = true) { return witness_->open(files); }
  std::string why_not() const { return witness_->why_not(); }

  Folder folder;

 private:
  std::shared_ptr<witness::ServiceWitness> witness_;
  ProcessTree tree_;
  UniqueFd in_, out_;
};

/// A server of the test itself: takes one connection and sends back what comes.
class Echo {
 public:
  Echo() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    BOOST_REQUIRE(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    BOOST_REQUIRE(::listen(listening_.get(), 8) == 0);
    BOOST_REQUIRE(::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Echo() {
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
  }
  int port = 0;

 private:
  void serve() const {
    for (;;) {
      const UniqueFd one(::accept(listening_.get(), nullptr, nullptr));
      if (!one) return;
      char room[256];
      for (ssize_t got = 0; (got = ::read(one.get(), room, sizeof room)) > 0;)
        if (::write(one.get(), room, static_cast<std::size_t>(got)) != got) break;
    }
  }
  UniqueFd listening_;
  std::thread thread_;
};
}  // namespace

BOOST_AUTO_TEST_SUITE(service_witness)

BOOST_AUTO_TEST_CASE(only_what_is_done_in_a_window_is_in_it) {
  Servant servant("echo $word > $word.txt; read line < $word.txt");
  servant.tell("before");
  auto window = servant.open();
  servant.tell("during");
  const Activity seen = window->close();
  servant.tell("after");
  BOOST_TEST(servant.why_not() == "");
  BOOST_TEST(written_in(seen, servant.folder.path()) == Names({"during.txt"}));
  BOOST_TEST(read_in(seen, servant.folder.path()) == Names({"during.txt"}));
  BOOST_TEST((seen.programs_complete && seen.reads_complete && seen.writes_complete && seen.sockets_complete));
  BOOST_TEST(seen.programs.size() == 1u);
  BOOST_TEST(seen.programs.front().earlier);
  BOOST_TEST(seen.programs.front().process.argv.front() == "/bin/bash");
  BOOST_TEST(!seen.programs.front().process.exe_sha256.empty());
}

BOOST_AUTO_TEST_CASE(reading_is_shown_only_when_it_is_asked_for) {
  Servant servant("echo $word > $word.txt; read line < $word.txt; echo more >> $word.txt; : > $word.empty", "", false);
  auto window = servant.open();
  servant.tell("word");
  const Activity seen = window->close();
  BOOST_TEST(written_in(seen, servant.folder.path()) == Names({"word.txt", "word.empty"}));
  BOOST_TEST(read_in(seen, servant.folder.path()) == Names());
  BOOST_TEST((seen.writes_complete && !seen.reads_complete));
}

BOOST_AUTO_TEST_CASE(windows_may_overlap) {
  Servant servant("echo $word > $word.txt");
  auto first = servant.open();
  servant.tell("one");
  auto second = servant.open();
  servant.tell("two");
  const Activity of_first = first->close();
  servant.tell("three");
  const Activity of_second = second->close();
  BOOST_TEST(written_in(of_first, servant.folder.path()) == Names({"one.txt", "two.txt"}));
  BOOST_TEST(written_in(of_second, servant.folder.path()) == Names({"two.txt", "three.txt"}));
}

BOOST_AUTO_TEST_CASE(a_rename_that_is_under_way_when_it_ends_is_not_lost) {
  Servant servant("echo $word > $word.new; mv $word.new $word.txt");
  auto window = servant.open();
  servant.tell("word");
  const Activity seen = window->close();
  BOOST_TEST(has_made(seen, servant.folder.at("word.txt")));
  const auto* write = write_of(seen, servant.folder.at("word.txt"));
  BOOST_REQUIRE(write != nullptr);
  BOOST_TEST(write->renamed_from == servant.folder.at("word.new"));
}

BOOST_AUTO_TEST_CASE(programs_it_starts_are_new_and_those_from_before_are_left_out) {
  Servant servant("[ $word = idle ] || /bin/true $word");
  servant.tell("before");
  auto window = servant.open();
  servant.tell("during");
  const Activity seen = window->close();
  BOOST_TEST(executed(seen) == Lines({"/bin/bash -c " + seen.programs.front().process.argv[2], "/bin/true during"}));
  BOOST_TEST(!seen.programs.back().earlier);
  auto idle = servant.open();
  servant.tell("idle");
  BOOST_TEST(idle->close().programs.empty());
}

BOOST_AUTO_TEST_CASE(without_files_only_sockets_are_kept) {
  Servant servant("echo $word > $word.txt");
  auto window = servant.open(false);
  servant.tell("word");
  const Activity seen = window->close();
  BOOST_TEST(seen.writes.empty());
  BOOST_TEST(!seen.writes_complete);
  BOOST_TEST(seen.sockets_complete);
}

BOOST_AUTO_TEST_CASE(of_a_connection_from_before_the_bytes_of_the_window_count) {
  Echo echo;
  Servant servant("[ $word = idle ] || { echo $word >&8; read -u 8 line; }",
                  fmt::format("exec 8<>/dev/tcp/127.0.0.1/{}", echo.port));
  servant.tell("a-long-word-before-it");
  auto window = servant.open(false);
  servant.tell("four");
  const Activity seen = window->close();
  BOOST_REQUIRE(seen.connections.size() == 1u);
  const SeenConnection& connection = seen.connections.front();
  BOOST_TEST(connection.to == fmt::format("127.0.0.1:{}", echo.port));
  BOOST_TEST(connection.stood == 1);
  BOOST_TEST(connection.made == 0);
  BOOST_TEST(connection.bytes_out == 5);
  BOOST_TEST(connection.bytes_in == 5);
  BOOST_TEST(connection.bytes_complete);
  BOOST_REQUIRE(!connection.peers.empty());
  BOOST_TEST(connection.peers.front().id.pid == ::getpid());
  auto idle = servant.open(false);
  servant.tell("idle");
  const Activity nothing = idle->close();
  BOOST_REQUIRE(nothing.connections.size() == 1u);
  BOOST_TEST((nothing.connections.front().bytes_out == 0 && nothing.connections.front().bytes_complete));
}

BOOST_AUTO_TEST_CASE(a_connection_made_and_closed_in_it_is_counted_whole) {
  Echo echo;
  Servant servant(fmt::format("exec 8<>/dev/tcp/127.0.0.1/{}; echo $word >&8; read -u 8 line; exec 8>&-", echo.port));
  servant.tell("before");
  auto window = servant.open(false);
  servant.tell("during");
  const Activity seen = window->close();
  BOOST_REQUIRE(seen.connections.size() == 1u);
  const SeenConnection& connection = seen.connections.front();
  BOOST_TEST(connection.stood == 0);
  BOOST_TEST(connection.made == 1);
  BOOST_TEST(connection.bytes_out == 7);
  BOOST_TEST(connection.bytes_in == 7);
  BOOST_TEST(connection.bytes_complete);
}

BOOST_AUTO_TEST_CASE(a_long_life_leaves_no_trace_in_a_later_window) {
  Servant servant("for i in 1 2 3 4 5 6 7 8 9 10; do for j in 1 2 3 4 5 6 7 8 9 10; do ( : ); done; done");
  for (int round = 0; round < 12; ++round) servant.tell("go");  // 1,200 processes
  auto window = servant.open();
  const Activity seen = window->close();
  BOOST_TEST(seen.programs.empty());
  BOOST_TEST(seen.programs_complete);
}

BOOST_AUTO_TEST_SUITE_END()
