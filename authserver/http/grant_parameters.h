#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <authplane/base/form.h>
#include <authplane/base/log.h>
#include <authplane/oauth/scope.h>

#include "authserver/domain/named_scopes.h"
#include "authserver/domain/resource_store.h"
#include "authserver/http/denial.h"

// How grants read the parameters they have in common.

namespace authplane::authserver {

// Nothing but white space: as good as absent.
bool is_blank(std::string_view text);

// The one `resource` of a request (RFC 8707), "" = none is named. Denials: invalid_target (several).
Result<std::string_view, Denial> read_resource(const Form& form);

// Denials: server_error, temporarily_unavailable.
Result<std::shared_ptr<const ResourceCatalog>, Denial> read_catalog(ResourceStore& resources, Logger& logger);

// The mint resource of exactly this URI, null for "". Denials: invalid_target; the log has the reason.
Result<ResourcePtr, Denial> find_by_uri(ResourceStore& resources, std::string_view uri,
                                        std::string_view client_id, Logger& logger);

// The resource a code or a refresh token stands for.
struct BoundResource {
  std::string_view id;   // "" = none
  std::string_view uri;  // as registered when the user consented
};
// That resource as it is registered now, null for none. `requested` is what the request names, "" = nothing;
// it has to be the same one. Denials: invalid_target.
Result<ResourcePtr, Denial> check_bound_resource(const ResourceCatalog& catalog, BoundResource bound,
                                                 std::string_view requested);
// What the resource (null: none) still has of the scopes that were approved. Denials: invalid_scope
// (nothing).
Result<ScopeSet, Denial> still_declared(const ScopeSet& approved, const Resource* resource);

}  // namespace authplane::authserver
