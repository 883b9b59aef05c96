// The mistakes of a chaos case that no table can tell, each at its place; declared in chaos_fields.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "harness/base/text.hpp"
#include "harness/suite/gate.hpp"
#include "harness/suite/read_contract.hpp"
#include "harness/suite/read_field.hpp"
#include "probes/chaos/chaos_ask.hpp"
#include "probes/chaos/chaos_fields.hpp"
#include "probes/chaos/writing_steps.hpp"
#include "probes/load_plan.hpp"

namespace mccoy::chaos {
namespace {
using suite::Node;

/// What the harness needs beside the faults: the steady state, services that start again, the ledger.
constexpr Duration kBesides = std::chrono::seconds(60);

class Examination {
 public:
  Examination(suite::Reading& reading, const Node& node, suite::Case& which)
      : reading_(reading), node_(node), chaos_(*node.find("chaos")), which_(which) {}

  void go() {
    examine_faults();
    check_faults();
    ask_for("steady_state", chaos_);
    if (const Node* meanwhile = chaos_.find("while")) examine_while(*meanwhile);
    if (const Node* during = chaos_.find("expect_during")) examine_expectations(*during);
    refuse_waiting();
    refuse_haste();
    settle_time();
  }

 private:
  // ---- faults

  void examine_faults() {
    const Node& faults = *chaos_.find("fault");
    if (faults.is_map()) return examine_fault(faults);
    for (const Node& entry : faults.items) examine_fault(entry);
  }

  void examine_fault(const Node& entry) {
    std::vector<std::string_view> keys;
    for (std::size_t i = 0; i < entry.size(); ++i) keys.emplace_back(entry.key(i).text);
    const auto kinds = kinds_among(keys);
    if (kinds.empty()) return report_no_kind(entry);
    const FaultKind* kind = kinds.front();
    for (std::size_t i = 0; kinds.size() > 1 && i < entry.size(); ++i)
      if (entry.key(i).text == kinds[1]->name)
        return reading_.add(entry.key(i), fmt::format("this entry is already a {}", kind->name),
                            "several faults are a list: [{ kill: db }, { pause: cache }]");
    use_service(*entry.find(kind->name));
    for (std::size_t i = 0; i < entry.size(); ++i) examine_field(*kind, entry.key(i), entry.value(i));
    for (const suite::Field& field : kind->fields)
      if (field.required && entry.find(field.name) == nullptr)
        reading_.add(entry, fmt::format("the fault {} lacks {}", kind->name, field.name), std::string(field.help));
  }

  /// What the tables cannot tell: numbers out of range, settings that make no sense together.
  void check_faults() {
    const auto ask = read_chaos_ask(which_.head.value);
    const Node& faults = *chaos_.find("fault");
    if (!ask.ok()) return;
    for (std::size_t i = 0; i < ask->faults.size(); ++i) {
      const FaultAsk& fault = ask->faults[i];
      if (fault.kind->check == nullptr) continue;
      const Status checked = fault.kind->check(fault.settings, fault.hold.value_or(ask->span() - fault.at));
      const Node& entry = faults.is_map() || i >= faults.items.size() ? faults : faults.items[i];
      if (!checked.ok()) reading_.add(entry, checked.error().what, checked.error().hint);
    }
  }

  void report_no_kind(const Node& entry) {
    std::vector<std::string_view> names;
    for (const FaultKind* kind : fault_kinds()) names.push_back(kind->name);
    reading_.add(entry, "this fault does not say what is done", "one of: " + suite::listed(names));
  }

  void use_service(const Node& name) {
    if (!suite::is_service(reading_, name, name.text)) return;
    auto& uses = which_.uses;
    if (std::ranges::find(uses, name.text) == uses.end()) uses.push_back(name.text);
    std::ranges::sort(uses);
  }

  void examine_field(const FaultKind& kind, const Node& key, const Node& value) {
    if (key.text == kind.name || key.text == "at" || key.text == "hold") return;
    const suite::Field* field = suite::find_field(kind.fields, key.text);
    if (field != nullptr) {
      (void)suite::read_field(reading_, *field, value);
      return;
    }
    auto known = suite::names_of(kind.fields);
    known.insert(known.end(), {"at", "hold"});
    reading_.add(key, fmt::format("the fault {} has no field \"{}\"", kind.name, visible_line(key.text, 60)),
                 suite::near_or(key.text, known, "it has: " + suite::listed(known)));
  }

  // ---- cases that are asked

  void ask_for(std::string_view field, const Node& owner) {
    const Node* names = owner.find(field);
    if (names == nullptr) return;
    if (names->is_list() && names->items.empty())
      return reading_.add(*names, fmt::format("{} is empty", field), "name a case of this suite");
    if (names->is_scalar()) return note(*names);
    for (const Node& name : names->items) note(name);
  }

  void note(const Node& name) {
    const auto known = [&](const auto& ask) { return ask.first == name.text; };
    if (std::ranges::none_of(which_.asks, known)) which_.asks.emplace_back(name.text, reading_.span(name));
  }

  void examine_expectations(const Node& during) {
    std::vector<std::string_view> asked;
    for (const auto& [name, span] : which_.asks) asked.push_back(name);
    for (std::size_t i = 0; i < during.size(); ++i) {
      if (std::ranges::find(asked, during.key(i).text) == asked.end())
        reading_.add(during.key(i), fmt::format("\"{}\" is not asked here", visible_line(during.key(i).text, 60)),
                     suite::near_or(during.key(i).text, asked, "add it to steady_state, or to cases of while"));
      const std::string& word = during.value(i).text;
      if (word != "pass" && word != "fail" && word != "any")
        reading_.add(during.value(i), fmt::format("a case cannot be expected to \"{}\"", visible_line(word, 40)),
                     suite::near_or(word, {"pass", "fail", "any"}, "pass: each time; fail: at least once; any"));
    }
  }

  // ---- while

  void examine_while(const Node& meanwhile) {
    ask_for("cases", meanwhile);
    const Node* load = meanwhile.find("load");
    const Node* ledger = meanwhile.find("ledger");
    if (load == nullptr && ledger == nullptr && meanwhile.find("cases") == nullptr)
      return reading_.add(meanwhile, "nothing goes on meanwhile", "give it a load, cases or a ledger");
    refuse_load_fields(meanwhile, load);
    if (load != nullptr) examine_load(meanwhile);
    if (ledger != nullptr) examine_ledger(meanwhile, *ledger, load != nullptr);
  }

  void refuse_load_fields(const Node& meanwhile, const Node* load) {
    for (std::size_t i = 0; load == nullptr && i < meanwhile.size(); ++i) {
      const std::string& key = meanwhile.key(i).text;
      if (key == "cases" || key == "every" || key == "ledger") continue;
      return reading_.add(meanwhile.key(i), fmt::format("{} belongs to a load", key),
                          "add load: POST URL, or remove it");
    }
  }

  void examine_load(const Node& meanwhile) {
    const auto ask = read_chaos_ask(which_.head.value);
    if (!ask.ok()) return;
    std::error_code unknown;
    const auto path = std::filesystem::absolute(std::string(reading_.file()), unknown);
    auto plan =
        probes::plan_load(probes::Said(ask->meanwhile.load, meanwhile, reading_.file()), path.parent_path().string());
    if (!plan.ok()) return reading_.add(std::move(plan).error());
    if (!ask->meanwhile.endless) load_span_ = plan->span();
    profile_ = std::move(plan->profile);
  }

  void examine_ledger(const Node& meanwhile, const Node& ledger, bool has_load) {
    const Node* write = ledger.find("write");
    if (has_load && write != nullptr)
      reading_.add(*write, "the requests of the load are the writes", "remove write, or the load");
    if (!has_load && write == nullptr)
      reading_.add(ledger, "nothing is written for this ledger", "add write: [COMMAND, \"{{id}}\"], or a load");
    if (write != nullptr && !mentions(*write, {"{{id}}", "{{unique}}", "${unique}"}))
      reading_.add(*write, "every write is the same", "put {{id}} where the number of the record stands");
    if (has_load && profile_ && !mentions(meanwhile, {"${unique}"}))
      if (auto writes = writing_steps(*profile_); !writes.ok())
        reading_.add(ledger, writes.error().what, writes.error().hint);
    refuse_uncounted(ledger);
    if (const Node* read_back = ledger.find("read_back"); read_back != nullptr && mentions(*read_back, {"{{id}}"}))
      refuse_what_each_cannot_tell(ledger);
  }

  /// Whoever is asked for one record says that it is there, and neither how often nor where.
  void refuse_what_each_cannot_tell(const Node& ledger) {
    constexpr std::string_view kHint = "let read_back list all records, without {{id}}";
    if (const Node* ordered = ledger.find("ordered"); ordered != nullptr && ordered->text == "true")
      reading_.add(*ordered, "records that are asked for one by one have no order", std::string(kHint));
    for (const suite::Check& check : which_.checks) {
      const auto gate = suite::gate_of(check);
      if (check.op != suite::Op::gate || !gate.ok()) continue;
      if (gate->metric == "duplicate_writes" || gate->metric == "out_of_order_writes")
        reading_.add(Error{.where = check.span,
                           .what = gate->metric + " is not seen when records are asked for one by one",
                           .hint = std::string(kHint)});
    }
  }

  static bool mentions(const Node& node, std::initializer_list<std::string_view> words) {
    if (node.is_scalar())
      return std::ranges::any_of(words,
                                 [&](std::string_view word) { return node.text.find(word) != std::string::npos; });
    for (std::size_t i = 0; i < node.size(); ++i)
      if (mentions(node.is_map() ? node.value(i) : node.items[i], words)) return true;
    return false;
  }

  /// A ledger nobody looks at claims nothing.
  void refuse_uncounted(const Node& ledger) {
    const bool counted = std::ranges::any_of(which_.checks, [](const suite::Check& check) {
      const auto gate = suite::gate_of(check);
      return check.op == suite::Op::gate && gate.ok() && gate->metric.ends_with("_writes");
    });
    if (!counted)
      reading_.add(ledger, "a ledger is kept, and no gate looks at it",
                   "add gates: [\"lost_writes == 0\"] to the case");
  }

  // ---- the whole

  void refuse_waiting() {
    if (const Node* until = node_.find("until"))
      reading_.add(*until, "a chaos case is not repeated until it passes",
                   "recovers_within says how long may be waited");
  }

  /// Between injection and undoing there must be time to ask.
  void refuse_haste() {
    const Node* during = chaos_.find("expect_during");
    const auto ask = read_chaos_ask(which_.head.value);
    if (during == nullptr || !ask.ok() || ask->span() >= ask->poll) return;
    const Node* hold = chaos_.find("hold");
    reading_.add(hold == nullptr ? *during : *hold,
                 fmt::format("the faults last {}, and cases are asked every {}: nothing can be expected of them during "
                             "the fault",
                             human_duration(ask->span()), human_duration(ask->poll)),
                 "a longer hold, or no expect_during");
  }

  void settle_time() {
    const auto ask = read_chaos_ask(which_.head.value);
    if (!ask.ok()) return;
    const Duration needed = std::max(ask->lead + ask->span(), load_span_);
    const Node* within = node_.find("within");
    if (within == nullptr) {
      which_.within = needed + ask->recovers_within + kBesides;
    } else if (which_.within < needed) {
      reading_.add(*within,
                   fmt::format("this takes {}, but the case is ended after {}", human_duration(needed),
                               human_duration(which_.within)),
                   "give it more time, or leave within out: it then follows from the case");
    }
  }

  suite::Reading& reading_;
  const Node& node_;
  const Node& chaos_;
  suite::Case& which_;
  Duration load_span_{};
  std::optional<load::Profile> profile_;
};
}  // namespace

void examine_chaos(suite::Reading& reading, const suite::Node& node, suite::Case& which) {
  Examination(reading, node, which).go();
}
}  // namespace mccoy::chaos
