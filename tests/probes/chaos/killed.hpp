// A mccoy that does a fault to a service and is killed meanwhile, and what is left of it then. It is this program
// again, at the case killed/stage, which says where it is by a line on its standard output:
//   folder PATH   lacks WHY   begin …   injected MICROSECONDS   healing …   healed MICROSECONDS
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <memory>

#include "harness/target/port_hold.hpp"
#include "tests/probes/chaos/residue.hpp"
#include "tests/probes/chaos/samples.hpp"

namespace mccoy::chaos::testing {
inline constexpr double kHealedWithin_s = 2, kSlack_s = 8;  ///< slack: for a machine busy with something else

inline double seconds_since(Instant begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

/// A network namespace with a name and nothing but its loopback device, gone with its owner.
class NamedNetwork {
 public:
  explicit NamedNetwork(int number) : name_("mcck" + std::to_string(::getpid()) + "n" + std::to_string(number)) {
    if (::geteuid() != 0 || !ip("netns add " + name_) || !ip("-n " + name_ + " link set lo up")) name_.clear();
  }
  ~NamedNetwork() {
    if (!name_.empty()) (void)ip("netns del " + name_);
  }
  NamedNetwork(const NamedNetwork&) = delete;
  const std::string& name() const { return name_; }  ///< "": cannot be made here

 private:
  static bool ip(const std::string& words) {
    Command command{.argv = {"/bin/sh", "-c", "ip " + words}, .env = base_environment()};
    set_env(command.env, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    const auto ran = run_command(command, Deadline::in(seconds(20)));
    return ran.ok() && ran->ended.exited && ran->ended.code == 0;
  }
  std::string name_;
};

/// A service that nobody of the suite started.
class Stranger {
 public:
  Stranger(Place place, const Texts& options = {}) {
    auto port = target::PortHold::choose();
    if (!port.ok()) return;
    port_ = port->port();
    port->release();
    Command command{.argv = {kDoer, "--port", std::to_string(port_)}, .env = base_environment(), .cwd = "/"};
    command.argv.insert(command.argv.end(), options.begin(), options.end());
    command.private_mounts = place == Place::attached_mounts;
    auto tree = ProcessTree::start(command);
    if (tree.ok()) tree_ = std::move(*tree);
    (void)comes_true([&] { return tree.ok() && ask(port_, "pid").starts_with("ok"); });
  }
  int port() const { return port_; }
  pid_t pid() const { return tree_.root().pid; }

 private:
  int port_ = 0;
  ProcessTree tree_;
};

/// One mccoy, in surroundings of its own. Used by one thread; no check of Boost.Test stands here.
class Killed {
 public:
  Killed(std::size_t sample, const std::string& network, int hold_ms = 30, const Texts& stranger = {})
      : sample_(kSamples[sample]), network_(sample_.place == Place::network ? network : "") {
    if (is_attached(sample_.place)) stranger_ = std::make_unique<Stranger>(sample_.place, stranger);
    gate_ = state_.path() + "/gate";
    (void)::mkfifo(gate_.c_str(), 0600);
    add_machine(machine_, {state_.path()});
    add_network(machine_, own_, network_);
    start(sample, hold_ms);
    if (!says("begin")) return;
    own_ = own(false);
    sockets_ = listening(pids());
  }
  ~Killed() {
    (void)tree_.kill_all();
    if (const auto folder = word("folder"); folder.starts_with("/tmp/mccoy-test-")) std::filesystem::remove_all(folder);
  }
  Killed(const Killed&) = delete;

  bool begun() const { return !word("begin").empty(); }
  const std::string& said() const { return said_; }
  /// Why the fault cannot be done here.
  std::string lacks() const { return network_.empty() && sample_.place == Place::network ? "no root" : word("lacks"); }
  const std::string& state() const { return state_.path(); }
  pid_t pid() const { return tree_.root().pid; }
  pid_t stranger() const { return stranger_ ? stranger_->pid() : 0; }

  /// Lets it begin.
  void go() { gate_fd_ = UniqueFd(::open(gate_.c_str(), O_RDWR | O_CLOEXEC)); }
  /// Waits until it has said this. False: it ended before.
  bool says(const std::string& what);
  /// What follows a word at the start of a line.
  std::string word(const std::string& name) const;

  void kill_it() {
    if (begun()) ::kill(pid(), SIGKILL);
  }
  /// Both at once: neither may see the other go.
  void kill_with_guardian();
  std::size_t living() const { return tree_.members().size(); }
  /// Waits until everything is as it was.
  ///   returns  what is not, one thing a line; "" = nothing
  std::string residue();
  std::size_t records() const;

 private:
  void start(std::size_t sample, int hold_ms);
  std::vector<pid_t> pids() const;
  Lines own(bool with_scratch) const;
  Lines changed() const;
  Lines machine() const;

  const Sample& sample_;
  const std::string network_;
  TempDir state_ = TempDir::make("/tmp", "mccoy-killed-").value();
  std::string gate_;
  UniqueFd gate_fd_;
  std::unique_ptr<Stranger> stranger_;
  Lines machine_, own_, sockets_;  ///< before
  ProcessTree tree_;
  std::string said_;
};

inline void Killed::start(std::size_t sample, int hold_ms) {
  Command command{.argv = {"/proc/" + std::to_string(::getpid()) + "/exe", "--run_test=killed/stage"},
                  .env = base_environment()};
  set_env(command.env, "MCCOY_TEST_SAMPLE", std::to_string(sample));
  set_env(command.env, "MCCOY_TEST_NETWORK", network_);
  set_env(command.env, "MCCOY_TEST_PORT", std::to_string(stranger_ ? stranger_->port() : 0));
  set_env(command.env, "MCCOY_TEST_GATE", gate_);
  set_env(command.env, "MCCOY_TEST_HOLD_MS", std::to_string(hold_ms));
  set_env(command.env, "XDG_STATE_HOME", state_.path());
  if (auto tree = ProcessTree::start(command); tree.ok()) tree_ = std::move(*tree);
}

inline bool Killed::says(const std::string& what) {
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

inline std::string Killed::word(const std::string& name) const {
  const auto at = ("\n" + said_).find("\n" + name + " ");
  if (at == std::string::npos) return "";
  return said_.substr(at + name.size() + 1, said_.find('\n', at) - at - name.size() - 1);
}

inline void Killed::kill_with_guardian() {
  if (!begun()) return;
  const auto children = children_of(pid());
  ::kill(pid(), SIGSTOP);
  for (const pid_t child : children) ::kill(child, SIGSTOP);
  for (const pid_t child : children) ::kill(child, SIGKILL);
  ::kill(pid(), SIGKILL);
}

inline std::size_t Killed::records() const {
  Lines files;
  add_files(files, state_.path() + "/mccoy/undo", "");
  return files.size();
}

inline std::vector<pid_t> Killed::pids() const {
  std::vector<pid_t> all;
  for (const auto& process : tree_.members()) all.push_back(process.id.pid);
  return all;
}

/// What is nobody else's: it has to be exactly as before. The logs of the services stay; the scratch folder, which the
/// run promised to remove, has to go.
inline Lines Killed::own(bool with_scratch) const {
  Lines lines, ignored;
  const auto folder = word("folder");
  add_files(lines, folder, "logs");
  std::erase_if(
      lines, [&](const std::string& line) { return !with_scratch && line.starts_with("file " + folder + "/scratch"); });
  add_file(lines, folder + "/config");
  if (stranger_) add_process(lines, stranger_->pid());
  if (!network_.empty()) add_network(ignored, lines, network_);
  return lines;
}

/// What others change as well: nothing may come in addition, and stay.
inline Lines Killed::machine() const {
  Lines lines, ignored;
  add_machine(lines, {state_.path(), word("folder")});
  add_network(lines, ignored, "");
  return lines;
}

inline Lines Killed::changed() const {
  Lines lines;
  const auto now = own(true);
  for (const auto& line : missing_from(own_, now)) lines.insert("new: " + line);
  for (const auto& line : missing_from(now, own_)) lines.insert("gone: " + line);
  return lines;
}

inline std::string Killed::residue() {
  const auto deadline = Deadline::in(std::chrono::milliseconds(static_cast<int>(1000 * (kHealedWithin_s + kSlack_s))));
  Lines left;
  for (bool first = true;; std::this_thread::sleep_for(milliseconds(10))) {
    if (living() > 0 || records() > 0) {
      if (!deadline.passed()) continue;
      return std::to_string(living()) + " processes, " + std::to_string(records()) + " records";
    }
    Lines more = missing_from(machine_, machine());
    more.merge(common(sockets_, listening({})));
    left = std::exchange(first, false) ? std::move(more) : common(left, more);
    Lines wrong = changed();
    wrong.insert(left.begin(), left.end());
    if (wrong.empty() || deadline.passed()) return all_of(wrong);
  }
}
/// One that is about to begin; a machine that is too busy gets three chances to start it.
inline std::unique_ptr<Killed> about_to_begin(std::size_t sample, const std::string& network, int hold_ms) {
  auto mccoy = std::make_unique<Killed>(sample, network, hold_ms);
  for (int more = 2; more > 0 && !mccoy->begun() && mccoy->lacks().empty(); --more)
    mccoy = std::make_unique<Killed>(sample, network, hold_ms);
  return mccoy;
}
}  // namespace mccoy::chaos::testing
