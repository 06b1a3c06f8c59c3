#pragma once

#include <optional>
#include <string_view>

#include <authplane/oauth/scope.h>

#include "authserver/domain/consent_grant.h"
#include "authserver/domain/exchange_refusal.h"
#include "authserver/domain/fronting_link.h"
#include "authserver/domain/presented_token.h"

// Which scopes an exchange grants. Pure. What is asked for is granted whole or refused; what is not asked for
// is never more than could have been asked for, and never nothing.

namespace authplane::authserver {

// The `scope` of a request. nullopt: omitted, or blank.
using WantedScopes = std::optional<ScopeSet>;
// Errors: invalid_scope (malformed).
Exchanged<WantedScopes> parse_wanted_scopes(std::string_view text);

// Errors of all of these: invalid_scope.
Exchanged<void> check_catalog(const WantedScopes& wanted, const ScopeSet& catalog);
// The scopes of the token that is exchanged bound those of the new one, if it has any.
Exchanged<void> check_ceiling(const WantedScopes& wanted, const PresentedToken& subject);

// For a client that exchanges a token of its own: nothing but the token itself stands for the scopes, so they
// are what it says, also when it says none. null catalog: no resource was named.
Exchanged<ScopeSet> own_scopes(const WantedScopes& wanted, const PresentedToken& subject,
                               const ScopeSet* catalog);
// For one that rests on consent. The grant is active; not covering is nullopt.
Exchanged<std::optional<ScopeSet>> consented_scopes(const WantedScopes& wanted, const PresentedToken& subject,
                                                    const ScopeSet& catalog, const ConsentGrant& grant);

// Behind a gateway: which scopes of the gateway a scope behind it needs.
enum class FrontedBy {
  first_scope,  // the first one, in byte order, that stands for it
  any_scope,    // any that stands for it
};
struct FrontingFault {
  bool is_unmapped = false;  // no scope of the gateway stands for it; else: the token lacks the one that does
  ScopeSet scopes;           // those; empty when none were asked for
};
Result<ScopeSet, FrontingFault> fronted_scopes(const WantedScopes& wanted, const ScopeSet& held,
                                               const ScopeMap& map, FrontedBy rule);

}  // namespace authplane::authserver
