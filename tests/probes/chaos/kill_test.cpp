// mccoy is killed with -9 at points spread over injecting, holding and healing every fault: within two seconds nothing
// of it is left. When the guardian is killed as well, `mccoy undo` puts everything right.
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "harness/base/undo.hpp"
#include "tests/probes/chaos/crew.hpp"

using namespace mccoy;
using namespace mccoy::chaos;
using namespace mccoy::chaos::testing;
namespace fs = std::filesystem;

namespace {
constexpr char kBytes[] = "as it was\n";
constexpr int kHold_ms = 30, kForEver_ms = 60'000;

/// How long a fault took when nobody disturbed it, and why it cannot be done here.
struct Pace {
  std::string lacks;
  int inject_us = 0, heal_us = 0;
};

/// Once to the end, and killed only then.
Pace pace_of(std::size_t sample, const std::string& network, Found& found) {
  const auto started = about_to_begin(sample, network, kHold_ms);
  Killed& mccoy = *started;
  mccoy.go();
  Pace pace{.lacks = mccoy.begun() ? "" : mccoy.lacks()};
  if (!mccoy.begun()) {
    if (pace.lacks.empty()) found.residue = "it never began: " + mccoy.said();
    return pace;
  }
  const bool whole = mccoy.says("healed");
  pace.inject_us = std::atoi(mccoy.word("injected").c_str());
  pace.heal_us = std::atoi(mccoy.word("healed").c_str());
  found = kill_and_look(mccoy, "after it was healed");
  if (!whole) found.residue = "it ended by itself; " + found.residue;
  return pace;
}

/// Where it is to be killed: so far into one of the three phases.
struct Point {
  std::size_t sample = 0;
  const char* phase = "";
  const char* sign = "";  ///< the word that says that the phase has begun
  double part = 0;
};

void add_points(std::vector<Point>& points, std::size_t sample, int inject, int hold, int heal) {
  const auto add = [&](const char* phase, const char* sign, int count) {
    for (int i = 0; i < count; ++i) points.push_back({sample, phase, sign, (i + 0.5) / count});
  };
  add("injecting", "begin", inject);
  add("holding", "injected", hold);
  add("healing", "healing", heal);
}

Found kill_at(const Point& point, const Pace& pace, const std::string& network) {
  const std::string phase = point.phase;
  const bool heals = phase == "healing";
  const int span_us = heals ? pace.heal_us : phase == "holding" ? 1000 * kHold_ms : pace.inject_us;
  const auto started = about_to_begin(point.sample, network, heals ? 1 : kForEver_ms);
  Killed& mccoy = *started;
  if (!mccoy.begun()) return {.where = phase, .residue = "it never began: " + mccoy.said()};
  mccoy.go();
  (void)mccoy.says(point.sign);
  std::this_thread::sleep_for(std::chrono::microseconds(static_cast<int>(span_us * point.part)));
  return kill_and_look(mccoy, phase + " at " + std::to_string(static_cast<int>(100 * point.part)) + " %");
}

std::string name_of(std::size_t sample) {
  std::ostringstream text;
  text << kSamples[sample];
  return text.str();
}

std::size_t count_of_samples() {
  return std::size(kSamples);
}

Ended run_undo(const std::string& state, std::string& out) {
  Command command{.argv = {std::string(MCCOY_BINARY_DIR) + "/mccoy", "undo"}, .env = base_environment()};
  for (const char* folder : {"XDG_STATE_HOME", "HOME"}) set_env(command.env, folder, state);
  const auto ran = run_command(command, Deadline::in(seconds(60)));
  if (!ran.ok()) return {};
  out = ran->out.text() + ran->err.text();
  return ran->ended;
}

/// The guardian goes as well; what it would have done is done by hand.
Found undo_by_hand(std::size_t sample, const std::string& network) {
  const auto started = about_to_begin(sample, network, kForEver_ms);
  Killed& mccoy = *started;
  Found found{.where = name_of(sample), .residue = {}};
  mccoy.go();
  if (!mccoy.begun()) {
    if (mccoy.lacks().empty()) found.residue = "it never began: " + mccoy.said();
    return found;
  }
  if (!mccoy.says("injected")) found.residue = "it was not injected; ";
  mccoy.kill_with_guardian();
  found.killed = true;
  const auto begun = Clock::now();
  if (!comes_true([&] { return mccoy.living() == 0; })) found.residue += "processes live on; ";
  std::string said;
  if (run_undo(mccoy.state(), said).code != 0 || mccoy.records() > 0) found.residue += "undo said: " + said;
  found.residue += mccoy.residue();
  found.clean_after_s = seconds_since(begun);
  const auto again = run_undo(mccoy.state(), said);
  if (again.code != 0 || !holds(said, "nothing is left to be undone")) found.residue += "undo said: " + said;
  return found;
}

std::int64_t since_us(Instant begun) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun).count();
}
}  // namespace

BOOST_AUTO_TEST_SUITE(killed)

/// Not a test by itself: what is killed.
BOOST_AUTO_TEST_CASE(stage, *boost::unit_test::disabled()) {
  const char* number = std::getenv("MCCOY_TEST_SAMPLE");
  if (number == nullptr) return;
  const Sample& sample = kSamples[std::atoi(number)];
  Value settings = *from_json(sample.settings);
  Arena arena(services_for(sample.place, std::getenv("MCCOY_TEST_NETWORK"), std::atoi(std::getenv("MCCOY_TEST_PORT"))));
  const std::string folder = arena.world().folder(), config = folder + "/config";
  if (settings.find("path") != nullptr) settings.set("path", config);
  const auto scratch = Undo::promise(Undo::What::remove, "", folder + "/scratch");  // as a run does
  BOOST_REQUIRE(scratch.ok());
  arena.beyond_suite = is_attached(sample.place);
  std::cout << "folder " << folder << std::endl;
  if (kThreadSanitized && sample.place == Place::attached_mounts) {
    std::cout << "lacks a guardian of one thread, which alone may enter another mount namespace" << std::endl;
    return;
  }
  arena.with(sample.fault, settings).up();
  if (const auto why = arena.lacks(sample.fault, settings); !why.empty()) {
    std::cout << "lacks " << why << std::endl;
    return;
  }
  std::ofstream(config) << kBytes;
  std::cout << "begin now" << std::endl;
  const UniqueFd gate(::open(std::getenv("MCCOY_TEST_GATE"), O_RDONLY | O_CLOEXEC));  // opens when we may go on
  auto begun = Clock::now();
  auto fault = arena.inject(sample.fault, settings);
  std::cout << "injected " << since_us(begun) << std::endl;
  std::this_thread::sleep_for(milliseconds(std::atoi(std::getenv("MCCOY_TEST_HOLD_MS"))));
  std::cout << "healing now" << std::endl;
  begun = Clock::now();
  const auto healed = fault->heal();
  fault.reset();
  if (!healed.ok()) return;
  std::cout << "healed " << since_us(begun) << std::endl;
  ::pause();
}

BOOST_AUTO_TEST_CASE(no_kind_of_the_catalogue_is_forgotten) {
  std::set<std::string_view> tried;
  for (const auto& sample : kSamples) tried.insert(sample.fault);
  for (const auto* kind : fault_kinds())
    BOOST_TEST(tried.contains(kind->name), kind->name << " has no row in tests/probes/chaos/samples.hpp");
}

BOOST_AUTO_TEST_CASE(wherever_it_is_killed_nothing_of_the_fault_is_left) {
  std::vector<Pace> paces(count_of_samples());
  std::vector<Found> found(count_of_samples());
  share_out(count_of_samples(), [&](std::size_t at, const std::string& network) {
    paces[at] = pace_of(at, network, found[at]);
    found[at].where = name_of(at) + " " + found[at].where;
  });
  std::vector<Point> points;
  for (std::size_t sample = 0; sample < count_of_samples(); ++sample)
    if (!paces[sample].lacks.empty())
      BOOST_TEST_MESSAGE(kSamples[sample] << " cannot be done here: " << paces[sample].lacks);
    else if (nightly())
      add_points(points, sample, 10, 5, 10);
    else
      add_points(points, sample, 1, 1, 1);
  found.resize(count_of_samples() + points.size());
  share_out(points.size(), [&](std::size_t at, const std::string& network) {
    auto& here = found[count_of_samples() + at] = kill_at(points[at], paces[points[at].sample], network);
    here.where = name_of(points[at].sample) + " " + here.where;
  });
  judge_all(found, "killed with -9");
}

BOOST_AUTO_TEST_CASE(what_is_left_when_the_guardian_is_killed_as_well_is_undone_later) {
  std::vector<Found> found(count_of_samples());
  share_out(found.size(), [&](std::size_t at, const std::string& network) { found[at] = undo_by_hand(at, network); });
  judge_all(found, "killed with its guardian");
}

BOOST_AUTO_TEST_CASE(children_born_under_a_limit_do_not_keep_it) {
  const auto sample = std::ranges::find_if(
      kSamples, [](const Sample& one) { return one.fault == std::string_view("limit") && is_attached(one.place); });
  Killed mccoy(static_cast<std::size_t>(sample - std::begin(kSamples)), "", kForEver_ms, {"--keep", kDoer});
  const auto child = [&] {
    const auto children = children_of(mccoy.stranger());
    return children.empty() ? 0 : children.front();
  };
  BOOST_REQUIRE(comes_true([&] { return child() != 0; }));
  const auto limit_of = [](pid_t pid) {
    rlimit now{};
    return ::prlimit(pid, RLIMIT_NOFILE, nullptr, &now) == 0 ? now.rlim_cur : 0;
  };
  mccoy.go();
  const auto before = limit_of(mccoy.stranger());
  const pid_t first = child();
  BOOST_REQUIRE(mccoy.says("injected"));
  ::kill(first, SIGKILL);
  BOOST_REQUIRE(comes_true([&] { return child() != 0 && child() != first; }));
  BOOST_TEST(limit_of(child()) == 40u);
  mccoy.kill_it();
  BOOST_TEST(mccoy.residue() == "");
  BOOST_TEST(limit_of(child()) == before);
}

BOOST_AUTO_TEST_CASE(what_belongs_to_a_running_mccoy_is_left_alone) {
  const auto state = TempDir::make("/tmp", "mccoy-killed-").value();
  ::setenv("XDG_STATE_HOME", state.path().c_str(), 1);
  const std::string path = state.path() + "/precious";
  std::ofstream(path) << "x";
  auto promised = Undo::promise(Undo::What::remove, "", path);
  ::unsetenv("XDG_STATE_HOME");
  BOOST_REQUIRE(promised.ok());
  std::string said;
  BOOST_TEST(run_undo(state.path(), said).code == 2);
  BOOST_TEST(holds(said, "held by a running mccoy"), said);
  BOOST_TEST(holds(said, "by hand: rm -rf"), said);
  BOOST_TEST(fs::exists(path));
}

BOOST_AUTO_TEST_SUITE_END()
