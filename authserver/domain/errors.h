#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <authplane/base/result.h>

namespace authplane::authserver {

// Why a decision of the domain or a verb of a store failed. Each boundary has one table from these to its own
// answer (OAuth `error` and HTTP status on the public listener, problem+json status on the admin listener).
enum class DomainErrorCode {
  not_found,
  conflict,
  invalid_request,
  invalid_client,
  invalid_redirect_uri,
  invalid_grant,
  token_reused,  // an invalid_grant: the refresh token had been used, and its family was revoked for that
  invalid_scope,
  invalid_target,
  invalid_dpop_proof,
  unauthorized_client,
  unsupported_grant_type,
  access_denied,
  consent_required,  // a user has to allow it first, or again
  unavailable,  // storage is full, busy for too long or stopping: nothing was written, trying again may help
  internal,     // anything else; the cause is in `detail`
};

// The enumerator's own name. Static storage.
std::string_view to_string(DomainErrorCode code) noexcept;

// `description` may be sent to the caller as it is. `detail` is one line for the operator's log and is never
// sent. Neither holds a token, secret or proof.
struct DomainError {
  DomainErrorCode code = DomainErrorCode::internal;
  std::string description;
  std::string detail;
};

template <class T>
using Outcome = Result<T, DomainError>;

inline Unexpected<DomainError> fail(DomainErrorCode code, std::string description, std::string detail = {}) {
  return {DomainError{code, std::move(description), std::move(detail)}};
}

}  // namespace authplane::authserver
