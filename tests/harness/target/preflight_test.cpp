#include "harness/target/preflight.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "harness/target/port_hold.hpp"
#include "world.hpp"

namespace mccoy::target::testing {
namespace {
namespace data = boost::unit_test::data;
using What = suite::Preflight::What;

struct VersionRow {
  std::string_view version, rule;
  bool holds;
};
std::ostream& operator<<(std::ostream& out, const VersionRow& row) {
  return out << row.version << " is " << row.rule;
}
const VersionRow kVersions[] = {
    {"15.18 (Debian 15.18-0+deb12u1)", ">= 13", true},
    {"15.18", ">= 15.18", true},
    {"15.18", "> 15.18", false},
    {"15.18", "> 15", true},
    {"15.18", "<= 15", false},
    {"15.18", "< 16", true},
    {"15.18", "15", true},
    {"15.18", "15.1", false},
    {"15.18", "= 15.18", true},
    {"15.18", "== 15.19", false},
    {"15.18", "!= 15", false},
    {"15.18", "!= 16", true},
    {"9.6", ">= 10", false},
    {"1.10.0", "> 1.9", true},
    {"1.0", ">= 1.0.0", true},
    {"15.18", ">= 13, < 16", true},
    {"16.1", ">= 13, < 16", false},
    {"18", ">=18", true},
    {"v18", ">= 18", false},
    {"", ">= 0", false},
    {"15.18", "", false},
    {"15.18", "latest", false},
    {"15.18", ">= 15 or so", false},
    {"2.99999999999999999999", ">= 2", true},
};

struct Machine {
  suite::Suite suite;
  TempDir folder = TempDir::make("/tmp", "mccoy-test-").value();
  std::vector<std::string> env = base_environment();

  Machine() { suite.folder = folder.path(); }
  suite::Preflight& ask(What what, const std::string& subject) {
    auto& asked = suite.preflight.emplace_back();
    asked.what = what;
    asked.name = subject;
    asked.subject = located(subject);
    asked.within = seconds(20);
    asked.span = {.file = intern("test.yaml"), .line = 7};
    return asked;
  }
  PreflightResult result(const Interrupt* interrupt = nullptr) {
    return run_preflight(suite, {}, env, interrupt).at(0);
  }
  /// An executable script of the suite's folder.
  std::string script(const std::string& text) {
    const auto path = folder.path() + "/tool";
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    ::chmod(path.c_str(), 0755);
    return path;
  }
};

BOOST_AUTO_TEST_SUITE(preflight)

BOOST_DATA_TEST_CASE(versions_are_compared_by_number, data::make(kVersions), row) {
  BOOST_TEST(version_satisfies(row.version, row.rule) == row.holds);
}

BOOST_AUTO_TEST_CASE(rules_that_cannot_be_read_are_told_apart) {
  for (const auto* rule : {">= 1", "<2", "1.2.3", ">= 1, != 1.5"}) BOOST_TEST(is_version_rule(rule), rule);
  for (const auto* rule : {"", "latest", ">= x", ">= 1,", "1..2"}) BOOST_TEST(!is_version_rule(rule), rule);
}

BOOST_AUTO_TEST_CASE(a_tool_is_run_and_identified) {
  Machine machine;
  machine.ask(What::tool, "bash").version = ">= 3";
  const auto result = machine.result();
  BOOST_TEST(result.ok, result.why);
  BOOST_TEST(result.name == "tool bash");
  BOOST_TEST(has(result.found, "/bash (sha256 "), result.found);
}

BOOST_AUTO_TEST_CASE(an_older_tool_is_refused_with_its_version) {
  Machine machine;
  machine.ask(What::tool, machine.script("echo 'tool 1.9.2'")).version = ">= 1.10";
  const auto result = machine.result();
  BOOST_TEST(!result.ok);
  BOOST_TEST(has(result.why, "1.9.2 is not >= 1.10"), result.why);
  BOOST_TEST(has(result.found, "1.9.2 at " + machine.folder.path()), result.found);
}

BOOST_AUTO_TEST_CASE(a_tool_that_is_not_there_names_the_path) {
  Machine machine;
  machine.ask(What::tool, "no-such-tool");
  const auto result = machine.result();
  BOOST_TEST(!result.ok);
  BOOST_TEST(has(result.why, "no-such-tool is not in PATH (" + get_env(machine.env, "PATH")), result.why);
}

BOOST_AUTO_TEST_CASE(a_program_of_that_name_that_tells_no_version_is_no_proof) {
  Machine machine;
  machine.ask(What::tool, machine.script("echo 'usage: tool [-q] WORD...'"));
  const auto result = machine.result();
  BOOST_TEST(!result.ok);
  BOOST_TEST(has(result.why, "tells no version; it said: usage: tool"), result.why);
}

BOOST_AUTO_TEST_CASE(a_version_in_a_complaint_of_a_broken_tool_does_not_count) {
  Machine machine;
  machine.ask(What::tool, machine.script("echo 'libssl.so.1.1: cannot open shared object file' >&2; exit 127"));
  const auto result = machine.result();
  BOOST_TEST(!result.ok);
  BOOST_TEST(has(result.why, "exited with status 127; it said: libssl.so.1.1"), result.why);
}

BOOST_AUTO_TEST_CASE(a_version_on_standard_error_counts) {
  Machine machine;
  machine.ask(What::tool, machine.script("echo 'nginx version: nginx/1.22.1' >&2"));
  BOOST_TEST(has(machine.result().found, "1.22.1 at "));
}

BOOST_AUTO_TEST_CASE(a_whole_number_counts_behind_the_word_version) {
  Machine machine;
  machine.ask(What::tool, machine.script("echo 'tool version 590 of 7 parts'")).version = ">= 500";
  BOOST_TEST(machine.result().ok);
}

BOOST_AUTO_TEST_CASE(a_stated_argv_and_pattern_are_used) {
  Machine machine;
  auto& asked = machine.ask(What::tool, machine.script("echo \"$1 build 17 for 3.2\""));
  asked.argv = {machine.folder.path() + "/tool", "about"};
  asked.pattern = "^about build ([0-9]+)";
  asked.version = "17";
  BOOST_TEST(machine.result().ok, machine.result().why);
}

BOOST_AUTO_TEST_CASE(a_tool_that_hangs_is_ended) {
  Machine machine;
  machine.ask(What::tool, machine.script("exec sleep 600")).within = milliseconds(200);
  const auto result = machine.result();
  BOOST_TEST(has(result.why, "did not answer within 200 ms"), result.why);
}

BOOST_AUTO_TEST_CASE(a_rule_that_is_none_is_told) {
  Machine machine;
  machine.ask(What::tool, machine.script("echo 1.2.3")).version = "newest";
  BOOST_TEST(has(machine.result().why, "\"newest\" is no rule for a version"), machine.result().why);
}

BOOST_AUTO_TEST_CASE(a_free_port_is_free) {
  Machine machine;
  machine.ask(What::port, "").port = free_port();
  BOOST_TEST(machine.result().ok, machine.result().why);
}

BOOST_AUTO_TEST_CASE(a_held_port_names_its_owner) {
  const OtherServer other(free_port());
  Machine machine;
  machine.ask(What::port, "").port = other.port();
  const auto result = machine.result();
  BOOST_TEST(!result.ok);
  const auto who = "port " + std::to_string(other.port()) + " is held by pid " + std::to_string(other.pid()) + " ";
  BOOST_TEST(result.why.starts_with(who), result.why);
  BOOST_TEST(has(result.why, "/fixtures/unruly, started 20"), result.why);
}

BOOST_AUTO_TEST_CASE(a_port_held_without_listening_is_not_free) {
  Machine machine;
  const auto hold = PortHold::choose();
  machine.ask(What::port, "").port = hold->port();
  const auto result = machine.result();
  BOOST_TEST(!result.ok);
  BOOST_TEST(has(result.why, "in use"), result.why);
}

BOOST_AUTO_TEST_CASE(fixed_ports_of_services_are_looked_at_as_well) {
  const OtherServer other(free_port());
  Machine machine;
  machine.suite.services.push_back(unruly("one"));
  machine.suite.services[0].fixed_port = other.port();
  const auto result = machine.result();
  BOOST_TEST(!result.ok);
  BOOST_REQUIRE(result.asked != nullptr);
  BOOST_TEST(result.asked->span.line == 3);
  BOOST_TEST(has(result.why, "is held by pid"), result.why);
  BOOST_TEST(to_value(result, "test")["what"].as_string() == "port");
}

BOOST_AUTO_TEST_CASE(disk_and_memory_are_measured) {
  Machine machine;
  for (const auto what : {What::disk, What::memory}) {
    for (const std::int64_t bytes : {std::int64_t{1}, std::int64_t{1} << 60}) {
      machine.suite.preflight.clear();
      machine.ask(what, ".").bytes = bytes;
      const auto result = machine.result();
      BOOST_TEST(result.ok == (bytes == 1), result.why);
      BOOST_TEST(!result.found.empty());
      if (!result.ok) BOOST_TEST(has(result.why, "are needed"), result.why);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_not_there_is_told) {
  Machine machine;
  machine.ask(What::disk, "no/such/folder").bytes = 1;
  BOOST_TEST(has(machine.result().why, "No such file"), machine.result().why);
}

BOOST_AUTO_TEST_CASE(a_file_must_be_readable) {
  Machine machine;
  machine.script("");
  machine.ask(What::file, "tool");
  machine.ask(What::file, "missing");
  const auto results = run_preflight(machine.suite, {}, machine.env, nullptr);
  BOOST_TEST(results.at(0).ok);
  BOOST_TEST(has(results.at(0).found, machine.folder.path() + "/tool (sha256 "));
  BOOST_TEST(has(results.at(1).why, machine.folder.path() + "/missing: No such file"), results.at(1).why);
}

BOOST_AUTO_TEST_CASE(reasons_why_an_address_is_out_of_reach_are_told_apart) {
  const OtherServer other(free_port());
  const auto here = "127.0.0.1:" + std::to_string(other.port());
  Machine machine;
  machine.ask(What::address, here);
  machine.ask(What::address, "http://" + here + "/");
  machine.ask(What::address, "127.0.0.1:" + std::to_string(free_port()));
  machine.ask(What::address, "no-such-name.invalid:80");
  machine.ask(What::address, "https://" + here + "/").within = milliseconds(500);
  machine.ask(What::address, "nowhere");
  const auto results = run_preflight(machine.suite, {}, machine.env, nullptr);
  BOOST_TEST(results.at(0).ok, results.at(0).why);
  BOOST_TEST(results.at(1).ok, results.at(1).why);
  BOOST_TEST(has(results.at(2).why, "refused"), results.at(2).why);
  BOOST_TEST(has(results.at(3).why, "name is not known"), results.at(3).why);
  BOOST_TEST(has(results.at(4).why, "TLS failed"), results.at(4).why);
  BOOST_TEST(has(results.at(5).why, "neither host:port nor a URL"), results.at(5).why);
}

BOOST_AUTO_TEST_CASE(an_address_that_never_answers_is_timed_out) {
  // A listener whose queue is full drops what comes next.
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  BOOST_REQUIRE_EQUAL(::listen(listener.get(), 0), 0);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<UniqueFd> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(waiting.back().get(), reinterpret_cast<const sockaddr*>(&address), size);
  }
  Machine machine;
  machine.ask(What::address, "127.0.0.1:" + std::to_string(ntohs(address.sin_port))).within = milliseconds(300);
  BOOST_TEST(has(machine.result().why, "nobody answered in time (300 ms)"), machine.result().why);
}

BOOST_AUTO_TEST_CASE(an_unknown_variable_fails_its_check_only) {
  Machine machine;
  machine.ask(What::file, "${nowhere}");
  machine.ask(What::file, ".");
  const auto results = run_preflight(machine.suite, {}, machine.env, nullptr);
  BOOST_TEST(has(results.at(0).why, "nowhere"), results.at(0).why);
  BOOST_TEST(results.at(1).ok);
}

BOOST_AUTO_TEST_CASE(a_result_is_journalled_in_words) {
  Machine machine;
  machine.ask(What::file, "missing");
  const auto record = to_value(machine.result(), "test");
  BOOST_TEST(record["suite"].as_string() == "test");
  BOOST_TEST(record["what"].as_string() == "file");
  BOOST_TEST(record["line"].as_int() == 7);
  BOOST_TEST(!record["ok"].as_bool(true));
  BOOST_TEST(!record["why"].as_string().empty());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
}  // namespace mccoy::target::testing
