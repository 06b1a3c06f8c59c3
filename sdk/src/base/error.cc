#include <authplane/base/error.h>

namespace authplane {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
#define AUTHPLANE_NAME(name) \
  case ErrorCode::name:      \
    return #name
    AUTHPLANE_NAME(token_missing);
    AUTHPLANE_NAME(token_expired);
    AUTHPLANE_NAME(invalid_signature);
    AUTHPLANE_NAME(invalid_claims);
    AUTHPLANE_NAME(token_inactive);
    AUTHPLANE_NAME(insufficient_scope);
    AUTHPLANE_NAME(dpop_proof_missing);
    AUTHPLANE_NAME(invalid_dpop_proof);
    AUTHPLANE_NAME(dpop_replay_detected);
    AUTHPLANE_NAME(dpop_binding_mismatch);
    AUTHPLANE_NAME(dpop_multiple_proofs);
    AUTHPLANE_NAME(dpop_not_supported);
    AUTHPLANE_NAME(jwks_unavailable);
    AUTHPLANE_NAME(metadata_fetch_error);
    AUTHPLANE_NAME(missing_metadata_endpoint);
    AUTHPLANE_NAME(circuit_open);
    AUTHPLANE_NAME(revocation_check_failed);
    AUTHPLANE_NAME(protocol_error);
    AUTHPLANE_NAME(ssrf_blocked);
    AUTHPLANE_NAME(transport_error);
    AUTHPLANE_NAME(runtime_error);
    AUTHPLANE_NAME(invalid_argument);
    AUTHPLANE_NAME(closed);
    AUTHPLANE_NAME(invalid_client);
    AUTHPLANE_NAME(unauthorized_client);
    AUTHPLANE_NAME(invalid_grant);
    AUTHPLANE_NAME(invalid_scope);
    AUTHPLANE_NAME(invalid_request);
    AUTHPLANE_NAME(unsupported_grant_type);
    AUTHPLANE_NAME(invalid_target);
    AUTHPLANE_NAME(access_denied);
    AUTHPLANE_NAME(server_error);
    AUTHPLANE_NAME(use_dpop_nonce);
    AUTHPLANE_NAME(oauth_error);
    AUTHPLANE_NAME(consent_required);
#undef AUTHPLANE_NAME
  }
  return "unknown";
}

}  // namespace authplane
