// exec: one command, without a shell.
#include "probes/command.hpp"
#include "probes/unstated.hpp"

namespace mccoy::probes {
namespace {
class ExecProbe final : public Probe {
 public:
  static Result<std::unique_ptr<Probe>> make(const suite::Settings& settings) {
    MCCOY_TRY(plan, plan_command(settings));
    plan.argv = settings.head_texts();
    if (plan.argv.empty() || plan.argv[0].empty())
      return Error{
          .where = settings.head_span(), .what = "exec has no command", .hint = "a list of words: exec: [ls, -l]"};
    return std::unique_ptr<Probe>(std::make_unique<ExecProbe>(std::move(plan)));
  }
  explicit ExecProbe(CommandPlan plan) : plan_(std::move(plan)) {}
  Result<evidence::Observation> observe(const Trial& trial) override { return run_and_observe(plan_, trial); }

 private:
  CommandPlan plan_;
};

std::vector<suite::Obligation> default_contract(const suite::Settings& settings, const std::string&) {
  const auto argv = settings.head_texts();
  if (argv.empty()) return {};
  return {unstated("exec", Value::map({{"exe", argv[0]}}))};
}
}  // namespace

const ProbeKind& exec_kind() {
  static const suite::KindSchema schema{
      .name = "exec",
      .summary = "runs a command, without a shell, and looks at its exit, output and files",
      .head = {.name = "exec",
               .type = suite::FieldType::argv,
               .help = "The command and its arguments, one word each; no shell is involved.",
               .required = true,
               .example = "[./price, --grams, \"100\"]"},
      .fields = command_fields(),
      .expects = command_expects(),
      .sources = command_sources(),
      .main_text = "stdout",
      .default_contract = "the program that argv[0] names was run in this trial"};
  static const ProbeKind kind{.schema = &schema,
                              .make = &ExecProbe::make,
                              .default_contract = &default_contract,
                              .address = [](const suite::Settings&) { return std::string(); }};
  return kind;
}
}  // namespace mccoy::probes
