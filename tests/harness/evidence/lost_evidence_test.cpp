// When the disk is full or broken: nothing that was not kept may ever look kept.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <regex>

#include "harness/base/process.hpp"
#include "tests/harness/evidence/scratch.hpp"

namespace mccoy::evidence {
namespace {
/// Runs `work` in a child of its own, as it changes limits or may be killed; returns its exit status or -signal.
template <class Work>
int in_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// 0: every record was acknowledged. Otherwise 1 + the number of records that were.
int write_with_file_limit(const std::string& path, rlim_t bytes) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 200;
  auto journal = Journal::create(path);
  if (!journal.ok()) return 201;
  for (int i = 0; i < 8; ++i) {
    if (journal->append("note", Value::map({{"i", i}}), Durable::no).ok()) continue;
    // The failure is sticky even when there is room again.
    const bool still_failing = !journal->append("note", Value::map(), Durable::no).ok() && journal->failed();
    return still_failing ? 1 + i : 202;
  }
  return 0;
}

/// A file system of 64 KiB; needs root and permission to mount.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    mounted_ = ::mkdir(path.c_str(), 0700) == 0 && ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

Captured run(std::vector<std::string> argv) {
  return run_command({.argv = std::move(argv), .env = base_environment(), .cwd = "/", .input = ""},
                     Deadline::in(std::chrono::seconds(30)))
      .value();
}
bool have_strace() {
  return run({"sh", "-c", "strace -f -o /dev/null true"}).ended.code == 0;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(lost_evidence)

BOOST_AUTO_TEST_CASE(a_write_cut_short_at_any_byte_is_noticed_and_the_rest_is_a_torn_prefix) {
  const Scratch scratch;
  BOOST_REQUIRE(in_child([&] { return write_with_file_limit(scratch.path("whole"), 1 << 20); }) == 0);
  const auto size = bytes_of(scratch.path("whole")).size();
  for (std::size_t limit = 1; limit < size; limit += 3) {
    const std::string path = scratch.path("j" + std::to_string(limit));
    const int acknowledged = in_child([&] { return write_with_file_limit(path, limit); }) - 1;
    const auto reading = read(path);
    BOOST_TEST_CONTEXT("limit " << limit) {
      BOOST_TEST(acknowledged >= 0);
      BOOST_TEST(acknowledged < 8);
      BOOST_TEST(reading.records == acknowledged);
      BOOST_TEST((reading.state == JournalState::torn || reading.state == JournalState::incomplete));
    }
    ::unlink(path.c_str());
  }
}

BOOST_AUTO_TEST_CASE(a_full_disk_ends_the_journal_the_blobs_and_the_seal) {
  const Scratch scratch;
  const SmallDisk disk(scratch.path("disk"));
  if (!disk.mounted()) {
    BOOST_TEST_MESSAGE("skipped: no permission to mount a small file system");
    return;
  }
  auto bundle = Bundle::create(scratch.path("disk/bundle")).value();
  int acknowledged = 0;
  while (acknowledged < 10'000 && bundle.journal().append("note", Value(std::string(500, 'x')), Durable::yes).ok())
    ++acknowledged;
  BOOST_TEST(acknowledged > 10);
  BOOST_TEST(acknowledged < 130);
  BOOST_TEST(bundle.journal().failed());
  BOOST_TEST(!bundle.blobs().put(std::string(5000, 'y')).ok());
  const auto sealed = bundle.seal(Value::map());
  BOOST_REQUIRE(!sealed.ok());
  BOOST_TEST(sealed.error().what.find("journal.jsonl") != std::string::npos);
  const auto integrity = check_integrity(bundle.folder()).value();
  BOOST_TEST(to_text(integrity.state) == "incomplete");
  BOOST_TEST(integrity.journal.records >= acknowledged);
}

BOOST_AUTO_TEST_CASE(a_blob_that_does_not_fit_fails_the_next_durable_record) {
  const Scratch scratch;
  const SmallDisk disk(scratch.path("disk"));
  if (!disk.mounted()) return;
  auto bundle = Bundle::create(scratch.path("disk/bundle")).value();
  BOOST_TEST(!bundle.blobs().put(std::string(100'000, 'y')).ok());
  BOOST_TEST(!bundle.journal().append("case", Value::map(), Durable::yes).ok());
  const auto temporaries = glob(scratch.path("disk/bundle/blobs/**/.*"), "/");
  BOOST_REQUIRE(temporaries.ok());
  BOOST_TEST(temporaries->empty());
}

/// The program under strace is this test program itself: the case below, which only does something then.
BOOST_AUTO_TEST_CASE(fsync_is_not_tried_again_after_it_failed) {
  if (!have_strace()) {
    BOOST_TEST_MESSAGE("skipped: strace is not usable here");
    return;
  }
  const Scratch scratch;
  std::string self(4096, '\0');
  self.resize(static_cast<std::size_t>(std::max<ssize_t>(::readlink("/proc/self/exe", self.data(), self.size()), 0)));
  // The leak check of a sanitizer cannot work under strace.
  const auto traced = run({"env", "ASAN_OPTIONS=detect_leaks=0", "MCCOY_TEST_JOURNAL=" + scratch.path("j"), "strace",
                           "-f", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=2", "-o",
                           scratch.path("trace"), self, "--run_test=lost_evidence/under_strace"});
  BOOST_TEST(traced.ended.code == 0);
  const std::string trace = bytes_of(scratch.path("trace"));
  const std::regex call("fdatasync\\(");
  BOOST_TEST(std::distance(std::sregex_iterator(trace.begin(), trace.end(), call), std::sregex_iterator()) == 2);
}

BOOST_AUTO_TEST_CASE(under_strace) {
  const char* path = std::getenv("MCCOY_TEST_JOURNAL");
  if (path == nullptr) return;
  auto journal = Journal::create(path).value();
  BOOST_TEST(journal.append("note", Value::map(), Durable::yes).ok());
  const auto lost = journal.append("note", Value::map(), Durable::yes);
  BOOST_REQUIRE(!lost.ok());
  BOOST_TEST(lost.error().what.find("Input/output error") != std::string::npos);
  BOOST_TEST(lost.error().what.find(path) != std::string::npos);
  for (int i = 0; i < 3; ++i) BOOST_TEST(!journal.append("case", Value::map(), Durable::yes).ok());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::evidence
