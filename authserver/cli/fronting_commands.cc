#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "authserver/admin/views.h"
#include "authserver/cli/command.h"
#include "authserver/cli/json_output.h"
#include "authserver/cli/render.h"
#include "authserver/cli/scope_map.h"
#include "authserver/cli/workspace.h"

namespace authplane::authserver::cli {
namespace {

struct Pair {
  std::string source, target;
};

struct LinkOptions {
  Pair pair;
  std::optional<std::string> scope_map, scope_map_file;
  bool dry_run = false;
};

CommandResult<void> require_pair(const Context& context, const Pair& pair) {
  CommandResult<std::string> source = required(context, "--source", pair.source);
  if (!source) return Err(source.error());
  CommandResult<std::string> target = required(context, "--target", pair.target);
  if (!target) return Err(target.error());
  return {};
}

// nullopt: neither flag was given.
CommandResult<std::optional<ScopeMap>> scope_map_of(const LinkOptions& options) {
  if (options.scope_map && options.scope_map_file) {
    return failure("--scope-map and --scope-map-file exclude each other; give one");
  }
  if (!options.scope_map && !options.scope_map_file) return std::optional<ScopeMap>();
  CommandResult<ScopeMap> scope_map = options.scope_map_file ? read_scope_map_file(*options.scope_map_file)
                                                             : parse_scope_map(*options.scope_map);
  if (!scope_map) return Err(scope_map.error());
  return std::optional<ScopeMap>(std::move(*scope_map));
}

void print_link(std::ostream& out, std::string_view verb, const FrontingLink& link) {
  out << Row(verb)
             .add("source", link.source_slug)
             .add("target", link.target_slug)
             .add("scope_map", braced(link.scope_map))
             .line();
}

CommandResult<void> create(Invocation& invocation, const LinkOptions& options) {
  if (CommandResult<void> named = require_pair(invocation.context, options.pair); !named) return named;
  CommandResult<std::optional<ScopeMap>> scope_map = scope_map_of(options);
  if (!scope_map) return Err(scope_map.error());
  if (!*scope_map) return failure("--scope-map is required (or --scope-map-file)");
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<FrontingLink> link = (*workspace)
                                   ->fronting()
                                   .create({.source_slug = options.pair.source,
                                            .target_slug = options.pair.target,
                                            .scope_map = std::move(**scope_map),
                                            .created_by = "cli"},
                                           options.dry_run ? LinkMode::dry_run : LinkMode::write, kOperator);
  if (!link) return failure(link.error());
  print_link(invocation.context.out, options.dry_run ? "valid, not created:" : "created", *link);
  return {};
}

CommandResult<void> update(Invocation& invocation, const LinkOptions& options) {
  if (CommandResult<void> named = require_pair(invocation.context, options.pair); !named) return named;
  CommandResult<std::optional<ScopeMap>> scope_map = scope_map_of(options);
  if (!scope_map) return Err(scope_map.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<FrontingLink> link =
      (*workspace)->fronting().update(options.pair.source, options.pair.target, *scope_map, kOperator);
  if (!link) return failure(link.error());
  print_link(invocation.context.out, *scope_map ? "updated" : "unchanged", *link);
  return {};
}

CommandResult<void> get(Invocation& invocation, const Pair& pair, bool json) {
  if (CommandResult<void> named = require_pair(invocation.context, pair); !named) return named;
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<FrontingLink> link = (*workspace)->fronting().get(pair.source, pair.target);
  if (!link) return failure(link.error());
  if (json) {
    print_json(invocation.context.out, view_of(*link));
  } else {
    invocation.context.out << fronting_row(*link);
  }
  return {};
}

CommandResult<void> list(Invocation& invocation, const Pair& pair, bool json) {
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  FrontingFilter filter;
  if (!pair.source.empty()) filter.source_slug = pair.source;
  if (!pair.target.empty()) filter.target_slug = pair.target;
  Outcome<std::vector<FrontingLink>> links = (*workspace)->fronting().list(filter, kEverything);
  if (!links) return failure(links.error());
  std::ostream& out = invocation.context.out;
  if (json) {
    print_json(out, view_of(*links));
    return {};
  }
  if (links->empty()) out << "no fronting links\n";
  for (const FrontingLink& link : *links) out << fronting_row(link);
  return {};
}

CommandResult<void> remove(Invocation& invocation, const Pair& pair) {
  if (CommandResult<void> named = require_pair(invocation.context, pair); !named) return named;
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<void> removed = (*workspace)->fronting().remove(pair.source, pair.target, kOperator);
  if (!removed) return failure(removed.error());
  invocation.context.out << Row("deleted").add("source", pair.source).add("target", pair.target).line();
  return {};
}

CommandBuilder& add_pair(CommandBuilder& builder, Pair& pair, const std::string& remark) {
  return builder.text("--source", pair.source, "Slug of the resource in front" + remark)
      .text("--target", pair.target, "Slug of the resource behind it" + remark);
}

CommandBuilder& add_scope_map(CommandBuilder& builder, LinkOptions& options) {
  return builder
      .text("--scope-map", options.scope_map,
            "source:target+target,source:target; a source with a colon in it needs JSON, "
            "{\"mcp:echo\":[\"read\"]}")
      .text("--scope-map-file", options.scope_map_file, "File with that JSON");
}

}  // namespace

void add_fronting_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "fronting",
                              "Links over which tokens for one resource become tokens for another behind it");
  auto creating = std::make_shared<LinkOptions>();
  CommandBuilder create_command(group, "create", "Link two resources", selected);
  add_pair(create_command, creating->pair, " (required)");
  add_scope_map(create_command, *creating)
      .flag("--dry-run", creating->dry_run, "Check every rule and write nothing")
      .runs([creating](Invocation& invocation) { return create(invocation, *creating); });

  auto updating = std::make_shared<LinkOptions>();
  CommandBuilder update_command(group, "update", "Replace the scope map of a link", selected);
  add_pair(update_command, updating->pair, " (required)");
  add_scope_map(update_command, *updating).runs([updating](Invocation& invocation) {
    return update(invocation, *updating);
  });

  struct Lookup {
    Pair pair;
    bool json = false;
  };
  auto lookup = std::make_shared<Lookup>();
  CommandBuilder get_command(group, "get", "Show one link", selected);
  add_pair(get_command, lookup->pair, " (required)")
      .flag("--json", lookup->json, "Print JSON")
      .runs([lookup](Invocation& invocation) { return get(invocation, lookup->pair, lookup->json); });

  auto listing = std::make_shared<Lookup>();
  CommandBuilder list_command(group, "list", "List links by source, then target", selected);
  add_pair(list_command, listing->pair, "; default all")
      .flag("--json", listing->json, "Print JSON")
      .runs([listing](Invocation& invocation) { return list(invocation, listing->pair, listing->json); });

  auto removed = std::make_shared<Pair>();
  CommandBuilder remove_command(group, "delete", "Remove a link", selected);
  add_pair(remove_command, *removed, " (required)").runs([removed](Invocation& invocation) {
    return remove(invocation, *removed);
  });
}

}  // namespace authplane::authserver::cli
