// `control:` and `challenges:`; declared in read_contract.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/language.hpp"
#include "harness/suite/read_contract.hpp"
#include "harness/suite/read_expect.hpp"
#include "harness/suite/read_field.hpp"

namespace mccoy::suite {
namespace {
template <class T>
struct Word {
  std::string_view word;
  T value;
};
constexpr Word<Expected> kExpected[] = {{"fail", Expected::fail}, {"pass", Expected::pass}, {"any", Expected::any}};

template <class T, std::size_t n>
T value_of(const Word<T> (&words)[n], std::string_view word, T fallback) {
  const auto* found = std::ranges::find(words, word, &Word<T>::word);
  return found == std::end(words) ? fallback : found->value;
}

std::vector<Located> argv_of(const LocatedMap& map, std::string_view name) {
  std::vector<Located> words;
  const Located* found = find_located(map, name);
  if (found == nullptr) return words;
  for (const Value& word : found->value.as_list()) words.push_back({word, found->span});
  return words;
}

const Node& node_of(const Node& map, std::string_view field) {
  const Node* found = map.find(field);
  return found == nullptr ? map : *found;
}

/// A command can be started without a network; the harness itself, which asks in all other kinds, is not.
void read_network(Reading& reading, const KindSchema& kind, const LocatedMap& map, const Node& node,
                  Challenge& challenge) {
  challenge.cut_network = !text_of(map, "network").empty();
  if (challenge.cut_network && kind.main_text != "stdout")
    reading.add(node_of(node, "network"), fmt::format("there is no command in a case of kind {}", kind.name),
                "stop the service instead");
}

/// The perturbations that `control` and `challenges` share.
void read_perturbation(Reading& reading, const KindSchema& kind, const LocatedMap& map, const Node& node,
                       Challenge& challenge, ServiceNames& services) {
  challenge.stop = text_of(map, "stop");
  if (!challenge.stop.empty() && is_service(reading, node_of(node, "stop"), challenge.stop)) {
    services.insert(challenge.stop);
  }
  if (const Located* file = find_located(map, "file")) {
    challenge.file = file->value["path"].as_string();
    if (const Value* how = file->value.find("how")) challenge.file_how = how->as_string();
  }
  read_network(reading, kind, map, node, challenge);
  challenge.env = names_of(map, "env");
  challenge.argv = argv_of(map, "argv");
  challenge.before = commands_of(map, "before");
  challenge.group = text_of(map, "kind");
  challenge.name = text_of(map, "name");
}

bool perturbs(const Challenge& challenge) {
  return !challenge.stop.empty() || !challenge.file.empty() || !challenge.env.empty() || !challenge.argv.empty() ||
         !challenge.before.empty() || challenge.cut_network || challenge.vary.has_value() ||
         challenge.passage.has_value();
}

bool demands(const Challenge& challenge) {
  return challenge.expected != Expected::any || !challenge.oracle.empty() || !challenge.same.empty() ||
         challenge.vary.has_value() || challenge.passage.has_value() || challenge.at_least_wall > Duration::zero() ||
         challenge.at_least_cpu > Duration::zero();
}

std::string control_name(const Challenge& challenge) {
  if (!challenge.name.empty()) return challenge.name;
  if (!challenge.stop.empty()) return "without " + challenge.stop;
  if (!challenge.file.empty()) return challenge.file + " " + challenge.file_how;
  if (challenge.cut_network) return "without network";
  if (!challenge.argv.empty()) return "another command";
  return "another environment";
}

/// An answer that changes while two things change follows neither.
void refuse_beside_vary(Reading& reading, const Node& node) {
  for (const std::string_view other : {"stop", "network", "file", "env", "argv"})
    if (const Node* found = node.find(other))
      reading.add(*found, fmt::format("{} beside vary: a challenge changes one thing", other),
                  "make two challenges of it");
}

/// Nothing else may be asked of what is looked for at another door: it would have two answers.
void read_passage(Reading& reading, const LocatedMap& map, const Node& node, Challenge& challenge) {
  const Located* nonce = find_located(map, "nonce");
  if (nonce == nullptr) return;
  for (const std::string_view other :
       {"stop", "network", "file", "env", "argv", "before", "vary", "expect", "oracle", "at_least", "same"})
    if (const Node* found = node.find(other))
      reading.add(*found, fmt::format("{} beside nonce: a challenge changes one thing", other),
                  "make two challenges of it");
  const Value* within = nonce->value.find("within");
  challenge.passage =
      Passage{.out = nonce->value["out"].as_string(),
              .within = within == nullptr ? Duration(std::chrono::seconds(10)) : Duration(within->as_int()),
              .span = reading.span(node_of(node, "nonce"))};
  challenge.expected = Expected::pass;
}
}  // namespace

void read_controls(Reading& reading, const KindSchema& kind, const Node& control, std::vector<Challenge>& challenges,
                   ServiceNames& services) {
  if (control.is_list()) {
    if (control.items.empty()) reading.add(control, "control is an empty list", "for example control: { stop: db }");
    for (const Node& item : control.items) read_controls(reading, kind, item, challenges, services);
    return;
  }
  if (!require_map(reading, control, "control", "{ stop: db }")) return;
  const std::size_t before = reading.count();
  const LocatedMap map = read_fields(reading, language::control_fields(), control, "control");
  Challenge challenge;
  challenge.form = Challenge::Form::control;
  challenge.span = reading.span(control);
  read_perturbation(reading, kind, map, control, challenge, services);
  if (reading.count() != before) return;
  if (!perturbs(challenge)) {
    reading.add(control, "control breaks nothing", "name one of stop, network, env, argv, file");
    return;
  }
  challenge.name = control_name(challenge);
  challenges.push_back(std::move(challenge));
}

void read_challenges(Reading& reading, const KindSchema& kind, const Node& list, std::vector<Challenge>& challenges,
                     ServiceNames& services) {
  if (list.is_list()) {
    if (list.items.empty()) reading.add(list, "challenges is an empty list", "say what is perturbed, or remove it");
    for (const Node& item : list.items) {
      if (require_map(reading, item, "challenge", "{ name: planted violation, env: { BAD: 1 } }")) {
        read_challenges(reading, kind, item, challenges, services);
      }
    }
    return;
  }
  if (!list.is_map() && !require_list(reading, list, "challenges", "[{ name: planted violation, env: { BAD: 1 } }]"))
    return;
  const std::size_t before = reading.count();
  Challenge challenge;
  challenge.span = reading.span(list);
  if (const Node* vary = list.find("vary")) challenge.vary = read_vary_map(reading, kind, *vary);
  if (reading.count() != before) return;
  const LocatedMap map = read_fields(reading, language::challenge_fields(), list, "challenge");
  read_perturbation(reading, kind, map, list, challenge, services);
  if (reading.count() != before) return;
  if (challenge.vary) refuse_beside_vary(reading, list);
  challenge.expected = value_of(kExpected, text_of(map, "expect"), challenge.vary ? Expected::pass : Expected::fail);
  read_passage(reading, map, list, challenge);
  challenge.oracle = argv_of(map, "oracle");
  challenge.same = texts_of(map, "same");
  const Value bounds = located_of(map, "at_least").value;
  challenge.at_least_wall = Duration(bounds["wall"].as_int());
  challenge.at_least_cpu = Duration(bounds["cpu"].as_int());
  const bool only_bounds = challenge.at_least_wall > Duration::zero() || challenge.at_least_cpu > Duration::zero();
  if (!perturbs(challenge) && !only_bounds && challenge.oracle.empty()) {
    reading.add(list, fmt::format("the challenge \"{}\" perturbs nothing", visible_line(challenge.name, 60)),
                "name one of before, env, argv, stop, network, file, vary, nonce");
  } else if (!demands(challenge)) {
    reading.add(list, fmt::format("the challenge \"{}\" checks nothing", visible_line(challenge.name, 60)),
                "expect fail or pass, or name an oracle, at_least or same");
  } else {
    challenges.push_back(std::move(challenge));
  }
}
}  // namespace mccoy::suite
