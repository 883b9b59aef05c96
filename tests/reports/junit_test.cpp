#include "tests/reports/checked.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <clocale>

namespace mccoy::reports {
namespace {
namespace data = boost::unit_test::data;
using run::SampleCase, run::SampleRun;

struct Fate {
  std::string_view name, element, type, message;  ///< message: a part of it
};
std::ostream& operator<<(std::ostream& out, const Fate& fate) {
  return out << fate.name;
}

const Fate kFates[] = {
    {"proven", "", "", ""},
    {"observed", "", "", ""},
    {"canned", "failure", "mccoy.Provenance.mock", "to become real: an answer that follows its input"},
    {"pretended", "failure", "mccoy.Provenance.simulated", "is simulated where real is required"},
    {"unseen", "failure", "mccoy.Provenance.unproven", "is unproven where real is required"},
    {"unchallenged", "failure", "mccoy.Provenance.unchallenged", "is real (observed) where challenged is required"},
    {"accepted", "", "", ""},
    {"wrong", "failure", "mccoy.CheckFailed", "status equals 200, but was 503"},
    {"unreachable", "error", "mccoy.Error", "connection refused"},
    {"declared", "skipped", "", "no licence for the simulator here"},
    {"behind", "error", "mccoy.NotRun", "needs wrong, which failed"},
    {"if-possible", "skipped", "", "not-run: needs wrong, which failed"},
    {"waived", "skipped", "", "waived by ann until 2027-01-31: status equals 200, but was 404"},
    {"sometimes", "", "", ""},
};

/// Rendered once for all rows, in each dialect.
struct Rendered {
  SampleRun sample{run::every_fate()};
  run::RunView view = sample.whole().view();
  std::string common = render_one("junit", view), gitlab = render_one("junit", view, "gitlab"),
              surefire = render_one("junit", view, "surefire");
};
const Rendered& rendered() {
  static const Rendered once;
  return once;
}
std::string case_path(std::string_view name) {
  return "//testcase[@name='" + std::string(name) + "']";
}
}  // namespace

BOOST_AUTO_TEST_SUITE(junit)

BOOST_DATA_TEST_CASE(a_fate_is_told_as_the_rules_say, data::make(kFates), fate) {
  const Rendered& all = rendered();
  const auto get = [&](const std::string& xml, const std::string& path) { return xpath(all.sample, xml, path); };
  for (const std::string* xml : {&all.common, &all.gitlab, &all.surefire}) {
    const std::string path = case_path(fate.name);
    BOOST_TEST(get(*xml, "count(" + path + ")") == "1");
    BOOST_TEST(get(*xml, "name(" + path + "/*[not(starts-with(name(), 'system-') or starts-with(name(), 'flaky'))])") ==
               fate.element);
    BOOST_TEST(get(*xml, path + "/*/@type[starts-with(., 'mccoy.') and not(starts-with(name(..), 'flaky'))]") ==
               fate.type);
    BOOST_TEST(get(*xml, path + "/*/@message").find(fate.message) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(each_dialect_is_valid_under_its_schemas) {
  const Rendered& all = rendered();
  must_be_xml(all.sample, all.common, kCommonSchemas);
  must_be_xml(all.sample, all.gitlab, {});
  must_be_xml(all.sample, all.surefire, {"surefire-test-report.xsd"});
}

BOOST_AUTO_TEST_CASE(the_counts_add_up) {
  const Rendered& all = rendered();
  for (const std::string* xml : {&all.common, &all.gitlab, &all.surefire}) {
    const auto get = [&](const std::string& path) { return xpath(all.sample, *xml, path); };
    BOOST_TEST(get("//testsuite/@tests") == "14");
    BOOST_TEST(get("//testsuite/@tests") == get("count(//testcase)"));
    BOOST_TEST(get("//testsuite/@failures") == get("count(//failure)"));
    BOOST_TEST(get("//testsuite/@errors") == get("count(//error)"));
    BOOST_TEST(get("//testsuite/@skipped") == get("count(//skipped)"));
    BOOST_TEST(get("//testsuite/@failures") == "5");
    BOOST_TEST(get("//testsuite/@errors") == "2");
  }
  BOOST_TEST(xpath(all.sample, all.gitlab, "/testsuites/@tests") == "14");
}

BOOST_AUTO_TEST_CASE(outcome_and_provenance_of_every_case_travel_as_properties) {
  const Rendered& all = rendered();
  const auto get = [&](const std::string& name) {
    return xpath(all.sample, all.common, "//property[@name='mccoy." + name + "']/@value");
  };
  BOOST_TEST(get("canned.outcome") == "pass");
  BOOST_TEST(get("canned.provenance") == "mock");
  BOOST_TEST(get("proven.strength") == "challenged");
  BOOST_TEST(get("wrong.provenance") == "real");
  BOOST_TEST(get("behind.outcome") == "not-run");
  BOOST_TEST(get("sometimes.flaky") == "true");
  BOOST_TEST(get("signature") == "UNSIGNED");
  BOOST_TEST(get("journal.root") == all.view.journal.root);
  BOOST_TEST(get("verdict") == "failed");
  BOOST_TEST(get("timezone") == "UTC");
}

BOOST_AUTO_TEST_CASE(times_and_timestamps_are_spelt_as_consumers_read_them) {
  const Rendered& all = rendered();
  BOOST_TEST(xpath(all.sample, all.common, "//testsuite/@timestamp") == "2026-11-21T11:19:43");
  BOOST_TEST(xpath(all.sample, all.gitlab, "//testsuite/@timestamp") == "2026-11-21T11:19:43.223Z");
  BOOST_TEST(xpath(all.sample, all.common, case_path("proven") + "/@time") == "0.012");
  BOOST_TEST(xpath(all.sample, all.common, "//testsuite/@time") == "0.168");
}

BOOST_AUTO_TEST_CASE(a_failure_shows_check_output_and_place) {
  const Rendered& all = rendered();
  const std::string common = xpath(all.sample, all.common, case_path("wrong") + "/failure");
  for (const char* part : {"shop.yaml:12: shop/wrong (exec)", "expected: equals 200", "actual:   503",
                           "at:       shop.yaml:14", "[stdout: 10 bytes, sha256 ", "listening", "[stderr: 2000 bytes"})
    BOOST_TEST(common.find(part) != std::string::npos, part);
  BOOST_TEST(xpath(all.sample, all.gitlab, case_path("wrong") + "/system-out").find("listening") != std::string::npos);
  BOOST_TEST(xpath(all.sample, all.gitlab, case_path("wrong") + "/failure").find("listening") == std::string::npos);
  BOOST_TEST(xpath(all.sample, all.gitlab, case_path("wrong") + "/@file") == "shop.yaml");
  BOOST_TEST(xpath(all.sample, all.gitlab, case_path("wrong") + "/@line") == "12");
}

BOOST_AUTO_TEST_CASE(surefire_tells_earlier_attempts_of_a_flaky_case) {
  const Rendered& all = rendered();
  BOOST_TEST(xpath(all.sample, all.surefire, case_path("sometimes") + "/flakyError/@message") == "timed out after 2 s");
  BOOST_TEST(xpath(all.sample, all.surefire, "/testsuite/@flakes") == "1");
}

BOOST_AUTO_TEST_CASE(a_strict_run_shows_a_flaky_pass_as_a_failure) {
  SampleRun sample(run::Cases{{.name = "sometimes", .flaky = true}});
  sample.options = Value::map({{"strict", true}});
  const std::string xml = render_one("junit", sample.whole().view());
  BOOST_TEST(xpath(sample, xml, "//failure/@type") == "mccoy.Flaky");
}

BOOST_AUTO_TEST_CASE(a_suite_without_cases_is_not_empty) {
  SampleRun sample(run::Cases{{.suite = "shop"}}, {"idle", "shop"});
  const std::string xml = render_one("junit", sample.whole().view());
  must_be_xml(sample, xml, kCommonSchemas);
  BOOST_TEST(xpath(sample, xml, "count(//testsuite)") == "2");
  BOOST_TEST(xpath(sample, xml, "//testsuite[@name='idle']/testcase/skipped/@message").find("no case") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_run_that_cannot_be_believed_as_a_whole_is_never_green) {
  SampleRun cut(run::Cases{SampleCase{}});
  std::string xml = render_one("junit", cut.plan().run().view());
  must_be_xml(cut, xml, kCommonSchemas);
  BOOST_TEST(xpath(cut, xml, "//testcase[@classname='mccoy']/error/@type") == "mccoy.Run");
  BOOST_TEST(xpath(cut, xml, "//testcase[@classname='mccoy']/error/@message").find("cut off") != std::string::npos);

  SampleRun stopped(run::Cases{SampleCase{}});
  xml = render_one("junit", stopped.plan().run().seal("interrupted").view());
  BOOST_TEST(xpath(stopped, xml, "//error/@message") == "the run was interrupted");

  SampleRun untidy(run::Cases{SampleCase{}});
  untidy.plan().run().append(run::record::kProblem, Value::map({{"text", "left behind: port 8080"}}));
  xml = render_one("junit", untidy.seal().view());
  BOOST_TEST(xpath(untidy, xml, "//error/@message") == "left behind: port 8080");

  SampleRun nothing(run::Cases{}, {});
  xml = render_one("junit", nothing.whole().view());
  must_be_xml(nothing, xml, kCommonSchemas);
  BOOST_TEST(xpath(nothing, xml, "//error/@message") == "no case was planned");
}

BOOST_AUTO_TEST_CASE(planned_cases_of_a_run_that_was_cut_off_are_errors) {
  SampleRun sample(run::Cases{{.name = "first"}, {.name = "second"}});
  sample.plan().add({.name = "first"});
  const std::string xml = render_one("junit", sample.view());
  BOOST_TEST(xpath(sample, xml, "count(//testcase[@name='first']/*)") == "0");
  BOOST_TEST(xpath(sample, xml, "//testcase[@name='second']/error/@type") == "mccoy.NotRun");
}

BOOST_AUTO_TEST_CASE(names_that_look_alike_after_cleaning_stay_apart) {
  SampleRun sample(run::Cases{{.name = "a\x1b"}, {.name = "a\\x1b"}});
  const std::string xml = render_one("junit", sample.whole().view());
  must_be_xml(sample, xml, kCommonSchemas);
  BOOST_TEST(xpath(sample, xml, "count(//testcase[@name='a\\x1b'])") == "1");
  BOOST_TEST(xpath(sample, xml, "count(//testcase[@name='a\\x1b (2)'])") == "1");
}

BOOST_AUTO_TEST_CASE(long_output_is_cut_with_its_size_and_digest) {
  const std::string out = "begin " + std::string(300'000, 'm') + " end";
  SampleRun sample(run::Cases{{.outcome = judge::Outcome::fail, .texts = {{"stdout", out}}}});
  const std::string xml = render_one("junit", sample.whole().view());
  const std::string text = xpath(sample, xml, "//failure");
  BOOST_TEST(text.size() < 140'000);
  BOOST_TEST(text.find("begin mmm") != std::string::npos);
  BOOST_TEST(text.find("mmm end") != std::string::npos);
  BOOST_TEST(text.find("[168938 bytes left out; 300010 bytes in all, sha256 ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(many_cases_are_split_into_files_that_consumers_take) {
  std::vector<SampleCase> cases;
  for (int i = 0; i < 9'100; ++i) cases.push_back({.name = "case-" + std::to_string(i), .tried = false});
  SampleRun sample(std::move(cases));
  const ReportFiles files = render("junit", sample.whole().view());
  BOOST_REQUIRE(files.size() == 3);
  BOOST_TEST(files[0].first == "");
  BOOST_TEST(files[2].first == "-3");
  int total = 0;
  for (const auto& [part, xml] : files) {
    must_be_xml(sample, xml, kCommonSchemas);
    const int count = std::stoi(xpath(sample, xml, "count(//testcase)"));
    BOOST_TEST(count <= 4'500);
    total += count;
  }
  BOOST_TEST(total == 9'100);
}

BOOST_AUTO_TEST_CASE(large_outputs_are_split_below_25_megabytes) {
  std::vector<SampleCase> cases;
  for (int i = 0; i < 60; ++i)
    cases.push_back({.name = "case-" + std::to_string(i),
                     .outcome = judge::Outcome::fail,
                     .texts = {{"stdout", std::to_string(i) + std::string(200'000, '<')}}});
  SampleRun sample(std::move(cases));
  std::size_t total = 0;
  const ReportFiles files = render("junit", sample.whole().view());
  BOOST_TEST(files.size() >= 2);
  for (const auto& [part, xml] : files) {
    BOOST_TEST(xml.size() < 25'000'000);
    must_be_xml(sample, xml, kCommonSchemas);
    total += static_cast<std::size_t>(std::stoi(xpath(sample, xml, "count(//testcase)")));
  }
  BOOST_TEST(total == 60);
}

BOOST_AUTO_TEST_CASE(rendered_twice_in_any_locale_it_is_the_same_to_the_byte) {
  const Rendered& all = rendered();
  for (const char* locale : {"de_DE.UTF-8", "C.UTF-8", "tr_TR.UTF-8"}) {
    std::setlocale(LC_ALL, locale);
    const auto again = run::read_run(all.sample.path()).value();
    for (const auto& [dialect, before] :
         {std::pair("common", &all.common), std::pair("gitlab", &all.gitlab), std::pair("surefire", &all.surefire)})
      BOOST_TEST((render_one("junit", again, dialect) == *before), locale << ' ' << dialect);
  }
  std::setlocale(LC_ALL, "C");
}

BOOST_AUTO_TEST_CASE(an_unknown_dialect_is_an_error) {
  BOOST_TEST(!find_report("junit")->render(rendered().view, "jenkins").ok());
  BOOST_TEST(find_report("yaml") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::reports
