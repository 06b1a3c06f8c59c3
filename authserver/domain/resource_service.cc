#include "authserver/domain/resource_service.h"

#include <algorithm>
#include <set>

#include <authplane/base/encoding.h>
#include <authplane/base/url.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxSlugBytes = 64;
constexpr std::size_t kMaxUriBytes = 2048;
constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::size_t kMaxScopes = 500;
constexpr std::size_t kMaxPolicyEntries = 1000;

Unexpected<DomainError> broken(std::string description) {
  return fail(DomainErrorCode::invalid_request, std::move(description));
}

bool is_slug(std::string_view text) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kMaxSlugBytes && alphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}

Outcome<void> check_uri(const std::string& text) {
  if (text.empty()) return {};
  const auto url = Url::parse(text);
  if (!url) return broken("uri is not an absolute URI: " + header_safe(url.error().message));
  if (url->scheme() != "http" && url->scheme() != "https") return broken("uri must be http or https");
  if (url->has_fragment() || url->has_userinfo())
    return broken("uri must have neither fragment nor user information");
  if (text.size() > kMaxUriBytes) return broken("uri is longer than 2048 bytes");
  return {};
}

Outcome<void> check_scopes(const Resource& resource) {
  if (resource.scopes.size() > kMaxScopes) return broken("more than 500 scopes");
  std::set<std::string_view> seen;
  for (const ResourceScope& scope : resource.scopes) {
    if (!is_scope_token(scope.name)) {
      return broken("a scope name must not be empty and must be a scope token (RFC 6749 section 3.3)");
    }
    if (!seen.insert(scope.name).second) return broken("scope " + scope.name + " is listed twice");
    if (scope.description.size() > kMaxTextBytes || !is_valid_utf8(scope.description)) {
      return broken("a scope description must be UTF-8 of at most 1024 bytes");
    }
  }
  return {};
}

// Broker-only parts of a mint resource are dropped, not refused.
void normalise(Resource& resource) {
  resource.slug = ascii_lower(resource.slug);
  if (resource.backend_kind == BackendKind::mint) resource.policy.connect_allowed_return_urls.clear();
}

std::vector<std::string>& list_of(ResourcePolicy& policy, PolicyList list) {
  return list == PolicyList::exchange_allowed_clients ? policy.exchange_allowed_client_ids
                                                      : policy.runtime_client_ids;
}

std::string_view action_of(PolicyList list, bool present) {
  if (list == PolicyList::exchange_allowed_clients) {
    return present ? "resource.policy.exchange.allowed_client.added"
                   : "resource.policy.exchange.allowed_client.removed";
  }
  return present ? "resource.policy.runtime.client.added" : "resource.policy.runtime.client.removed";
}

std::string changed_fields(const ResourceChanges& changes) {
  const std::pair<bool, std::string_view> fields[] = {{changes.slug.has_value(), "slug"},
                                                      {changes.uri.has_value(), "uri"},
                                                      {changes.backend_kind.has_value(), "backend_kind"},
                                                      {changes.display_name.has_value(), "display_name"},
                                                      {changes.scopes.has_value(), "scopes"},
                                                      {changes.policy.has_value(), "policy"}};
  std::string list;
  for (const auto& [changed, name] : fields) {
    if (!changed) continue;
    if (!list.empty()) list += ',';
    list += name;
  }
  return list;
}

Outcome<void> check_policy_list(ClientStore& clients, const std::vector<std::string>& ids,
                                std::string_view name) {
  if (ids.size() > kMaxPolicyEntries) return broken(std::string(name) + " has more than 1000 entries");
  for (const std::string& id : ids) {
    if (id.empty()) return broken(std::string(name) + " has an empty entry");
    const auto client = clients.get(id);
    if (client) continue;
    if (client.error().code != DomainErrorCode::not_found) return Err(client.error());
    return broken(std::string(name) + " names a client that does not exist");
  }
  return {};
}

Outcome<void> check_members(const Resource& resource) {
  if (!is_slug(resource.slug))
    return broken("slug must be 1 to 64 of a-z, 0-9 and '-', not starting with '-'");
  if (resource.backend_kind == BackendKind::broker) {
    return broken("backend_kind broker needs a broker provider, and this server has none; use mint");
  }
  if (auto ok = check_uri(resource.uri); !ok) return ok;
  if (resource.display_name.size() > kMaxTextBytes || !is_valid_utf8(resource.display_name)) {
    return broken("display_name must be UTF-8 of at most 1024 bytes");
  }
  return check_scopes(resource);
}

}  // namespace

Outcome<void> ResourceService::check_policy(const ResourcePolicy& policy) const {
  if (auto ok =
          check_policy_list(clients_, policy.exchange_allowed_client_ids, "exchange.allowed_client_ids");
      !ok) {
    return ok;
  }
  return check_policy_list(clients_, policy.runtime_client_ids, "runtime.client_ids");
}

Outcome<Resource> ResourceService::create(const ResourceRegistration& registration, const Actor& actor) {
  Resource resource;
  resource.id = ids_.opaque();
  resource.slug = registration.slug;
  resource.uri = registration.uri;
  resource.backend_kind = registration.backend_kind;
  resource.display_name = registration.display_name;
  resource.scopes = registration.scopes;
  resource.policy = registration.policy;
  resource.created_at = resource.updated_at = clock_.now();
  normalise(resource);
  if (const auto ok = check_members(resource); !ok) return Err(ok.error());
  if (const auto ok = check_policy(resource.policy); !ok) return Err(ok.error());
  if (const auto stored = store_.insert(resource); !stored) return Err(stored.error());
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

Outcome<Resource> ResourceService::update(std::string_view id, const ResourceChanges& changes,
                                          const Actor& actor) {
  auto found = get(id);
  if (!found || changes.empty()) return found;
  Resource& resource = *found;
  if (changes.slug) resource.slug = *changes.slug;
  if (changes.uri) resource.uri = *changes.uri;
  if (changes.backend_kind) resource.backend_kind = *changes.backend_kind;
  if (changes.display_name) resource.display_name = *changes.display_name;
  if (changes.scopes) resource.scopes = *changes.scopes;
  if (changes.policy) resource.policy = *changes.policy;
  resource.updated_at = clock_.now();
  normalise(resource);
  if (const auto ok = check_members(resource); !ok) return Err(ok.error());
  // A policy that stays may name clients that were deleted since.
  if (changes.policy) {
    if (const auto ok = check_policy(resource.policy); !ok) return Err(ok.error());
  }
  auto stored = store_.update(resource);
  if (stored) {
    audit_.record(
        "resource.patched", actor, "",
        audit_detail({{"id", resource.id}, {"slug", resource.slug}, {"fields", changed_fields(changes)}}));
  }
  return stored;
}

Outcome<void> ResourceService::remove(std::string_view id, const Actor& actor) {
  const auto found = get(id);
  if (!found) return Err(found.error());
  auto removed = store_.remove(id, clock_.now());
  if (removed) {
    audit_.record("resource.deleted", actor, "", audit_detail({{"id", found->id}, {"slug", found->slug}}));
  }
  return removed;
}

Outcome<std::vector<std::string>> ResourceService::policy_clients(std::string_view slug,
                                                                  PolicyList list) const {
  auto found = get_by_slug(slug);
  if (!found) return Err(found.error());
  return std::move(list_of(found->policy, list));
}

Outcome<std::vector<std::string>> ResourceService::add_policy_client(std::string_view slug, PolicyList list,
                                                                     std::string_view client_id,
                                                                     const Actor& actor) {
  return change_policy(slug, list, client_id, true, actor);
}

Outcome<std::vector<std::string>> ResourceService::remove_policy_client(std::string_view slug,
                                                                        PolicyList list,
                                                                        std::string_view client_id,
                                                                        const Actor& actor) {
  return change_policy(slug, list, client_id, false, actor);
}

Outcome<std::vector<std::string>> ResourceService::change_policy(std::string_view slug, PolicyList list,
                                                                 std::string_view client_id, bool present,
                                                                 const Actor& actor) {
  auto found = get_by_slug(slug);
  if (!found) return Err(found.error());
  std::vector<std::string>& ids = list_of(found->policy, list);
  const auto at = std::find(ids.begin(), ids.end(), client_id);
  if ((at != ids.end()) == present) return std::move(ids);
  if (present) {
    if (ids.size() >= kMaxPolicyEntries) return broken("the list is full: it has 1000 entries");
    if (const auto ok = check_policy_list(clients_, {std::string(client_id)}, "client_id"); !ok)
      return Err(ok.error());
    ids.emplace_back(client_id);
  } else {
    ids.erase(at);
  }
  found->updated_at = clock_.now();
  auto stored = store_.update(*found);
  if (!stored) return Err(stored.error());
  audit_.record(action_of(list, present), actor, found->id,
                audit_detail({{"slug", found->slug}, {"client_id", client_id}}));
  return std::move(list_of(stored->policy, list));
}

}  // namespace authplane::authserver
