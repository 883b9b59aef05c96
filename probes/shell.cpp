// shell: a line for bash with pipefail, for those who say that they want one.
#include "probes/command.hpp"
#include "probes/unstated.hpp"

namespace mccoy::probes {
namespace {
class ShellProbe final : public Probe {
 public:
  static Result<std::unique_ptr<Probe>> make(const suite::Settings& settings) {
    MCCOY_TRY(plan, plan_command(settings));
    plan.argv = {"bash", "-o", "pipefail", "-c", settings.head().as_string()};
    if (plan.argv.back().empty()) return Error{.where = settings.head_span(), .what = "shell has no command"};
    return std::unique_ptr<Probe>(std::make_unique<ShellProbe>(std::move(plan)));
  }
  explicit ShellProbe(CommandPlan plan) : plan_(std::move(plan)) {}
  Result<evidence::Observation> observe(const Trial& trial) override { return run_and_observe(plan_, trial); }

 private:
  CommandPlan plan_;
};

std::vector<suite::Obligation> default_contract(const suite::Settings&, const std::string&) {
  return {unstated("exec", Value::map({{"exe", "bash"}}))};
}
}  // namespace

const ProbeKind& shell_kind() {
  static const suite::KindSchema schema{
      .name = "shell",
      .summary = "runs a line with bash, where a failure anywhere in a pipe counts (pipefail)",
      .head = {.name = "shell",
               .type = suite::FieldType::text,
               .help = "The text bash runs; variables of the suite are put in before bash sees it.",
               .required = true,
               .example = "sort names | uniq -c"},
      .fields = command_fields(),
      .expects = command_expects(),
      .sources = command_sources(),
      .main_text = "stdout",
      .default_contract = "bash was run in this trial; what it started is not told apart"};
  static const ProbeKind kind{.schema = &schema,
                              .make = &ShellProbe::make,
                              .default_contract = &default_contract,
                              .address = [](const suite::Settings&) { return std::string(); }};
  return kind;
}
}  // namespace mccoy::probes
