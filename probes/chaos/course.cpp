#include "probes/chaos/course.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/judge/gates.hpp"

namespace mccoy::chaos {
namespace {
constexpr Duration kTail = std::chrono::milliseconds(500);  ///< the background goes on so long after the recovery
constexpr Duration kLedgerAsk = std::chrono::seconds(60);
constexpr Duration kHealSeen = std::chrono::seconds(10);
constexpr Duration kExpiresAfter = std::chrono::seconds(60);  ///< behind the end of the trial

/// What was seen where there is no effect: all as it was, or something else, which is not enough.
std::string unchanged(const FaultCourse& course) {
  const std::string& now = course.during->text;
  const bool same = now == course.before->text;
  return fmt::format("{} ({}{})", course.during->what, now, same ? ", as before" : "; before: " + course.before->text);
}
}  // namespace

Course::Course(const ChaosAsk& ask, const Trial& trial)
    : ask_(ask), trial_(trial), stage_{ask, trial, chronicle_, book_}, steady_(stage_) {}

Course::~Course() {
  heal_all();
}

void Course::say(std::string_view phase) {
  chronicle_.phase(phase);
  if (trial_.phase) trial_.phase(phase);
}

bool Course::to_end() const {
  return trial_.interrupt->raised() || trial_.deadline.passed();
}

Status Course::prepare() {
  for (const FaultAsk& fault : ask_.faults) {
    Doing doing{.ask = &fault, .context = {}, .fault = {}, .plan = {}, .active = {}};
    doing.context = {.services = trial_.services,
                     .service = fault.service,
                     .seed = trial_.seed + doings_.size(),
                     .scratch = trial_.scratch,
                     .folder = trial_.folder,
                     .expires_in = trial_.deadline.left() + kExpiresAfter,
                     .deadline = trial_.deadline,
                     .interrupt = trial_.interrupt,
                     .beyond_suite = trial_.beyond_suite,
                     .recovers_within = ask_.recovers_within};
    doings_.push_back(std::move(doing));
  }
  lacks_ = lacking();
  if (!lacks_.empty()) return {};
  for (Doing& doing : doings_) {
    auto made = make_fault(*doing.ask->kind, doing.context, doing.ask->settings);
    if (!made.ok()) return std::move(made).error();
    doing.fault = std::move(made).value();
    doing.plan = doing.fault->plan();
  }
  return {};
}

/// Of all faults, before any is injected.
std::string Course::lacking() const {
  for (const Doing& doing : doings_)
    if (std::string why = doing.ask->kind->lacks(doing.context, doing.ask->settings); !why.empty())
      return fmt::format("{} cannot be done here: {}", doing.ask->name(), why);
  return {};
}

Result<evidence::Observation> Course::run() {
  MCCOY_DO(prepare());
  if (!lacks_.empty() || trial_.dry_run) return observation();
  say("steady state before the fault");
  if (steady_.holds() && !to_end()) disturb();
  return observation();
}

/// From the first fault to the last look at the ledger. Whatever happens, all is undone, and nothing goes on behind it.
void Course::disturb() {
  if (ask_.meanwhile.ledger) try_write();
  backgrounds_ = make_backgrounds(stage_);
  if (begin_backgrounds()) {
    inject_all();
    heal_all();
    recover();
  }
  for (const auto& background : backgrounds_)
    background->end(broken_off_.empty() ? trial_.deadline : Deadline::in(Duration{}));
  for (const auto& background : backgrounds_)
    if (broken_off_.empty()) broken_off_ = background->trouble();
  const bool injected = healing_ != Instant{};
  if (ask_.meanwhile.ledger && injected) close_ledger();
}

/// False: it could not be begun, or the run or the trial ended in the lead.
bool Course::begin_backgrounds() {
  for (const auto& background : backgrounds_)
    if (auto begun = background->begin(); !begun.ok()) {
      broken_off_ = "what was to go on meanwhile could not be begun: " + begun.error().what;
      return false;
    }
  if (backgrounds_.empty() || wait(Clock::now() + ask_.lead)) return true;
  break_off();
  return false;
}

void Course::inject_all() {
  steady_.watch();
  const Instant start = Clock::now();
  for (const Event& event : events()) {
    if (!wait(start + event.when)) break;
    if (event.heals)
      heal(event.fault);
    else if (!inject(event.fault))
      break;
  }
  if (to_end()) break_off();
}

void Course::break_off() {
  broken_off_ =
      trial_.interrupt->raised() ? "interrupted" : "the case's time was over before the faults were to be undone";
}

std::vector<Course::Event> Course::events() const {
  std::vector<Event> all;
  const Duration whole = ask_.span();
  for (std::size_t i = 0; i < ask_.faults.size(); ++i) {
    const FaultAsk& fault = ask_.faults[i];
    all.push_back({fault.at, i, false});
    all.push_back({fault.hold ? fault.at + *fault.hold : whole, i, true});
  }
  std::ranges::stable_sort(all, {}, &Event::when);
  return all;
}

/// False: the run or the trial is to end.
bool Course::wait(Instant until) const {
  const Deadline deadline = trial_.deadline.earlier(Deadline::at(until));
  pollfd ended{trial_.interrupt->fd(), POLLIN, 0};
  while (!deadline.passed())
    if (::poll(&ended, 1, deadline.poll_ms()) > 0) break;
  return !to_end();
}

/// False: it had no effect, and there is nothing to be found out any more.
bool Course::inject(std::size_t index) {
  Doing& doing = doings_[index];
  say("fault: " + doing.ask->name());
  auto active = ActiveFault::inject(std::move(doing.fault), doing.context);
  if (!active.ok()) {
    chronicle_.fault(index, "not-injected", chronicle_.now(), active.error().what);
    return false;
  }
  doing.active = std::move(active).value();
  const FaultCourse& course = doing.active->course();
  chronicle_.fault(index, "inject", chronicle_.of_monotonic(course.inject_ns));
  chronicle_.fault(index, "injected", chronicle_.of_monotonic(course.injected_ns));
  const auto effect = doing.active->await_effect(trial_.deadline.earlier(Deadline::in(ask_.effect_within)));
  if (effect.ok() && *effect) {
    chronicle_.fault(index, "effect", chronicle_.of_monotonic(course.effect_ns), course.during->text);
    return true;
  }
  const std::string why = !effect.ok() ? "it could not be measured: " + effect.error().what : unchanged(course);
  chronicle_.fault(index, "no-effect", chronicle_.now(), why);
  return false;
}

/// A service that does not come back although nothing is left of the fault is what the target made of it, and no fault
/// of ours.
void Course::heal(std::size_t index) {
  Doing& doing = doings_[index];
  if (!doing.active || doing.healed) return;
  say("undoing: " + doing.ask->name());
  healing_ = Clock::now();
  tell_whether_it_lives(index);
  const Status healed = doing.active->heal();
  doing.healed = healed.ok();  // else it is tried once more in the end
  const FaultCourse& course = doing.active->course();
  chronicle_.fault(index, "heal", chronicle_.of_monotonic(course.heal_ns));
  if (const std::string& why = doing.active->fell_short(); !why.empty() && !to_end())
    chronicle_.fault(index, "fell-short", chronicle_.now(), why);
  std::string why = healed.ok() ? "" : healed.error().what;
  if (healed.ok()) {
    chronicle_.fault(index, "healed", chronicle_.of_monotonic(course.healed_ns));
    const auto seen = doing.active->await_healed(Deadline::in(kHealSeen));
    if (seen.ok() && *seen) {
      chronicle_.fault(index, "verified", chronicle_.of_monotonic(course.verified_ns), course.after->text);
      return;
    }
    why = seen.ok() ? course.after->what + ": " + course.after->text : seen.error().what;
  }
  const auto dead = trial_.services->unusable(doing.ask->service);
  const bool gone = dead.has_value() && doing.plan.by_hand.empty();
  chronicle_.fault(index, gone ? "gone" : "not-healed", chronicle_.now(), gone ? *dead : why);
}

/// What ran when the fault was to be undone came back by itself.
void Course::tell_whether_it_lives(std::size_t index) {
  const std::string& name = ask_.faults[index].service;
  for (const auto& service : trial_.services->look())
    if (service.name == name && service.alive) chronicle_.fault(index, "lived", chronicle_.now());
}

void Course::heal_all() {
  for (std::size_t i = doings_.size(); i-- > 0;) heal(i);
}

/// The steady state must be seen once more in any case, however long the healing took.
void Course::recover() {
  if (trial_.interrupt->raised() || healing_ == Instant{}) return steady_.stop();
  say("waiting for the steady state");
  const Instant undone = Clock::now();
  const bool back = steady_.await_since(undone, trial_.deadline.earlier(Deadline::at(healing_ + ask_.recovers_within)));
  steady_.stop();
  if (!back && !trial_.interrupt->raised()) (void)steady_.holds();
  tell_last_words();
  if (back && !backgrounds_.empty()) (void)wait(Clock::now() + kTail);
}

void Course::tell_last_words() {
  for (const auto& service : trial_.services->look())
    if (const auto why = trial_.services->unusable(service.name)) chronicle_.service(service.name, *why);
}

/// One record, written where it is seen who takes it.
void Course::try_write() {
  const LedgerAsk& ledger = *ask_.meanwhile.ledger;
  if (ledger.write.empty()) return;
  const std::string id = book_.next_id();
  const auto answer = trial_.neighbours->run("write", "ledger", with_id(ledger.write, id), soon());
  chronicle_.asked("write", "ledger", answer);
  book_.note(id, chronicle_.since_begin(answer.began), chronicle_.since_begin(answer.began + answer.took),
             answer.passed() ? LedgerBook::Answer::acknowledged : LedgerBook::Answer::unknown);
}

Deadline Course::soon() const {
  return trial_.deadline.earlier(Deadline::in(kLedgerAsk));
}

/// Once where it is seen who answers, then all of it.
void Course::close_ledger() {
  say("reading back what was acknowledged");
  const LedgerAsk& ledger = *ask_.meanwhile.ledger;
  const auto ids = book_.ids();
  const auto words = with_id(ledger.read_back, ids.empty() ? book_.prefix() : ids.front());
  chronicle_.asked("read_back", "ledger", trial_.neighbours->run("read_back", "ledger", words, soon()));
  auto there = read_back(ledger, book_, trial_);
  if (book_.overflowed())
    ledger_why_ = "there were more writes than the ledger has room for";
  else if (there.ok())
    remains_ = std::move(there).value();
  else
    ledger_why_ = there.error().what;
}

Value Course::faults_value() const {
  Value faults = Value::list();
  for (const Doing& doing : doings_) {
    Value one = Value::map({{"fault", doing.ask->kind->name}, {"service", doing.ask->service}});
    const auto texts = [](const std::vector<std::string>& items) {
      Value list = Value::list();
      for (const std::string& item : items) list.push(item);
      return list;
    };
    Value plan = Value::map({{"does", texts(doing.plan.does)}, {"by_hand", texts(doing.plan.by_hand)}});
    if (!doing.plan.through.empty()) plan.set("through", doing.plan.through);
    one.set("plan", std::move(plan)).set("settings", doing.ask->settings);
    if (doing.active) one.set("course", to_value(doing.active->course()));
    faults.push(std::move(one));
  }
  return faults;
}

Value Course::ledger_value() const {
  const LedgerAsk& ledger = *ask_.meanwhile.ledger;
  Value value = Value::map({{"ordered", ledger.ordered}, {"each", ledger.each()}});
  if (remains_ && !remains_->never_written.is_null()) value.set("never_written", remains_->never_written);
  if (!ledger_why_.empty()) value.set("why", ledger_why_);
  return value;
}

evidence::Observation Course::observation() {
  Value chaos = Value::map({{"faults", faults_value()}});
  Value steady = Value::list();
  for (const std::string& name : ask_.steady_state) steady.push(name);
  chaos.set("steady_state", std::move(steady)).set("expect_during", ask_.expect_during);
  chaos.set("recovers_within_ns", ask_.recovers_within.count()).set("hold_ns", ask_.span().count());
  if (!lacks_.empty()) chaos.set("lacks", lacks_);
  if (trial_.dry_run) chaos.set("dry_run", true);
  if (!broken_off_.empty()) chaos.set("broken_off", broken_off_);
  evidence::Observation observation;
  std::vector<std::string> plan;
  for (const Doing& doing : doings_) plan.insert(plan.end(), doing.plan.does.begin(), doing.plan.does.end());
  observation.values.set("plan", join(plan, "; "));
  if (ask_.meanwhile.ledger && lacks_.empty() && !trial_.dry_run) {
    chaos.set("ledger", ledger_value());
    observation.texts["ledger"] = book_.text();
    if (remains_) observation.texts["read_back"] = std::move(remains_->lines);
  }
  for (const auto& background : backgrounds_)
    if (Value figures = background->figures(); !figures.is_null()) observation.values.set("load", std::move(figures));
  observation.values.set("chaos", std::move(chaos));
  observation.texts["timeline"] = chronicle_.take();
  return observation;
}
}  // namespace mccoy::chaos
