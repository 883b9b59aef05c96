// A bundle is judged again. Here the journal is written whole and well chained, by a hand that wants it to say
// something else.
#include "harness/judge/rejudge.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/run/records.hpp"
#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
namespace data = boost::unit_test::data;
using namespace made;
/// Sees every record before it is written and may change it; false: it is left out.
using Hand = bool (*)(std::string_view type, Value& body);

suite::Check asked(std::string_view subject, suite::Op op, Value operand) {
  suite::Check check;
  check.subject = suite::parse_extractor(subject, "stdout").value();
  check.op = op;
  check.operand = std::move(operand);
  check.span = {.file = intern("shop.yaml"), .line = 7, .column = 5};
  return check;
}
const std::vector<suite::Check>& all_checks() {
  static const std::vector<suite::Check> kChecks = {asked("exit", suite::Op::equals, 0),
                                                    asked("stdout number", suite::Op::compare, ">= 1")};
  return kChecks;
}

/// One run of three cases: a command that is challenged, one that fails at first and passes then, one that is skipped.
class Run {
 public:
  explicit Run(Hand hand)
      : folder_(TempDir::make("/tmp", "mccoy-rejudge-").value()),
        hand_(hand),
        bundle_(evidence::Bundle::create(path()).value()) {}

  std::string path() const { return folder_.path() + "/bundle"; }

  void write() {
    put("open", Value::map({{"format", 1}, {"options", Value::map()}}));
    plan();
    priced();
    flaky();
    skipped();
    if (hand_("close", close_ = to_value(summarise(weighed_, false, false, false)).set("reason", "finished")))
      BOOST_REQUIRE(bundle_.seal(close_).ok());
  }

 private:
  void put(std::string_view type, Value body) {
    if (hand_(type, body)) BOOST_REQUIRE(bundle_.journal().append(type, std::move(body), evidence::Durable::no).ok());
  }

  void plan() {
    Value cases = Value::list();
    for (const char* id : {"shop/price", "shop/flaky"}) cases.push(Value::map({{"id", id}, {"require", "real"}}));
    cases.push(Value::map({{"id", "shop/later"}, {"require", "real"}, {"skip", "not built yet"}}));
    put("plan", Value::map({{"cases", std::move(cases)}}));
    put("planned", Value::map({{"cases", 3}}));
  }

  Trial trial(const char* id, std::string phase, int attempt, std::string out, int exit) {
    evidence::Observation observation;
    observation.values = Value::map({{"exit", exit}});
    Output text;
    text.bytes = static_cast<std::int64_t>(out.size());
    text.sha256 = sha256(out);
    text.head = std::move(out);
    observation.texts["stdout"] = std::move(text);
    Trial made;
    made.facts = facts_of(exit);
    Value body = Value::map({{"case", id}, {"phase", std::move(phase)}, {"attempt", attempt}});
    Value asked_list = Value::list(), results = Value::list();
    for (const auto& check : all_checks()) {
      made.checks.push_back(evaluate(check, observation));
      asked_list.push(suite::to_value(check));
      results.push(to_value(made.checks.back()));
    }
    body.set("asked", std::move(asked_list)).set("observation", evidence::keep(observation, bundle_.blobs()).value());
    body.set("facts", evidence::to_value(made.facts)).set("checks", std::move(results));
    put("trial", std::move(body));
    return made;
  }

  static evidence::Facts facts_of(int exit) {
    CaseEvidence made = command();
    evidence::Facts seen = facts(made);
    seen.exit_code = exit;
    return seen;
  }

  void challenge(const char* id, ChallengeRecord record, CaseEvidence& evidence) {
    put("challenge", to_value(record).set("case", id));
    evidence.challenges.push_back(std::move(record));
  }

  void priced() {
    CaseEvidence evidence = command();
    evidence.attempts = {trial("shop/price", "baseline", 1, "5 EUR\n", 0)};
    ChallengeRecord red = control(Outcome::fail);
    red.name = "broken table";
    trial("shop/price", "challenge broken table", 1, "no table\n", 1);
    trial("shop/price", "repeat broken table", 2, "5 EUR\n", 0);
    challenge("shop/price", red, evidence);
    ChallengeRecord follows = vary(suite::Relation::increases, {5, 9});
    follows.inputs = {100, 200};
    follows.of = "stdout number";
    trial("shop/price", "challenge varied", 1, "5 EUR\n", 0);
    trial("shop/price", "challenge varied", 2, std::string(400, ' ') + "9 EUR\n", 0);  // large enough for a blob
    trial("shop/price", "repeat varied", 3, "5 EUR\n", 0);
    challenge("shop/price", follows, evidence);
    evidence.terms.challenges = {"broken table", "varied"};
    finish("shop/price", evidence);
  }

  void flaky() {
    CaseEvidence evidence = command();
    evidence.terms.case_id = "shop/flaky";
    evidence.terms.contract[0].stated = true;
    evidence.attempts = {trial("shop/flaky", "baseline", 1, "", 1), trial("shop/flaky", "baseline", 2, "7\n", 0)};
    finish("shop/flaky", evidence);
  }

  void finish(const char* id, const CaseEvidence& evidence) {
    const Judgement judgement = judge(evidence);
    put("case", Value::map({{"case", id}, {"terms", to_value(evidence.terms)}, {"judgement", to_value(judgement)}}));
    weighed_.push_back({.judgement = judgement});
  }

  void skipped() {
    Judgement judgement;
    judgement.outcome = Outcome::skip;
    judgement.reason = "not built yet";
    put("case", Value::map({{"case", "shop/later"}, {"terms", Value::map()}, {"judgement", to_value(judgement)}}));
    weighed_.push_back({.judgement = judgement});
  }

  TempDir folder_;
  Hand hand_;
  evidence::Bundle bundle_;
  Value close_;
  std::vector<Weighed> weighed_;
};

bool honest(std::string_view, Value&) {
  return true;
}

bool is(const Value& body, std::string_view id, std::string_view phase = {}) {
  return body["case"].as_string() == id && (phase.empty() || body["phase"].as_string() == phase);
}
void set_in(Value& body, std::string_view member, std::string_view name, Value value) {
  Value inner = body[member];
  inner.set(name, std::move(value));
  body.set(member, std::move(inner));
}

struct Row {
  std::string_view title;
  Hand hand;
  std::string_view found;  ///< part of a disagreement
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.title;
}

const Row kRows[] = {
    {"a judgement made better",
     [](std::string_view type, Value& body) {
       if (type == "case" && is(body, "shop/flaky")) set_in(body, "judgement", "strength", "challenged");
       return true;
     },
     "shop/flaky: the journal says"},
    {"an outcome made better",
     [](std::string_view type, Value& body) {
       if (type == "trial" && is(body, "shop/price", "challenge broken table"))
         set_in(body, "observation", "values", Value::map({{"exit", 0}}));
       return true;
     },
     "from what came back follows"},
    {"flaky left out",
     [](std::string_view type, Value& body) {
       if (type == "case" && is(body, "shop/flaky")) set_in(body, "judgement", "flaky", false);
       return true;
     },
     "shop/flaky: the journal says"},
    {"another rule",
     [](std::string_view type, Value& body) {
       if (type == "case" && is(body, "shop/price")) set_in(body, "judgement", "rule", "R15");
       return true;
     },
     "R15"},
    {"another reason",
     [](std::string_view type, Value& body) {
       if (type == "case" && is(body, "shop/price")) set_in(body, "judgement", "reason", "It is perfect.");
       return true;
     },
     "words of its judgement"},
    {"a check result turned",
     [](std::string_view type, Value& body) {
       if (type != "trial" || !is(body, "shop/flaky") || body["attempt"].as_int() != 1) return true;
       Value::List checks = body["checks"].as_list();
       checks[0].set("held", "yes");
       body.set("checks", Value(checks));
       return true;
     },
     "from what came back follows no"},
    {"a check result dropped",
     [](std::string_view type, Value& body) {
       if (type == "trial" && is(body, "shop/price", "baseline"))
         body.set("checks", Value(Value::List{body["checks"].as_list()[0]}));
       return true;
     },
     "2 checks were asked and 1 have a result"},
    {"an actual value rewritten",
     [](std::string_view type, Value& body) {
       if (type != "trial" || !is(body, "shop/price", "baseline")) return true;
       Value::List checks = body["checks"].as_list();
       checks[1].set("actual", "500");
       body.set("checks", Value(checks));
       return true;
     },
     "was 500"},
    {"a failed attempt left out",
     [](std::string_view type, Value& body) {
       return type != "trial" || !is(body, "shop/flaky") || body["attempt"].as_int() != 1;
     },
     "shop/flaky: the journal says"},
    {"a fact left out",
     [](std::string_view type, Value& body) {
       if (type == "trial" && is(body, "shop/flaky")) set_in(body, "facts", "root_exec_seen", false);
       return true;
     },
     "from its evidence follows pass/unproven, flaky (R12)"},
    {"a control made red",
     [](std::string_view type, Value& body) {
       if (type == "challenge" && body["name"].as_string() == "varied")
         body.set("outcomes", Value(Value::List{"pass", "fail"}));
       return true;
     },
     "the recorded outcomes are not"},
    {"a repeat made green",
     [](std::string_view type, Value& body) { return type != "trial" || !is(body, "shop/price", "repeat varied"); },
     "whether the repeat was green is not"},
    {"answers made to follow",
     [](std::string_view type, Value& body) {
       if (type == "challenge" && body["name"].as_string() == "varied") body.set("outputs", Value(Value::List{5, 10}));
       return true;
     },
     "the recorded answers are not"},
    {"a challenge left out",
     [](std::string_view type, Value& body) { return type != "challenge" || body["name"].as_string() != "varied"; },
     "from its evidence follows pass/unproven"},
    {"a case judged twice",
     [](std::string_view type, Value& body) {
       if (type == "case" && is(body, "shop/later")) body.set("case", "shop/flaky");
       return true;
     },
     "judged twice"},
    {"a trial after its case was judged",
     [](std::string_view type, Value& body) {
       if (type == "trial" && is(body, "shop/flaky") && body["attempt"].as_int() == 1) body.set("case", "shop/price");
       return true;
     },
     "tried after it was judged"},
    {"a skip that is called real",
     [](std::string_view type, Value& body) {
       if (type == "case" && is(body, "shop/later")) set_in(body, "judgement", "provenance", "real");
       return true;
     },
     "there is no trial of it"},
    {"a case that was not planned",
     [](std::string_view type, Value& body) {
       if (type == "case" && is(body, "shop/later")) body.set("case", "shop/new");
       return true;
     },
     "not in the plan"},
    {"a pass without a trial",
     [](std::string_view type, Value& body) {
       if (type == "case" && is(body, "shop/later"))
         body.set("judgement", Value::map({{"outcome", "pass"}, {"provenance", "real"}, {"strength", "observed"}}));
       return true;
     },
     "there is no trial of it"},
    {"a skip that was not planned",
     [](std::string_view type, Value& body) {
       if (type != "plan") return true;
       Value::List cases = body["cases"].as_list();
       cases[2].set("skip", "");
       body.set("cases", Value(cases));
       return true;
     },
     "no reason to skip"},
    {"a case left out of the end",
     [](std::string_view type, Value& body) { return type != "case" || !is(body, "shop/flaky"); }, "closes with"},
    {"a planned case left out",
     [](std::string_view type, Value& body) {
       if (type == "plan")
         body.set("cases", Value(Value::List{body["cases"].as_list()[0], body["cases"].as_list()[2]}));
       return true;
     },
     "3 cases were planned, its plan holds 2"},
    {"a verdict made better",
     [](std::string_view type, Value& body) {
       if (type == "close") body.set("verdict", "failed");
       return true;
     },
     "closes with verdict"},
    {"counts made better",
     [](std::string_view type, Value& body) {
       if (type == "close") set_in(body, "summary", "flaky", 0);
       return true;
     },
     "closes with summary"},
    {"a sentence made better",
     [](std::string_view type, Value& body) {
       if (type == "close") body.set("sentence", "PROVEN: all");
       return true;
     },
     "closes with sentence"},
    {"an obligation of another kind",
     [](std::string_view type, Value& body) {
       if (type == "case" && is(body, "shop/price"))
         set_in(body, "terms", "contract", Value(Value::List{Value::map({{"kind", "magic"}})}));
       return true;
     },
     "magic"},
    {"results without an observation",
     [](std::string_view type, Value& body) {
       if (type == "trial" && is(body, "shop/price", "baseline")) {
         Value less;
         for (const auto& [name, value] : body.as_map())
           if (name != "observation") less.set(name, value);
         body = less;
       }
       return true;
     },
     "results without an observation"},
};

bool mentions(const std::vector<std::string>& sentences, std::string_view wanted) {
  for (std::size_t start = 0; start <= wanted.size();) {
    const auto end = std::min(wanted.find('|', start), wanted.size());
    const auto part = wanted.substr(start, end - start);
    if (std::any_of(sentences.begin(), sentences.end(),
                    [=](const auto& s) { return s.find(part) != std::string::npos; }))
      return true;
    start = end + 1;
  }
  return false;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(rejudging)

BOOST_AUTO_TEST_CASE(an_honest_bundle_agrees_with_itself) {
  Run run(&honest);
  run.write();
  const auto again = rejudge(run.path());
  BOOST_REQUIRE(again.ok());
  for (const auto& sentence : again->disagreements) BOOST_TEST_ERROR(sentence);
  BOOST_TEST(again->planned == 3);
  BOOST_TEST(again->judged == 3);
  BOOST_TEST(again->checks == 16);
  BOOST_TEST(again->closed);
  BOOST_TEST(!again->interrupted);
  BOOST_TEST(again->summary.verdict == Verdict::proven);
  BOOST_TEST(again->summary.sentence ==
             "PROVEN: 2 of 3 planned cases are real passes (1 challenged, 1 observed); 1 skipped, 1 flaky");
}

BOOST_DATA_TEST_CASE(what_does_not_follow_is_found, data::make(kRows), row) {
  Run run(row.hand);
  run.write();
  const auto again = rejudge(run.path());
  BOOST_REQUIRE(again.ok());
  BOOST_TEST(!again->disagreements.empty());
  std::string all;
  for (const auto& sentence : again->disagreements) all += sentence + "\n";
  BOOST_TEST(mentions(again->disagreements, row.found), all);
}

BOOST_AUTO_TEST_CASE(a_journal_that_was_cut_off_claims_only_what_it_holds) {
  Run run([](std::string_view type, Value& body) {
    return type != "close" && !(type == "case" && is(body, "shop/later"));
  });
  run.write();
  const auto again = rejudge(run.path());
  BOOST_REQUIRE(again.ok());
  BOOST_TEST(again->disagreements.empty());
  BOOST_TEST(!again->closed);
  BOOST_TEST(again->planned == 3);
  BOOST_TEST(again->judged == 2);
  BOOST_TEST(again->summary.totals.of(Outcome::not_run) == 1);
  BOOST_TEST(again->summary.verdict == Verdict::unknown);
}

BOOST_AUTO_TEST_CASE(a_blob_that_is_gone_is_a_disagreement_and_no_crash) {
  Run run(&honest);
  run.write();
  BOOST_REQUIRE(remove_tree(run.path() + "/blobs").ok());
  const auto again = rejudge(run.path());
  BOOST_REQUIRE(again.ok());
  BOOST_TEST(!again->disagreements.empty());
}

BOOST_AUTO_TEST_CASE(a_folder_without_a_journal_cannot_be_judged) {
  BOOST_TEST(!rejudge("/nonexistent").ok());
}

BOOST_AUTO_TEST_CASE(the_words_of_the_records_are_those_of_the_run) {
  namespace record = run::record;
  BOOST_TEST(kinds::kOpen == record::kOpen);
  BOOST_TEST(kinds::kPlan == record::kPlan);
  BOOST_TEST(kinds::kPlanned == record::kPlanned);
  BOOST_TEST(kinds::kTrial == record::kTrial);
  BOOST_TEST(kinds::kChallenge == record::kChallenge);
  BOOST_TEST(kinds::kCase == record::kCase);
  BOOST_TEST(kinds::kProblem == record::kProblem);
  BOOST_TEST(kinds::kClose == record::kClose);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
