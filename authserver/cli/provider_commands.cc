#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "authserver/admin/views.h"
#include "authserver/cli/command.h"
#include "authserver/cli/json_output.h"
#include "authserver/cli/render.h"
#include "authserver/cli/text_file.h"
#include "authserver/cli/workspace.h"

namespace authplane::authserver::cli {
namespace {

// Shared by create and update.
struct ProviderOptions {
  std::string id;
  std::optional<std::string> slug, display_name, protocol, config_data;
};

CommandResult<ProviderChanges> members_of(const ProviderOptions& options) {
  ProviderChanges members;
  members.slug = options.slug;
  members.display_name = options.display_name;
  if (options.protocol) {
    members.protocol = parse_broker_protocol(*options.protocol);
    if (!members.protocol) return failure("--protocol must be oauth, api_key or service_account");
  }
  if (options.config_data) {
    CommandResult<std::string> text = json_argument(*options.config_data, "--config-data");
    if (!text) return Err(text.error());
    // The text that is kept is that of the object, without the line break a file ends with.
    const std::size_t first = text->find_first_not_of(" \t\r\n");
    const std::size_t last = text->find_last_not_of(" \t\r\n");
    if (first == std::string::npos) return failure("--config-data is empty; write {} for no configuration");
    members.config_data = text->substr(first, last - first + 1);
  }
  return members;
}

// What the store took, but what will not work.
void warn_about(const BrokerProvider& provider, Context& context) {
  if (const std::string advice = provider_advice(provider); !advice.empty()) {
    context.err << "warning: " << advice << "\n";
  }
}

CommandResult<void> create(Invocation& invocation, const ProviderOptions& options) {
  Context& context = invocation.context;
  for (const auto& [flag, value] :
       {std::pair("--slug", &options.slug), std::pair("--display-name", &options.display_name),
        std::pair("--protocol", &options.protocol), std::pair("--config-data", &options.config_data)}) {
    if (CommandResult<std::string> given = required(context, flag, value->value_or("")); !given) {
      return Err(given.error());
    }
  }
  CommandResult<ProviderChanges> members = members_of(options);
  if (!members) return Err(members.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<BrokerProvider> created = (*workspace)
                                        ->providers()
                                        .create({.slug = *members->slug,
                                                 .display_name = *members->display_name,
                                                 .protocol = *members->protocol,
                                                 .config_data = *members->config_data},
                                                kOperator);
  if (!created) return failure(created.error());
  context.out << Row("created").add("id", created->id).add("slug", created->slug).line();
  warn_about(*created, context);
  return {};
}

// Opens the workspace for a command about the one provider that --id names.
struct Target {
  std::unique_ptr<Workspace> workspace;
  BrokerProvider provider;
};

CommandResult<Target> open_for_provider(Invocation& invocation, const std::string& given_id) {
  CommandResult<std::string> id = required(invocation.context, "--id", given_id);
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<BrokerProvider> found = (*workspace)->providers().get_by_id_or_slug(*id);
  if (!found) return failure(found.error());
  return Target{std::move(*workspace), std::move(*found)};
}

CommandResult<void> update(Invocation& invocation, const ProviderOptions& options) {
  CommandResult<ProviderChanges> changes = members_of(options);
  if (!changes) return Err(changes.error());
  CommandResult<Target> target = open_for_provider(invocation, options.id);
  if (!target) return Err(target.error());
  Outcome<BrokerProvider> updated =
      target->workspace->providers().update(target->provider.id, *changes, kOperator);
  if (!updated) return failure(updated.error());
  invocation.context.out << Row(changes->empty() ? "unchanged" : "updated")
                                .add("id", updated->id)
                                .add("slug", updated->slug)
                                .line();
  if (changes->config_data) warn_about(*updated, invocation.context);
  return {};
}

CommandResult<void> get(Invocation& invocation, const std::string& id, bool json) {
  CommandResult<Target> target = open_for_provider(invocation, id);
  if (!target) return Err(target.error());
  if (json) {
    print_json(invocation.context.out, view_of(target->provider));
  } else {
    invocation.context.out << provider_row(target->provider);
  }
  return {};
}

CommandResult<void> list(Invocation& invocation, bool json) {
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<std::vector<BrokerProvider>> found = (*workspace)->providers().list();
  if (!found) return failure(found.error());
  std::ostream& out = invocation.context.out;
  if (json) {
    OrderedJson array = OrderedJson::array();
    for (const BrokerProvider& provider : *found) array.push_back(view_of(provider));
    print_json(out, array);
    return {};
  }
  if (found->empty()) out << "no broker providers\n";
  for (const BrokerProvider& provider : *found) out << provider_row(provider);
  return {};
}

CommandResult<void> remove(Invocation& invocation, const std::string& id) {
  CommandResult<Target> target = open_for_provider(invocation, id);
  if (!target) return Err(target.error());
  Outcome<void> removed = target->workspace->providers().remove(target->provider.id, kOperator);
  if (!removed) return failure(removed.error());
  invocation.context.out << Row("deleted").add("id", target->provider.id).line();
  return {};
}

void add_shared_options(CommandBuilder& builder, ProviderOptions& options, const std::string& remark) {
  builder.text("--slug", options.slug, "Short unique name" + remark)
      .text("--display-name", options.display_name, "Name shown to people" + remark)
      .text("--protocol", options.protocol, "oauth, api_key or service_account" + remark)
      .text("--config-data", options.config_data,
            "File with a JSON object, or the object itself; refer to the client secret with "
            "client_secret_ref" +
                remark);
}

}  // namespace

void add_provider_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "provider", "Upstream providers that tokens are brokered from");
  auto creating = std::make_shared<ProviderOptions>();
  CommandBuilder create_command(group, "create", "Register a provider", selected);
  add_shared_options(create_command, *creating, " (required)");
  create_command.runs([creating](Invocation& invocation) { return create(invocation, *creating); });

  auto updating = std::make_shared<ProviderOptions>();
  CommandBuilder update_command(group, "update",
                                "Change a provider; only what is given changes, the configuration as a whole",
                                selected);
  update_command.text("--id", updating->id, "Provider id or slug (required)");
  add_shared_options(update_command, *updating, "");
  update_command.runs([updating](Invocation& invocation) { return update(invocation, *updating); });

  struct Lookup {
    std::string id;
    bool json = false;
  };
  auto lookup = std::make_shared<Lookup>();
  CommandBuilder(group, "get", "Show one provider; --json shows its configuration, without secrets", selected)
      .text("--id", lookup->id, "Provider id or slug (required)")
      .flag("--json", lookup->json, "Print JSON")
      .runs([lookup](Invocation& invocation) { return get(invocation, lookup->id, lookup->json); });

  auto json = std::make_shared<bool>(false);
  CommandBuilder(group, "list", "List providers by slug", selected)
      .flag("--json", *json, "Print JSON")
      .runs([json](Invocation& invocation) { return list(invocation, *json); });

  auto removed_id = std::make_shared<std::string>();
  CommandBuilder(group, "delete", "Remove a provider that no resource and no connected account needs",
                 selected)
      .text("--id", *removed_id, "Provider id or slug (required)")
      .runs([removed_id](Invocation& invocation) { return remove(invocation, *removed_id); });
}

}  // namespace authplane::authserver::cli
