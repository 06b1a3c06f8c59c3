#include "authserver/domain/exchange_scopes.h"

#include <algorithm>
#include <map>
#include <string>

#include "authserver/domain/named_scopes.h"

namespace authplane::authserver {
namespace {

Unexpected<ExchangeRefusal> invalid_scope(std::string_view reason, std::string description) {
  return refuse(DomainErrorCode::invalid_scope, reason, std::move(description));
}

Unexpected<ExchangeRefusal> beyond_subject(const ScopeSet& scopes) {
  return invalid_scope("subject_scope_ceiling",
                       "the request exceeds the scopes of the subject_token: " + named(scopes));
}

Unexpected<ExchangeRefusal> nothing_left() {
  return invalid_scope("subject_scope_ceiling",
                       "no scope was asked for, and none of the subject_token's is left at the resource");
}

// Scopes behind the gateway, each with those of the gateway that stand for it, in byte order.
std::map<std::string, std::vector<std::string>> sources_of(const ScopeMap& map) {
  std::map<std::string, std::vector<std::string>> sources;
  for (const auto& [source, targets] : map) {
    for (const std::string& target : targets) sources[target].push_back(source);
  }
  return sources;
}

bool is_held(const std::vector<std::string>& sources, const ScopeSet& held, FrontedBy rule) {
  if (rule == FrontedBy::first_scope) return held.contains(sources.front());
  return std::any_of(sources.begin(), sources.end(),
                     [&](const std::string& source) { return held.contains(source); });
}

}  // namespace

Exchanged<WantedScopes> parse_wanted_scopes(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return WantedScopes();
  auto scopes = ScopeSet::parse(text);
  if (!scopes) return invalid_scope("invalid_scope", "scope is malformed (RFC 6749 section 3.3)");
  return WantedScopes(std::move(*scopes));
}

Exchanged<void> check_catalog(const WantedScopes& wanted, const ScopeSet& catalog) {
  if (!wanted) return {};
  const ScopeSet beyond = wanted->minus(catalog);
  if (beyond.empty()) return {};
  return invalid_scope("scope_not_in_catalog", "the target resource does not declare: " + named(beyond));
}

Exchanged<void> check_ceiling(const WantedScopes& wanted, const PresentedToken& subject) {
  if (!wanted || !subject.has_scope) return {};
  const ScopeSet beyond = wanted->minus(subject.scopes);
  if (beyond.empty()) return {};
  return beyond_subject(beyond);
}

Exchanged<ScopeSet> own_scopes(const WantedScopes& wanted, const PresentedToken& subject,
                               const ScopeSet* catalog) {
  if (wanted) {
    if (const ScopeSet beyond = wanted->minus(subject.scopes); !beyond.empty()) return beyond_subject(beyond);
    return *wanted;
  }
  if (catalog == nullptr) return subject.scopes;
  ScopeSet scopes = subject.scopes.intersect(*catalog);
  if (scopes.empty()) return nothing_left();
  return scopes;
}

Exchanged<std::optional<ScopeSet>> consented_scopes(const WantedScopes& wanted, const PresentedToken& subject,
                                                    const ScopeSet& catalog, const ConsentGrant& grant) {
  if (wanted) return grant.covers(*wanted) ? wanted : std::nullopt;
  ScopeSet scopes = subject.scopes.intersect(catalog).intersect(grant.scopes);
  if (scopes.empty()) return nothing_left();
  return std::optional<ScopeSet>(std::move(scopes));
}

Result<ScopeSet, FrontingFault> fronted_scopes(const WantedScopes& wanted, const ScopeSet& held,
                                               const ScopeMap& map, FrontedBy rule) {
  const auto sources = sources_of(map);
  ScopeSet granted;
  if (!wanted) {
    for (const auto& [target, from] : sources) {
      if (is_held(from, held, rule)) granted.insert(target);
    }
    if (granted.empty()) return Err(FrontingFault{});
    return granted;
  }
  ScopeSet unmapped, lacking;
  for (const std::string& target : *wanted) {
    const auto found = sources.find(target);
    if (found == sources.end()) {
      unmapped.insert(target);
    } else if (!is_held(found->second, held, rule)) {
      lacking.insert(target);
    }
  }
  if (!unmapped.empty()) return Err(FrontingFault{.is_unmapped = true, .scopes = std::move(unmapped)});
  if (!lacking.empty()) return Err(FrontingFault{.is_unmapped = false, .scopes = std::move(lacking)});
  return *wanted;
}

}  // namespace authplane::authserver
