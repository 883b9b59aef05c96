// A probe used as a run uses it, without the run: typed settings, one trial, and what the watch was told.
#pragma once
#include <poll.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "probes/catalogue.hpp"

namespace mccoy::test {
/// Writes down what a probe says while it acts; asks the kernel nothing.
class WatchSpy : public Watch {
 public:
  void exchanged(int fd, std::int64_t bytes_out, std::int64_t bytes_in) override {
    pollfd open{fd, 0, 0};
    exchanges.push_back({::poll(&open, 1, 0) >= 0 && (open.revents & POLLNVAL) == 0, bytes_out, bytes_in});
  }
  void starting(Command&) override {}
  void ran(const Command& command, const Captured& captured) override {
    commands.push_back(command);
    captures.push_back(captured);
  }
  struct Exchange {
    bool open = false;
    std::int64_t bytes_out = 0, bytes_in = 0;
  };
  std::vector<Exchange> exchanges;
  std::vector<Command> commands;
  std::vector<Captured> captures;
};

struct Attempt {
  WatchSpy spy;
  Interrupt interrupt;
  TempDir scratch = TempDir::make("/tmp", "mccoy-probe-").value();
  Trial trial{.case_id = "test/case",
              .nonce = "nonce",
              .seed = 1,
              .folder = scratch.path(),
              .scratch = scratch.path(),
              .env = base_environment(),
              .deadline = Deadline::in(std::chrono::seconds(20)),
              .interrupt = &interrupt,
              .watch = &spy};

  /// fields  typed as the suite's reader leaves them: durations in ns, sizes in bytes
  Result<evidence::Observation> observe(std::string_view kind, Value head, const Value& fields = Value::map()) {
    const ProbeKind* found = probes::find_kind(kind);
    BOOST_REQUIRE(found != nullptr);
    suite::LocatedMap given;
    for (const auto& [name, value] : fields.as_map()) given.emplace_back(name, suite::Located{value, {}});
    MCCOY_TRY(settings, suite::Settings::resolve(*found->schema, {std::move(head), {}}, given, suite::Scope()));
    MCCOY_TRY(probe, found->make(settings));
    return probe->observe(trial);
  }
  /// The same where an answer is expected; the error is the test's message.
  evidence::Observation seen(std::string_view kind, Value head, const Value& fields = Value::map()) {
    auto observed = observe(kind, std::move(head), fields);
    if (!observed.ok()) BOOST_FAIL(observed.error().what);
    return std::move(observed).value();
  }
  /// The same where none is: the error.
  Error refused(std::string_view kind, Value head, const Value& fields = Value::map()) {
    auto observed = observe(kind, std::move(head), fields);
    if (observed.ok()) BOOST_FAIL("an answer came where none was expected");
    return std::move(observed).error();
  }
};

/// A server of fixtures/ or of the system, gone with its owner. Waits for its first line of output.
class Server {
 public:
  explicit Server(std::vector<std::string> argv) {
    Command command{.argv = std::move(argv), .env = base_environment(), .cwd = {}, .input = {}, .uid = {}, .gid = {}};
    auto tree = ProcessTree::start(command);
    if (!tree.ok()) BOOST_FAIL(tree.error().what);
    tree_ = std::move(tree).value();
    while (first_line_.find('\n') == std::string::npos && read_some()) continue;
    BOOST_REQUIRE_MESSAGE(first_line_.find('\n') != std::string::npos, "the server said nothing: " + first_line_);
  }
  int port() const { return std::stoi(first_line_.substr(first_line_.find(' ') + 1)); }
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port()) + path; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
  ProcessTree& tree() { return tree_; }

 private:
  bool read_some() {
    pollfd readable{tree_.out(), POLLIN, 0};
    if (::poll(&readable, 1, 20000) <= 0) return false;
    char room[512];
    const ssize_t got = ::read(tree_.out(), room, sizeof room);
    if (got > 0) first_line_.append(room, static_cast<std::size_t>(got));
    return got > 0;
  }
  ProcessTree tree_;
  std::string first_line_;
};

inline std::string fixture(const std::string& name) {
  return std::string(MCCOY_BINARY_DIR) + "/fixtures/" + name;
}
inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
}  // namespace mccoy::test
