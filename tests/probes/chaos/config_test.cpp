// A file of a target that is broken and put back byte for byte.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/probes/chaos/arena.hpp"

using namespace mccoy;
using namespace mccoy::chaos;
using namespace mccoy::chaos::testing;

namespace {
constexpr char kBytes[] = "first line\nsecond line\n";

struct Snapshot {
  std::string bytes;
  struct stat marks {};
  bool operator==(const Snapshot& other) const {
    return bytes == other.bytes && marks.st_mode == other.marks.st_mode && marks.st_uid == other.marks.st_uid &&
           marks.st_ino == other.marks.st_ino && marks.st_mtim.tv_sec == other.marks.st_mtim.tv_sec &&
           marks.st_mtim.tv_nsec == other.marks.st_mtim.tv_nsec;
  }
};

class File {
 public:
  explicit File(Arena& arena) : path_(arena.dir() + "/config") {
    std::ofstream(path_) << kBytes;
    ::chmod(path_.c_str(), 0640);
    if (::geteuid() == 0) BOOST_REQUIRE(::chown(path_.c_str(), 65534, 65534) == 0);
    const timespec times[] = {{1000, 1}, {2000, 5}};
    ::utimensat(AT_FDCWD, path_.c_str(), times, 0);
  }
  Snapshot now() const {
    Snapshot snapshot;
    ::stat(path_.c_str(), &snapshot.marks);
    snapshot.bytes = read_file(path_, 1 << 20).value();
    return snapshot;
  }
  std::size_t beside() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dirname(path_))) count += entry.exists() ? 1 : 0;
    return count;
  }

 private:
  std::string path_;
};

suite::Service nobodys(const std::string& name) {
  auto service = doer(name);
  service.user = "unprivileged";
  return service;
}

struct Way {
  const char* how;
  const char* answer;  ///< of the target, as long as it is broken, begins so
};
std::ostream& operator<<(std::ostream& out, const Way& way) {
  return out << way.how;
}
const Way kWays[] = {{"empty", "ok 0"},      {"replaced", "ok 5 other"},    {"garbage", "ok 23"},
                     {"corrupted", "ok 23"}, {"unreadable", "open EACCES"}, {"missing", "open ENOENT"}};
}  // namespace

BOOST_AUTO_TEST_SUITE(config_faults)

BOOST_DATA_TEST_CASE(a_broken_file_is_seen_by_the_target_and_put_back_as_it_was, boost::unit_test::data::make(kWays),
                     way) {
  Arena arena({nobodys("db")});
  arena.up();
  const File file(arena);
  const Snapshot before = file.now();
  Value settings = Value::map({{"path", "config"}, {"how", way.how}});
  if (std::string_view(way.how) == "replaced") settings.set("with", "other");
  BOOST_TEST(arena.lacks("config", settings) == "");
  const auto fault = arena.inject("config", settings);
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(arena.ask("read config").starts_with(way.answer), arena.ask("read config"));
  BOOST_TEST(heals(*fault));
  BOOST_TEST((file.now() == before));
  BOOST_TEST(arena.ask("read config") == "ok 23 first");
  BOOST_TEST(file.beside() == 1u);
}

BOOST_AUTO_TEST_CASE(a_file_that_nobody_opens_is_no_effect_where_that_is_asked) {
  Arena arena;
  arena.up();
  const File file(arena);
  const auto fault = arena.inject("config", Value::map({{"path", "config"}, {"must_be_opened", true}}));
  BOOST_TEST(!has_effect(*fault, milliseconds(100)));
  (void)arena.ask("read config");
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_missing_cannot_have_to_be_opened) {
  Arena arena;
  arena.up();
  const File file(arena);
  const auto made =
      arena.try_make("config", Value::map({{"path", "config"}, {"how", "missing"}, {"must_be_opened", true}}));
  BOOST_TEST((!made.ok() && holds(made.error().what, "must_be_opened")));
}

BOOST_AUTO_TEST_CASE(a_target_that_puts_its_file_back_by_itself_shows_no_effect) {
  Arena arena;
  arena.up();
  const File file(arena);
  const auto fault = arena.inject("config", Value::map({{"path", "config"}}));
  std::ofstream(arena.dir() + "/config") << kBytes;
  BOOST_TEST(!has_effect(*fault, milliseconds(50)));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(what_a_target_writes_meanwhile_is_kept_and_told) {
  Arena arena;
  arena.up();
  const File file(arena);
  const auto fault = arena.inject("config", Value::map({{"path", "config"}}));
  BOOST_TEST(has_effect(*fault));
  std::ofstream(arena.dir() + "/config", std::ios::app) << "a record\n";
  BOOST_TEST(heals(*fault));
  BOOST_TEST(file.now().bytes == kBytes);
  const std::string told = fault->fell_short();
  const auto at = told.rfind(" at ");
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, told);
  BOOST_TEST(read_file(told.substr(at + 4), 100).value() == "a record\n");
}

BOOST_AUTO_TEST_CASE(what_a_target_writes_afterwards_is_its_own) {
  Arena arena;
  arena.up();
  const File file(arena);
  const auto fault = arena.inject("config", Value::map({{"path", "config"}}));
  BOOST_TEST(has_effect(*fault));
  BOOST_REQUIRE(fault->heal().ok());
  std::ofstream(arena.dir() + "/config", std::ios::app) << "a record\n";
  BOOST_TEST(*fault->await_healed(Deadline::in(milliseconds(100))));
  BOOST_TEST(fault->fell_short() == "");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_as_before_in_the_end_fell_short) {
  Arena arena;
  arena.up();
  const File file(arena);
  const auto fault = arena.inject("config", Value::map({{"path", "config"}}));
  BOOST_TEST(has_effect(*fault));
  std::ofstream(arena.dir() + "/config") << kBytes;
  BOOST_TEST(heals(*fault));
  BOOST_TEST(holds(fault->fell_short(), "somebody put it back"), fault->fell_short());
  BOOST_TEST(file.beside() == 1u);
}

BOOST_AUTO_TEST_CASE(a_file_elsewhere_is_refused_also_through_a_link) {
  Arena arena;
  arena.up();
  const auto refused = [&](const std::string& path) {
    const auto made = arena.try_make("config", Value::map({{"path", path}}));
    return !made.ok() && holds(made.error().what, "lies neither below");
  };
  BOOST_TEST(refused("/etc/hostname"));
  BOOST_TEST(refused("../../../../etc/hostname"));
  BOOST_REQUIRE(::symlink("/etc", (arena.dir() + "/link").c_str()) == 0);
  BOOST_TEST(refused("link/hostname"));
  BOOST_TEST(!refused(arena.world().folder() + "/config"));
}

BOOST_AUTO_TEST_CASE(who_may_read_everything_cannot_be_shut_out) {
  if (::geteuid() != 0) return;
  Arena arena;
  arena.up();
  BOOST_TEST(holds(arena.lacks("config", Value::map({{"path", "config"}, {"how", "unreadable"}})), "runs as root"));
}

BOOST_AUTO_TEST_SUITE_END()
