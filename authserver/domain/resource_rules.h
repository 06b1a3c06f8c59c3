#pragma once

#include <cstddef>
#include <string_view>

#include "authserver/domain/errors.h"
#include "authserver/domain/resource.h"

namespace authplane::authserver {

inline constexpr std::size_t kMaxPolicyEntries = 1000;  // of each list of a policy

// The rules that can be judged without looking anything up. Errors: invalid_request.
Outcome<void> check_resource(const Resource& resource);

// An URL that people may be sent to: absolute, http or https; the port may be left open on this machine, as
// in "http://localhost:*". Errors: invalid_request.
Outcome<void> check_return_url(std::string_view url);

}  // namespace authplane::authserver
