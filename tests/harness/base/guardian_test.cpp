// The guardian when something goes wrong: it is slow, is sent nonsense, or waits for what does not die.
#include "harness/base/guardian.hpp"
#include "harness/base/idle_keepers.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <thread>

#include "harness/base/fd_passing.hpp"
#include "harness/base/file.hpp"
#include "harness/base/start_order.hpp"
#include "tests/harness/base/commands.hpp"

using namespace mccoy;
using namespace mccoy::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
/// The only child of this process.
pid_t guardian() {
  return children_of(::getpid()).at(0);
}

bool comes_true(const std::function<bool()>& condition) {
  for (const auto deadline = soon(); !condition(); std::this_thread::sleep_for(milliseconds(1)))
    if (deadline.passed()) return false;
  return true;
}

/// A guardian that does nothing until this goes away.
class Stopped {
 public:
  explicit Stopped(pid_t pid) : pid_(pid) {
    ::kill(pid_, SIGSTOP);
    BOOST_REQUIRE(comes_true([&] { return process_info(pid_)->state == 'T'; }));
  }
  ~Stopped() { ::kill(pid_, SIGCONT); }
  Stopped(const Stopped&) = delete;

 private:
  pid_t pid_;
};

/// As if it were stuck in the kernel: killed, it becomes a zombie that its parent cannot reap until this goes away.
class Held {
 public:
  explicit Held(pid_t pid) : pid_(pid) { held_ = ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0; }
  ~Held() {
    if (held_) ::waitpid(pid_, nullptr, __WALL);
  }
  Held(const Held&) = delete;
  bool held() const { return held_; }

 private:
  pid_t pid_;
  bool held_ = false;
};

/// Our end of the socket to the guardian: the only one of its kind while no command runs.
int socket_to_guardian() {
  for (int fd = 3; fd < 1024; ++fd) {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET) return fd;
  }
  return -1;
}

struct Folder {
  TempDir dir = TempDir::make("/tmp", "mccoy-guardian-").value();
  std::string path(const std::string& name) const { return dir.path() + "/" + name; }
};

Command touch(const std::string& path, std::size_t argument_bytes = 0) {
  auto what = command({"/bin/sh", "-c", "echo ran > \"$0\"", path});
  for (; argument_bytes > 0; argument_bytes -= std::min<std::size_t>(argument_bytes, 100'000))
    what.argv.emplace_back(std::min<std::size_t>(argument_bytes, 100'000), 'x');
  return what;
}

bool no_keeper_is_left() {
  let_idle_keepers_go();
  return children_of(guardian()).empty();
}
}  // namespace

BOOST_AUTO_TEST_SUITE(the_guardian)

BOOST_FIXTURE_TEST_CASE(a_start_that_takes_too_long_is_given_up_and_does_not_happen_later, Folder) {
  let_idle_keepers_go();  // one of them would start it without the guardian
  {
    const Stopped stopped(guardian());
    const auto late = run_command(touch(path("late")), Deadline::in(milliseconds(20)));
    BOOST_REQUIRE(late.ok());
    BOOST_TEST(late.value().deadline_passed);
    BOOST_TEST(!late.value().end_seen);
    BOOST_TEST(late.value().root.pid == 0);

    const auto large = ProcessTree::start(touch(path("large"), 1'000'000), Deadline::in(milliseconds(20)));
    BOOST_REQUIRE(!large.ok());
    BOOST_TEST((large.error().cause == std::errc::timed_out));
    BOOST_TEST(large.error().what.find("had not started at the deadline") != std::string::npos, large.error().what);

    Interrupt interrupt;
    interrupt.raise();
    const auto interrupted = run_command(touch(path("interrupted")), soon(), kKeepOutput, &interrupt);
    BOOST_REQUIRE(interrupted.ok());
    BOOST_TEST(interrupted.value().interrupted);
    BOOST_TEST(!interrupted.value().deadline_passed);
  }
  BOOST_TEST(run(touch(path("after"))).ended.code == 0);  // the orders before it have been read by now
  BOOST_TEST(comes_true(&no_keeper_is_left));
  BOOST_TEST(std::filesystem::exists(path("after")));
  for (const char* name : {"late", "large", "interrupted"}) BOOST_TEST(!std::filesystem::exists(path(name)), name);
}

BOOST_FIXTURE_TEST_CASE(an_order_that_was_given_up_before_it_was_read_is_not_carried_out, Folder) {
  constexpr int kOrders = 100;
  {
    const Stopped stopped(guardian());
    for (int i = 0; i < kOrders; ++i) {
      auto order = prepare_start(command({"/bin/touch", path(std::to_string(i))})).value();
      const UniqueFd control = new_keeper().value();
      BOOST_REQUIRE(send_start(control.get(), order, [] { return Status(); }).ok());
    }
  }
  BOOST_TEST(run(command({"/bin/true"})).ended.code == 0);  // all orders have been read by now
  BOOST_TEST(comes_true(&no_keeper_is_left));
  BOOST_TEST(std::filesystem::is_empty(dir.path()));
}

BOOST_AUTO_TEST_CASE(an_order_for_a_keeper_without_its_socket_is_refused) {
  const int socket = socket_to_guardian();
  BOOST_REQUIRE(socket >= 0);
  for (int i = 0; i < 20; ++i) {
    BOOST_REQUIRE(send_packet(socket, "k").ok());
    BOOST_TEST(run(command({"/bin/true"})).ended.code == 0);
  }
  BOOST_TEST(comes_true(&no_keeper_is_left));
}

BOOST_FIXTURE_TEST_CASE(what_was_said_by_a_process_that_cannot_be_killed_is_kept, Folder) {
  Interrupt interrupt;
  std::promise<void> over;
  bool held = false;
  std::thread holder([&] {
    comes_true([&] { return std::filesystem::exists(path("pid")); });
    const Held hold(std::stoi(read_file(path("pid"), 100).value()));
    held = hold.held();
    interrupt.raise();
    over.get_future().wait();
  });
  const auto script = "echo said; echo $$ > new; mv new pid; exec sleep 600";
  auto what = shell(script);
  what.cwd = dir.path();
  const auto result = run_command(what, soon(), kKeepOutput, &interrupt);
  over.set_value();
  holder.join();
  BOOST_REQUIRE(held);
  BOOST_REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : render(result.error())));
  BOOST_TEST(result.value().interrupted);
  BOOST_TEST(!result.value().end_seen);
  BOOST_TEST(result.value().root.pid > 0);
  BOOST_TEST(result.value().out.text() == "said\n");
  BOOST_TEST(comes_true(&no_keeper_is_left));
}

BOOST_FIXTURE_TEST_CASE(a_pipe_in_the_place_of_a_file_does_not_keep_the_guardian, Folder) {
  BOOST_REQUIRE(write_atomically(path("before"), "as it was").ok());
  BOOST_REQUIRE(::mkfifo(path("pipe").c_str(), 0600) == 0);
  BOOST_TEST(!carry_out({.id = 1, .what = Undo::What::restore, .from = path("pipe"), .to = path("before")}).ok());
  BOOST_TEST(read_file(path("before"), 100).value() == "as it was");  // not lost, and not emptied
  BOOST_TEST(carry_out({.id = 2, .what = Undo::What::restore, .from = path("before"), .to = path("pipe")}).ok());
  BOOST_TEST(read_file(path("pipe"), 100).value() == "as it was");
}

/// Not a test by itself: a mccoy to be killed, with a command that cannot be and something to undo.
BOOST_AUTO_TEST_CASE(promiser, *boost::unit_test::disabled()) {
  const char* folder = std::getenv("MCCOY_TEST_PROMISER");
  if (folder == nullptr) return;
  const auto promised = Undo::promise(Undo::What::remove, "", folder);
  BOOST_REQUIRE(promised.ok());
  auto tree = start(command({"/bin/sleep", "600"}));
  std::cout << "pid " << tree.root().pid << "\n" << std::flush;
  ::pause();
}

BOOST_FIXTURE_TEST_CASE(an_undo_is_not_kept_waiting_for_what_cannot_be_killed, Folder) {
  std::filesystem::create_directory(path("to be undone"));
  auto mccoy = command({"/proc/" + std::to_string(::getpid()) + "/exe", "--run_test=the_guardian/promiser"});
  set_env(mccoy.env, "MCCOY_TEST_PROMISER", path("to be undone"));
  set_env(mccoy.env, "XDG_STATE_HOME", path("state"));  // its guardian may die before the record is gone
  auto tree = start(mccoy);
  std::string said;
  while (said.find('\n') == std::string::npos) {
    pollfd readable{tree.out(), POLLIN, 0};
    BOOST_REQUIRE(::poll(&readable, 1, soon().poll_ms()) > 0);
    char part[100];
    const ssize_t length = ::read(tree.out(), part, sizeof part);
    BOOST_REQUIRE(length > 0);
    said.append(part, static_cast<std::size_t>(length));
  }
  const Held held(numbers_after("pid", said).at(0));
  BOOST_REQUIRE(held.held());
  BOOST_REQUIRE(tree.signal_root(SIGKILL).ok());
  BOOST_TEST(comes_true([&] { return !std::filesystem::exists(path("to be undone")); }));
}

BOOST_AUTO_TEST_SUITE_END()
