#include "authserver/domain/resource_service.h"

#include <algorithm>

#include <authplane/base/encoding.h>

#include "authserver/domain/resource_rules.h"

namespace authplane::authserver {
namespace {

Unexpected<DomainError> broken(std::string description) {
  return fail(DomainErrorCode::invalid_request, std::move(description));
}

// Broker-only parts of a mint resource are dropped, not refused.
void normalise(Resource& resource) {
  resource.slug = ascii_lower(resource.slug);
  if (resource.backend_kind == BackendKind::mint) resource.policy.connect_allowed_return_urls.clear();
}

struct PolicyListTraits {
  std::vector<std::string> ResourcePolicy::*entries;
  std::string_view added, removed;  // audit actions
  std::string_view detail;          // the audit row's name for an entry
};

const PolicyListTraits& traits_of(PolicyList list) {
  static constexpr PolicyListTraits kTraits[] = {
      {&ResourcePolicy::exchange_allowed_client_ids, "resource.policy.exchange.allowed_client.added",
       "resource.policy.exchange.allowed_client.removed", "client_id"},
      {&ResourcePolicy::runtime_client_ids, "resource.policy.runtime.client.added",
       "resource.policy.runtime.client.removed", "client_id"},
      {&ResourcePolicy::connect_allowed_return_urls, "resource.policy.connect.allowed_return_url.added",
       "resource.policy.connect.allowed_return_url.removed", "return_url"}};
  return kTraits[static_cast<std::size_t>(list)];
}

std::string fields_of(const ResourceChanges& changes) {
  return changed_fields({{changes.slug.has_value(), "slug"},
                         {changes.uri.has_value(), "uri"},
                         {changes.backend_kind.has_value(), "backend_kind"},
                         {changes.broker_provider_id.has_value(), "broker_provider_id"},
                         {changes.display_name.has_value(), "display_name"},
                         {changes.scopes.has_value(), "scopes"},
                         {changes.policy.has_value(), "policy"}});
}

Outcome<void> check_policy_list(ClientStore& clients, const std::vector<std::string>& ids,
                                std::string_view name) {
  if (auto ok = check_client_ids(ids, name); !ok) return ok;
  for (const std::string& id : ids) {
    const auto client = clients.get(id);
    if (client) continue;
    if (client.error().code != DomainErrorCode::not_found) return Err(client.error());
    return broken(std::string(name) + " names a client that does not exist");
  }
  return {};
}

// Without what it gets when it is stored: its id, its times, and the provider's id.
Resource resource_of(const ResourceRegistration& registration) {
  Resource resource;
  resource.slug = registration.slug;
  resource.uri = registration.uri;
  resource.backend_kind = registration.backend_kind;
  resource.display_name = registration.display_name;
  resource.scopes = registration.scopes;
  resource.policy = registration.policy;
  normalise(resource);
  return resource;
}

}  // namespace

BrokenRules broken_rules(const ResourceRegistration& registration) {
  const Resource resource = resource_of(registration);
  const bool names_provider =
      !registration.broker_provider_id.empty() || !registration.broker_provider_slug.empty();
  BrokenRules rules = broken_rules(resource);
  for (const BrokenRules& more :
       {broken_provider_rules(resource.backend_kind, names_provider), broken_rules(resource.policy)}) {
    rules.insert(rules.end(), more.begin(), more.end());
  }
  return rules;
}

ResourceService::ResourceService(Storage& storage, AuditService& audit, IdGenerator& ids, const Clock& clock,
                                 Metrics& metrics)
    : store_(storage.resources()),
      providers_(storage.broker_providers()),
      clients_(storage.clients()),
      audit_(audit),
      ids_(ids),
      clock_(clock),
      metrics_(metrics) {}

// The provider's id. Errors: not_found (no provider has the slug), invalid_request.
Outcome<std::string> ResourceService::provider_of(const ResourceRegistration& registration) const {
  if (registration.broker_provider_slug.empty()) return registration.broker_provider_id;
  const auto found = providers_.find_by_slug(registration.broker_provider_slug);
  if (!found) return Err(found.error());
  if (!*found) return fail(DomainErrorCode::not_found, "no broker provider has this slug");
  if (!registration.broker_provider_id.empty() && registration.broker_provider_id != (*found)->id) {
    return broken("broker_provider_id and broker_provider_slug name different providers");
  }
  return (*found)->id;
}

Outcome<void> ResourceService::check_provider(const Resource& resource) const {
  const bool names_provider = !resource.broker_provider_id.empty();
  if (auto ok = refuse(broken_provider_rules(resource.backend_kind, names_provider)); !ok) return ok;
  if (!names_provider) return {};
  const auto found = providers_.find(resource.broker_provider_id);
  if (!found) return Err(found.error());
  if (!*found) return broken("broker_provider_id names no broker provider");
  return {};
}

Outcome<void> ResourceService::check_policy(const ResourcePolicy& policy) const {
  if (auto ok = refuse(broken_rules(policy)); !ok) return ok;
  if (auto ok =
          check_policy_list(clients_, policy.exchange_allowed_client_ids, "exchange.allowed_client_ids");
      !ok) {
    return ok;
  }
  return check_policy_list(clients_, policy.runtime_client_ids, "runtime.client_ids");
}

Outcome<Resource> ResourceService::create(const ResourceRegistration& registration, const Actor& actor) {
  if (const auto ok = refuse(broken_rules(registration)); !ok) return Err(ok.error());
  Resource resource = resource_of(registration);
  resource.id = ids_.opaque();
  auto provider = provider_of(registration);
  if (!provider) return Err(provider.error());
  resource.broker_provider_id = std::move(*provider);
  resource.created_at = resource.updated_at = clock_.now();
  if (const auto ok = check_provider(resource); !ok) return Err(ok.error());
  if (const auto ok = check_policy(resource.policy); !ok) return Err(ok.error());
  if (const auto stored = store_.insert(resource); !stored) return Err(stored.error());
  count("create");
  audit_.record("resource.created", actor, "", audit_detail({{"id", resource.id}, {"slug", resource.slug}}));
  return resource;
}

Outcome<Resource> ResourceService::get(std::string_view id) const {
  const auto catalog = store_.catalog();
  if (!catalog) return Err(catalog.error());
  const ResourcePtr found = (*catalog)->find_by_id(id);
  if (!found) return fail(DomainErrorCode::not_found, "no resource has this id");
  return Resource(*found);
}

Outcome<Resource> ResourceService::get_by_slug(std::string_view slug) const {
  const auto catalog = store_.catalog();
  if (!catalog) return Err(catalog.error());
  const ResourcePtr found = (*catalog)->find_by_slug(slug);
  if (!found) return fail(DomainErrorCode::not_found, "no resource has this slug");
  return Resource(*found);
}

Outcome<Resource> ResourceService::get_by_id_or_slug(std::string_view id_or_slug) const {
  auto found = get(id_or_slug);
  if (found || found.error().code != DomainErrorCode::not_found) return found;
  return get_by_slug(id_or_slug);
}

Outcome<std::vector<Resource>> ResourceService::list(const ResourceFilter& filter, const Page& page) const {
  const auto catalog = store_.catalog();
  if (!catalog) return Err(catalog.error());
  std::vector<Resource> resources;
  for (const ResourcePtr& resource : (*catalog)->list(filter, page)) resources.push_back(*resource);
  return resources;
}

Outcome<std::string> ResourceService::advice(const Resource& resource) const {
  if (resource.uri.empty()) return std::string();
  const auto catalog = store_.catalog();
  if (!catalog) return Err(catalog.error());
  std::string slugs;
  for (const ResourcePtr& other : (*catalog)->list({}, kEverything)) {
    if (other->uri == resource.uri && other->id != resource.id) slugs += other->slug + " and ";
  }
  if (slugs.empty()) return slugs;
  return "resources " + slugs + resource.slug +
         " share this uri; every request for it is refused until one is changed";
}

Outcome<Resource> ResourceService::update(std::string_view id, const ResourceChanges& changes,
                                          const Actor& actor) {
  auto found = get(id);
  if (!found || changes.empty()) return found;
  Resource& resource = *found;
  if (changes.slug) resource.slug = *changes.slug;
  if (changes.uri) resource.uri = *changes.uri;
  if (changes.backend_kind) resource.backend_kind = *changes.backend_kind;
  if (changes.backend_kind == BackendKind::mint) resource.broker_provider_id.clear();
  if (changes.broker_provider_id) resource.broker_provider_id = *changes.broker_provider_id;
  if (changes.display_name) resource.display_name = *changes.display_name;
  if (changes.scopes) resource.scopes = *changes.scopes;
  if (changes.policy) resource.policy = *changes.policy;
  resource.updated_at = clock_.now();
  normalise(resource);
  if (const auto ok = refuse(broken_rules(resource)); !ok) return Err(ok.error());
  if (const auto ok = check_provider(resource); !ok) return Err(ok.error());
  // A policy that stays may name clients that were deleted since.
  if (changes.policy) {
    if (const auto ok = check_policy(resource.policy); !ok) return Err(ok.error());
  }
  auto stored = store_.update(resource);
  if (stored) {
    count("update");
    audit_.record(
        "resource.patched", actor, "",
        audit_detail({{"id", resource.id}, {"slug", resource.slug}, {"fields", fields_of(changes)}}));
  }
  return stored;
}

Outcome<void> ResourceService::remove(std::string_view id, RemoveResource mode, const Actor& actor) {
  const auto found = get(id);
  if (!found) return Err(found.error());
  const auto links = store_.remove(id, mode, clock_.now());
  if (!links) return Err(links.error());
  count("delete");
  std::string detail = audit_detail({{"id", found->id}, {"slug", found->slug}});
  if (!links->empty()) detail += " " + audit_detail({{"cascaded_links", std::to_string(links->size())}});
  audit_.record("resource.deleted", actor, "", std::move(detail));
  for (const FrontingLink& link : *links) {
    audit_.record(
        "fronting_link.deleted", actor, "",
        audit_detail(
            {{"source", link.source_slug}, {"target", link.target_slug}, {"reason", "resource_cascade"}}));
  }
  return {};
}

Outcome<Resource> ResourceService::with_policy_list(std::string_view slug, PolicyList list) const {
  auto found = get_by_slug(slug);
  if (found && list == PolicyList::connect_return_urls && found->backend_kind == BackendKind::mint) {
    return broken("a mint resource has no return URLs; nobody connects an account for it");
  }
  return found;
}

Outcome<std::vector<std::string>> ResourceService::policy_list(std::string_view slug, PolicyList list) const {
  auto found = with_policy_list(slug, list);
  if (!found) return Err(found.error());
  return std::move(found->policy.*traits_of(list).entries);
}

Outcome<std::vector<std::string>> ResourceService::add_to_policy(std::string_view slug, PolicyList list,
                                                                 std::string_view entry, const Actor& actor) {
  return change_policy(slug, list, entry, true, actor);
}

Outcome<std::vector<std::string>> ResourceService::remove_from_policy(std::string_view slug, PolicyList list,
                                                                      std::string_view entry,
                                                                      const Actor& actor) {
  return change_policy(slug, list, entry, false, actor);
}

Outcome<std::vector<std::string>> ResourceService::change_policy(std::string_view slug, PolicyList list,
                                                                 std::string_view entry, bool present,
                                                                 const Actor& actor) {
  auto found = with_policy_list(slug, list);
  if (!found) return Err(found.error());
  const PolicyListTraits& traits = traits_of(list);
  std::vector<std::string>& entries = found->policy.*traits.entries;
  const auto at = std::find(entries.begin(), entries.end(), entry);
  if ((at != entries.end()) == present) return std::move(entries);
  if (present) {
    if (entries.size() >= kMaxPolicyEntries) return broken("the list is full: it has 1000 entries");
    const auto ok = list == PolicyList::connect_return_urls
                        ? check_return_url(entry)
                        : check_policy_list(clients_, {std::string(entry)}, "client_id");
    if (!ok) return Err(ok.error());
    entries.emplace_back(entry);
  } else {
    entries.erase(at);
  }
  found->updated_at = clock_.now();
  auto stored = store_.update(*found);
  if (!stored) return Err(stored.error());
  metrics_.counter("authplane_allowlist_ops_total", {{"op", present ? "add" : "remove"}}).add();
  audit_.record(present ? traits.added : traits.removed, actor, found->id,
                audit_detail({{"slug", found->slug}, {traits.detail, entry}}));
  return std::move(stored->policy.*traits.entries);
}

}  // namespace authplane::authserver
