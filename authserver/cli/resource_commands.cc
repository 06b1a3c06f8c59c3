#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "authserver/admin/views.h"
#include "authserver/cli/command.h"
#include "authserver/cli/json_output.h"
#include "authserver/cli/render.h"
#include "authserver/cli/scope_tuple.h"
#include "authserver/cli/workspace.h"

namespace authplane::authserver::cli {
namespace {

constexpr std::size_t kListLimit = 10'000;

// Shared by create and update.
struct ResourceOptions {
  std::string id;
  std::optional<std::string> slug, uri, backend_kind, broker_provider, display_name, scopes_file, description;
  std::vector<std::string> scopes, allowed_clients, allowed_return_urls, runtime_clients;
  bool scopes_clear = false;
  bool policy_clear = false;

  bool names_policy() const {
    return !allowed_clients.empty() || !allowed_return_urls.empty() || !runtime_clients.empty();
  }
};

std::vector<std::string> split_all(const std::vector<std::string>& lists) {
  std::vector<std::string> items;
  for (const std::string& list : lists) {
    for (std::string& item : split_list(list)) items.push_back(std::move(item));
  }
  return items;
}

CommandResult<BackendKind> backend_kind(const std::string& text) {
  std::optional<BackendKind> kind = parse_backend_kind(text);
  if (!kind) return failure("--backend-kind must be mint or broker");
  return *kind;
}

// The scopes that were given; nullopt when none of the flags was.
CommandResult<std::optional<std::vector<ResourceScope>>> scopes_of(const ResourceOptions& options) {
  using Scopes = std::optional<std::vector<ResourceScope>>;
  int ways =
      (options.scopes.empty() ? 0 : 1) + (options.scopes_file ? 1 : 0) + (options.scopes_clear ? 1 : 0);
  if (ways > 1) return failure("--scopes, --scopes-file and --scopes-clear exclude each other; give one");
  if (options.scopes_clear) return Scopes(std::vector<ResourceScope>());
  if (ways == 0) return Scopes();
  CommandResult<std::vector<ResourceScope>> scopes =
      options.scopes_file ? read_scopes_file(*options.scopes_file) : parse_scope_tuples(options.scopes);
  if (!scopes) return Err(scopes.error());
  return Scopes(std::move(*scopes));
}

CommandResult<std::optional<ResourcePolicy>> policy_of(const ResourceOptions& options) {
  using Policy = std::optional<ResourcePolicy>;
  if (options.policy_clear && options.names_policy()) {
    return failure("--policy-clear excludes the other --policy flags; give one or the other");
  }
  if (!options.policy_clear && !options.names_policy()) return Policy();
  return Policy(ResourcePolicy{split_all(options.allowed_clients), split_all(options.runtime_clients),
                               split_all(options.allowed_return_urls)});
}

// The id of the provider that --broker-provider names; nullopt when the flag was not given. Empty: none.
CommandResult<std::optional<std::string>> provider_of(Workspace& workspace,
                                                      const std::optional<std::string>& id_or_slug) {
  if (!id_or_slug || id_or_slug->empty()) return id_or_slug;
  Outcome<BrokerProvider> found = workspace.providers().get_by_id_or_slug(*id_or_slug);
  if (found) return std::optional<std::string>(std::move(found->id));
  if (found.error().code != DomainErrorCode::not_found) return failure(found.error());
  return failure("--broker-provider: no broker provider has this id or slug; see admin provider list");
}

void warn_about_description(const ResourceOptions& options, Context& context) {
  if (options.description) context.err << "warning: --description is ignored; resources have none\n";
}

CommandResult<void> print_advice(const ResourceService& resources, const Resource& resource,
                                 Context& context) {
  const Outcome<std::string> advice = resources.advice(resource);
  if (!advice) return failure(advice.error());
  if (!advice->empty()) context.err << "warning: " << *advice << "\n";
  return {};
}

CommandResult<void> create(Invocation& invocation, const ResourceOptions& options) {
  Context& context = invocation.context;
  CommandResult<std::string> slug = required(context, "--slug", options.slug.value_or(""));
  if (!slug) return Err(slug.error());
  CommandResult<std::string> kind_text =
      required(context, "--backend-kind", options.backend_kind.value_or(""));
  if (!kind_text) return Err(kind_text.error());
  CommandResult<BackendKind> kind = backend_kind(*kind_text);
  if (!kind) return Err(kind.error());
  if (*kind == BackendKind::broker && options.broker_provider.value_or("").empty()) {
    return failure("--broker-provider is required with --backend-kind broker; see admin provider list");
  }
  CommandResult<std::optional<std::vector<ResourceScope>>> scopes = scopes_of(options);
  if (!scopes) return Err(scopes.error());
  CommandResult<std::optional<ResourcePolicy>> policy = policy_of(options);
  if (!policy) return Err(policy.error());
  warn_about_description(options, context);

  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open(invocation);
  if (!workspace) return Err(workspace.error());
  CommandResult<std::optional<std::string>> provider = provider_of(**workspace, options.broker_provider);
  if (!provider) return Err(provider.error());
  ResourceRegistration registration;
  registration.slug = *slug;
  registration.uri = options.uri.value_or("");
  registration.backend_kind = *kind;
  registration.broker_provider_id = std::move(*provider).value_or("");
  registration.display_name = options.display_name.value_or("");
  registration.scopes = std::move(*scopes).value_or(std::vector<ResourceScope>());
  registration.policy = std::move(*policy).value_or(ResourcePolicy());
  Outcome<Resource> created = (*workspace)->resources().create(registration, kOperator);
  if (!created) return failure(created.error());
  context.out << Row("created").add("id", created->id).add("slug", created->slug).line();
  return print_advice((*workspace)->resources(), *created, context);
}

CommandResult<void> update(Invocation& invocation, const ResourceOptions& options) {
  Context& context = invocation.context;
  CommandResult<std::string> id = required(context, "--id", options.id);
  if (!id) return Err(id.error());
  ResourceChanges changes;
  changes.slug = options.slug;
  changes.uri = options.uri;
  changes.display_name = options.display_name;
  if (options.backend_kind) {
    CommandResult<BackendKind> kind = backend_kind(*options.backend_kind);
    if (!kind) return Err(kind.error());
    changes.backend_kind = *kind;
  }
  CommandResult<std::optional<std::vector<ResourceScope>>> scopes = scopes_of(options);
  if (!scopes) return Err(scopes.error());
  changes.scopes = std::move(*scopes);
  CommandResult<std::optional<ResourcePolicy>> policy = policy_of(options);
  if (!policy) return Err(policy.error());
  changes.policy = std::move(*policy);

  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  CommandResult<std::optional<std::string>> provider = provider_of(**workspace, options.broker_provider);
  if (!provider) return Err(provider.error());
  changes.broker_provider_id = std::move(*provider);
  ResourceService& resources = (*workspace)->resources();
  Outcome<Resource> found = resources.get_by_id_or_slug(*id);
  if (!found) return failure(found.error());
  Outcome<Resource> updated = resources.update(found->id, changes, kOperator);
  if (!updated) return failure(updated.error());
  context.out << Row("updated").add("id", updated->id).add("slug", updated->slug).line();
  return print_advice(resources, *updated, context);
}

CommandResult<void> get(Invocation& invocation, const std::string& given_id, bool json) {
  CommandResult<std::string> id = required(invocation.context, "--id", given_id);
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<Resource> found = (*workspace)->resources().get_by_id_or_slug(*id);
  if (!found) return failure(found.error());
  if (json) {
    print_json(invocation.context.out, view_of(*found));
  } else {
    invocation.context.out << resource_row(*found, Columns::all);
  }
  return {};
}

struct ListOptions {
  std::optional<std::string> backend_kind, broker_provider;
  bool json = false;
};

CommandResult<void> list(Invocation& invocation, const ListOptions& options) {
  ResourceFilter filter;
  if (options.backend_kind) {
    CommandResult<BackendKind> kind = backend_kind(*options.backend_kind);
    if (!kind) return Err(kind.error());
    filter.backend_kind = *kind;
  }
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  CommandResult<std::optional<std::string>> provider = provider_of(**workspace, options.broker_provider);
  if (!provider) return Err(provider.error());
  filter.broker_provider_id = std::move(*provider);
  Outcome<std::vector<Resource>> found =
      (*workspace)->resources().list(filter, {.limit = kListLimit, .offset = 0});
  if (!found) return failure(found.error());
  if (options.json) {
    OrderedJson array = OrderedJson::array();
    for (const Resource& resource : *found) array.push_back(view_of(resource));
    print_json(invocation.context.out, array);
    return {};
  }
  if (found->empty()) invocation.context.out << "no resources\n";
  for (const Resource& resource : *found) invocation.context.out << resource_row(resource, Columns::list);
  return {};
}

// "a->b, c->a"; "" when there are none.
std::string links_of(FrontingService& fronting, const std::string& slug) {
  Outcome<FrontingLinks> links = fronting.links_of(slug);
  if (!links) return {};
  std::string names;
  for (const std::vector<FrontingLink>* list : {&links->fronts, &links->fronted_by}) {
    for (const FrontingLink& link : *list) {
      names += (names.empty() ? "" : ", ") + link.source_slug + "->" + link.target_slug;
    }
  }
  return names;
}

CommandResult<void> remove(Invocation& invocation, const std::string& given_id) {
  CommandResult<std::string> id = required(invocation.context, "--id", given_id);
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  ResourceService& resources = (*workspace)->resources();
  Outcome<Resource> found = resources.get_by_id_or_slug(*id);
  if (!found) return failure(found.error());
  Outcome<void> removed = resources.remove(found->id, RemoveResource::unless_linked, kOperator);
  if (!removed && removed.error().code == DomainErrorCode::conflict) {
    const std::string links = links_of((*workspace)->fronting(), found->slug);
    if (!links.empty()) {
      return failure("fronting links mention the resource: " + links +
                     "; remove them first, with admin fronting delete");
    }
  }
  if (!removed) return failure(removed.error());
  invocation.context.out << Row("deleted").add("id", found->id).line();
  return {};
}

struct RuntimeClientOptions {
  std::string slug, client_id;
  bool json = false;
};
enum class RuntimeClientChange { none, add, remove };

CommandResult<void> runtime_client(Invocation& invocation, const RuntimeClientOptions& options,
                                   RuntimeClientChange change) {
  Context& context = invocation.context;
  CommandResult<std::string> slug = required(context, "--slug", options.slug);
  if (!slug) return Err(slug.error());
  if (change != RuntimeClientChange::none) {
    CommandResult<std::string> client_id = required(context, "--client-id", options.client_id);
    if (!client_id) return Err(client_id.error());
  }
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  ResourceService& resources = (*workspace)->resources();
  constexpr PolicyList kList = PolicyList::runtime_clients;
  Outcome<std::vector<std::string>> ids =
      change == RuntimeClientChange::none ? resources.policy_list(*slug, kList)
      : change == RuntimeClientChange::add
          ? resources.add_to_policy(*slug, kList, options.client_id, kOperator)
          : resources.remove_from_policy(*slug, kList, options.client_id, kOperator);
  if (!ids) return failure(ids.error());
  if (options.json) {
    OrderedJson answer;
    answer["client_ids"] = *ids;
    print_json(context.out, answer);
    return {};
  }
  Row row;
  row.add("slug", *slug);
  if (change != RuntimeClientChange::none) row.add("client_id", options.client_id);
  context.out << row.add("client_ids", bracketed(*ids)).line();
  return {};
}

void add_runtime_client_commands(CLI::App& group, Action& selected) {
  CLI::App& runtime = add_group(group, "runtime-client", "Clients that may introspect a resource's tokens");
  for (auto [name, change] :
       {std::pair{"add", RuntimeClientChange::add}, std::pair{"remove", RuntimeClientChange::remove},
        std::pair{"list", RuntimeClientChange::none}}) {
    auto options = std::make_shared<RuntimeClientOptions>();
    CommandBuilder builder(runtime, name, std::string(name) + " runtime clients of a resource", selected);
    builder.text("--slug", options->slug, "Resource slug (required)");
    if (change == RuntimeClientChange::none) {
      builder.flag("--json", options->json, "Print JSON");
    } else {
      builder.text("--client-id", options->client_id, "Client id (required)");
    }
    RuntimeClientChange what = change;
    builder.runs(
        [options, what](Invocation& invocation) { return runtime_client(invocation, *options, what); });
  }
}

void add_shared_options(CommandBuilder& builder, ResourceOptions& options) {
  builder.text("--slug", options.slug, "Short unique name")
      .text("--backend-kind", options.backend_kind, "mint or broker")
      .text("--uri", options.uri, "Resource URI, byte for byte the audience of its tokens")
      .text("--broker-provider", options.broker_provider, "Provider id or slug; for backend kind broker")
      .text("--display-name", options.display_name, "Name shown to people")
      .repeated("--scopes", options.scopes, "Scope as name|upstream|description; repeatable")
      .text("--scopes-file", options.scopes_file, "JSON array of {name, upstream, description}")
      .repeated("--policy-allowed-clients", options.allowed_clients,
                "Clients that may exchange tokens; comma list")
      .repeated("--policy-allowed-return-urls", options.allowed_return_urls,
                "Return URLs of the connect flow; comma list")
      .repeated("--policy-runtime-client-ids", options.runtime_clients,
                "Clients that may introspect; comma list");
}

}  // namespace

void add_resource_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "resource", "Protected resources");
  auto creating = std::make_shared<ResourceOptions>();
  CommandBuilder create_command(group, "create",
                                "Register a resource; --slug and --backend-kind are required", selected);
  add_shared_options(create_command, *creating);
  create_command.text("--description", creating->description, "Ignored; resources have none")
      .runs([creating](Invocation& invocation) { return create(invocation, *creating); });

  auto updating = std::make_shared<ResourceOptions>();
  CommandBuilder update_command(
      group, "update",
      "Change a resource; lists are replaced whole, any --policy flag replaces the whole policy", selected);
  update_command.text("--id", updating->id, "Resource id or slug (required)");
  add_shared_options(update_command, *updating);
  update_command.flag("--scopes-clear", updating->scopes_clear, "Remove all scopes")
      .flag("--policy-clear", updating->policy_clear, "Empty the policy")
      .runs([updating](Invocation& invocation) { return update(invocation, *updating); });

  struct Lookup {
    std::string id;
    bool json = false;
  };
  auto lookup = std::make_shared<Lookup>();
  CommandBuilder(group, "get", "Show one resource", selected)
      .text("--id", lookup->id, "Resource id or slug (required)")
      .flag("--json", lookup->json, "Print JSON")
      .runs([lookup](Invocation& invocation) { return get(invocation, lookup->id, lookup->json); });

  auto listing = std::make_shared<ListOptions>();
  CommandBuilder(group, "list", "List resources by slug", selected)
      .text("--backend-kind", listing->backend_kind, "mint or broker")
      .text("--broker-provider", listing->broker_provider, "Provider id or slug")
      .flag("--json", listing->json, "Print JSON")
      .runs([listing](Invocation& invocation) { return list(invocation, *listing); });

  auto removed_id = std::make_shared<std::string>();
  CommandBuilder(group, "delete", "Remove a resource", selected)
      .text("--id", *removed_id, "Resource id or slug (required)")
      .runs([removed_id](Invocation& invocation) { return remove(invocation, *removed_id); });
  add_runtime_client_commands(group, selected);
}

}  // namespace authplane::authserver::cli
