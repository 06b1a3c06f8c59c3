#pragma once

#include <string_view>

#include "authserver/domain/exchange_refusal.h"
#include "authserver/domain/presented_token.h"
#include "authserver/domain/resource_catalog.h"

// Who may exchange what for what, as far as it is the operator who says so. Pure.

namespace authplane::authserver {

bool is_listed(const std::vector<std::string>& client_ids, std::string_view client_id);

// The target's own list; without one anybody may. Errors: access_denied.
Exchanged<void> check_operator_gate(const Resource& target, std::string_view client_id);
// A client may exchange a token that another one was given only where the operator named it. Errors:
// access_denied.
Exchanged<void> check_cross_client(const Resource& target, std::string_view client_id,
                                   const PresentedToken& subject);
// Only the gateway itself uses what it fronts. Errors: access_denied.
Exchanged<void> check_fronting_caller(const Resource& source, const Resource& target,
                                      std::string_view client_id);

// The resource a token is for: the one on record, whatever its URI is by now, or else the one its `aud`
// names.
struct TokenSource {
  ResourcePtr resource;     // null when the token is for none
  bool is_unclear = false;  // it is for one, but not to be told which: gone, or one of several
};
TokenSource source_of(const PresentedToken& subject, const ResourceCatalog& catalog, std::string_view issuer);

// The one mint resource that the client acts as. Errors: access_denied.
Exchanged<ResourcePtr> attested_actor(const ResourceCatalog& catalog, std::string_view client_id);

}  // namespace authplane::authserver
