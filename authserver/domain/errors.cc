#include "authserver/domain/errors.h"

namespace authplane::authserver {

std::string_view to_string(DomainErrorCode code) noexcept {
  switch (code) {
    case DomainErrorCode::not_found:
      return "not_found";
    case DomainErrorCode::conflict:
      return "conflict";
    case DomainErrorCode::invalid_request:
      return "invalid_request";
    case DomainErrorCode::invalid_client:
      return "invalid_client";
    case DomainErrorCode::invalid_redirect_uri:
      return "invalid_redirect_uri";
    case DomainErrorCode::invalid_grant:
      return "invalid_grant";
    case DomainErrorCode::token_reused:
      return "token_reused";
    case DomainErrorCode::invalid_scope:
      return "invalid_scope";
    case DomainErrorCode::invalid_target:
      return "invalid_target";
    case DomainErrorCode::invalid_dpop_proof:
      return "invalid_dpop_proof";
    case DomainErrorCode::unauthorized_client:
      return "unauthorized_client";
    case DomainErrorCode::unsupported_grant_type:
      return "unsupported_grant_type";
    case DomainErrorCode::access_denied:
      return "access_denied";
    case DomainErrorCode::consent_required:
      return "consent_required";
    case DomainErrorCode::unavailable:
      return "unavailable";
    case DomainErrorCode::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace authplane::authserver
