#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/suite/language.hpp"
#include "harness/suite/read_contract.hpp"
#include "harness/suite/read_expect.hpp"
#include "harness/suite/read_field.hpp"
#include "harness/suite/read_gates.hpp"
#include "harness/suite/read_parts.hpp"
#include "harness/suite/typed.hpp"

namespace mccoy::suite {
namespace {
/// Keys of a case that are read by readers of their own.
constexpr std::string_view kOwnReaders[] = {"expect", "gates", "capture", "evidence", "control", "vary", "challenges"};

const KindSchema* find_kind(Kinds kinds, std::string_view name) {
  const auto found = std::ranges::find(kinds, name, &KindSchema::name);
  return found == kinds.end() ? nullptr : *found;
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// ${vary} stands somewhere in here, members of these names left out.
bool names_vary(const Node& node, std::span<const std::string_view> without) {
  if (node.is_scalar()) {
    const auto uses = variables_in(node.text);
    return uses.ok() && std::ranges::find(*uses, "vary", &VariableUse::name) != uses->end();
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.is_map() && is_one_of(node.key(i).text, without)) continue;
    if (names_vary(node.is_map() ? node.value(i) : node.items[i], without)) return true;
  }
  return false;
}

class CaseReader {
 public:
  CaseReader(Reading& reading, Kinds kinds, std::string_view today, const Node& name, const Node& node,
             std::size_t index)
      : reading_(reading), kinds_(kinds), today_(today), name_(name), node_(node), index_(index) {}

  Case read() {
    const std::size_t before = reading_.count();
    case_.name = name_.text;
    case_.span = reading_.span(name_);
    check_name(reading_, name_, "a case");
    if (!require_map(reading_, node_, visible_line(name_.text, 60), "{ exec: [make], expect: { exit: 0 } }"))
      return take();
    if (!choose_kind()) return take();
    read_keys();
    read_common();
    read_own();
    check_use_of_variables();
    if (reading_.count() == before) check_that_it_checks();
    if (reading_.count() == before && case_.kind->examine != nullptr) case_.kind->examine(reading_, node_, case_);
    return take();
  }

 private:
  Case take() {
    services_.insert(case_.uses.begin(), case_.uses.end());  // found by KindSchema::examine
    case_.uses.assign(services_.begin(), services_.end());
    return std::move(case_);
  }

  /// The kind whose name is a key here. A key that is also a field of another kind present is that field.
  bool choose_kind() {
    std::vector<const Node*> keys;
    for (std::size_t i = 0; i < node_.size(); ++i) {
      if (find_kind(kinds_, node_.key(i).text) != nullptr) keys.push_back(&node_.key(i));
    }
    const auto is_field_of_another = [&](const Node* key) {
      return std::ranges::any_of(keys, [&](const Node* other) {
        return other != key && find_field(find_kind(kinds_, other->text)->fields, key->text) != nullptr;
      });
    };
    if (keys.size() > 1) std::erase_if(keys, is_field_of_another);
    if (keys.empty()) return report_no_kind();
    case_.kind = find_kind(kinds_, keys[0]->text);
    if (keys.size() == 1) return true;
    reading_.add(*keys[1], fmt::format("a case has one kind; this one is already {}", case_.kind->name),
                 "make two cases of it");
    return false;
  }

  bool report_no_kind() {
    std::vector<std::string_view> names;
    for (const KindSchema* kind : kinds_) names.push_back(kind->name);
    for (std::size_t i = 0; i < node_.size(); ++i) {
      const Node& key = node_.key(i);
      if (find_field(language::case_fields(), key.text) != nullptr) continue;
      if (const auto near = did_you_mean(key.text, names); !near.empty()) {
        reading_.add(key, fmt::format("no kind of case is called \"{}\"", visible_line(key.text, 60)),
                     fmt::format("did you mean \"{}\"?", near));
        return false;
      }
    }
    reading_.add(name_, fmt::format("the case \"{}\" does not say what to do", visible_line(name_.text, 60)),
                 "give it one of: " + listed(names));
    return false;
  }

  void read_keys() {
    for (std::size_t i = 0; i < node_.size(); ++i) {
      const Node& key = node_.key(i);
      if (key.text == case_.kind->name) {
        read_head(node_.value(i));
      } else if (const Field* field = find_field(case_.kind->fields, key.text)) {
        auto value = read_field(reading_, *field, node_.value(i));
        if (value) case_.settings.emplace_back(key.text, Located{std::move(*value), reading_.span(node_.value(i))});
      } else if (const Field* common = common_field(key.text)) {
        read_common_field(*common, node_.value(i));
      } else {
        auto known = names_of(case_.kind->fields);
        for (const auto name : names_of(language::case_fields()))
          if (common_field(name) != nullptr) known.push_back(name);
        reading_.add(key, fmt::format("{} has no field \"{}\"", case_.kind->name, visible_line(key.text, 60)),
                     near_or(key.text, known,
                             case_.kind->fields.empty() ? "all that it may say stands in the map behind its name"
                                                        : "it has: " + listed(names_of(case_.kind->fields))));
      }
    }
    for (const Field& field : case_.kind->fields) {
      if (field.required && node_.find(field.name) == nullptr) {
        reading_.add(name_, fmt::format("{} lacks {}", case_.kind->name, field.name), std::string(field.help));
      }
    }
  }

  /// Gates are for kinds that measure something.
  const Field* common_field(std::string_view name) const {
    if (case_.kind->metrics.empty() && (name == "gates" || name == "baseline")) return nullptr;
    return find_field(language::case_fields(), name);
  }

  void read_head(const Node& node) {
    Field head = case_.kind->head;
    head.name = case_.kind->name;
    auto value = read_field(reading_, head, node);
    if (!value) return;
    const bool says_nothing = value->is_string() ? trim(value->as_string()).empty()
                                                 : value->is_list() && value->as_list().front().as_string().empty();
    if (says_nothing) {
      reading_.add(node, fmt::format("{} is empty", head.name),
                   fmt::format("for example {}: {}", head.name, head.example));
      return;
    }
    case_.head = {std::move(*value), reading_.span(node)};
  }

  void read_common_field(const Field& field, const Node& node) {
    if (std::ranges::find(kOwnReaders, field.name) != std::end(kOwnReaders)) return;
    auto value = read_field(reading_, field, node);
    if (value) common_.emplace_back(field.name, Located{std::move(*value), reading_.span(node)});
  }

  void read_common() {
    case_.needs = texts_of(common_, "needs");
    case_.tags = texts_of(common_, "tags");
    case_.locks = texts_of(common_, "lock");
    case_.covers = texts_of(common_, "covers");
    case_.workspace = text_of(common_, "workspace");
    case_.claim = text_of(common_, "claim");
    case_.before = commands_of(common_, "before");
    case_.optional = located_of(common_, "optional").value.as_bool();
    case_.within = duration_of(common_, "within", case_.within);
    if (find_located(common_, "require") != nullptr) case_.require = requirement_of(text_of(common_, "require"));
    for (auto& name : texts_of(common_, "services")) {
      if (is_service(reading_, *node_.find("services"), name)) services_.insert(std::move(name));
    }
    read_skip();
    read_waiver();
    read_attempts();
    refuse_zero("within", case_.within);
  }

  void refuse_zero(std::string_view name, Duration span) {
    if (span > Duration::zero()) return;
    if (const Node* node = node_.find(name))
      reading_.add(*node, fmt::format("{} is no time at all", name), "for example 30s");
  }

  void read_skip() {
    const Located* skip = find_located(common_, "skip");
    if (skip == nullptr) return;
    case_.skip = trim(skip->value.as_string());
    const Value plain = plain_value(case_.skip);
    if (case_.skip.empty() || plain.is_bool()) {
      reading_.add(skip->span, "skip wants the reason", "for example skip: \"needs a GPU\"");
    }
  }

  void read_waiver() {
    const Node* level = node_.find("level");
    case_.level = text_of(common_, "level") == "soft" ? Level::soft : Level::must;
    if (case_.level == Level::must) {
      for (const std::string_view field : {"owner", "expires", "reason"}) {
        if (const Located* found = find_located(common_, field)) {
          reading_.add(found->span, fmt::format("{} belongs to level: soft", field), "add level: soft, or remove it");
        }
      }
      return;
    }
    Waiver waiver{text_of(common_, "owner"), text_of(common_, "expires"), text_of(common_, "reason")};
    if (trim(waiver.owner).empty()) reading_.add(*level, "level: soft needs an owner", "add owner: who answers for it");
    if (node_.find("expires") == nullptr) {
      reading_.add(*level, "level: soft needs the date it expires", "add expires: 2026-12-31");
    } else if (!waiver.expires.empty() && waiver.expires < today_) {
      reading_.add(*node_.find("expires"),
                   fmt::format("this waiver expired on {}; today is {}", waiver.expires, today_),
                   "mend the case, or have the owner give it a new date");
    }
    case_.waiver = std::move(waiver);
  }

  void read_attempts() {
    if (const Located* until = find_located(common_, "until")) {
      Until waiting{.within = Duration(until->value["within"].as_int())};
      if (const Value* every = until->value.find("every")) waiting.every = Duration(every->as_int());
      if (waiting.within <= Duration::zero())
        reading_.add(until->span, "until waits for no time at all", "for example { within: 30s }");
      case_.until = waiting;
    }
    if (const Located* retry = find_located(common_, "retry")) {
      case_.retry = Retry{.times = static_cast<int>(std::min<std::int64_t>(retry->value["times"].as_int(), 1000)),
                          .every = Duration(retry->value["every"].as_int())};
      if (case_.retry->times < 1 || retry->value["times"].as_int() > 1000) {
        reading_.add(retry->span, "retry wants 1 to 1000 times", "for example { times: 2, every: 1s }");
      }
    }
  }

  void read_own() {
    const Node* expect = node_.find("expect");
    if (expect != nullptr) case_.checks = read_expect(reading_, *case_.kind, *expect);
    add_implied_checks(*case_.kind, expect, case_.span, case_.checks);
    read_gates_and_baseline();
    if (const Node* capture = node_.find("capture")) case_.captures = read_captures(reading_, *case_.kind, *capture);
    for (const Capture& capture : case_.captures) note_capture(capture);
    if (const Node* evidence = node_.find("evidence")) case_.contract = read_contract(reading_, *evidence, services_);
    if (const Node* control = node_.find("control"))
      read_controls(reading_, *case_.kind, *control, case_.challenges, services_);
    if (const Node* vary = node_.find("vary")) read_vary(reading_, *case_.kind, *vary, case_.challenges);
    if (const Node* list = node_.find("challenges")) {
      read_challenges(reading_, *case_.kind, *list, case_.challenges, services_);
    }
  }

  void read_gates_and_baseline() {
    if (case_.kind->metrics.empty()) return;
    if (const Node* gates = node_.find("gates")) {
      for (Check& gate : read_gates(reading_, *case_.kind, *gates, node_)) case_.checks.push_back(std::move(gate));
    }
    case_.baseline = located_of(common_, "baseline");
    if (find_located(common_, "baseline") != nullptr && !needs_baseline(case_.checks))
      reading_.add(*node_.find("baseline"), "no gate of this case is compared with a baseline",
                   "add gates: [\"p(95) < 1.1 * baseline\"], or remove it");
  }

  void note_capture(const Capture& capture) {
    if (reading_.vars.find(capture.name) != nullptr) {
      reading_.add(capture.span, fmt::format("\"{}\" is already a variable of the suite", capture.name),
                   "choose another name");
    }
    for (const auto& builtin : language::builtins()) {
      const auto word = builtin.name.substr(0, builtin.name.find('.'));
      if (word == capture.name) {
        reading_.add(capture.span, fmt::format("${{{}}} is known to the harness already", capture.name),
                     "choose another name");
        break;
      }
    }
    reading_.captured_by[capture.name].push_back(index_);
  }

  void check_use_of_variables() {
    Reader reader;
    reader.of = Reader::Of::one_case;
    reader.index = index_;
    reader.has_vary =
        std::ranges::any_of(case_.challenges, [](const Challenge& challenge) { return challenge.vary.has_value(); }) ||
        node_.find("vary") != nullptr;
    reading_.check_variables(node_, reader);
    check_that_vary_is_used();
    services_.insert(reader.services.begin(), reader.services.end());
  }

  /// What is expected, or worked out by the harness, is no input of the work.
  void check_that_vary_is_used() {
    constexpr std::string_view kNoInput[] = {"expect", "evidence", "oracle"};
    const auto varied = std::ranges::find_if(case_.challenges, [](const Challenge& c) { return c.vary.has_value(); });
    if (varied == case_.challenges.end() || names_vary(node_, kNoInput)) return;
    reading_.add(varied->span, "${vary} stands nowhere in this case, so nothing is varied",
                 "put it where the input stands, for example exec: [./price, \"${vary}\"]");
  }

  void check_that_it_checks() {
    if (case_.kind->claims) return;
    for (const std::string_view key : {"expect", "gates", "evidence", "vary", "challenges"}) {
      if (node_.find(key) != nullptr) return;
    }
    reading_.add(name_, fmt::format("the case \"{}\" checks nothing", visible_line(name_.text, 60)),
                 "add expect: what must hold");
  }

  Reading& reading_;
  Kinds kinds_;
  std::string_view today_;
  const Node& name_;
  const Node& node_;
  std::size_t index_;
  Case case_;
  LocatedMap common_;
  ServiceNames services_;
};
}  // namespace

Case read_case(Reading& reading, Kinds kinds, std::string_view today, const Node& name, const Node& node,
               std::size_t index) {
  return CaseReader(reading, kinds, today, name, node, index).read();
}

Requirement requirement_of(std::string_view word) {
  if (word == "none") return Requirement::none;
  return word == "challenged" ? Requirement::challenged : Requirement::real;
}

bool check_name(Reading& reading, const Node& node, std::string_view what) {
  constexpr std::size_t kLongestBytes = 200;
  const std::string& name = node.text;
  if (name.empty() || name.size() > kLongestBytes || trim(name) != name) {
    reading.add(node, fmt::format("{} needs a name of 1 to {} bytes without blanks around it", what, kLongestBytes),
                "for example orders");
    return false;
  }
  const auto bad = std::ranges::find_if(name, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || std::string_view("/*?[]{}").find(c) != std::string_view::npos;
  });
  if (bad == name.end() && name.front() != '.') return true;
  reading.add(node, fmt::format("\"{}\" is no name for {}", visible_line(name, 60), what),
              "names have no / * ? [ ] { }, no control characters, and no . in front");
  return false;
}
}  // namespace mccoy::suite
