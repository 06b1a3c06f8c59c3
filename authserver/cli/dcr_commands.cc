#include <memory>
#include <ostream>

#include "authserver/cli/command.h"
#include "authserver/cli/render.h"
#include "authserver/cli/workspace.h"

namespace authplane::authserver::cli {
namespace {

CommandResult<void> get(Invocation& invocation) {
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  const Outcome<RegistrationMode> mode = (*workspace)->registration().mode();
  if (!mode) return failure(mode.error());
  invocation.context.out << Row().add("mode", to_string(*mode)).line();
  return {};
}

CommandResult<void> set(Invocation& invocation, const std::string& text) {
  CommandResult<std::string> given = required(invocation.context, "--mode", text);
  if (!given) return Err(given.error());
  const auto mode = parse_registration_mode(*given);
  if (!mode) return failure("--mode must be open, approved_redirects or admin_only");
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open(invocation);
  if (!workspace) return Err(workspace.error());
  Workspace& open = **workspace;
  const auto before = open.registration().set_mode(*mode, kOperator, open.audit(), open.clock().now());
  if (!before) return failure(before.error());
  invocation.context.out
      << Row("set").add("mode", to_string(*mode)).add("previous", to_string(*before)).line();
  return {};
}

}  // namespace

void add_dcr_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "dcr", "Who may register clients without the operator");
  CommandBuilder(group, "get", "Print the mode in force", selected).runs(get);
  auto mode = std::make_shared<std::string>();
  CommandBuilder(group, "set", "Set the mode; a running server follows at once", selected)
      .text("--mode", *mode, "open, approved_redirects or admin_only")
      .runs([mode](Invocation& invocation) { return set(invocation, *mode); });
}

}  // namespace authplane::authserver::cli
