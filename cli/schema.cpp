// mccoy schema: the suite language for editors (JSON Schema 2020-12) or for readers (Markdown).
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/app.hpp"
#include "harness/suite/suite.hpp"
#include "probes/catalogue.hpp"

namespace mccoy::cli {
void add_schema(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("schema", "prints the JSON Schema of suites");
  const auto markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *markdown, "the reference of the suite language instead");
  command->callback([&chosen, markdown] {
    chosen = [markdown] {
      const auto kinds = probes::kind_schemas();
      const std::string text = *markdown ? suite::suite_reference(kinds) : suite::suite_schema(kinds);
      std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n");
      return std::fflush(stdout) == 0 ? 0 : kUnknown;
    };
  });
}
}  // namespace mccoy::cli
