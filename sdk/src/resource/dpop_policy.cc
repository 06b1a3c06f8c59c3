#include "dpop_policy.h"

namespace authplane::detail {

Result<void> refuse_dpop(const ClaimsData& claims, const RequestContext* request) {
  if (claims.has_cnf) {
    return Err(
        ErrorCode::dpop_not_supported,
        "the token is bound to a key (cnf), and this resource does not check proofs; use a bearer token");
  }
  if (request && request->proof()) {
    return Err(ErrorCode::dpop_not_supported,
               "the request carries a DPoP proof, and this resource does not check proofs; leave the DPoP "
               "header out");
  }
  if (request && request->scheme() == TokenScheme::dpop) {
    return Err(ErrorCode::dpop_not_supported,
               "the token came under the scheme DPoP, which this resource does not support; use Bearer");
  }
  return {};
}

}  // namespace authplane::detail
