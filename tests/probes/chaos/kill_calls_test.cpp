// By night: mccoy is killed with -9 before each system call of its that injects, holds or heals a fault. strace is
// attached when it is about to begin, and kills it as it enters the call.
#include <map>

#include "tests/probes/chaos/crew.hpp"

using namespace mccoy;
using namespace mccoy::chaos;
using namespace mccoy::chaos::testing;

namespace {
constexpr std::size_t kMostPoints = 400;  ///< of one fault; of more calls, every k-th is tried
constexpr int kHold_ms = 5;

bool is_traced(pid_t pid) {
  return text_of("/proc/" + std::to_string(pid) + "/status").find("TracerPid:\t0\n") == std::string::npos;
}

/// The nth call of this name.
struct Call {
  std::string name;
  int nth = 1;
};

/// strace at one process, and at that thread of it which does faults. Ends with it.
class Tracer {
 public:
  /// kill  the call it is killed at; name "" = none, all are written down
  Tracer(const Killed& mccoy, const Call& kill) : log_(mccoy.state() + "/calls") {
    Command command{.argv = {"strace", "-qq", "-a1", "-e", "signal=none", "-o", kill.name.empty() ? log_ : "/dev/null",
                             "-p", std::to_string(mccoy.pid())},
                    .env = base_environment()};
    if (!kill.name.empty())
      command.argv.insert(
          command.argv.end(),
          {"-e", "trace=" + kill.name, "-e", "inject=" + kill.name + ":signal=KILL:when=" + std::to_string(kill.nth)});
    if (auto tree = ProcessTree::start(command); tree.ok()) tree_ = std::move(*tree);
    attached_ = comes_true([&] { return is_traced(mccoy.pid()); });
    std::this_thread::sleep_for(milliseconds(2));  // seized; the next call is seen
  }
  bool attached() const { return attached_; }
  /// Those so far, in order. A line of the log begins with the name of the call and "(".
  std::vector<Call> calls() const {
    std::map<std::string, int> counts;
    std::vector<Call> all;
    for (const auto& line : split(text_of(log_), '\n'))
      if (const auto end = line.find('('); end != std::string::npos && line.find("resumed>") == std::string::npos)
        all.push_back({line.substr(0, end), ++counts[line.substr(0, end)]});
    return all;
  }

 private:
  const std::string log_;
  ProcessTree tree_;
  bool attached_ = false;
};

/// All calls from the beginning to the end, when nobody kills it.
std::vector<Call> calls_of(std::size_t sample, const std::string& network) {
  const auto started = about_to_begin(sample, network, kHold_ms);
  Killed& mccoy = *started;
  if (!mccoy.begun()) return {};
  const Tracer tracer(mccoy, {});
  mccoy.go();
  (void)mccoy.says("healed");
  mccoy.kill_it();
  (void)comes_true([&] { return mccoy.living() == 0; });
  return tracer.calls();
}

Found kill_at(std::size_t sample, std::size_t at, const Call& call, const std::string& network) {
  std::ostringstream where;
  where << kSamples[sample] << " before call " << at + 1 << ", " << call.name << " " << call.nth;
  const auto started = about_to_begin(sample, network, kHold_ms);
  Killed& mccoy = *started;
  if (!mccoy.begun()) return {.where = where.str(), .residue = "it never began: " + mccoy.said()};
  const Tracer tracer(mccoy, call);
  if (!tracer.attached()) return {.where = where.str(), .residue = "strace could not be attached"};
  mccoy.go();
  (void)mccoy.says("healed");
  return kill_and_look(mccoy, where.str());
}
}  // namespace

BOOST_AUTO_TEST_SUITE(killed)

/// Sample by sample, so that figures come while the night is long.
BOOST_AUTO_TEST_CASE(before_every_system_call_nothing_of_the_fault_is_left) {
  for (std::size_t sample = 0; nightly() && sample < std::size(kSamples); ++sample) {
    std::vector<Call> calls;
    share_out(1, [&](std::size_t, const std::string& network) { calls = calls_of(sample, network); });
    std::ostringstream name;
    name << kSamples[sample];
    if (calls.empty()) BOOST_TEST_MESSAGE(name.str() << " cannot be done here");
    const std::size_t step = std::max<std::size_t>((calls.size() + kMostPoints - 1) / kMostPoints, 1);
    if (step > 1) BOOST_TEST_MESSAGE(name.str() << ": one in " << step << " of " << calls.size() << " calls is tried");
    std::vector<Found> found(calls.size() / step);
    share_out(found.size(), [&](std::size_t at, const std::string& network) {
      found[at] = kill_at(sample, at * step, calls[at * step], network);
    });
    if (!found.empty()) judge_all(found, name.str() + " killed before a system call,");
  }
}

BOOST_AUTO_TEST_SUITE_END()
