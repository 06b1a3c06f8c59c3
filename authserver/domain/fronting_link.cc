#include "authserver/domain/fronting_link.h"

#include <algorithm>
#include <set>
#include <utility>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

Unexpected<DomainError> broken(std::string description) {
  return fail(DomainErrorCode::invalid_request, std::move(description));
}

std::string name_of(const FrontingLink& link) {
  return link.source_slug + " -> " + link.target_slug;
}

Outcome<void> check_scopes(const ScopeMap& scope_map, const Resource& source, const Resource& target) {
  const ScopeSet of_source = source.scope_names(), of_target = target.scope_names();
  for (const auto& [from, to] : scope_map) {
    if (!of_source.contains(from)) {
      return broken("scope_map has the key '" + header_safe(from) + "', which is no scope of " + source.slug);
    }
  }
  for (const auto& [from, to] : scope_map) {
    for (const std::string& scope : to) {
      if (of_target.contains(scope)) continue;
      return broken("scope_map maps '" + from + "' to '" + header_safe(scope) + "', which is no scope of " +
                    target.slug);
    }
  }
  return {};
}

}  // namespace

Outcome<void> check_fronting_shape(const FrontingLink& link) {
  for (const std::string& slug : {link.source_slug, link.target_slug}) {
    if (!is_slug(slug)) return broken("source and target must be slugs of resources");
  }
  if (link.scope_map.empty()) return broken("scope_map must not be empty");
  for (const auto& [from, to] : link.scope_map) {
    const bool has_empty = std::any_of(to.begin(), to.end(), [](const auto& scope) { return scope.empty(); });
    if (from.empty() || to.empty() || has_empty) return broken("scope_map must not have empty entries");
  }
  if (link.source_slug == link.target_slug) return broken("a resource cannot front itself");
  return {};
}

Outcome<void> check_fronting_link(const FrontingLink& link, const Resource& source, const Resource& target) {
  if (auto ok = check_fronting_shape(link); !ok) return ok;
  if (source.backend_kind != BackendKind::mint) {
    return broken("the source must be a mint resource; " + source.slug + " is a broker");
  }
  if (auto ok = check_scopes(link.scope_map, source, target); !ok) return ok;
  if (target.backend_kind == BackendKind::broker && target.broker_provider_id.empty()) {
    return broken("the target " + target.slug + " has no broker provider");
  }
  return {};
}

bool fronting_reaches(const std::vector<FrontingLink>& links, std::string_view from, std::string_view to) {
  std::set<std::string_view> seen{from};
  std::vector<std::string_view> pending{from};
  while (!pending.empty()) {
    const std::string_view at = pending.back();
    pending.pop_back();
    for (const FrontingLink& link : links) {
      if (link.source_slug != at) continue;
      if (link.target_slug == to) return true;
      if (seen.insert(link.target_slug).second) pending.push_back(link.target_slug);
    }
  }
  return false;
}

Outcome<void> check_fronted_change(const std::vector<FrontingLink>& links, const Resource& stored,
                                   const Resource& changed) {
  const ScopeSet scopes = changed.scope_names();
  for (const FrontingLink& link : links) {
    const bool is_source = link.source_slug == stored.slug, is_target = link.target_slug == stored.slug;
    if (!is_source && !is_target) continue;
    const std::string remedy = " while the fronting link " + name_of(link) + " exists: remove it first";
    if (changed.slug != stored.slug) return broken("the slug cannot change" + remedy);
    if (changed.backend_kind != stored.backend_kind) return broken("backend_kind cannot change" + remedy);
    for (const auto& [from, to] : link.scope_map) {
      if (is_source && !scopes.contains(from)) return broken("scope '" + from + "' cannot go" + remedy);
      for (const std::string& scope : to) {
        if (is_target && !scopes.contains(scope)) return broken("scope '" + scope + "' cannot go" + remedy);
      }
    }
  }
  return {};
}

}  // namespace authplane::authserver
