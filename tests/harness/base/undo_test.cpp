// What is promised to be undone is on the disk before it is needed, is undone when mccoy dies or the promise expires,
// and touches nothing it does not mean.
#include "harness/base/undo.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <thread>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/file_marks.hpp"
#include "harness/base/undo_record.hpp"
#include "tests/harness/base/commands.hpp"

using namespace mccoy;
using namespace mccoy::test;
namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
bool comes_true(const std::function<bool()>& condition) {
  for (const auto deadline = soon(); !condition(); std::this_thread::sleep_for(milliseconds(1)))
    if (deadline.passed()) return false;
  return true;
}

/// A folder, and records kept in it.
struct Folder {
  TempDir dir = TempDir::make("/tmp", "mccoy-undo-").value();
  Folder() { ::setenv("XDG_STATE_HOME", dir.path().c_str(), 1); }
  ~Folder() { ::unsetenv("XDG_STATE_HOME"); }
  std::string path(const std::string& name) const { return dir.path() + "/" + name; }
  std::size_t records() const {
    std::size_t count = 0;
    for (const auto& path : undo_records()) count += path.starts_with(dir.path()) ? 1 : 0;
    return count;
  }
  void write(const std::string& name, std::string_view text) const {
    BOOST_REQUIRE(write_atomically(path(name), text).ok());
  }
  std::string read(const std::string& name) const { return read_file(path(name), 1 << 20).value(); }
};

char state_of(pid_t pid) {
  const auto info = process_info(pid);
  return info ? info->state : '-';
}

UndoOrder wake(const ProcessId& process) {
  return {.what = Undo::What::signal, .process = process, .number = SIGCONT};
}
}  // namespace

BOOST_AUTO_TEST_SUITE(undo)

BOOST_FIXTURE_TEST_CASE(a_promise_is_on_the_disk_until_it_is_kept_or_withdrawn, Folder) {
  {
    auto promised = Undo::promise(Undo::What::remove, "", path("later"));
    BOOST_REQUIRE(promised.ok());
    BOOST_TEST(records() == 1u);
    const auto record = read_undo_record(undo_records().back());
    BOOST_REQUIRE(record.ok());
    BOOST_TEST(record->mccoy.pid == ::getpid());
    BOOST_TEST(lives(record->guardian));
    BOOST_TEST(record->boot_id == boot_id());
    BOOST_TEST(record->order.to == path("later"));
  }
  BOOST_TEST(records() == 0u);
  write("later", "x");
  auto promised = Undo::promise(Undo::What::remove, "", path("later"));
  BOOST_TEST(promised->fulfil().ok());
  BOOST_TEST(!fs::exists(path("later")));
  BOOST_TEST(records() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_record_keeps_every_part_of_an_order, Folder) {
  const UndoOrder order{.id = 7,
                        .what = Undo::What::limit,
                        .from = "/a b",
                        .to = "/c\nd",
                        .bytes = std::string("\0\xff x", 4),
                        .process = {12, 34567890123},
                        .number = 5,
                        .soft = ~0ULL,
                        .hard = 1ULL << 63,
                        .network = 4026532281,
                        .marks = Value::map({{"mode", 4}}),
                        .ours = "ab",
                        .theirs = "/e",
                        .expires_boot_us = 99,
                        .because = "db is paused"};
  const auto again = undo_order_from(to_value(order));
  BOOST_REQUIRE(again.ok());
  BOOST_TEST((again->what == order.what));
  BOOST_TEST(again->from == order.from);
  BOOST_TEST(again->to == order.to);
  BOOST_TEST(again->bytes == order.bytes);
  BOOST_TEST((again->process == order.process));
  BOOST_TEST(again->network == order.network);
  BOOST_TEST(again->ours == order.ours);
  BOOST_TEST(again->theirs == order.theirs);
  BOOST_TEST(again->soft == order.soft);
  BOOST_TEST(again->hard == order.hard);
  BOOST_TEST((again->marks == order.marks));
  BOOST_TEST(again->expires_boot_us == order.expires_boot_us);
  BOOST_TEST(again->because == order.because);
}

BOOST_FIXTURE_TEST_CASE(a_record_that_others_may_write_to_is_not_believed, Folder) {
  const auto promised = Undo::promise(Undo::What::remove, "", path("later"));
  BOOST_REQUIRE(promised.ok());
  const auto record = undo_records().back();
  BOOST_REQUIRE(::chmod(record.c_str(), 0666) == 0);
  BOOST_TEST(!read_undo_record(record).ok());
}

BOOST_FIXTURE_TEST_CASE(records_go_elsewhere_when_their_folder_is_somebody_elses, Folder) {
  fs::create_directory(path("mccoy"));
  BOOST_REQUIRE(::chmod(path("mccoy").c_str(), 0777) == 0);
  const auto promised = Undo::promise(Undo::What::remove, "", path("later"));
  BOOST_TEST(promised.ok());
  BOOST_TEST(records() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_stopped_process_is_woken_when_the_promise_expires, Folder) {
  auto tree = start(command({"/bin/sleep", "600"}));
  auto order = wake(tree.root());
  order.expires_boot_us = expiry_in(milliseconds(300));
  const auto promised = Undo::promise(order);
  BOOST_REQUIRE(promised.ok());
  BOOST_REQUIRE(tree.signal_root(SIGSTOP).ok());
  BOOST_TEST(comes_true([&] { return state_of(tree.root().pid) == 'T'; }));
  BOOST_TEST(comes_true([&] { return state_of(tree.root().pid) == 'S'; }));
  BOOST_TEST(comes_true([&] { return records() == 0; }));
}

BOOST_FIXTURE_TEST_CASE(a_process_that_only_has_the_number_is_left_alone, Folder) {
  auto tree = start(command({"/bin/sleep", "600"}));
  BOOST_REQUIRE(tree.signal_root(SIGSTOP).ok());
  BOOST_TEST(comes_true([&] { return state_of(tree.root().pid) == 'T'; }));
  const ProcessId other{tree.root().pid, tree.root().start_ticks - 1};
  BOOST_TEST(carry_out(wake(other)).ok());
  std::this_thread::sleep_for(milliseconds(20));
  BOOST_TEST(state_of(tree.root().pid) == 'T');
  BOOST_TEST(carry_out(wake(tree.root())).ok());
  BOOST_TEST(comes_true([&] { return state_of(tree.root().pid) == 'S'; }));
}

BOOST_FIXTURE_TEST_CASE(a_file_gets_its_bytes_and_marks_back_in_place, Folder) {
  write("config", "as it was");
  BOOST_REQUIRE(::chmod(path("config").c_str(), 0640) == 0);
  const timespec times[] = {{1000, 0}, {2000, 5}};
  BOOST_REQUIRE(::utimensat(AT_FDCWD, path("config").c_str(), times, 0) == 0);
  struct stat before {};
  ::stat(path("config").c_str(), &before);
  const auto marks = FileMarks::of(path("config"));
  BOOST_REQUIRE(marks.ok());
  auto promised = Undo::promise({.what = Undo::What::restore,
                                 .from = path("aside"),
                                 .to = path("config"),
                                 .bytes = sha256("as it was"),
                                 .marks = to_value(*marks)});
  write("aside", "as it was");
  std::ofstream(path("config")) << "broken";
  BOOST_REQUIRE(::chmod(path("config").c_str(), 0) == 0);
  BOOST_TEST(promised->fulfil().ok());
  struct stat after {};
  ::stat(path("config").c_str(), &after);
  BOOST_TEST(before.st_ino == after.st_ino);
  BOOST_TEST(before.st_mode == after.st_mode);
  BOOST_TEST(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
  BOOST_TEST(before.st_atim.tv_sec == after.st_atim.tv_sec);
  BOOST_TEST(read("config") == "as it was");
  BOOST_TEST(!fs::exists(path("aside")));
  BOOST_TEST(carry_out(promised->order()).ok());  // twice is as good as once
}

/// As root everything can be read, so this is done by a child that is nobody.
BOOST_FIXTURE_TEST_CASE(its_owner_makes_an_unreadable_file_readable_again, Folder) {
  write("config", "as it was");
  write("aside", "as it was");
  const auto marks = FileMarks::of(path("config"));
  BOOST_REQUIRE(::chmod(path("config").c_str(), 0) == 0);
  const UndoOrder order{.what = Undo::What::restore,
                        .from = path("aside"),
                        .to = path("config"),
                        .bytes = sha256("as it was"),
                        .marks = to_value(*marks)};
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0) {
      for (const auto& name : {path(""), path("config"), path("aside")}) (void)!::chown(name.c_str(), kNobody, kNobody);
      if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(9);
    }
    auto as_nobody = order;
    as_nobody.marks = {};
    ::_exit(carry_out(as_nobody).ok() ? 0 : 1);
  }
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  BOOST_TEST(read("config") == "as it was");
  BOOST_TEST(!fs::exists(path("aside")));
}

BOOST_FIXTURE_TEST_CASE(what_somebody_else_made_of_a_file_is_kept_where_that_is_asked, Folder) {
  write("config", "broken, and a record");
  write("aside", "as it was");
  UndoOrder order{.what = Undo::What::restore,
                  .from = path("aside"),
                  .to = path("config"),
                  .bytes = sha256("as it was"),
                  .ours = sha256("broken"),
                  .theirs = path("theirs")};
  BOOST_TEST(carry_out(order).ok());
  BOOST_TEST(read("config") == "as it was");
  BOOST_TEST(read("theirs") == "broken, and a record");
  write("gone", "a new one");
  write("aside", "the old one");
  order.what = Undo::What::move_back;
  order.to = path("gone");
  order.theirs = path("theirs of gone");
  BOOST_TEST(carry_out(order).ok());
  BOOST_TEST(read("gone") == "the old one");
  BOOST_TEST(read("theirs of gone") == "a new one");
}

BOOST_FIXTURE_TEST_CASE(a_damaged_copy_is_noticed_and_nothing_is_overwritten, Folder) {
  write("config", "broken");
  write("aside", "not what was set asi");
  const UndoOrder order{
      .what = Undo::What::restore, .from = path("aside"), .to = path("config"), .bytes = sha256("as it was")};
  BOOST_TEST(!carry_out(order).ok());
  BOOST_TEST(fs::exists(path("aside")));
  BOOST_TEST(read("config") == "broken");
}

BOOST_FIXTURE_TEST_CASE(a_copy_that_was_not_finished_is_removed_for_nothing_was_changed, Folder) {
  write("config", "as it was");
  write("aside", "as it");
  const UndoOrder order{
      .what = Undo::What::restore, .from = path("aside"), .to = path("config"), .bytes = sha256("as it was")};
  BOOST_TEST(carry_out(order).ok());
  BOOST_TEST(!fs::exists(path("aside")));
  BOOST_TEST(read("config") == "as it was");
}

BOOST_FIXTURE_TEST_CASE(limits_of_a_process_are_given_back, Folder) {
  auto tree = start(command({"/bin/sleep", "600"}));
  rlimit before{}, now{};
  BOOST_REQUIRE(::prlimit(tree.root().pid, RLIMIT_NOFILE, nullptr, &before) == 0);
  auto promised = Undo::promise({.what = Undo::What::limit,
                                 .process = tree.root(),
                                 .number = RLIMIT_NOFILE,
                                 .soft = before.rlim_cur,
                                 .hard = before.rlim_max});
  const rlimit low{.rlim_cur = 4, .rlim_max = before.rlim_max};
  BOOST_REQUIRE(::prlimit(tree.root().pid, RLIMIT_NOFILE, &low, nullptr) == 0);
  const std::string by_hand = mccoy::by_hand(promised->order());
  BOOST_TEST(promised->fulfil().ok());
  BOOST_REQUIRE(::prlimit(tree.root().pid, RLIMIT_NOFILE, nullptr, &now) == 0);
  BOOST_TEST(now.rlim_cur == before.rlim_cur);

  BOOST_REQUIRE(::prlimit(tree.root().pid, RLIMIT_NOFILE, &low, nullptr) == 0);
  const auto ran = run_command(command({"/bin/sh", "-c", by_hand}), Deadline::in(seconds(20)));
  BOOST_REQUIRE(ran.ok());
  BOOST_TEST((ran->ended.exited && ran->ended.code == 0), by_hand);
  BOOST_REQUIRE(::prlimit(tree.root().pid, RLIMIT_NOFILE, nullptr, &now) == 0);
  BOOST_TEST(now.rlim_cur == before.rlim_cur, by_hand);
}

BOOST_FIXTURE_TEST_CASE(only_the_mount_that_is_meant_is_unmounted, Folder,
                        *boost::unit_test::precondition([](auto) { return ::geteuid() == 0; })) {
  fs::create_directory(path("with blank"));
  BOOST_REQUIRE(::mount("mccoy-mine", path("with blank").c_str(), "tmpfs", 0, "size=64k") == 0);
  const UndoOrder other{.what = Undo::What::unmount, .from = "mccoy-other", .to = path("with blank")};
  BOOST_TEST(carry_out(other).ok());
  std::ofstream(path("with blank") + "/inside") << "x";
  const UndoOrder mine{.what = Undo::What::unmount, .from = "mccoy-mine", .to = path("with blank")};
  BOOST_TEST(fs::exists(path("with blank") + "/inside"));
  BOOST_TEST(carry_out(mine).ok());
  BOOST_TEST(!fs::exists(path("with blank") + "/inside"));
  BOOST_TEST(carry_out(mine).ok());
}

BOOST_FIXTURE_TEST_CASE(a_promise_to_undo_at_a_relative_path_is_refused, Folder) {
  BOOST_TEST(!Undo::promise(Undo::What::remove, "", "here").ok());
  BOOST_TEST(!Undo::promise(Undo::What::move_back, "aside", path("there")).ok());
  BOOST_TEST(records() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
