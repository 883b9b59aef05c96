#include "harness/suite/read_gates.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/gate.hpp"
#include "harness/suite/read_field.hpp"

namespace mccoy::suite {
namespace {
/// What stands for one gate that is a map; k6's words mean the same.
constexpr std::string_view kGateKeys[] = {"gate", "threshold"}, kAbortKeys[] = {"abort", "abortOnFail"},
                           kDelayKeys[] = {"delay", "delayAbortEval"};

template <std::size_t n>
const Node* any_of(const Node& map, const std::string_view (&names)[n]) {
  for (const std::string_view name : names)
    if (const Node* found = map.find(name)) return found;
  return nullptr;
}

class GateReader {
 public:
  GateReader(Reading& reading, const KindSchema& kind, const Node& owner)
      : reading_(reading), kind_(kind), owner_(owner), grammar_{kind.metrics, kind.selectors} {}

  std::vector<Check> read(const Node& gates) {
    if (gates.is_map()) {
      if (gates.items.empty()) reading_.add(gates, "gates is empty, so it checks nothing", kExample);
      for (std::size_t i = 0; i < gates.size(); ++i) metric(gates.key(i), gates.value(i));
    } else {
      several(gates, {});
    }
    return std::move(checks_);
  }

 private:
  static constexpr const char* kExample = "for example [\"p(95) < 500ms\", \"errors < 0.1%\"]";

  /// `http_req_duration: ["p(95)<500"]`
  void metric(const Node& key, const Node& thresholds) {
    const auto about = parse_gate_subject(key.text, grammar_);
    if (!about.ok()) return refuse(key, about.error());
    if (!labels_are_known(key, about->labels)) return;
    several(thresholds, *about);
  }

  void several(const Node& gates, const GateSubject& about) {
    if (!gates.is_list()) return one(gates, about);
    if (gates.items.empty()) reading_.add(gates, "gates is empty, so it checks nothing", kExample);
    for (const Node& gate : gates.items) one(gate, about);
  }

  void one(const Node& node, const GateSubject& about) {
    if (node.is_map()) return with_abort(node, about);
    if (!node.is_scalar()) {
      reading_.add(node, fmt::format("a gate is a text; this is {}", kind_in_words(node)), kExample);
      return;
    }
    if (auto gate = parse(node, about)) checks_.push_back(to_check(*gate, reading_.span(node)));
  }

  void with_abort(const Node& node, const GateSubject& about) {
    std::vector<std::string_view> known;
    for (const auto& names : {std::span(kGateKeys), std::span(kAbortKeys), std::span(kDelayKeys)})
      known.insert(known.end(), names.begin(), names.end());
    for (std::size_t i = 0; i < node.size(); ++i)
      if (std::ranges::find(known, node.key(i).text) == known.end())
        report_unknown_key(reading_, node.key(i), "a gate", {"gate", "abort", "delay"});
    const Node* text = any_of(node, kGateKeys);
    if (text == nullptr || !text->is_scalar()) {
      reading_.add(node, "this does not say which gate", "write { gate: \"p(95) < 500ms\", abort: true, delay: 10s }");
      return;
    }
    auto gate = parse(*text, about);
    if (!gate) return;
    const Field abort{.name = "abort", .type = FieldType::flag}, delay{.name = "delay", .type = FieldType::duration};
    if (const Node* given = any_of(node, kAbortKeys))
      if (const auto value = read_field(reading_, abort, *given)) gate->abort = value->as_bool();
    if (const Node* given = any_of(node, kDelayKeys)) {
      if (!gate->abort) reading_.add(*given, "delay belongs to abort", "add abort: true, or remove it");
      if (const auto value = read_field(reading_, delay, *given)) gate->delay = Duration(value->as_int());
    }
    checks_.push_back(to_check(*gate, reading_.span(*text)));
  }

  std::optional<Gate> parse(const Node& node, const GateSubject& about) {
    std::string text = node.text;
    if (text.find("${") != std::string::npos) {
      auto expanded = Scope().with(reading_.vars).expand_text(text, reading_.span(node));
      if (!expanded.ok()) {
        reading_.add(node, "a gate is read before anything runs: of variables it takes the suite's vars only",
                     "write the limit itself, or name it under vars:");
        return std::nullopt;
      }
      text = std::move(expanded).value();
    }
    auto gate = parse_gate(text, grammar_, about);
    if (!gate.ok()) {
      refuse(node, gate.error());
      return std::nullopt;
    }
    if (!labels_are_known(node, gate->labels)) return std::nullopt;
    return std::move(gate).value();
  }

  bool labels_are_known(const Node& node, const std::vector<std::pair<std::string, std::string>>& labels) {
    if (kind_.labels == nullptr) return true;
    for (const auto& [name, value] : labels) {
      const std::vector<std::string> known = kind_.labels(name, owner_);
      if (std::ranges::find(known, value) != known.end()) continue;
      std::vector<std::string_view> words;
      for (const std::string& word : known)
        if (!word.empty()) words.push_back(word);
      reading_.add(Places(reading_, node).next(value),
                   fmt::format("no {} is called \"{}\"", name, visible_line(value, 60)),
                   words.empty() ? fmt::format("this case names no {}", name)
                                 : near_or(value, words, "one of: " + listed(words)));
      return false;
    }
    return true;
  }

  /// Under the bytes that are meant, where the file holds the text as it is.
  void refuse(const Node& node, const Error& error) {
    Span span = reading_.span(node);
    const std::size_t begin = reading_.offset_of(span);
    for (const std::size_t quote : {std::size_t{0}, std::size_t{1}}) {
      if (reading_.text().substr(std::min(begin + quote, reading_.text().size()), node.text.size()) != node.text)
        continue;
      span = reading_.span_at(begin + quote + static_cast<std::size_t>(error.where.column - 1),
                              static_cast<std::size_t>(error.where.length), span.line);
      break;
    }
    reading_.add(span, error.what, error.hint);
  }

  Reading& reading_;
  const KindSchema& kind_;
  const Node& owner_;
  GateGrammar grammar_;
  std::vector<Check> checks_;
};
}  // namespace

std::vector<Check> read_gates(Reading& reading, const KindSchema& kind, const Node& gates, const Node& owner) {
  return GateReader(reading, kind, owner).read(gates);
}

bool needs_baseline(const std::vector<Check>& checks) {
  return std::ranges::any_of(checks, [](const Check& check) {
    return check.op == Op::gate && check.operand["against"].as_string() == "baseline";
  });
}
}  // namespace mccoy::suite
