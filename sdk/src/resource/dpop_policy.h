#pragma once

#include <authplane/resource/request_context.h>

#include "claims_data.h"

namespace authplane::detail {

// The rule of a resource that has no DPoP configured (RFC 9449 section 7.1): it cannot check a proof, so it
// refuses every sign of one instead of treating a bound token as a bearer token. Errors: dpop_not_supported.
Result<void> refuse_dpop(const ClaimsData& claims, const RequestContext* request);

}  // namespace authplane::detail
