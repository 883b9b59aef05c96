// chaos: faults, and what the target made of them.
#include "probes/chaos/chaos_ask.hpp"
#include "probes/chaos/chaos_fields.hpp"
#include "probes/chaos/course.hpp"

namespace mccoy::probes {
namespace {
class ChaosProbe final : public Probe {
 public:
  static Result<std::unique_ptr<Probe>> make(const suite::Settings& settings) {
    auto ask = chaos::read_chaos_ask(settings.head());
    if (!ask.ok()) {
      ask.error().where = settings.head_span();
      return std::move(ask).error();
    }
    return std::unique_ptr<Probe>(std::make_unique<ChaosProbe>(std::move(ask).value(), settings.head_span()));
  }
  ChaosProbe(chaos::ChaosAsk ask, Span span) : ask_(std::move(ask)), span_(span) {}

  Result<evidence::Observation> observe(const Trial& trial) override {
    if (trial.services == nullptr) return Error{.where = span_, .what = "this suite has no service to disturb"};
    return chaos::Course(ask_, trial).run();
  }

 private:
  chaos::ChaosAsk ask_;
  Span span_;
};

/// What is not known before the run (a variable) cannot be provided for; the fault then says what it lacks.
void provide(const suite::Case& which, std::map<std::string, target::Provisions>& provisions) {
  for (const Value& entry : which.head.value["fault"].as_list()) {
    const chaos::FaultKind* kind = chaos::kind_of(entry);
    if (kind == nullptr || kind->provide == nullptr) continue;
    const auto settings = chaos::settings_of(*kind, entry);
    if (settings.ok()) kind->provide(*settings, provisions[entry[kind->name].as_string()]);
  }
}
}  // namespace

const ProbeKind& chaos_kind() {
  static const ProbeKind kind{
      .schema = &chaos::chaos_schema(),
      .make = &ChaosProbe::make,
      .default_contract = [](const suite::Settings&, const std::string&) { return std::vector<suite::Obligation>(); },
      .address = [](const suite::Settings&) { return std::string(); },
      .provide = &provide};
  return kind;
}
}  // namespace mccoy::probes
