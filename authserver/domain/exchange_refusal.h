#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <authplane/base/result.h>
#include <authplane/oauth/scope.h>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

// What a user would have to allow for an exchange to succeed, and where.
struct MissingConsent {
  bool is_insufficient = false;  // something was allowed, but not enough
  std::string resource_slug;     // what has to be allowed, or connected to
  std::string provider_slug{};   // of the upstream account to connect, "" = consent is given at this server
  ScopeSet scopes{};             // not covered by what was allowed; at this server only
};

// Why a token is not exchanged. `reason` is the word of audit rows and metrics, of static storage.
struct ExchangeRefusal {
  DomainError error;
  std::string_view reason;
  std::optional<MissingConsent> consent{};  // set exactly when the code is consent_required
};

template <class T>
using Exchanged = Result<T, ExchangeRefusal>;

inline Unexpected<ExchangeRefusal> refuse(DomainErrorCode code, std::string_view reason,
                                          std::string description, std::string detail = {}) {
  return {ExchangeRefusal{.error = {code, std::move(description), std::move(detail)}, .reason = reason}};
}

// A store that failed.
inline Unexpected<ExchangeRefusal> refuse(DomainError error) {
  const std::string_view reason = to_string(error.code);
  return {ExchangeRefusal{.error = std::move(error), .reason = reason}};
}

// `target_slug` is the resource that was asked for.
inline Unexpected<ExchangeRefusal> needs_consent(std::string_view reason, std::string_view target_slug,
                                                 MissingConsent consent, std::string detail = {}) {
  return {ExchangeRefusal{
      .error = {DomainErrorCode::consent_required,
                "the user has to allow access to " + std::string(target_slug) + " first", std::move(detail)},
      .reason = reason,
      .consent = std::move(consent)}};
}

// For a token that was decided on and is refused now. What is gone is told from what never was.
// `consent_slug` is the resource whose consent allowed it, "" = none.
inline ExchangeRefusal changed_meanwhile(ExchangeRefusal refusal, std::string_view target_slug,
                                         std::string_view consent_slug) {
  if (refusal.error.code == DomainErrorCode::invalid_grant) {
    return refuse(DomainErrorCode::invalid_grant, "subject_token_revoked_during_mint",
                  "the subject_token is not valid", std::move(refusal.error.detail))
        .error;
  }
  const bool says_more =
      refusal.consent && (refusal.consent->is_insufficient || !refusal.consent->provider_slug.empty());
  if (refusal.error.code != DomainErrorCode::consent_required || says_more) return refusal;
  return needs_consent("consent_revoked_during_mint", target_slug,
                       {.resource_slug = std::string(consent_slug)}, std::move(refusal.error.detail))
      .error;
}

}  // namespace authplane::authserver
