// Which programs are test runners, and what is taken for their last word.
#include "harness/judge/test_runners.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "harness/base/text.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using evidence::Activity;
using evidence::SeenProgram;

struct Row {
  std::string_view command;  ///< words between blanks
  std::string_view exe;
  std::string_view script = {};
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.command;
}

SeenProgram program(const Row& row, int status = 1, int parent = -1) {
  static int next_pid = 100;
  SeenProgram made;
  made.process.id = {++next_pid, 1};
  made.process.exe = std::string(row.exe);
  made.process.script = std::string(row.script);
  made.process.argv = split(row.command, ' ');
  made.parent = parent;
  made.exit_code = status;
  return made;
}
std::string told(const Activity& activity) {
  std::string text;
  for (const RunnerRun& run : runner_runs(activity))
    text += run.what + (run.failed ? " failed;" : run.ran_none ? " none;" : " passed;");
  return text;
}

constexpr std::string_view kPython = "/usr/bin/python3.11", kNode = "/usr/bin/node", kJava = "/usr/bin/java";

const Row kRunners[] = {
    {"python3 -m pytest tests", kPython},
    {"python3 -B -m unittest test_sum", kPython},
    {"/usr/bin/pytest -q", kPython, "/usr/bin/pytest"},
    {"python3 /srv/.venv/bin/pytest", kPython, "/srv/.venv/bin/pytest"},
    {"node node_modules/.bin/jest", kNode, "/srv/node_modules/.bin/jest"},
    {"node --expose-gc node_modules/mocha/bin/mocha.js", kNode, "/srv/node_modules/mocha/bin/mocha.js"},
    {"node --test", kNode},
    {"node --test sum.test.js", kNode, "/srv/sum.test.js"},
    {"npm test", kNode, "/usr/bin/npm"},
    {"playwright test", kNode, "/srv/node_modules/.bin/playwright"},
    {"go test ./...", "/usr/lib/go/bin/go"},
    {"cargo +nightly test", "/root/.cargo/bin/cargo"},
    {"ctest --output-on-failure", "/usr/bin/ctest"},
    {"mvn -q verify", "/usr/bin/dash", "/usr/share/maven/bin/mvn"},
    {"./gradlew check", "/usr/bin/dash", "/srv/gradlew"},
    {"make -j4 check", "/usr/bin/make"},
    {"prove -r t", "/usr/bin/perl", "/usr/bin/prove"},
    {"bats tests", "/usr/bin/bash", "/usr/bin/bats"},
    {"phpunit", "/usr/bin/php8.2", "/srv/vendor/bin/phpunit"},
};
const Row kOthers[] = {
    {"python3 tool.py pytest", kPython, "/srv/tool.py"},
    {"python3 -c import~pytest", kPython},
    {"python3 -m http.server", kPython},
    {"python3 run.py -m pytest", kPython, "/srv/run.py"},
    {"node server.js", kNode, "/srv/server.js"},
    {"node server.js --test", kNode, "/srv/server.js"},
    {"npm run build", kNode, "/usr/bin/npm"},
    {"npm install jest", kNode, "/usr/bin/npm"},
    {"playwright install", kNode, "/srv/node_modules/.bin/playwright"},
    {"go build ./...", "/usr/lib/go/bin/go"},
    {"cargo build", "/root/.cargo/bin/cargo"},
    {"mvn clean", "/usr/bin/dash", "/usr/share/maven/bin/mvn"},
    {"make all", "/usr/bin/make"},
    {"test -f x", "/usr/bin/test"},
    {"grep -r pytest", "/usr/bin/grep"},
    {"java -jar app.jar test", kJava, "/srv/app.jar"},
};
const Row kSuite = {"python3 -m pytest tests", kPython};
}  // namespace

BOOST_AUTO_TEST_SUITE(test_runners)

BOOST_DATA_TEST_CASE(a_test_runner_is_known_by_its_file_and_first_words, data::make(kRunners), row) {
  Activity activity;
  activity.programs = {program(row)};
  BOOST_TEST(told(activity).ends_with(" failed;"), told(activity));
}

BOOST_DATA_TEST_CASE(another_program_is_none, data::make(kOthers), row) {
  Activity activity;
  activity.programs = {program(row)};
  BOOST_TEST(told(activity) == "");
}

BOOST_AUTO_TEST_CASE(the_outermost_runner_decides) {
  Activity activity;
  activity.programs = {program(kSuite, 0), program({"python3 -m pytest bad", kPython}, 1, 0)};
  BOOST_TEST(told(activity) == "pytest tests passed;");
}

BOOST_AUTO_TEST_CASE(a_documented_status_says_that_there_were_no_tests) {
  Activity activity;
  activity.programs = {program(kSuite, 5), program({"ctest", "/usr/bin/ctest"}, 5)};
  BOOST_TEST(told(activity) == "pytest tests none;ctest  failed;");
}

BOOST_AUTO_TEST_CASE(a_run_without_an_end_of_its_own_says_nothing) {
  Activity activity;
  activity.programs = {program(kSuite), program(kSuite), program(kSuite), program(kSuite)};
  activity.programs[0].alive = true;
  activity.programs[1].exit_code.reset();
  activity.programs[2].modes = {{.kind = evidence::DeclaredMode::Kind::list_only, .flag = "--co", .where = "argv"}};
  activity.signals = {{.by = 0, .signal = "TERM", .pid = activity.programs[3].process.id.pid, .to = 3}};
  BOOST_TEST(told(activity) == "");
}

BOOST_AUTO_TEST_CASE(a_run_that_was_ended_by_a_signal_has_failed) {
  Activity activity;
  activity.programs = {program(kSuite)};
  activity.programs[0].exit_code.reset();
  activity.programs[0].signal = "SEGV";
  BOOST_TEST(told(activity) == "pytest tests failed;");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
