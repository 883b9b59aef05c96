// exec and shell: real commands, seen from outside.
#include <thread>

#include "tests/probes/attempt.hpp"

namespace mccoy::test {
namespace {
using std::chrono::milliseconds;

Value argv(std::vector<std::string> words) {
  Value list = Value::list();
  for (auto& word : words) list.push(std::move(word));
  return list;
}
struct OneAttempt {
  Attempt attempt;
  std::string out(std::vector<std::string> words, const Value& fields = Value::map()) {
    return attempt.seen("exec", argv(std::move(words)), fields).texts.at("stdout").text();
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(exec, OneAttempt)

BOOST_AUTO_TEST_CASE(exit_output_and_times_are_handed_back) {
  const auto seen = attempt.seen("exec", argv({"sh", "-c", "echo out; echo err >&2; exit 3"}));
  BOOST_TEST(seen.values["exit"].as_int() == 3);
  BOOST_TEST(seen.values.find("signal") == nullptr);
  BOOST_TEST(seen.texts.at("stdout").text() == "out\n");
  BOOST_TEST(seen.texts.at("stderr").text() == "err\n");
  BOOST_TEST(seen.values["wall"].as_int() > 0);
  BOOST_TEST(seen.values["cpu"].as_int() >= 0);
  BOOST_TEST(attempt.spy.commands.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_signal_is_named_and_is_no_exit) {
  const auto seen = attempt.seen("exec", argv({"sh", "-c", "kill -KILL $$"}));
  BOOST_TEST(seen.values["signal"].as_string() == "KILL");
  BOOST_TEST(seen.values.find("exit") == nullptr);
}

BOOST_AUTO_TEST_CASE(no_shell_reads_the_words) {
  BOOST_TEST(out({"printf", "%s|", "$HOME", "; rm x", "`id`", "*", ""}) == "$HOME|; rm x|`id`|*||");
}

BOOST_AUTO_TEST_CASE(standard_input_is_what_was_stated_or_nothing) {
  BOOST_TEST(out({"cat"}, Value::map({{"stdin", "given"}})) == "given");
  BOOST_TEST(out({"cat"}) == "");
}

BOOST_AUTO_TEST_CASE(the_environment_is_the_base_and_what_the_case_says) {
  ::setenv("MCCOY_TEST_SECRET", "s3", 1);
  ::setenv("PLAIN_THING", "handed on", 1);
  const auto env = Value::map({{"OWN", "1 2"}, {"COUNT", 7}, {"HOME", nullptr}});
  const std::string text =
      out({"env"}, Value::map({{"env", env}, {"inherit", argv({"PLAIN_THING", "NOT_SET_ANYWHERE"})}}));
  BOOST_TEST(contains(text, "OWN=1 2\n"));
  BOOST_TEST(contains(text, "COUNT=7\n"));
  BOOST_TEST(contains(text, "PLAIN_THING=handed on\n"));
  BOOST_TEST(contains(text, "PATH="));
  BOOST_TEST(!contains(text, "HOME="));
  BOOST_TEST(!contains(text, "s3"));
  BOOST_TEST(!contains(text, "NOT_SET"));
}

BOOST_AUTO_TEST_CASE(names_that_carry_secrets_or_code_are_never_inherited) {
  for (const char* name :
       {"LD_PRELOAD", "GIT_DIR", "MCCOY_SEED", "CI_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "A=B", ""}) {
    const auto error = attempt.refused("exec", argv({"true"}), Value::map({{"inherit", argv({name})}}));
    BOOST_TEST(attempt.spy.commands.empty(), error.what);
  }
}

BOOST_AUTO_TEST_CASE(cwd_is_below_the_folder_of_the_trial) {
  BOOST_REQUIRE(make_dirs(attempt.trial.folder + "/sub").ok());
  BOOST_TEST(out({"pwd"}) == attempt.trial.folder + "\n");
  BOOST_TEST(out({"pwd"}, Value::map({{"cwd", "sub"}})) == attempt.trial.folder + "/sub\n");
}

BOOST_AUTO_TEST_CASE(the_umask_is_set_and_a_wrong_one_refused) {
  BOOST_TEST(out({"sh", "-c", "umask"}, Value::map({{"umask", "077"}})) == "0077\n");
  BOOST_TEST(out({"sh", "-c", "umask"}) == "0022\n");
  BOOST_TEST(!attempt.observe("exec", argv({"true"}), Value::map({{"umask", "9"}})).ok());
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_an_error_with_a_hint) {
  const auto error = attempt.refused("exec", argv({"no-such-program-here"}));
  BOOST_TEST(contains(error.what, "no-such-program-here"), error.what);
  BOOST_TEST(!error.hint.empty());
  BOOST_TEST(attempt.spy.commands.empty());
}

BOOST_AUTO_TEST_CASE(a_command_that_runs_too_long_is_an_error_and_its_output_is_not_lost) {
  attempt.trial.deadline = Deadline::in(milliseconds(300));
  const auto error = attempt.refused("exec", argv({"sh", "-c", "echo begun; trap '' TERM; sleep 600 & sleep 600"}));
  BOOST_TEST((error.cause == std::errc::timed_out));
  BOOST_TEST(contains(error.what, "still running"), error.what);
  BOOST_REQUIRE(attempt.spy.captures.size() == 1U);
  BOOST_TEST(attempt.spy.captures[0].out.text() == "begun\n");
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_a_command) {
  std::thread presser([&] {
    std::this_thread::sleep_for(milliseconds(100));
    attempt.interrupt.raise();
  });
  BOOST_TEST((attempt.refused("exec", argv({"sleep", "600"})).cause == std::errc::interrupted));
  presser.join();
}

BOOST_AUTO_TEST_CASE(a_flood_is_counted_digested_and_not_kept) {
  const auto seen = attempt.seen("exec", argv({"head", "-c", "50000000", "/dev/zero"}), Value::map({{"keep", 100}}));
  BOOST_TEST(seen.texts.at("stdout").bytes == 50000000);
  BOOST_TEST(seen.texts.at("stdout").head.size() == 100U);
}

BOOST_AUTO_TEST_CASE(shell_text_is_run_with_pipefail) {
  BOOST_TEST(attempt.seen("shell", "false | true").values["exit"].as_int() == 1);
  BOOST_TEST(attempt.seen("shell", "echo a b | wc -w").texts.at("stdout").text() == "2\n");
}

BOOST_AUTO_TEST_CASE(shell_without_bash_is_an_error) {
  set_env(attempt.trial.env, "PATH", attempt.scratch.path());
  BOOST_TEST(contains(attempt.refused("shell", "true").what, "bash"));
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
