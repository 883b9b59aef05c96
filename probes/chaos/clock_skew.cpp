// The wall clock of a service is wrong, through libfaketime (harness/target/clock.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/base/undo.hpp"
#include "harness/target/clock.hpp"
#include "harness/witness/responder.hpp"
#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;

class ClockSkew final : public Fault {
 public:
  ClockSkew(const FaultContext& context, Duration by)
      : context_(context), by_(by), file_(context.services->whereabouts(context.service)->clock_file) {}
  ~ClockSkew() override { (void)heal(); }

  FaultPlan plan() const override {
    return {.does = {fmt::format("set the wall clock of {} {} {}", context_.service,
                                 human_duration(by_ < Duration{} ? -by_ : by_), by_ < Duration{} ? "back" : "ahead")},
            .by_hand = {},
            .through = "libfaketime"};
  }
  Result<Reading> measure() override;
  bool has_effect(const Reading& before, const Reading& during) const override {
    return std::abs(during.value - before.value - seconds()) < kTolerance_s && is_used(during);
  }
  bool is_healed(const Reading& before, const Reading& after) const override {
    return std::abs(after.value - before.value) < kTolerance_s;
  }
  std::string fell_short(const Reading& before, const Reading& last) const override {
    return has_effect(before, last) ? "" : "by the end its clock was another one: " + last.text;
  }

 private:
  static constexpr double kTolerance_s = 1;
  Status inject() override;
  Status heal() override { return undo_.fulfil(); }
  double seconds() const { return std::chrono::duration<double>(by_).count(); }
  /// Processes of the service: with the library, and those that listen on its ports without it.
  struct Users {
    std::int64_t loaded = 0, without = 0;
  };
  Users users() const;
  /// Who answers for the service must be among those that have it.
  static bool is_used(const Reading& reading) {
    return reading.facts["loaded"].as_int() > 0 && reading.facts["without"].as_int() == 0;
  }

  const FaultContext context_;
  const Duration by_;
  const std::string file_;
  Undo undo_;
};

bool has_loaded(pid_t pid) {
  std::ifstream lines("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(lines, line);)
    if (line.find("libfaketime") != std::string::npos) return true;
  return false;
}

ClockSkew::Users ClockSkew::users() const {
  Users users;
  const auto where = context_.services->whereabouts(context_.service);
  if (!where) return users;
  users.loaded = std::ranges::count_if(where->members, has_loaded);
  for (const int port : where->ports)
    for (const auto& listener : witness::listeners_on(port, where->members)) {
      const pid_t pid = listener.id.pid;
      if (std::ranges::find(where->members, pid) != where->members.end() && !has_loaded(pid)) ++users.without;
    }
  return users;
}

/// A look at the clock as the service is given it.
Result<Reading> ClockSkew::measure() {
  auto env = base_environment();
  target::set_clock_environment(env, file_);
  const Command date{.argv = {"/bin/date", "+%s.%N"}, .env = std::move(env), .cwd = "/"};
  MCCOY_TRY(ran, run_command(date, Deadline::in(std::chrono::seconds(5)).earlier(context_.deadline)));
  if (!ran.ended.exited || ran.ended.code != 0) return Error{.what = "cannot ask for the time: date failed"};
  const double theirs_s = std::strtod(ran.out.text().c_str(), nullptr);
  const double skew_s = theirs_s - static_cast<double>(wall_ms()) / 1000;
  const auto [loaded, without] = users();
  return Reading{
      .what = "wall clock of " + context_.service + " against that of the machine",
      .unit = "s",
      .value = skew_s,
      .text = fmt::format("{:+.3f} s, through libfaketime, which {} of its processes have loaded{}", skew_s, loaded,
                          without == 0 ? "" : fmt::format(", and {} that listen on its ports have not", without)),
      .facts = Value::map({{"loaded", loaded}, {"without", without}})};
}

Status ClockSkew::inject() {
  MCCOY_TRY(undo, Undo::promise({.what = Undo::What::write,
                                 .to = file_,
                                 .bytes = target::clock_offset({}),
                                 .expires_boot_us = expiry_in(context_.expires_in),
                                 .because = "the clock of " + context_.service + " is wrong"}));
  undo_ = std::move(undo);
  std::ofstream file(file_, std::ios::in | std::ios::out);  // in place, all at once
  file << target::clock_offset(by_);
  file.flush();
  return file ? Status() : system_error("cannot write " + file_, errno);
}

constexpr Field kFields[] = {
    {.name = "by", .help = "how far: +2h is ahead, -1d is back", .required = true, .example = "-1d"}};

std::string lacks(const FaultContext& context, const Value&) {
  if (target::clock_library().empty()) return "libfaketime is not installed (Debian: apt-get install libfaketime)";
  const auto where = context.services->whereabouts(context.service);
  return where && where->clock_file.empty() ? context.service + " was started without libfaketime" : "";
}

void provide(const Value&, target::Provisions& provisions) {
  provisions.add({.clock = true});
}

Result<Duration> offset_of(const Value& settings) {
  const auto& by = settings["by"].as_string();
  const bool back = by.starts_with('-');
  auto span = parse_duration(back || by.starts_with('+') ? std::string_view(by).substr(1) : std::string_view(by));
  if (!span.ok()) {
    span.error().what = "by: " + span.error().what;
    return std::move(span).error();
  }
  return back ? -*span : *span;
}

Status check(const Value& settings, Duration) {
  const auto by = offset_of(settings);
  return by.ok() ? Status() : Status(by.error());
}

Result<std::unique_ptr<Fault>> make(const FaultContext& context, const Value& settings) {
  MCCOY_TRY(by, offset_of(settings));
  return std::make_unique<ClockSkew>(context, by);
}
}  // namespace

extern const FaultKind clock_fault{.name = "clock",
                                   .summary = "the wall clock of the service is wrong",
                                   .fields = kFields,
                                   .needs = "libfaketime; a program that asks the C library for the time",
                                   .check = &check,
                                   .provide = &provide,
                                   .lacks = &lacks,
                                   .make = &make};
}  // namespace mccoy::chaos
