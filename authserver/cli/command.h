#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "authserver/cli/context.h"
#include "authserver/cli/outcome.h"

namespace authplane::authserver::cli {

// What every command gets beside its own options.
struct Invocation {
  Context& context;
  const std::string& config_path;  // --config, "" = no file
};

// The command that the command line selects; set by CLI11's callback, run after parsing.
using Action = std::function<CommandResult<void>(Invocation&)>;

// Declares the options of one command. The values live in a shared struct that the action captures.
class CommandBuilder {
 public:
  CommandBuilder(CLI::App& parent, const std::string& name, const std::string& description, Action& selected)
      : app_(parent.add_subcommand(name, description)), selected_(selected) {}

  CommandBuilder& text(const std::string& flag, std::string& value, const std::string& help) {
    app_->add_option(flag, value, help);
    return *this;
  }
  CommandBuilder& text(const std::string& flag, std::optional<std::string>& value, const std::string& help) {
    app_->add_option_function<std::string>(
            flag, [&value](const std::string& given) { value = given; }, help)
        ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    return *this;
  }
  CommandBuilder& number(const std::string& flag, long& value, const std::string& help) {
    app_->add_option(flag, value, help);
    return *this;
  }
  CommandBuilder& flag(const std::string& name, bool& value, const std::string& help) {
    app_->add_flag(name, value, help);
    return *this;
  }
  // Each occurrence takes exactly one value, kept as it is.
  CommandBuilder& repeated(const std::string& flag, std::vector<std::string>& values,
                           const std::string& help) {
    app_->add_option(flag, values, help)->allow_extra_args(false);
    return *this;
  }
  void runs(Action action) {
    app_->callback([&selected = selected_, action = std::move(action)] { selected = action; });
  }

 private:
  CLI::App* app_;
  Action& selected_;
};

// A parent command; alone it prints its help.
CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& description);

// A flag that has to be there, checked before anything is opened. `fallback` names the environment variable
// that stands in for it, "" = none.
CommandResult<std::string> required(const Context& context, std::string_view flag, const std::string& value,
                                    std::string_view fallback = {});
// The flag's value, or the variable's when the flag is absent.
std::optional<std::string> with_fallback(const Context& context, std::optional<std::string> value,
                                         std::string_view variable);

std::vector<std::string> split_list(std::string_view text,
                                    char separator = ',');  // blanks trimmed, empty items dropped

void add_client_commands(CLI::App& admin, Action& selected);
void add_user_commands(CLI::App& admin, Action& selected);
void add_grant_commands(CLI::App& admin, Action& selected);
void add_resource_commands(CLI::App& admin, Action& selected);
void add_provider_commands(CLI::App& admin, Action& selected);
void add_fronting_commands(CLI::App& admin, Action& selected);
void add_xaa_commands(CLI::App& admin, Action& selected);  // idp, xaa-policy, subject-mapping
void add_issuance_commands(CLI::App& admin, Action& selected);
void add_key_commands(CLI::App& admin, Action& selected);
void add_dcr_commands(CLI::App& admin, Action& selected);
void add_config_commands(CLI::App& root, Action& selected);
void add_doctor_command(CLI::App& root, Action& selected);
void add_purge_command(CLI::App& root, Action& selected);
void add_server_commands(CLI::App& root, Action& selected);  // serve, migrate, healthcheck, version

}  // namespace authplane::authserver::cli
