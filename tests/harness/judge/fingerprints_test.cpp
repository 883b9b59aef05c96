#include "harness/judge/fingerprints.hpp"

#include <algorithm>
#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "harness/base/text.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using evidence::Activity;
using evidence::SeenProcess;

/// An activity of one program after another, each started by the one before.
class Story {
 public:
  Story& runs(const std::string& exe, const std::string& script = "", std::vector<std::string> argv = {}) {
    evidence::SeenProgram program;
    program.parent = last();
    program.process.exe = exe;
    program.process.script = script;
    program.process.argv = std::move(argv);
    activity_.programs.push_back(std::move(program));
    return *this;
  }
  Story& forks() {
    evidence::SeenProgram child = activity_.programs.back();
    child.parent = last();
    child.forked = true;
    activity_.programs.push_back(std::move(child));
    return *this;
  }
  Story& reads(const std::string& path) {
    evidence::SeenRead read;
    read.path = path;
    read.by = {last()};
    activity_.reads.push_back(std::move(read));
    return *this;
  }
  operator const Activity&() const { return activity_; }

 private:
  int last() const { return static_cast<int>(activity_.programs.size()) - 1; }
  Activity activity_;
};

/// "0:python.responses 1:node.nock"
std::string told(const Activity& activity, const Catalogue& known = catalogue()) {
  std::vector<std::string> words;
  for (const Match& one : match(known, activity))
    words.push_back(std::to_string(one.program) + ":" + one.what->id + (one.always_loaded() ? "*" : ""));
  return join(words, " ");
}

std::string told_of_file(const std::string& path) {
  return told(Story().runs("/usr/bin/app").reads(path));
}

bool is_matched(const Fingerprint& entry, const std::string& path) {
  SeenProcess process;
  process.script = path;
  process.argv = entry.with;
  const auto index = static_cast<std::size_t>(&entry - catalogue().entries().data());
  const auto by_file = catalogue().by_file(path), by_program = catalogue().by_program(process);
  return std::ranges::count(by_file, index) + std::ranges::count(by_program, index) > 0;
}

Fingerprint ledger() {
  Fingerprint entry;
  entry.id = "our.ledger";
  entry.kind = Fingerprint::Kind::test_double;
  entry.implies = Fingerprint::Implies::mock;
  entry.files = {"**/node_modules/fake-ledger/**"};
  return entry;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(fingerprints)

BOOST_AUTO_TEST_CASE(the_catalogue_can_be_read) {
  const auto read = catalogue().entries();
  BOOST_TEST(read.size() > 90U);
  BOOST_TEST(catalogue().find("python.responses")->verified == "responses 0.18.0");
  BOOST_TEST(catalogue().find("no.such") == nullptr);
}

/// Globs are translated when they are first asked, whoever asks.
BOOST_AUTO_TEST_CASE(several_may_ask_at_once) {
  const Catalogue fresh({catalogue().entries().begin(), catalogue().entries().end()});
  std::vector<std::thread> askers;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i)
    askers.emplace_back([&] { right += fresh.by_file("/srv/app/node_modules/nock/index.js").size() == 1 ? 1 : 0; });
  for (auto& asker : askers) asker.join();
  BOOST_TEST(right == 8);
}

// Every entry is checked against real paths; those that leave no file at run time say by what else they are known.
BOOST_AUTO_TEST_CASE(every_entry_matches_its_examples) {
  for (const Fingerprint& entry : catalogue().entries()) {
    if (entry.files.empty() && entry.programs.empty()) {
      BOOST_TEST(!entry.symbols.empty(), entry.id);
      continue;
    }
    BOOST_TEST(!entry.examples.empty(), entry.id << " has no example");
    for (const auto& path : entry.examples) BOOST_TEST(is_matched(entry, path), entry.id << " does not match " << path);
  }
}

/// A glob that no example exercises could as well be wrong.
BOOST_AUTO_TEST_CASE(every_entry_is_the_only_one_of_its_kind_that_its_examples_match) {
  for (const Fingerprint& entry : catalogue().entries())
    for (const auto& path : entry.examples)
      for (const auto other : catalogue().by_file(path)) {
        const Fingerprint& found = catalogue().entries()[other];
        const bool related = std::ranges::count(found.always_loaded_by, entry.id) > 0 ||
                             std::ranges::count(entry.always_loaded_by, found.id) > 0 ||
                             found.library.substr(0, 4) == entry.library.substr(0, 4);
        BOOST_TEST((found.id == entry.id || related), path << " of " << entry.id << " is taken for " << found.id);
      }
}

BOOST_AUTO_TEST_CASE(every_substitute_says_what_it_implies) {
  for (const Fingerprint& entry : catalogue().entries()) {
    const bool harmless = entry.kind == Fingerprint::Kind::no_double || entry.kind == Fingerprint::Kind::runner ||
                          entry.id == "c.eatmydata";
    BOOST_TEST((entry.implies == Fingerprint::Implies::nothing) == harmless, entry.id);
    for (const auto& id : entry.always_loaded_by) BOOST_TEST(catalogue().find(id) != nullptr, entry.id << ": " << id);
    const bool computes = entry.kind == Fingerprint::Kind::emulator;
    if (computes) BOOST_TEST(!entry.stands_for.empty(), entry.id << " emulates what?");
    if (computes) BOOST_TEST((entry.implies == Fingerprint::Implies::simulated), entry.id);
  }
}

const char* const kInnocent[] = {
    "/home/me/mock-app/src/server.py",
    "/srv/mockups/a.js",
    "/usr/lib/python3/dist-packages/mockery.py",
    "/usr/lib/python3/dist-packages/requests/__init__.py",
    "/home/me/nock-demo/index.js",
    "/home/me/nock-demo/node_modules/express/index.js",
    "/home/me/nock/lib/back.js",
    "/home/me/responses/models.py",
    "/home/me/moto/core/engine.py",
    "/home/me/unittest/mock.py",
    "/home/me/fakeredis/notes.txt",
    "/home/me/cassettes/side-a.yaml",
    "/home/me/sinon.js",
    "/usr/lib/python3.11/unittest/__init__.py",
    "/usr/lib/python3.11/unittest/case.py",
    "/usr/lib/python3.11/json/decoder.py",
    "/srv/app/node_modules/nocker/index.js",
    "/srv/app/node_modules/nock/package.json",
    "/srv/app/node_modules/nock/types/index.d.ts",
    "/usr/lib/python3/dist-packages/responses/py.typed",
    "/usr/lib/python3/dist-packages/responses-0.18.0.egg-info/PKG-INFO",
    "/srv/app/node_modules/sinon-chai-like/index.js",
    "/srv/app/node_modules/mock-fs-extra/index.js",
    "/srv/app/node_modules/@types/sinon/index.d.ts",
    "/srv/app/node_modules/@electric-sql/client/index.js",
    "/srv/app/mockito-demo.jar",
    "/srv/app/h2o.jar",
    "/srv/app/derbynet-10.14.2.0.jar",
    "/srv/app/byte-buddy-1.14.jar",
    "/srv/app/objenesis-3.3.jar",
    "/srv/app/javassist-3.29.jar",
    "/srv/app/testcontainers-demo.jar",
    "/usr/lib/x86_64-linux-gnu/libsqlcipher.so.0",
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/usr/lib/fiu/README",
    "/srv/vcr-museum/lib/vcr.rb",
    "/srv/app/vendor/mockery.php",
    "/home/me/json-server/README.md",
    "/home/me/Test/MockObjectStore.pm",
    "/",
    "",
    "relative",
};
BOOST_DATA_TEST_CASE(a_file_that_only_sounds_like_a_double_is_none, data::make(kInnocent), path) {
  BOOST_TEST(told_of_file(path) == "");
  BOOST_TEST(told(Story().runs(path)) == "");
  BOOST_TEST(told(Story().runs("/usr/bin/node", path, {"node", path, "mock", "--server-replay"})) == "");
}

BOOST_AUTO_TEST_CASE(dots_do_not_hide_a_library) {
  BOOST_TEST(told_of_file("/srv/.venv/lib/python3.12/site-packages/responses/__pycache__/x.cpython-312.pyc") ==
             "0:python.responses");
  BOOST_TEST(told_of_file("/r/node_modules/.pnpm/nock@14/node_modules/nock/.cache/a.js") == "0:node.nock");
  BOOST_TEST(told_of_file("/r/\xff\nx/node_modules/nock/\xfe.js") == "0:node.nock");
}

BOOST_AUTO_TEST_CASE(only_the_program_that_opened_it_has_it) {
  const Story story = Story()
                          .runs("/usr/bin/python3.11")
                          .reads("/usr/lib/python3/dist-packages/responses/__init__.py")
                          .reads("/usr/lib/python3/dist-packages/responses/matchers.py")
                          .runs("/usr/bin/python3.11")
                          .reads("/usr/lib/python3/dist-packages/requests/api.py");
  const auto found = match(catalogue(), story);
  BOOST_REQUIRE(found.size() == 1U);
  BOOST_TEST(found[0].what->id == "python.responses");
  BOOST_TEST(found[0].program == 0);
  BOOST_TEST((found[0].by == Match::By::file));
  BOOST_TEST(found[0].path == "/usr/lib/python3/dist-packages/responses/__init__.py");
}

BOOST_AUTO_TEST_CASE(a_child_that_never_execs_has_what_its_parent_loaded) {
  const Story story =
      Story().runs("/usr/bin/python3.11").reads("/usr/lib/python3/dist-packages/fakeredis/_server.py").forks().forks();
  BOOST_TEST(told(story) == "0:python.fakeredis 1:python.fakeredis 2:python.fakeredis");
  BOOST_TEST((match(catalogue(), story)[2].by == Match::By::inherited));
  const Story execs = Story().runs("/usr/bin/python3.11").reads("/p/site-packages/fakeredis/a.py").runs("/bin/ls");
  BOOST_TEST(told(execs) == "0:python.fakeredis");
}

BOOST_AUTO_TEST_CASE(what_a_runner_loads_in_every_run_says_so) {
  const std::string packages = "/usr/lib/python3/dist-packages/";
  const std::string mock = "/usr/lib/python3.11/unittest/__pycache__/mock.cpython-311.pyc";
  BOOST_TEST(told(Story().runs("/usr/bin/python3").reads(mock)) == "0:python.unittest.mock");
  BOOST_TEST(told(Story().runs("/usr/bin/python3").reads(packages + "_pytest/main.py").reads(mock)) ==
             "0:runner.pytest 0:python.unittest.mock*");
  BOOST_TEST(told(Story()
                      .runs("/usr/bin/python3")
                      .reads(packages + "_pytest/main.py")
                      .reads(packages + "pytest_mock/plugin.py")
                      .reads(packages + "fakeredis/_server.py")) ==
             "0:runner.pytest 0:python.pytest-mock* 0:python.fakeredis");
  // pytest in another program is no excuse for this one
  BOOST_TEST(
      told(Story().runs("/usr/bin/python3").reads(packages + "_pytest/main.py").runs("/usr/bin/python3").reads(mock)) ==
      "0:runner.pytest 1:python.unittest.mock");
  BOOST_TEST(told(Story()
                      .runs("/usr/bin/node")
                      .reads("/r/node_modules/jest-runtime/build/index.js")
                      .reads("/r/node_modules/jest-mock/build/index.js")
                      .reads("/r/node_modules/@sinonjs/fake-timers/src/fake-timers-src.js")
                      .reads("/r/node_modules/nock/index.js")) ==
             "0:runner.jest 0:node.nock 0:node.fake-timers* 0:node.jest-mock*");
}

BOOST_AUTO_TEST_CASE(a_stub_server_is_known_by_what_it_runs) {
  const auto script = [](const std::string& path, std::vector<std::string> argv) {
    return told(Story().runs("/usr/bin/node", path, std::move(argv)));
  };
  BOOST_TEST(script("/r/node_modules/json-server/lib/cli/bin.js", {}) == "0:server.json-server");
  BOOST_TEST(script("/r/node_modules/.bin/json-server", {"node", "json-server", "db.json"}) == "0:server.json-server");
  BOOST_TEST(script("/r/node_modules/.bin/prism", {"node", "prism", "mock", "api.yaml"}) == "0:server.prism");
  BOOST_TEST(script("/r/node_modules/.bin/prism", {"node", "prism", "proxy", "api.yaml"}) == "");
  BOOST_TEST(script("/usr/bin/mitmdump", {"mitmdump", "--server-replay=flows"}) == "0:server.mitmproxy-replay");
  BOOST_TEST(script("/usr/bin/mitmdump", {"mitmdump", "--server-replay-nopop"}) == "");
  BOOST_TEST(script("/usr/bin/mitmdump", {"mitmdump", "-w", "flows"}) == "");
  BOOST_TEST(told(Story().runs("/usr/local/bin/hoverfly", "", {"anything"})) == "0:server.hoverfly");
  BOOST_TEST((match(catalogue(), Story().runs("/usr/local/bin/hoverfly"))[0].by == Match::By::program));
}

BOOST_AUTO_TEST_CASE(a_title_makes_nobody_a_stub_server) {
  BOOST_TEST(told(Story().runs("/usr/sbin/nginx", "", {"/usr/local/bin/hoverfly", "mock"})) == "");
}

BOOST_AUTO_TEST_CASE(a_suite_adds_and_replaces) {
  Fingerprint harmless = *catalogue().find("node.memfs");
  harmless.kind = Fingerprint::Kind::no_double;
  harmless.implies = Fingerprint::Implies::nothing;
  const Fingerprint additions[] = {ledger(), harmless};
  const Catalogue known = catalogue_with(additions);
  BOOST_TEST(known.entries().size() == catalogue().entries().size() + 1);
  BOOST_TEST((known.find("node.memfs")->implies == Fingerprint::Implies::nothing));
  const Story story = Story().runs("/usr/bin/node").reads("/r/node_modules/fake-ledger/a.js");
  BOOST_TEST(told(story, known) == "0:our.ledger");
  BOOST_TEST(told(story) == "");
}

struct Row {
  const char *glob, *path;
  bool matches;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.glob << " and " << row.path;
}
const Row kRows[] = {
    {"**/abc/**", "/abc/x", true},
    {"**/abc/**", "/a/b/abc/x/y", true},
    {"**/abc/**", "/a/abc", false},
    {"**/abc/**", "/a/abc/", false},
    {"**/abc/**", "/a/xabc/y", false},
    {"**/abc/**", "/a/.b/abc/.c", true},
    {"/abc/*.so", "/abc/x.so", true},
    {"/abc/*.so", "/abc/d/x.so", false},
    {"**/*.cassette", "/a/b.cassette", true},
    {"**/*.cassette", "/a/b.cassette.bak", false},
    {"**/{abc,d/e}/x", "/q/abc/x", true},
    {"**/{abc,d/e}/x", "/q/d/e/x", true},
    {"**/{abc,d/e}/x", "/q/d/x", false},
    {"**/{,**/}abc", "/q/abc", true},
    {"**/abc-[0-9]*.jar", "/q/abc-1.2.jar", true},
    {"**/abc-[0-9]*.jar", "/q/abc-x.jar", false},
    {"**/abc-[!0-9]*.jar", "/q/abc-x.jar", true},
    {"**/abc-[!0-9]x", "/q/abc-/x", false},
    {"**/abc[]x]", "/q/abc]", true},
    {"**/abc?.js", "/q/abc1.js", true},
    {"**/abc?.js", "/q/abc/.js", false},
    {"**/abc\\*", "/q/abc*", true},
    {"**/abc\\*", "/q/abcd", false},
    {"**/a+b(c)", "/q/a+b(c)", true},
    {"**/abc**", "/q/abcd", true},
    {"**/abc**", "/q/abc/d", false},
    {"[", "/q", false},
};
BOOST_DATA_TEST_CASE(globs_mean_what_they_mean_in_a_suite_but_for_dots, data::make(kRows), row) {
  PathGlobs globs;
  globs.add(row.glob, 7);
  BOOST_TEST((globs.match(row.path) == std::vector<std::size_t>(row.matches ? 1 : 0, 7)));
}

/// Half of the paths lie in a folder the catalogue knows, the others beside it.
BOOST_AUTO_TEST_CASE(a_large_activity_is_matched_whole) {
  Story story;
  story.runs("/usr/bin/node");
  for (int i = 0; i < 25'000; ++i) {
    story.reads("/srv/app/node_modules/package-" + std::to_string(i % 700) + "/lib/file-" + std::to_string(i) + ".js");
    story.reads("/srv/app/node_modules/nock/lib/file-" + std::to_string(i) + ".js");
  }
  const auto start = std::chrono::steady_clock::now();
  const std::string found = told(story);
  const auto took = std::chrono::steady_clock::now() - start;
  BOOST_TEST(found == "0:node.nock");
  BOOST_TEST_MESSAGE("50,000 paths took " << std::chrono::duration_cast<std::chrono::microseconds>(took).count()
                                          << " us");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
