// Evidence that cannot be kept, that was changed, and that was told again.
#include <algorithm>

#include "harness/base/digest.hpp"
#include "harness/base/text.hpp"
#include "harness/base/value.hpp"
#include "tests/e2e/mccoy.hpp"
#include "tests/sanitized.hpp"

using namespace mccoy;
using e2e::holds;
using e2e::Place;
namespace fs = std::filesystem;

namespace {
constexpr std::string_view kTrue =
    "suite: s\ncases:\n  works: { exec: [echo, hello], evidence: { exec: echo }, expect: { stdout: hello } }\n";

std::string bytes_of(const std::string& path) {
  return read_file(path, 64 << 20).value();
}

/// Writes into a file of a sealed bundle, which is read-only.
void overwrite(const std::string& path, const std::string& bytes) {
  fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(evidence_is_kept)

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_written_is_4_and_nothing_is_run) {
  const Place place;
  place.write("file", "no folder");
  const auto suite = place.write("s.yaml", "suite: s\ncases:\n  a: { exec: [touch, ran], expect: { exit: 0 } }\n");
  const auto ran = place.mccoy({"run", suite, "--out", place.path("file/below")});
  BOOST_TEST(ran.code == 4, ran.out << ran.err);
  BOOST_TEST(!fs::exists(place.path("ran")));
  BOOST_TEST(holds(ran.err, "file/below"));
}

BOOST_AUTO_TEST_CASE(a_full_place_is_4_and_never_a_pass) {
  const Place place;
  std::string suite = "suite: s\ncases:\n";
  for (int i = 0; i < 40; ++i)
    suite +=
        "  c" + std::to_string(i) + ": { exec: [echo, hello], evidence: { exec: echo }, expect: { stdout: hello } }\n";
  place.write("s.yaml", suite);
  for (const char* limit : {"2000", "9000", "30000"}) {  // bytes of the largest file: the journal ends there
    const auto ran = place.run({"prlimit", std::string("--fsize=") + limit, "env", "--ignore-signal=XFSZ", e2e::kMccoy,
                                "run", "s.yaml", "--out", place.path(std::string("out") + limit)});
    BOOST_TEST(ran.code == 4, limit << ": " << ran.out << ran.err);
    BOOST_TEST(!holds(ran.out, "\nPROVEN"));
  }
}

BOOST_AUTO_TEST_CASE(a_report_that_cannot_be_written_is_4) {
  const Place place;
  place.write("file", "");
  BOOST_TEST(place.suite(kTrue, {"--junit", place.path("file/j.xml")}).code == 4);
}

BOOST_AUTO_TEST_CASE(an_earlier_bundle_is_never_written_into) {
  const Place place;
  BOOST_TEST(place.suite(kTrue).code == 0);
  const auto before = bytes_of(place.out() + "/journal.jsonl");
  BOOST_TEST(place.mccoy({"run", place.path("suite.yaml"), "--out", place.out()}).code == 64);
  BOOST_TEST(bytes_of(place.out() + "/journal.jsonl") == before);
}

BOOST_AUTO_TEST_CASE(an_untouched_bundle_verifies_and_says_it_is_not_authenticated) {
  const Place place;
  BOOST_TEST(place.suite(kTrue).code == 0);
  const auto ran = place.mccoy({"verify", place.out()});
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  BOOST_TEST(holds(ran.out, "integrity intact, judgement follows from the evidence, NOT AUTHENTICATED (unsigned)"));
  const auto json = from_json(place.mccoy({"verify", "--json", place.out()}).out);
  BOOST_REQUIRE(json.ok());
  BOOST_TEST((*json)["holds"].as_bool());
  BOOST_TEST((*json)["verdict"].as_string() == "proven");
}

BOOST_AUTO_TEST_CASE(verify_gives_the_code_of_the_recomputed_verdict) {
  const Place place;
  BOOST_TEST(place.suite("suite: s\ncases:\n  wrong: { exec: [\"false\"], expect: { exit: 0 } }\n").code == 1);
  BOOST_TEST(place.mccoy({"verify", place.out()}).code == 1);
}

BOOST_AUTO_TEST_CASE(a_changed_bundle_is_refused_with_4) {
  const Place place;
  BOOST_TEST(place.suite(kTrue).code == 0);
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(place.out()))
    if (entry.is_regular_file()) files.push_back(entry.path());
  BOOST_TEST(files.size() >= 3U);
  for (const auto& file : files) {
    const auto good = bytes_of(file);
    auto bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
    overwrite(file, bad);
    BOOST_TEST(place.mccoy({"verify", place.out()}).code == 4, file);
    overwrite(file, good);
  }
  place.write("out/blobs/extra", "not ours");
  BOOST_TEST(place.mccoy({"verify", place.out()}).code == 4);
  BOOST_TEST(place.mccoy({"verify", place.folder() + "/nothing"}).code == 4);
}

BOOST_AUTO_TEST_CASE(reports_are_the_same_when_rendered_again) {
  const Place place;
  BOOST_TEST(place.suite(kTrue, {"--junit", "a.xml", "--json", "a.json"}).code == 0);
  BOOST_TEST(place.mccoy({"report", place.out(), "--junit", "deep/b.xml", "--json", "deep/b.json"}).code == 0);
  BOOST_TEST(bytes_of(place.path("a.xml")) == bytes_of(place.path("deep/b.xml")));
  BOOST_TEST(bytes_of(place.path("a.json")) == bytes_of(place.path("deep/b.json")));
}

BOOST_AUTO_TEST_CASE(one_GiB_of_output_is_digested_in_at_most_32_MiB) {
  const Place place;
  constexpr std::int64_t kGiB = 1 << 30;
  place.write("s.yaml",
              "suite: s\ncases:\n  floods: { exec: [head, -c, '1073741824', /dev/zero], evidence: { exec: head }, "
              "expect: { stdout: { bytes: "
              "1GiB } }, within: 100s }\n");
  const auto flood = place.mccoy({"run", "s.yaml", "--out", place.out()});
  BOOST_TEST(flood.code == 0, flood.out << flood.err);
  BOOST_TEST((kSanitized || flood.max_rss_kib <= 32 * 1024), flood.max_rss_kib << " KiB");
  Sha256 expected;
  const std::string chunk(1 << 20, '\0');
  for (std::int64_t i = 0; i < kGiB; i += static_cast<std::int64_t>(chunk.size())) expected.update(chunk);
  BOOST_TEST(holds(bytes_of(place.out() + "/journal.jsonl"), expected.hex()));
}

BOOST_AUTO_TEST_SUITE_END()
