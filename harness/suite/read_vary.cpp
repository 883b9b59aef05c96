// `vary:`: the inputs a result must follow, listed or drawn; declared in read_contract.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "harness/suite/language.hpp"
#include "harness/suite/read_contract.hpp"
#include "harness/suite/read_expect.hpp"
#include "harness/suite/read_field.hpp"

namespace mccoy::suite {
namespace {
struct RelationWord {
  std::string_view word;
  Relation value;
};
constexpr RelationWord kRelations[] = {{"differs", Relation::differs},
                                       {"equals", Relation::equals},
                                       {"increases", Relation::increases},
                                       {"decreases", Relation::decreases},
                                       {"scales", Relation::scales}};

Relation relation_of(std::string_view word) {
  const auto* found = std::ranges::find(kRelations, word, &RelationWord::word);
  return found == std::end(kRelations) ? Relation::differs : found->value;
}

/// Numbers that can be put in order; increases, decreases and scales need them.
bool all_numbers(const std::vector<Value>& values) {
  return std::ranges::all_of(values, [](const Value& value) { return value.is_number(); });
}

bool read_over(Reading& reading, const Node& over, Vary& vary) {
  if (!require_list(reading, over, "over", "[100, 200, 400]")) return false;
  for (const Node& item : over.items) vary.over.push_back(to_value(item));
  for (std::size_t i = 0; i < vary.over.size(); ++i) {
    const auto end = vary.over.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(vary.over.begin(), end, vary.over[i]) == end) continue;
    reading.add(over.items[i], "over names this value twice", "values must differ, or nothing is varied");
    return false;
  }
  if (vary.over.size() >= 2) return true;
  reading.add(over, "over needs at least two values", "one value varies nothing");
  return false;
}

/// `{ random: 3, from: 1, to: 1000 }` or `{ random: 3, letters: 8 }`.
bool read_drawn(Reading& reading, const Node& over, Vary& vary) {
  constexpr std::int64_t kMostValues = 1000, kMostLetters = 1000;
  const std::size_t before = reading.count();
  const LocatedMap map = read_fields(reading, language::drawn_fields(), over, "over");
  if (reading.count() != before) return false;
  const auto number = [&](std::string_view name) { return located_of(map, name).value.as_int(); };
  const bool words = find_located(map, "letters") != nullptr;
  const bool ends = find_located(map, "from") != nullptr && find_located(map, "to") != nullptr;
  if (number("random") < 2 || number("random") > kMostValues) {
    reading.add(*over.find("random"), fmt::format("between 2 and {} values can be drawn", kMostValues),
                "for example { random: 3, from: 1, to: 1000 }");
  } else if (words == ends) {
    reading.add(over, "values are drawn either from numbers or from words",
                "for example { random: 3, from: 1, to: 1000 } or { random: 3, letters: 8 }");
  } else if (words && (number("letters") < 4 || number("letters") > kMostLetters)) {
    reading.add(*over.find("letters"), fmt::format("words have between 4 and {} letters", kMostLetters),
                "shorter ones could be guessed");
  } else if (ends && static_cast<double>(number("to")) - static_cast<double>(number("from")) + 1 <
                         2 * static_cast<double>(number("random"))) {
    reading.add(over, "the numbers are too few to draw from", "take the ends further apart, or list the values");
  } else {
    vary.drawn = Drawn{.count = static_cast<int>(number("random")),
                       .from = number("from"),
                       .to = number("to"),
                       .letters = static_cast<int>(number("letters"))};
    return true;
  }
  return false;
}

}  // namespace

std::optional<Vary> read_vary_map(Reading& reading, const KindSchema& kind, const Node& node) {
  const std::size_t before = reading.count();
  if (!require_map(reading, node, "vary", "{ over: [100, 200], relation: differs }")) return std::nullopt;
  const LocatedMap map = read_fields(reading, language::vary_fields(), node, "vary");
  Vary vary;
  vary.of.source = kind.main_text;
  if (const Node* of = node.find("of")) {
    if (auto from = read_extractor(reading, kind, *of)) vary.of = std::move(*from);
  }
  if (reading.count() != before) return std::nullopt;
  const Node& over = *node.find("over");
  vary.relation = relation_of(text_of(map, "relation"));
  if (!(over.is_map() ? read_drawn(reading, over, vary) : read_over(reading, over, vary))) return std::nullopt;
  if (vary.relation == Relation::scales && !(vary.drawn ? vary.drawn->letters == 0 : all_numbers(vary.over))) {
    reading.add(over, "scales compares with the values of over, which must be numbers", "use differs for other values");
    return std::nullopt;
  }
  return vary;
}

void read_vary(Reading& reading, const KindSchema& kind, const Node& vary, std::vector<Challenge>& challenges) {
  Challenge challenge;
  challenge.vary = read_vary_map(reading, kind, vary);
  if (!challenge.vary) return;
  challenge.form = Challenge::Form::vary;
  challenge.span = reading.span(vary);
  challenge.expected = Expected::pass;
  const Node* relation = vary.find("relation");
  challenge.name = fmt::format("{} {}", challenge.vary->of.text(), relation == nullptr ? "differs" : relation->text);
  challenges.push_back(std::move(challenge));
}
}  // namespace mccoy::suite
