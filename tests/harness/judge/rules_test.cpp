// The rules as data, the rules in the code and the rules in the docs are the same.
#include <boost/test/unit_test.hpp>
#include <set>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
BOOST_AUTO_TEST_SUITE(rules_of_the_judge)

BOOST_AUTO_TEST_CASE(they_are_r0_to_r14_in_order) {
  BOOST_REQUIRE(rules().size() == 15U);
  for (std::size_t i = 0; i < rules().size(); ++i) BOOST_TEST(rules()[i].id == "R" + std::to_string(i));
  for (const Rule& rule : rules()) BOOST_TEST((!rule.sentence.empty() && !rule.gives.empty()));
}

BOOST_AUTO_TEST_CASE(the_docs_list_every_rule_with_what_it_gives) {
  const std::string docs = read_file(MCCOY_SOURCE_DIR "/docs/evidence.md", 1 << 20).value();
  std::set<std::string> listed;
  for (const auto& line : split(docs, '\n'))
    if (line.starts_with("| R"))
      listed.insert(std::string(trim(std::string_view(line).substr(2, line.find('|', 2) - 2))));
  for (const Rule& rule : rules()) {
    const std::string row =
        "| " + std::string(rule.id) + " | " + std::string(rule.sentence) + " | " + std::string(rule.gives) + " |";
    BOOST_TEST((docs.find(row) != std::string::npos), "docs/evidence.md lacks the row: " << row);
    listed.erase(std::string(rule.id));
  }
  BOOST_TEST(listed.empty());
}

BOOST_AUTO_TEST_CASE(the_docs_say_which_obligations_are_not_watched_yet) {
  const std::string docs = read_file(MCCOY_SOURCE_DIR "/docs/evidence.md", 1 << 20).value();
  for (const auto& kind : suite::obligation_kinds())
    BOOST_TEST((docs.find("| `" + std::string(kind.name) + "` |") != std::string::npos),
               "docs/evidence.md does not speak of " << kind.name);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::judge
