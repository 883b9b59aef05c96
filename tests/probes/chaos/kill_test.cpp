// mccoy is killed with -9 at points spread over injecting, holding and healing a fault: within two seconds nothing of
// it is left. When the guardian is killed as well, `mccoy undo` puts everything right.
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "harness/base/undo_record.hpp"
#include "tests/probes/chaos/arena.hpp"

using namespace mccoy;
using namespace mccoy::chaos;
using namespace mccoy::chaos::testing;
namespace fs = std::filesystem;

namespace {
constexpr char kBytes[] = "as it was\n";
constexpr double kHealedWithin_s = 2, kSlack_s = 8;  ///< the slack is for a machine that is busy with something else

bool nightly() {
  return std::getenv("MCCOY_NIGHTLY") != nullptr;
}

struct Sample {
  const char* fault;
  const char* settings;  ///< JSON
  bool every_day;
};
std::ostream& operator<<(std::ostream& out, const Sample& sample) {
  return out << sample.fault;
}
const Sample kSamples[] = {{"config", R"({"path": "config"})", true},
                           {"disk_full", R"({"disk": "1MiB"})", true},
                           {"cpu", R"({"quota": "0.2"})", true},
                           {"names", R"({"name": "shop.test", "to": "127.0.0.9"})", true},
                           {"pause", "{}", true},
                           {"kill", "{}", false},
                           {"limit", R"({"resource": "open_files", "to": 40})", false},
                           {"memory", R"({"limit": "64MiB"})", false},
                           {"pids", R"({"limit": 30})", false},
                           {"read_only", "{}", false},
                           {"clock", R"({"by": "+2h"})", false},
                           {"hog", R"({"what": "cpu"})", false},
                           {"fail_calls", R"({"error": "ENOSPC"})", false}};

/// Everything a fault could leave behind, as text.
std::string cgroups_of_faults() {
  std::string found;
  std::error_code error;
  for (fs::recursive_directory_iterator at("/sys/fs/cgroup", fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error))
    if (at->path().filename().string().starts_with("mccoy-fault-")) found += at->path().string() + "\n";
  return found;
}
std::string mounts_of_faults() {
  std::ifstream lines("/proc/self/mounts");
  std::string found;
  for (std::string line; std::getline(lines, line);)
    if (line.find("mccoy") != std::string::npos) found += line + "\n";
  return found;
}
std::string file_state(const std::string& path) {
  struct stat now {};
  if (path.empty() || ::stat(path.c_str(), &now) != 0) return "no " + path;
  const auto bytes = read_file(path, 1 << 20);
  std::ostringstream text;
  text << now.st_mode << ' ' << now.st_mtim.tv_sec << '.' << now.st_mtim.tv_nsec << ' ' << (bytes.ok() ? *bytes : "?");
  for (const auto& entry : fs::directory_iterator(dirname(path))) text << ' ' << entry.path().filename();
  return text.str();
}

/// A mccoy that does a fault to a service, to be killed meanwhile: this program again, at the stage below.
class Mccoy {
 public:
  explicit Mccoy(const Sample& sample, const std::string& state) {
    Command command{.argv = {"/proc/" + std::to_string(::getpid()) + "/exe", "--run_test=killed/stage"},
                    .env = base_environment()};
    set_env(command.env, "MCCOY_TEST_FAULT", sample.fault);
    set_env(command.env, "MCCOY_TEST_SETTINGS", sample.settings);
    set_env(command.env, "XDG_STATE_HOME", state);
    auto tree = ProcessTree::start(command);
    BOOST_REQUIRE(tree.ok());
    tree_ = std::move(*tree);
  }
  ~Mccoy() {
    (void)tree_.kill_all();
    if (const auto folder = word("folder"); folder.starts_with("/tmp/mccoy-test-")) fs::remove_all(folder);
  }
  /// Waits until it has said this. False: it ended before.
  bool says(const std::string& what) {
    for (const auto deadline = Deadline::in(seconds(60)); word(what).empty();) {
      pollfd readable{tree_.out(), POLLIN, 0};
      if (::poll(&readable, 1, deadline.poll_ms()) <= 0) return false;
      char part[1024];
      const ssize_t got = ::read(tree_.out(), part, sizeof part);
      if (got <= 0) return false;
      said_.append(part, static_cast<std::size_t>(got));
    }
    return true;
  }
  /// What follows a word at the start of a line.
  std::string word(const std::string& name) const {
    const auto at = ("\n" + said_).find("\n" + name + " ");
    if (at == std::string::npos) return "";
    return said_.substr(at + name.size() + 1, said_.find('\n', at) - at - name.size() - 1);
  }
  void kill_it() { ::kill(tree_.root().pid, SIGKILL); }
  /// Both at once: neither may see the other go.
  void kill_with_guardian() {
    const auto children = children_of(tree_.root().pid);
    ::kill(tree_.root().pid, SIGSTOP);
    for (const pid_t child : children) ::kill(child, SIGSTOP);
    for (const pid_t child : children) ::kill(child, SIGKILL);
    ::kill(tree_.root().pid, SIGKILL);
  }
  std::size_t living() const { return tree_.members().size(); }

 private:
  ProcessTree tree_;
  std::string said_;
};

struct Scene {
  TempDir state = TempDir::make("/tmp", "mccoy-killed-").value();
  std::size_t records() const {
    std::error_code error;
    std::size_t count = 0;
    for (fs::directory_iterator at(state.path() + "/mccoy/undo", error), end; !error && at != end; at.increment(error))
      ++count;
    return count;
  }
};

struct Snapshot {
  std::string cgroups, mounts, file;
  static Snapshot take(const std::string& file) { return {cgroups_of_faults(), mounts_of_faults(), file_state(file)}; }
  bool operator==(const Snapshot&) const = default;
};

std::vector<Sample> samples() {
  std::vector<Sample> chosen;
  for (const auto& sample : kSamples)
    if (sample.every_day || nightly()) chosen.push_back(sample);
  return chosen;
}

Ended run_undo(const std::string& state, std::string& out) {
  Command command{.argv = {std::string(MCCOY_BINARY_DIR) + "/mccoy", "undo"}, .env = base_environment()};
  set_env(command.env, "XDG_STATE_HOME", state);
  const auto ran = run_command(command, Deadline::in(seconds(60)));
  BOOST_REQUIRE(ran.ok());
  out = ran->out.text() + ran->err.text();
  return ran->ended;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(killed)

/// Not a test by itself.
BOOST_AUTO_TEST_CASE(stage, *boost::unit_test::disabled()) {
  const char* name = std::getenv("MCCOY_TEST_FAULT");
  if (name == nullptr) return;
  const Value settings = *from_json(std::getenv("MCCOY_TEST_SETTINGS"));
  Arena arena;
  arena.with(name, settings).up();
  std::cout << "folder " << arena.world().folder() << std::endl;
  if (const auto why = arena.lacks(name, settings); !why.empty()) {
    std::cout << "lacks " << why << std::endl;
    return;
  }
  const std::string path = arena.world().folder() + "/scratch/services/db/config";
  const bool on_disk =
      std::string_view(name).find("disk") != std::string_view::npos || std::string_view(name) == "read_only";
  if (!on_disk) std::ofstream(path) << kBytes;
  std::cout << "file " << (on_disk ? "" : path) << "\nbegin now" << std::endl;
  {
    const auto fault = arena.inject(name, settings);
    std::cout << "injected now" << std::endl;
    std::this_thread::sleep_for(milliseconds(60));
    (void)fault->heal();
  }
  std::cout << "healed now" << std::endl;
  ::pause();
}

BOOST_AUTO_TEST_CASE(wherever_it_is_killed_nothing_of_the_fault_is_left) {
  const int points = nightly() ? 25 : 5;
  double slowest_s = 0;
  for (const auto& sample : samples())
    for (int point = 0; point < points; ++point) {
      const Scene scene;
      Mccoy mccoy(sample, scene.state.path());
      BOOST_REQUIRE(mccoy.says("folder"));
      if (!mccoy.says("begin")) {
        BOOST_TEST_MESSAGE(sample << " cannot be done here: " << mccoy.word("lacks"));
        break;
      }
      const auto file = mccoy.word("file");
      auto before = Snapshot::take(file);
      before.mounts.clear();  // that of the service's disk goes with the service
      before.cgroups.clear();
      // Before it is injected, while it is, while it is held, while it is healed, and after.
      std::this_thread::sleep_for(std::chrono::microseconds(120'000 * point / points));
      mccoy.kill_it();
      const auto begun = Clock::now();
      const auto is_clean = [&] {
        return mccoy.living() == 0 && scene.records() == 0 && Snapshot::take(file) == before;
      };
      const bool clean = comes_true(
          is_clean, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(kHealedWithin_s + kSlack_s)));
      const auto now = Snapshot::take(file);
      BOOST_TEST(clean, sample << " at point " << point << ": " << mccoy.living() << " processes, " << scene.records()
                               << " records, " << now.cgroups << now.mounts << now.file);
      slowest_s = std::max(slowest_s, std::chrono::duration<double>(Clock::now() - begun).count());
    }
  BOOST_TEST_MESSAGE("after kill -9 everything was as before within " << slowest_s << " s");
}

BOOST_AUTO_TEST_CASE(what_is_left_when_the_guardian_is_killed_as_well_is_undone_later) {
  for (const auto& sample : samples()) {
    const Scene scene;
    Mccoy mccoy(sample, scene.state.path());
    BOOST_REQUIRE(mccoy.says("folder"));
    if (!mccoy.says("begin")) continue;
    const auto file = mccoy.word("file");
    auto before = Snapshot::take(file);
    before.mounts.clear();
    before.cgroups.clear();
    BOOST_REQUIRE(mccoy.says("injected"));
    mccoy.kill_with_guardian();
    BOOST_TEST(comes_true([&] { return mccoy.living() == 0; }), sample << ": " << mccoy.living() << " processes");
    std::string said;
    BOOST_TEST(run_undo(scene.state.path(), said).code == 0, sample << ": " << said);
    const auto now = Snapshot::take(file);
    BOOST_TEST((now == before), sample << ": " << now.cgroups << now.mounts << now.file << "\n" << said);
    BOOST_TEST(scene.records() == 0u);
    BOOST_TEST(run_undo(scene.state.path(), said).code == 0);
    BOOST_TEST(holds(said, "nothing is left to be undone"), said);
  }
}

BOOST_AUTO_TEST_CASE(what_belongs_to_a_running_mccoy_is_left_alone) {
  const Scene scene;
  ::setenv("XDG_STATE_HOME", scene.state.path().c_str(), 1);
  const std::string path = scene.state.path() + "/precious";
  std::ofstream(path) << "x";
  auto promised = Undo::promise(Undo::What::remove, "", path);
  ::unsetenv("XDG_STATE_HOME");
  BOOST_REQUIRE(promised.ok());
  std::string said;
  BOOST_TEST(run_undo(scene.state.path(), said).code == 2);
  BOOST_TEST(holds(said, "held by a running mccoy"), said);
  BOOST_TEST(holds(said, "by hand: rm -rf"), said);
  BOOST_TEST(fs::exists(path));
}

BOOST_AUTO_TEST_SUITE_END()
