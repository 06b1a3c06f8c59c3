#include "authserver/http/denial.h"

#include <utility>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

OAuthErrorCode code_of(DomainErrorCode code) {
  switch (code) {
    case DomainErrorCode::invalid_client:
      return OAuthErrorCode::invalid_client;
    case DomainErrorCode::invalid_grant:
    case DomainErrorCode::token_reused:
      return OAuthErrorCode::invalid_grant;
    case DomainErrorCode::invalid_target:
      return OAuthErrorCode::invalid_target;
    case DomainErrorCode::invalid_scope:
      return OAuthErrorCode::invalid_scope;
    case DomainErrorCode::invalid_dpop_proof:
      return OAuthErrorCode::invalid_dpop_proof;
    case DomainErrorCode::invalid_request:
      return OAuthErrorCode::invalid_request;
    case DomainErrorCode::unauthorized_client:
      return OAuthErrorCode::unauthorized_client;
    case DomainErrorCode::access_denied:
      return OAuthErrorCode::access_denied;
    case DomainErrorCode::consent_required:
      return OAuthErrorCode::consent_required;
    case DomainErrorCode::unavailable:
      return OAuthErrorCode::temporarily_unavailable;
    default:
      return OAuthErrorCode::server_error;
  }
}

std::string reason_of(const DomainError& error, OAuthErrorCode code) {
  // The words for the log of an authentication failure are the reason; other errors are named by their code.
  if (error.code == DomainErrorCode::invalid_client && !error.detail.empty()) return error.detail;
  if (error.code == DomainErrorCode::token_reused) return std::string(to_string(error.code));
  return std::string(row_of(code).error);
}

}  // namespace

Unexpected<Denial> deny(OAuthErrorCode code, std::string description) {
  return deny(code, std::move(description), std::string(row_of(code).error));
}

Unexpected<Denial> deny(OAuthErrorCode code, std::string description, std::string reason) {
  return {Denial{.error = {code, std::move(description)}, .reason = std::move(reason)}};
}

Denial denial_of(const DomainError& error, std::string_view do_what, Logger& logger) {
  const OAuthErrorCode code = code_of(error.code);
  if (code == OAuthErrorCode::server_error || code == OAuthErrorCode::temporarily_unavailable) {
    logger.error("request not served",
                 {{"to", do_what}, {"cause", error.detail.empty() ? error.description : error.detail}});
    return {
        .error = {code, code == OAuthErrorCode::server_error ? "the server failed to " + std::string(do_what)
                                                             : "the server is busy; try again"},
        .reason = std::string(row_of(code).error)};
  }
  return {.error = {code, header_safe(error.description)}, .reason = reason_of(error, code)};
}

}  // namespace authplane::authserver
