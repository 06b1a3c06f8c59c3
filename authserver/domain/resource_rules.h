#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/broken_rules.h"
#include "authserver/domain/resource.h"

// The rules for a resource that can be judged without looking anything up.

namespace authplane::authserver {

inline constexpr std::size_t kMaxPolicyEntries = 1000;  // of each list of a policy

// Of all members but the provider and the policy.
BrokenRules broken_rules(const Resource& resource);
BrokenRules broken_rules(const ResourcePolicy& policy);
// `names_provider`: by id or by slug.
BrokenRules broken_provider_rules(BackendKind kind, bool names_provider);

// A list of clients; `name` is how the caller knows it. Errors: invalid_request.
Outcome<void> check_client_ids(const std::vector<std::string>& ids, std::string_view name);

// An URL that people may be sent to: absolute, http or https; the port may be left open on this machine, as
// in "http://localhost:*". Errors: invalid_request.
Outcome<void> check_return_url(std::string_view url);

}  // namespace authplane::authserver
