#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/oauth/scope.h>

#include "authserver/domain/errors.h"
#include "authserver/domain/resource.h"

namespace authplane::authserver {

// Scopes of the source, each with the scopes of the target it stands for. Ordered, so that "the first source
// scope that maps to it" means the same everywhere.
using ScopeMap = std::map<std::string, std::vector<std::string>>;

// Lets tokens for one resource (a gateway) be exchanged for tokens of another one behind it.
struct FrontingLink {
  std::string source_slug;  // a mint resource
  std::string target_slug;  // mint or broker
  ScopeMap scope_map;       // never empty, no entry empty
  WallTime created_at{};
  std::string created_by;  // "admin", "cli"
  friend bool operator==(const FrontingLink&, const FrontingLink&) = default;
};

// What can be said of a link without its resources. Errors: invalid_request.
Outcome<void> check_fronting_shape(const FrontingLink& link);

// Every rule about one link but uniqueness and cycles, in the order a caller should hear of them. Errors:
// invalid_request.
Outcome<void> check_fronting_link(const FrontingLink& link, const Resource& source, const Resource& target);

// Whether `from` fronts `to`, directly or over others.
bool fronting_reaches(const std::vector<FrontingLink>& links, std::string_view from, std::string_view to);

// Whether `changed` can take the place of `stored` without breaking a link that mentions it. Errors:
// invalid_request, naming the link.
Outcome<void> check_fronted_change(const std::vector<FrontingLink>& links, const Resource& stored,
                                   const Resource& changed);

}  // namespace authplane::authserver
