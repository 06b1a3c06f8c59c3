#include "authserver/cli/app.h"

#include <algorithm>
#include <ostream>

#include "authserver/cli/command.h"

namespace authplane::authserver::cli {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string only_length(std::string_view argument) {
  return "(" + std::to_string(argument.size()) + " characters)";
}

// What may be shown of an argument that fits nowhere. Most are mistyped commands and flags, but a long one,
// or the value behind '=', may as well be a token or a secret.
std::string shown(std::string_view argument) {
  constexpr std::size_t kLongestName = 32;
  const bool is_flag = argument.starts_with('-');
  if (is_flag) argument = argument.substr(0, argument.find('='));
  const std::size_t longest = is_flag ? kLongestName : kLongestName / 2;
  return argument.size() <= longest ? std::string(argument) : only_length(argument);
}

// Whether the word behind this mistyped flag is likely to be a secret of any length.
bool asks_for_secret(std::string_view flag) {
  if (!flag.starts_with('-')) return false;
  constexpr std::string_view kNames[] = {"pas", "pw", "secret", "tok", "key"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view name) { return flag.find(name) != std::string_view::npos; });
}

std::string unexpected_arguments(const std::vector<std::string>& arguments) {
  std::string list;
  std::string_view before;
  for (const std::string& argument : arguments) {
    const bool is_value = !argument.starts_with('-') && asks_for_secret(before);
    list += (list.empty() ? "" : " ") + (is_value ? only_length(argument) : shown(argument));
    before = argument;
  }
  return "unexpected on the command line: " + list;
}

// The help of the innermost command that the command line reached.
std::string see_help(const CLI::App& root) {
  std::string command = root.get_name();
  for (const CLI::App* app = &root; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    command += " " + app->get_name();
  }
  return "; see " + command + " --help";
}

int report(const Failure& failure, Context& context) {
  context.err << "error: " << failure.message << std::endl;
  return failure.exit_code;
}

}  // namespace

CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& description) {
  return *parent.add_subcommand(name, description);
}

std::optional<std::string> with_fallback(const Context& context, std::optional<std::string> value,
                                         std::string_view variable) {
  if (value || variable.empty()) return value;
  std::optional<std::string_view> found = context.environment.get(variable);
  return found ? std::optional<std::string>(*found) : std::nullopt;
}

CommandResult<std::string> required(const Context& context, std::string_view flag, const std::string& value,
                                    std::string_view fallback) {
  if (!value.empty()) return value;
  std::string found = with_fallback(context, std::nullopt, fallback).value_or("");
  if (!found.empty()) return found;
  std::string message = std::string(flag) + " is required";
  if (!fallback.empty()) message += " (or set " + std::string(fallback) + ")";
  return failure(message);
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> items;
  while (!text.empty()) {
    std::size_t end = text.find(separator);
    if (std::string_view item = trim(text.substr(0, end)); !item.empty()) items.emplace_back(item);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return items;
}

int run(const std::vector<std::string>& arguments, Context& context) {
  CLI::App root("OAuth 2.1 authorization server for MCP", "authserver");
  root.fallthrough();  // lets --config stand after the command
  std::string config_path;
  root.add_option("--config", config_path, "YAML file; without it only defaults and environment count");
  Action selected;
  add_server_commands(root, selected);
  add_purge_command(root, selected);
  add_config_commands(root, selected);
  add_doctor_command(root, selected);
  CLI::App& admin = add_group(
      root, "admin", "Manage resources, providers, clients, users, tokens and keys in the database directly");
  add_resource_commands(admin, selected);
  add_provider_commands(admin, selected);
  add_fronting_commands(admin, selected);
  add_client_commands(admin, selected);
  add_user_commands(admin, selected);
  add_grant_commands(admin, selected);
  add_xaa_commands(admin, selected);
  add_issuance_commands(admin, selected);
  add_key_commands(admin, selected);
  add_dcr_commands(admin, selected);
  try {
    root.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    context.out << root.help();
    return kOk;
  } catch (const CLI::ExtrasError&) {
    return report({one_line(unexpected_arguments(root.remaining(true))) + see_help(root)}, context);
  } catch (const CLI::ParseError& problem) {
    return report({one_line(problem.what()) + see_help(root)}, context);
  }
  if (!selected) {
    context.out << root.help();
    return kOk;
  }
  Invocation invocation{context, config_path};
  try {
    CommandResult<void> done = selected(invocation);
    if (!done) return report(done.error(), context);
  } catch (const std::exception& problem) {
    return report({std::string("unexpected failure: ") + problem.what()}, context);
  }
  context.out.flush();
  return context.out ? kOk : report({"the output could not be written"}, context);
}

}  // namespace authplane::authserver::cli
