// Variables: typed, expanded once, and settings that come out of them.
#include "harness/suite/scope.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/suite/settings.hpp"
#include "tests/harness/suite/sample_kinds.hpp"

using namespace mccoy;
using suite::Located;
using suite::LocatedMap;
using suite::Scope;
using suite::Settings;

namespace {
Value expanded(const Scope& scope, const Value& value) {
  auto result = scope.expand(value, {});
  if (!result.ok()) BOOST_FAIL(result.error().what);
  return std::move(result).value();
}
Scope sample() {
  return Scope().with(
      Value::map({{"n", 7}, {"text", "a ${n} b"}, {"list", Value::List{1, 2}}, {"map", Value::map({{"port", 80}})}}));
}
}  // namespace

BOOST_AUTO_TEST_SUITE(variables)

BOOST_AUTO_TEST_CASE(a_text_that_is_one_variable_takes_its_type) {
  BOOST_TEST((expanded(sample(), "${n}") == Value(7)));
  BOOST_TEST((expanded(sample(), "${list}") == Value(Value::List{1, 2})));
  BOOST_TEST((expanded(sample(), "n is ${n}") == Value("n is 7")));
}

BOOST_AUTO_TEST_CASE(a_value_is_never_read_again_for_more_variables) {
  BOOST_TEST((expanded(sample(), "${text}") == Value("a ${n} b")));
  BOOST_TEST((expanded(sample(), "<${text}>") == Value("<a ${n} b>")));
}

BOOST_AUTO_TEST_CASE(two_dollars_make_a_literal) {
  BOOST_TEST((expanded(sample(), "$${n} costs $5 and $$ stays") == Value("${n} costs $5 and $$ stays")));
}

BOOST_AUTO_TEST_CASE(members_of_a_map_are_reached_by_dots) {
  BOOST_TEST((expanded(sample(), "${map.port}") == Value(80)));
}

BOOST_AUTO_TEST_CASE(keys_are_not_expanded) {
  BOOST_TEST((expanded(sample(), Value::map({{"${n}", "${n}"}})) == Value::map({{"${n}", 7}})));
}

BOOST_AUTO_TEST_CASE(the_first_layer_that_knows_a_name_wins) {
  BOOST_TEST((expanded(sample().with("n", 8), "${n}") == Value(8)));
  BOOST_TEST((expanded(sample(), "${n}") == Value(7)));
}

BOOST_AUTO_TEST_CASE(a_default_stands_in_for_a_variable_that_is_unset) {
  const Scope scope = Scope().with_lookup([](std::string_view name, Value& storage) -> const Value* {
    if (name != "env.SET") return nullptr;
    storage = "yes";
    return &storage;
  });
  BOOST_TEST((expanded(scope, "${env.SET:-no}") == Value("yes")));
  BOOST_TEST((expanded(scope, "${env.UNSET:-no}") == Value("no")));
  BOOST_TEST((expanded(scope, "${env.UNSET:-}") == Value("")));
  BOOST_TEST(scope.expand("${env.UNSET}", {}).error().hint == "set it, or give a default: ${env.UNSET:-…}");
}

BOOST_AUTO_TEST_CASE(an_unknown_variable_is_an_error_with_the_nearest_name) {
  const auto result = sample().expand("${txet}", {.file = "s.yaml", .line = 4, .column = 2});
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST(result.error().where.line == 4);
  BOOST_TEST(result.error().hint == "did you mean \"text\"?");
}

BOOST_AUTO_TEST_CASE(a_list_inside_a_longer_text_is_an_error) {
  BOOST_TEST(!sample().expand("x${list}", {}).ok());
}

BOOST_AUTO_TEST_CASE(uses_are_found_at_their_offsets) {
  const auto uses = suite::variables_in("a ${b} $${c} ${env.D:-e}");
  BOOST_REQUIRE(uses.ok());
  BOOST_REQUIRE(uses->size() == 2u);
  BOOST_TEST((*uses)[0].begin == 2u);
  BOOST_TEST((*uses)[1].name == "env.D");
  BOOST_TEST((*uses)[1].fallback == "e");
  for (const auto* bad : {"${", "a ${b", "${}", "${a b}", "${:-x}"}) BOOST_TEST(!suite::variables_in(bad).ok(), bad);
}

BOOST_AUTO_TEST_CASE(settings_are_typed_after_expansion) {
  const Scope scope = Scope().with(Value::map({{"wait", "250ms"}, {"count", "3"}, {"port", 8080}, {"on", true}}));
  const LocatedMap given{{"pause", {"${wait}", {}}},
                         {"follow", {"${count}", {}}},
                         {"insecure", {"${on}", {}}},
                         {"headers", {Value::map({{"X", "${port}"}}), {}}},
                         {"source_port", {"${port}", {}}}};
  const auto settings = Settings::resolve(suite::sample::kHttp, {"GET http://127.0.0.1:${port}/", {}}, given, scope);
  BOOST_REQUIRE(settings.ok());
  BOOST_TEST((settings->duration("pause") == std::chrono::milliseconds(250)));
  BOOST_TEST(settings->integer("follow") == 3);
  BOOST_TEST(settings->flag("insecure"));
  BOOST_TEST((settings->value("headers") == Value::map({{"X", "8080"}})));
  BOOST_TEST(settings->head().as_string() == "GET http://127.0.0.1:8080/");
}

BOOST_AUTO_TEST_CASE(defaults_of_the_table_are_typed_too) {
  const auto settings = Settings::resolve(suite::sample::kExec, {Value::List{"true"}, {}}, {}, Scope());
  BOOST_REQUIRE(settings.ok());
  BOOST_TEST(settings->integer("keep") == 1 << 20);
  BOOST_TEST(settings->text("umask") == "022");
  BOOST_TEST(!settings->has("stdin"));
  BOOST_TEST(settings->head_texts().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_value_that_does_not_fit_after_expansion_is_an_error_at_its_place) {
  const LocatedMap given{{"pause", {"${n}", {.file = "s.yaml", .line = 9, .column = 12}}}};
  const auto settings = Settings::resolve(suite::sample::kHttp, {"GET /", {}}, given, Scope().with("n", "soon"));
  BOOST_REQUIRE(!settings.ok());
  BOOST_TEST(settings.error().where.line == 9);
}

BOOST_AUTO_TEST_CASE(a_number_from_a_variable_is_no_duration) {
  const LocatedMap given{{"pause", {"${n}", {}}}};
  BOOST_TEST(!Settings::resolve(suite::sample::kHttp, {"GET /", {}}, given, Scope().with("n", 5)).ok());
}

BOOST_AUTO_TEST_CASE(checks_compare_without_units_once_their_variables_are_known) {
  const std::vector<suite::Check> checks{
      {.subject = {.source = "wall", .argument = {}}, .op = suite::Op::compare, .operand = "< ${limit}", .span = {}},
      {.subject = {.source = "stdout", .argument = {}}, .op = suite::Op::contains, .operand = "${n}", .span = {}},
      {.subject = {.source = "stdout", .form = suite::Extractor::Form::json, .argument = "/n"},
       .operand = "${n}",
       .span = {}}};
  const auto expanded_checks = suite::expand_checks(checks, Scope().with(Value::map({{"limit", "2s"}, {"n", 5}})));
  BOOST_REQUIRE(expanded_checks.ok());
  BOOST_TEST((*expanded_checks)[0].operand.as_string() == "< 2000000000");
  BOOST_TEST((*expanded_checks)[1].operand.as_string() == "5");
  BOOST_TEST((*expanded_checks)[2].operand.as_int() == 5);
}

BOOST_AUTO_TEST_SUITE_END()
