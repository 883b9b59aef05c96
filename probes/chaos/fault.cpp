#include "probes/chaos/fault.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "harness/base/launch.hpp"

namespace mccoy::chaos {
namespace {
constexpr int kBetweenReadings_ms = 5;

/// False: the wait is to end.
bool pause(Deadline deadline, const Interrupt* interrupt) {
  pollfd ended{interrupt != nullptr ? interrupt->fd() : -1, POLLIN, 0};
  const int until = deadline.poll_ms();
  const int pause_ms = until < 0 ? kBetweenReadings_ms : std::min(until, kBetweenReadings_ms);
  return ::poll(&ended, 1, pause_ms) <= 0 && !deadline.passed();
}
}  // namespace

Value to_value(const Reading& reading) {
  Value value = Value::map({{"what", reading.what}, {"value", reading.value}});
  if (!reading.unit.empty()) value.set("unit", reading.unit);
  if (!reading.text.empty()) value.set("text", reading.text);
  if (!reading.facts.is_null()) value.set("facts", reading.facts);
  return value;
}

Value to_value(const FaultCourse& course) {
  Value value = Value::map({{"inject_wall_ms", course.inject_wall_ms}});
  const std::pair<const char*, std::int64_t> times[] = {
      {"inject_ns", course.inject_ns}, {"injected_ns", course.injected_ns}, {"effect_ns", course.effect_ns},
      {"heal_ns", course.heal_ns},     {"healed_ns", course.healed_ns},     {"verified_ns", course.verified_ns}};
  for (const auto& [name, time] : times)
    if (time != 0) value.set(name, time);
  const std::pair<const char*, const std::optional<Reading>*> readings[] = {
      {"before", &course.before}, {"during", &course.during}, {"last", &course.last}, {"after", &course.after}};
  for (const auto& [name, reading] : readings)
    if (*reading) value.set(name, to_value(**reading));
  return value;
}

ActiveFault::ActiveFault(std::unique_ptr<Fault> fault, const FaultContext& context)
    : fault_(std::move(fault)), interrupt_(context.interrupt), expiry_(Deadline::in(context.expires_in)) {}

Result<std::unique_ptr<ActiveFault>> ActiveFault::inject(std::unique_ptr<Fault> fault, const FaultContext& context) {
  std::unique_ptr<ActiveFault> active(new ActiveFault(std::move(fault), context));
  FaultCourse& course = active->course_;
  MCCOY_TRY(before, active->fault_->measure());
  course.before = std::move(before);
  course.inject_wall_ms = wall_ms();
  course.inject_ns = monotonic_ns();
  Status injected = active->fault_->inject();
  course.injected_ns = monotonic_ns();
  if (injected.ok()) return active;
  if (Status healed = active->heal(); !healed.ok()) injected.error().what += "; " + healed.error().what;
  return std::move(injected).error();
}

ActiveFault::~ActiveFault() {
  if (course_.healed_ns == 0) (void)heal();
}

Result<bool> ActiveFault::await(Deadline deadline, std::optional<Reading>& kept, std::int64_t& seen_ns,
                                bool (Fault::*holds)(const Reading&, const Reading&) const) {
  do {
    MCCOY_TRY(now, fault_->measure());
    kept = std::move(now);
    if (!((*fault_).*holds)(*course_.before, *kept)) continue;
    seen_ns = monotonic_ns();
    return true;
  } while (pause(deadline, interrupt_));
  return false;
}

Result<bool> ActiveFault::await_effect(Deadline deadline) {
  return await(deadline, course_.during, course_.effect_ns, &Fault::has_effect);
}

Status ActiveFault::heal() {
  if (course_.healed_ns != 0) return {};
  if (course_.effect_ns != 0 && !course_.last)
    if (auto last = fault_->measure(); last.ok()) course_.last = std::move(*last);
  course_.heal_ns = monotonic_ns();
  Status healed = fault_->heal();
  if (healed.ok()) course_.healed_ns = monotonic_ns();
  if (course_.last) fell_short_ = fault_->fell_short(*course_.before, *course_.last);
  return healed;
}

Result<bool> ActiveFault::await_healed(Deadline deadline) {
  return await(deadline, course_.after, course_.verified_ns, &Fault::is_healed);
}

bool ActiveFault::expired() const {
  return expiry_.passed();
}
}  // namespace mccoy::chaos
