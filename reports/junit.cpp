// JUnit XML. A consumer that knows only "passed" never sees a pass whose provenance is below what the suite requires:
// that is a <failure>. What could not be found out, was not run, or keeps the whole run from being believed is an
// <error>. All planned cases are there, and no suite is empty, as some consumers drop empty ones without a word.
#include <algorithm>
#include <map>
#include <set>

#include "harness/base/text.hpp"
#include "harness/report.hpp"
#include "reports/junit_file.hpp"

namespace mccoy::reports {
namespace {
constexpr std::size_t kCasesMax = 4'500;         ///< of a file; one consumer takes 5,000
constexpr std::size_t kBytesMax = 24'000'000;    ///< of a file; one consumer takes 30 MB
constexpr std::string_view kRunSuite = "mccoy";  ///< the suite that speaks of the run itself

constexpr JunitDialect kDialects[] = {
    {.name = "common", .suite_texts = true},
    {.name = "gitlab", .root_counts = true, .case_texts = true, .case_place = true, .zone = true},
    {.name = "surefire", .case_texts = true, .zone = true, .suite_is_root = true},
};

std::vector<std::string_view> dialect_names() {
  std::vector<std::string_view> names;
  for (const JunitDialect& dialect : kDialects) names.push_back(dialect.name);
  return names;
}

JunitProperties run_properties(const run::RunView& run, const JunitDialect& dialect) {
  const auto text = [](const Value& value) { return junit_line(value.as_string()); };
  return {{"mccoy.run.id", text(run.open["run"]["id"])},
          {"mccoy.version", text(run.open["mccoy"]["version"])},
          {"mccoy.verdict", std::string(judge::to_text(run.summary.verdict))},
          {"mccoy.sentence", junit_line(run.summary.sentence)},
          {"mccoy.signature", "UNSIGNED"},
          {"mccoy.journal.root", run.journal.root},
          {"mccoy.journal.head", run.journal.head},
          {"mccoy.journal.records", std::to_string(run.journal.records)},
          {"mccoy.journal.state", std::string(evidence::to_text(run.journal.state))},
          {"mccoy.journal.sealed", run.sealed ? "true" : "false"},
          {"mccoy.timezone", "UTC"},
          {"mccoy.dialect", std::string(dialect.name)}};
}

/// Suites of the run in their order, with the cases of each; those without cases too.
using Grouped = std::vector<std::pair<std::string, std::vector<const run::CaseView*>>>;
Grouped by_suite(const run::RunView& run) {
  Grouped groups;
  std::map<std::string, std::size_t> places;
  const auto group_of = [&](const std::string& name) -> auto& {
    const auto [place, fresh] = places.emplace(name, groups.size());
    if (fresh) groups.push_back({name, {}});
    return groups[place->second].second;
  };
  for (const Value& suite : run.open["suites"].as_list()) group_of(suite["name"].as_string());
  for (const run::CaseView& view : run.cases) group_of(view.suite).push_back(&view);
  return groups;
}

class JunitReport {
 public:
  JunitReport(const run::RunView& run, const JunitDialect& dialect)
      : run_(run), dialect_(dialect), properties_(run_properties(run, dialect)), file_(dialect) {}

  Result<ReportFiles> render() {
    for (const auto& [name, cases] : by_suite(run_)) {
      begin(name);
      if (cases.empty()) add(nothing_selected(name));
      for (const run::CaseView* view : cases) {
        MCCOY_TRY(one, junit_case(run_, *view));
        add(std::move(one));
      }
      file_.end_suite();
    }
    tell_of_the_run();
    finish_file();
    return std::move(files_);
  }

 private:
  void begin(const std::string& suite) {
    if (dialect_.suite_is_root && file_.cases() > 0) finish_file();
    suite_ = {.name = junit_line(suite),
              .hostname = junit_line(run_.open["host"]["name"].as_string()),
              .started_ms = run_.started_ms,
              .properties = properties_,
              .out = junit_text(visible_text(run_.summary.sentence) + '\n'),
              .err = {}};
    if (trim(suite_.hostname).empty()) suite_.hostname = "localhost";
    for (const std::string& note : run_.notes) suite_.err += junit_text(visible_line(note)) + '\n';
    file_.begin_suite(suite_);
  }

  void add(JunitCase one) {
    if (file_.cases() >= kCasesMax || (file_.cases() > 0 && file_.bytes() + JunitFile::bytes_of(one) > kBytesMax)) {
      file_.end_suite();
      finish_file();
      file_.begin_suite(suite_);
    }
    make_unique(one);
    file_.add(one);
  }

  /// Of two cases with one name some consumers keep only the first.
  void make_unique(JunitCase& one) {
    const std::string name = one.name;
    for (int n = 2; !names_.insert({one.classname, one.name}).second; ++n)
      one.name = name + " (" + std::to_string(n) + ')';
  }

  static JunitCase nothing_selected(const std::string& suite) {
    JunitCase one;
    one.classname = junit_line(suite);
    one.name = "no case selected";
    one.result = JunitCase::Result::skipped;
    one.message = "the plan of this run has no case of this suite";
    return one;
  }

  void tell_of_the_run() {
    const std::vector<std::string> found = troubles(run_);
    if (found.empty()) return;
    begin(std::string(kRunSuite));
    JunitCase one;
    one.classname = kRunSuite;
    one.name = "the run as a whole";
    one.result = JunitCase::Result::error;
    one.type = "mccoy.Run";
    one.message = junit_line(found.front());
    for (const std::string& trouble : found) one.details += junit_text(visible_line(trouble)) + '\n';
    add(std::move(one));
    file_.end_suite();
  }

  void finish_file() {
    files_.emplace_back(files_.empty() ? "" : '-' + std::to_string(files_.size() + 1), file_.text());
    file_ = JunitFile(dialect_);
  }

  const run::RunView& run_;
  const JunitDialect& dialect_;
  JunitProperties properties_;
  JunitFile file_;
  JunitSuite suite_;
  std::set<std::pair<std::string, std::string>> names_;
  ReportFiles files_;
};

Result<ReportFiles> render(const run::RunView& run, std::string_view dialect) {
  if (dialect.empty()) dialect = kDialects[0].name;
  const auto row = std::ranges::find(kDialects, dialect, &JunitDialect::name);
  if (row == std::end(kDialects))
    return Error{.what = "JUnit has no dialect \"" + std::string(dialect) + "\"",
                 .hint = "one of common, gitlab, surefire"};
  return JunitReport(run, *row).render();
}
}  // namespace

extern const ReportKind junit_kind;
const ReportKind junit_kind{"junit", "JUnit XML, for CI systems", dialect_names, render};
}  // namespace mccoy::reports
