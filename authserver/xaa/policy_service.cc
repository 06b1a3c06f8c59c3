#include "authserver/xaa/policy_service.h"

#include <algorithm>

#include "authserver/xaa/rules.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxEntries = 1000;  // of each list
constexpr std::size_t kMaxEntry = 2048;

Outcome<void> check_entries(std::string_view member, const std::vector<std::string>& entries) {
  const bool fits = entries.size() <= kMaxEntries &&
                    std::all_of(entries.begin(), entries.end(), [](const std::string& entry) {
                      return !entry.empty() && entry.size() <= kMaxEntry;
                    });
  if (fits) return {};
  return fail(DomainErrorCode::invalid_request,
              std::string(member) + " has at most 1000 entries of 1 to 2048 bytes each");
}

using ScopeBound = std::optional<ScopeSet>;

Outcome<ScopeBound> scope_bound(const std::optional<std::vector<std::string>>& names) {
  if (!names) return ScopeBound();
  if (const auto ok = check_entries("scopes", *names); !ok) return Err(ok.error());
  if (!std::all_of(names->begin(), names->end(), is_scope_token)) {
    return fail(DomainErrorCode::invalid_request, "scopes must be scope tokens (RFC 6749 section 3.3)");
  }
  return ScopeBound(ScopeSet::of(*names));
}

Outcome<void> check_policy(const XaaPolicy& policy) {
  if (auto ok = check_xaa_name(policy.name); !ok) return ok;
  if (auto ok = check_entries("client_ids", policy.client_ids); !ok) return ok;
  return check_entries("resources", policy.resources);
}

}  // namespace

Outcome<XaaPolicy> XaaPolicyService::create(const PolicyRegistration& registration, const Actor& actor) {
  auto scopes = scope_bound(registration.scopes);
  if (!scopes) return Err(std::move(scopes).error());
  XaaPolicy policy;
  policy.id = ids_.opaque();
  policy.name = registration.name;
  policy.idp_id = registration.idp_id;
  policy.client_ids = registration.client_ids;
  policy.scopes = std::move(*scopes);
  policy.resources = registration.resources;
  policy.created_at = policy.updated_at = clock_.now_seconds();
  if (const auto ok = check_policy(policy); !ok) return Err(ok.error());
  if (const auto stored = store_.insert_policy(policy); !stored) return Err(stored.error());
  audit_.record("xaa_policy.created", actor, "", audit_detail({{"id", policy.id}, {"idp", policy.idp_id}}));
  return policy;
}

Outcome<XaaPolicy> XaaPolicyService::get(std::string_view id) const {
  auto found = store_.find_policy(id);
  if (!found) return Err(std::move(found).error());
  if (!*found) return fail(DomainErrorCode::not_found, "policy not found");
  return std::move(**found);
}

Outcome<XaaPolicy> XaaPolicyService::update(std::string_view id, const PolicyChanges& changes,
                                            const Actor& actor) {
  auto stored = get(id);
  if (!stored) return stored;
  XaaPolicy policy = *stored;
  if (changes.name) policy.name = *changes.name;
  if (changes.client_ids) policy.client_ids = *changes.client_ids;
  if (changes.resources) policy.resources = *changes.resources;
  if (changes.enabled) policy.enabled = *changes.enabled;
  if (changes.scopes) {
    auto scopes = scope_bound(*changes.scopes);
    if (!scopes) return Err(std::move(scopes).error());
    policy.scopes = std::move(*scopes);
  }
  if (const auto ok = check_policy(policy); !ok) return Err(ok.error());
  if (policy == *stored) return stored;
  policy.updated_at = clock_.now_seconds();
  auto updated = store_.update_policy(policy);
  if (!updated) return updated;
  audit_.record(
      "xaa_policy.updated", actor, "",
      audit_detail({{"id", id},
                    {"fields", changed_fields({{policy.name != stored->name, "name"},
                                               {policy.client_ids != stored->client_ids, "client_ids"},
                                               {policy.scopes != stored->scopes, "scopes"},
                                               {policy.resources != stored->resources, "resources"},
                                               {policy.enabled != stored->enabled, "enabled"}})}}));
  return updated;
}

Outcome<void> XaaPolicyService::remove(std::string_view id, const Actor& actor) {
  if (auto removed = store_.remove_policy(id); !removed) return removed;
  audit_.record("xaa_policy.deleted", actor, "", audit_detail({{"id", id}}));
  return {};
}

}  // namespace authplane::authserver
