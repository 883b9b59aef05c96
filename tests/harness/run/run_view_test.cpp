#include "harness/run/run_view.hpp"

#include <sys/resource.h>

#include <boost/test/unit_test.hpp>

#include "tests/harness/run/sample_run.hpp"

namespace mccoy::run {
namespace {
std::string journal_of(const SampleRun& sample) {
  return read_file(sample.path() + "/journal.jsonl", std::int64_t{1} << 30).value();
}

/// The bundle as a crash would leave it: this much of the journal and no seal.
std::string cut_copy(const SampleRun& sample, std::size_t length) {
  const std::string folder = sample.beside("cut");
  must(remove_tree(folder));
  must(copy_tree(sample.path(), folder));
  ::unlink((folder + "/seal.json").c_str());
  must(write_atomically(folder + "/journal.jsonl", std::string_view(journal_of(sample)).substr(0, length), 0600));
  return folder;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(run_view)

BOOST_AUTO_TEST_CASE(every_planned_case_is_there_in_plan_order_with_what_became_of_it) {
  SampleRun sample(every_fate());
  const RunView view = sample.whole().view();
  BOOST_REQUIRE(view.cases.size() == every_fate().size());
  for (std::size_t i = 0; i < view.cases.size(); ++i) {
    BOOST_TEST(view.cases[i].name == every_fate()[i].name);
    BOOST_TEST(view.cases[i].judged);
    BOOST_TEST((view.cases[i].judgement.outcome == every_fate()[i].outcome));
    BOOST_TEST((view.cases[i].judgement.provenance == every_fate()[i].provenance));
  }
  BOOST_TEST(view.closed);
  BOOST_TEST(view.sealed);
  BOOST_TEST(!view.interrupted);
  BOOST_TEST(view.started_ms == kSampleStart);
  BOOST_TEST(view.summary.totals.planned == static_cast<std::int64_t>(view.cases.size()));
  BOOST_TEST((view.summary.verdict == judge::Verdict::failed));
  BOOST_TEST((view.journal.state == evidence::JournalState::complete));
}

BOOST_AUTO_TEST_CASE(the_last_attempt_is_told_in_full_and_the_earlier_ones_are_kept) {
  judge::Trial first, second;
  first.error = "refused";
  second.checks = {sample_check(judge::Held::no, "500")};
  SampleRun sample(Cases{{.flaky = true,
                          .checks = {sample_check(judge::Held::yes, "200")},
                          .texts = {{"stdout", "ok"}},
                          .earlier = {first, second}}});
  const RunView view = sample.whole().view();
  const CaseView& one = view.cases[0];
  BOOST_TEST(one.attempts == 3);
  BOOST_REQUIRE(one.earlier.size() == 2);
  BOOST_TEST((one.earlier[0].outcome == judge::Outcome::error));
  BOOST_TEST(one.earlier[0].why == "refused");
  BOOST_TEST((one.earlier[1].outcome == judge::Outcome::fail));
  BOOST_TEST(one.earlier[1].why == "status equals 200: 500");
  BOOST_REQUIRE(one.checks.size() == 1);
  BOOST_TEST((one.checks[0].held == judge::Held::yes));
  BOOST_TEST(one.nonce == "n0nce3");
  BOOST_TEST(excerpt(view, one.texts.at(0), 100)->head == "ok");
}

BOOST_AUTO_TEST_CASE(a_journal_cut_anywhere_never_claims_more_than_its_prefix) {
  SampleRun sample(every_fate());
  sample.whole();
  const std::string journal = journal_of(sample);
  std::size_t line_end = 0;
  int judged_before = 0, steps = 0;
  for (std::size_t length = 0; length < journal.size(); length += length % 97 + 1) {
    for (; journal.find('\n', line_end) < length; line_end = journal.find('\n', line_end) + 1)
      if (journal.substr(line_end, journal.find('\n', line_end) - line_end).find(R"("type":"case")") !=
          std::string::npos)
        ++judged_before;
    const auto view = read_run(cut_copy(sample, length));
    if (!view.ok()) {
      BOOST_TEST(length <= journal.find('\n'), "cut to " << length << ": " << view.error().what);
      continue;
    }
    ++steps;
    int judged = 0;
    for (const CaseView& one : view->cases) {
      judged += one.judged;
      if (!one.judged && (one.judgement.outcome != judge::Outcome::not_run || one.why_not_run.empty()))
        BOOST_ERROR("cut to " << length << ": " << one.name << " was not judged and is claimed");
    }
    if (judged != judged_before) BOOST_ERROR("cut to " << length << ": " << judged << " instead of " << judged_before);
    if (view->summary.verdict != judge::Verdict::evidence_lost || view->closed || view->sealed)
      BOOST_ERROR("cut to " << length << " passes for a finished run");
  }
  BOOST_TEST(steps > 100);
}

BOOST_AUTO_TEST_CASE(a_run_that_was_closed_and_not_sealed_is_not_believed) {
  SampleRun sample(Cases{SampleCase{}});
  sample.whole();
  const RunView view = read_run(cut_copy(sample, journal_of(sample).size())).value();
  BOOST_TEST(view.closed);
  BOOST_TEST(!view.sealed);
  BOOST_TEST((view.summary.verdict == judge::Verdict::evidence_lost));
}

BOOST_AUTO_TEST_CASE(a_problem_beside_the_cases_keeps_a_run_from_being_proven) {
  SampleRun sample(Cases{SampleCase{}});
  sample.plan().run();
  sample.append(record::kProblem, Value::map({{"text", "left behind: pid 312 /usr/bin/sleep"}}));
  const RunView view = sample.seal().view();
  BOOST_TEST(view.problems.size() == 1);
  BOOST_TEST((view.summary.verdict == judge::Verdict::unknown));
  BOOST_TEST(view.summary.sentence.find("1 problem beside the cases") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_changed_journal_cannot_be_reported) {
  SampleRun sample(every_fate());
  sample.whole();
  std::string journal = journal_of(sample);
  journal[journal.find(R"("outcome":"fail")") + 12] = 'p';
  must(write_atomically(sample.path() + "/journal.jsonl", journal, 0600));
  BOOST_TEST(!read_run(sample.path()).ok());
}

BOOST_AUTO_TEST_CASE(a_journal_of_another_run_under_the_seal_cannot_be_reported) {
  SampleRun sample(Cases{SampleCase{}}), other(Cases{SampleCase{}, SampleCase{.name = "second"}});
  sample.whole();
  other.whole();
  must(write_atomically(sample.path() + "/journal.jsonl", journal_of(other), 0600));
  const auto view = read_run(sample.path());
  BOOST_REQUIRE(!view.ok());
  BOOST_TEST(view.error().what.find("not the one that was sealed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(records_that_do_not_fit_the_plan_are_refused) {
  const auto refused = [](auto tamper) {
    SampleRun sample(Cases{SampleCase{}});
    sample.plan().run();
    tamper(sample);
    const auto view = read_run(sample.path());
    return !view.ok();
  };
  BOOST_TEST(!refused([](SampleRun&) {}));
  BOOST_TEST(refused([](SampleRun& run) { run.add({.name = "never-planned"}); }));
  BOOST_TEST(refused([](SampleRun& run) { run.add(SampleCase{}); }));
  BOOST_TEST(refused([](SampleRun& run) { run.append(record::kPlanned, Value::map({{"cases", 2}})); }));
  BOOST_TEST(refused([](SampleRun& run) { run.append(record::kOpen, Value::map({{"format", 1}})); }));
  BOOST_TEST(refused([](SampleRun& run) { run.plan(); }));
}

BOOST_AUTO_TEST_CASE(what_is_no_run_is_an_error) {
  SampleRun sample(Cases{});
  BOOST_TEST(!read_run(sample.path()).ok());
  BOOST_TEST(!read_run(sample.beside("missing")).ok());
  sample.append("note", Value::map({{"text", "no open record"}}));
  BOOST_TEST(!read_run(sample.path()).ok());
}

BOOST_AUTO_TEST_CASE(an_excerpt_counts_what_it_leaves_out) {
  std::string long_text;
  for (int i = 0; long_text.size() < 3 * kKeepOutput; ++i) long_text += std::to_string(i) + ' ';
  SampleRun sample(
      Cases{{.texts = {{"body", std::string(100, 'b')}, {"stdout", long_text}, {"stderr", std::string(1000, 'e')}}}});
  const RunView view = sample.whole().view();
  for (const TextView& text : view.cases[0].texts)
    for (const std::size_t keep : {1UL, 40UL, 50UL, 500UL, 70'000UL, 5'000'000UL}) {
      const Excerpt part = excerpt(view, text, keep).value();
      BOOST_TEST(static_cast<std::int64_t>(part.head.size() + part.tail.size()) + part.between == text.bytes);
      BOOST_TEST((part.between > 0 || part.tail.empty()));
      if (text.name != "stdout") continue;
      BOOST_TEST(long_text.starts_with(part.head));
      BOOST_TEST(long_text.ends_with(part.tail));
    }
}

BOOST_AUTO_TEST_CASE(a_changed_text_is_an_error) {
  SampleRun sample(Cases{{.texts = {{"stdout", std::string(1000, 'x')}}}});
  const RunView view = sample.whole().view();
  const std::string path = sample.path() + "/blobs/" + evidence::Blobs::place(view.cases[0].texts[0].blob);
  must(write_atomically(path, std::string(1000, 'y'), 0600));
  BOOST_TEST(!excerpt(view, view.cases[0].texts[0], 10).ok());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::run
