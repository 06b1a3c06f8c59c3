#include <memory>
#include <ostream>

#include "authserver/cli/command.h"
#include "authserver/cli/config_check.h"
#include "authserver/cli/seeding.h"
#include "authserver/config/report.h"

namespace authplane::authserver::cli {

CommandResult<LoadedConfig> load_to_serve(const Invocation& invocation) {
  Result<LoadedConfig, ConfigProblems> loaded =
      load_config(invocation.config_path, invocation.context.environment, Purpose::serve);
  if (!loaded) return failure(describe(loaded.error()));
  const ConfigProblems mistakes = seed_mistakes(loaded->config);
  if (!mistakes.empty()) return failure(describe(mistakes));
  return std::move(*loaded);
}

CommandResult<void> check_config(Invocation& invocation) {
  CommandResult<LoadedConfig> loaded = load_to_serve(invocation);
  if (!loaded) return Err(loaded.error());
  invocation.context.out << resolved_table(loaded->settings);
  for (const auto* lines : {&loaded->slips, &loaded->advice}) {
    for (const std::string& line : *lines) invocation.context.err << "warning: " << line << "\n";
  }
  return {};
}

void add_config_commands(CLI::App& root, Action& selected) {
  CLI::App& group = add_group(root, "config", "Look at the configuration without starting anything");
  CommandBuilder(group, "check", "Print every value and its source, secrets masked; or all mistakes",
                 selected)
      .runs(check_config);
  CommandBuilder(group, "reference", "Print the reference of all keys as Markdown", selected)
      .runs([](Invocation& invocation) -> CommandResult<void> {
        invocation.context.out << reference_document();
        return {};
      });
}

}  // namespace authplane::authserver::cli
