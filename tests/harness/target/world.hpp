// A suite of services made in memory, with folders of its own, for the tests of this room.
#pragma once
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/target/port_hold.hpp"
#include "harness/target/reach.hpp"
#include "harness/target/services.hpp"
#include "harness/witness/responder.hpp"

namespace mccoy::target::testing {
using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

inline const std::string kUnruly = MCCOY_BINARY_DIR "/fixtures/unruly";

inline suite::Located located(Value value) {
  return {std::move(value), {.file = intern("test.yaml"), .line = 1}};
}
inline suite::Located argv(const Texts& words) {
  Value list = Value::list();
  for (const auto& word : words) list.push(word);
  return located(std::move(list));
}

/// A service that runs the unruly server on its port, ready when that can be connected to.
inline suite::Service unruly(const std::string& name, Texts options = {}, Texts needs = {}) {
  suite::Service service;
  service.name = name;
  service.span = {.file = intern("test.yaml"), .line = 3};
  Texts words{kUnruly, "--port", "${port}"};
  words.insert(words.end(), options.begin(), options.end());
  service.run = argv(words);
  service.needs = std::move(needs);
  service.ready.within = seconds(20);
  service.stop_within = seconds(3);
  return service;
}

inline suite::Ready ready_by(suite::Ready::How how, Value what) {
  suite::Ready ready;
  ready.how = how;
  ready.what = located(std::move(what));
  ready.within = seconds(20);
  return ready;
}

class World {
 public:
  explicit World(std::vector<suite::Service> services) {
    auto made = TempDir::make("/tmp", "mccoy-test-");
    BOOST_REQUIRE(made.ok());
    folder_ = std::move(*made);
    suite_.name = "test";
    suite_.folder = folder_.path();
    suite_.services = std::move(services);
    BOOST_REQUIRE(make_dirs(folder_.path() + "/scratch").ok());
    BOOST_REQUIRE_EQUAL(::chmod(folder_.path().c_str(), 0711), 0);
  }

  Status prepare() {
    ServiceOptions options;
    options.scratch = folder_.path() + "/scratch";
    options.logs = folder_.path() + "/logs";
    options.run_started_ms = wall_ms();
    options.env = base_environment();
    options.interrupt = &interrupt;
    options.provisions = provisions_;
    options.record = [this](std::string_view, Value body) {  // from many threads: no check of Boost.Test may stand here
      const std::lock_guard lock(mutex_);
      records_.push_back(std::move(body));
    };
    auto made = Services::prepare(suite_, {}, std::move(options));
    if (!made.ok()) return std::move(made).error();
    services_ = std::move(*made);
    return {};
  }
  /// Prepared and all started.
  Services& up() {
    if (!services_) BOOST_REQUIRE(prepare().ok());
    Texts names;
    for (const auto& service : suite_.services) names.push_back(service.name);
    services_->start(names);
    return *services_;
  }
  Services& services() { return *services_; }
  suite::Suite& suite() { return suite_; }
  std::map<std::string, Provisions>& provisions() { return provisions_; }  ///< before prepare()
  const std::string& folder() const { return folder_.path(); }
  void drop() { services_.reset(); }

  std::string unusable(const std::string& name) const { return services_->unusable(name).value_or(""); }
  std::string text(const std::string& with_variables) const {
    auto value = services_->with_services({}).expand_text(with_variables, {});
    BOOST_REQUIRE_MESSAGE(value.ok(), with_variables << ": " << (value.ok() ? "" : value.error().what));
    return *value;
  }
  int port(const std::string& name) const { return std::stoi(text("${services." + name + ".port}")); }
  pid_t pid(const std::string& name) const { return std::stoi(text("${services." + name + ".pid}")); }

  /// Records of one event, in order.
  std::vector<Value> records(std::string_view event) const {
    const std::lock_guard lock(mutex_);
    std::vector<Value> found;
    for (const auto& record : records_)
      if (record["event"].as_string() == event) found.push_back(record);
    return found;
  }
  Texts names(std::string_view event) const {
    Texts found;
    for (const auto& record : records(event)) found.push_back(record["name"].as_string());
    return found;
  }

  Interrupt interrupt;

 private:
  TempDir folder_;
  suite::Suite suite_;
  std::map<std::string, Provisions> provisions_;
  mutable std::mutex mutex_;
  std::vector<Value> records_;
  std::unique_ptr<Services> services_;  // goes first: it records what it stops
};

/// Waits for something that is announced by nobody.
inline bool eventually(const std::function<bool()>& done, Duration within = seconds(20)) {
  for (const auto deadline = Deadline::in(within); !deadline.passed(); std::this_thread::sleep_for(milliseconds(5)))
    if (done()) return true;
  return done();
}

inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
inline bool lives(pid_t pid) {
  const auto info = process_info(pid);
  return info && info->state != 'Z';
}
inline Reached get(int port, bool only_connect = false) {
  return reach({.url = "http://127.0.0.1:" + std::to_string(port) + "/",
                .only_connect = only_connect,
                .deadline = Deadline::in(seconds(10))});
}

inline int free_port() {
  const auto held = PortHold::choose();
  BOOST_REQUIRE(held.ok());
  return held->port();  // free again when this returns
}

/// A program that runs outside of all services: a stranger, or a server of before.
class Outsider {
 public:
  explicit Outsider(const Texts& words) {
    auto started = ProcessTree::start({.argv = words, .env = base_environment(), .cwd = "/", .input = {}});
    BOOST_REQUIRE(started.ok());
    tree_ = std::move(*started);
  }
  pid_t pid() const { return tree_.root().pid; }

 private:
  ProcessTree tree_;
};
/// The unruly server on a port of its own, listening when the constructor returns.
class OtherServer {
 public:
  explicit OtherServer(int port, const Texts& options = {}) : port_(port), outsider_(words(port, options)) {
    BOOST_REQUIRE(eventually([&] {
      const auto owners = witness::listeners_on(port_, {});
      return std::any_of(owners.begin(), owners.end(), [&](const auto& owner) { return owner.id.pid == pid(); });
    }));
  }
  int port() const { return port_; }
  pid_t pid() const { return outsider_.pid(); }

 private:
  static Texts words(int port, const Texts& options) {
    Texts all{kUnruly, "--port", std::to_string(port)};
    all.insert(all.end(), options.begin(), options.end());
    return all;
  }
  int port_;
  Outsider outsider_;
};
}  // namespace mccoy::target::testing
