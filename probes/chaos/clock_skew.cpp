// The wall clock of a service is wrong, through libfaketime (harness/target/clock.hpp).
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/base/undo.hpp"
#include "harness/target/clock.hpp"
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
    return std::abs(during.value - before.value - seconds()) < kTolerance_s && during.facts["loaded"].as_int() > 0;
  }
  bool is_healed(const Reading& before, const Reading& after) const override {
    return std::abs(after.value - before.value) < kTolerance_s;
  }

 private:
  static constexpr double kTolerance_s = 1;
  Status inject() override;
  Status heal() override { return undo_.fulfil(); }
  double seconds() const { return std::chrono::duration<double>(by_).count(); }
  std::int64_t loaded() const;

  const FaultContext context_;
  const Duration by_;
  const std::string file_;
  Undo undo_;
};

/// Processes of the service that have the library in their memory.
std::int64_t ClockSkew::loaded() const {
  std::int64_t count = 0;
  const auto where = context_.services->whereabouts(context_.service);
  for (const pid_t pid : where ? where->members : std::vector<pid_t>{}) {
    std::ifstream lines("/proc/" + std::to_string(pid) + "/maps");
    for (std::string line; std::getline(lines, line);)
      if (line.find("libfaketime") != std::string::npos) {
        ++count;
        break;
      }
  }
  return count;
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
  const auto users = loaded();
  return Reading{
      .what = "wall clock of " + context_.service + " against that of the machine",
      .unit = "s",
      .value = skew_s,
      .text = fmt::format("{:+.3f} s, through libfaketime, which {} of its processes have loaded", skew_s, users),
      .facts = Value::map({{"loaded", users}})};
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

Result<std::unique_ptr<Fault>> make(const FaultContext& context, const Value& settings) {
  const auto& by = settings["by"].as_string();
  const bool back = by.starts_with('-');
  auto span = parse_duration(back || by.starts_with('+') ? std::string_view(by).substr(1) : std::string_view(by));
  if (!span.ok()) {
    span.error().what = "by: " + span.error().what;
    return std::move(span).error();
  }
  return std::make_unique<ClockSkew>(context, back ? -*span : *span);
}
}  // namespace

extern const FaultKind clock_fault{.name = "clock",
                                   .summary = "the wall clock of the service is wrong",
                                   .fields = kFields,
                                   .needs = "libfaketime; a program that asks the C library for the time",
                                   .provide = &provide,
                                   .lacks = &lacks,
                                   .make = &make};
}  // namespace mccoy::chaos
