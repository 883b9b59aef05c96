// Runs suites written in a test through the whole road, in process: reader, plan, services, probes, judge, journal.
#pragma once
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/judge/rejudge.hpp"
#include "harness/run/run.hpp"
#include "harness/run/run_view.hpp"
#include "probes/catalogue.hpp"

namespace mccoy::test {
struct Heard final : run::Progress {
  std::vector<std::string> order, phases, notes;
  std::map<std::string, run::CaseEnd> ends;
  std::vector<Value> preflights, services;
  std::function<void(const suite::Case&)> on_started, on_ended;
  void planned(std::int64_t, std::string_view) override {}
  void preflight(const Value& record) override { preflights.push_back(record); }
  void service(const Value& record) override { services.push_back(record); }
  void started(const suite::Case& which) override {
    if (on_started) on_started(which);
  }
  void phase(const suite::Case& which, std::string_view what) override {
    phases.push_back(which.name + ": " + std::string(what));
  }
  void ended(const run::CaseEnd& end) override {
    if (on_ended) on_ended(*end.which);
    order.push_back(end.which->name);
    ends.emplace(end.which->name, end);
  }
  void note(std::string_view text) override { notes.emplace_back(text); }
};

class Road {
 public:
  Road() : dir_(std::move(TempDir::make("/tmp", "mccoy-road-")).value()) {}

  std::string path(const std::string& name) const { return dir_.path() + "/" + name; }
  void write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
    BOOST_REQUIRE(make_dirs(dirname(path(name))).ok());
    BOOST_REQUIRE(write_atomically(path(name), text, mode).ok());
  }
  void script(const std::string& name, const std::string& text) const { write(name, text, 0755); }

  /// Reads and runs; the suite must be valid.
  const run::RunResult& run(const std::string& yaml) { return run(std::vector<std::string>{yaml}); }
  const run::RunResult& run(const std::vector<std::string>& yamls) {
    suites_.clear();
    for (std::size_t i = 0; i < yamls.size(); ++i) {
      const std::string name = "suite" + std::to_string(i) + ".yaml";
      write(name, yamls[i]);
      auto read = suite::read_suite(path(name), probes::kind_schemas(), "2026-11-21");
      if (const auto* errors = std::get_if<suite::ReadErrors>(&read))
        for (const Error& error : errors->errors) BOOST_FAIL(render(error));
      suites_.push_back(std::get<suite::Suite>(std::move(read)));
    }
    options.out = path("out" + std::to_string(++runs_));
    auto result = run::run_suites(suites_, options, &probes::find_kind, heard, interrupt);
    if (!result.ok()) BOOST_FAIL(render(result.error()));
    result_ = std::move(result).value();
    const auto again = judge::rejudge(result_.bundle);  // whatever a test does, its bundle must bear being judged again
    BOOST_REQUIRE(again.ok());
    for (const std::string& sentence : again->disagreements) BOOST_ERROR(sentence);
    return result_;
  }
  const run::CaseEnd& end(const std::string& name) const {
    const auto found = heard.ends.find(name);
    BOOST_REQUIRE_MESSAGE(found != heard.ends.end(), "no case " + name);
    return found->second;
  }
  /// "pass/real (challenged) R14"
  std::string told(const std::string& name) const {
    const judge::Judgement& judged = end(name).judgement;
    std::string text =
        std::string(judge::to_text(judged.outcome)) + "/" + std::string(judge::to_text(judged.provenance));
    if (judged.strength != judge::Strength::none) text += " (" + std::string(judge::to_text(judged.strength)) + ")";
    return text;
  }
  run::RunView view() const {
    auto read = run::read_run(result_.bundle);
    if (!read.ok()) BOOST_FAIL(render(read.error()));
    return std::move(read).value();
  }

  run::RunOptions options;
  Heard heard;
  Interrupt interrupt;

 private:
  TempDir dir_;
  std::vector<suite::Suite> suites_;
  run::RunResult result_;
  int runs_ = 0;
};
}  // namespace mccoy::test
