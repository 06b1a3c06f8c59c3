#include "client/error_response.h"

#include <array>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/json/json.h>

namespace authplane {
namespace {

constexpr std::size_t kMaxExcerpt = 200;

struct KnownCode {
  std::string_view name;
  ErrorCode code;
  std::string_view advice;
};
constexpr KnownCode kKnownCodes[] = {
    {"invalid_client", ErrorCode::invalid_client, "check client id, secret and authentication method"},
    {"unauthorized_client", ErrorCode::unauthorized_client,
     "the client is not registered for this grant type"},
    {"invalid_scope", ErrorCode::invalid_scope,
     "request only scopes that client and resource are registered for"},
    {"invalid_grant", ErrorCode::invalid_grant,
     "the grant or subject token is expired, revoked or not this client's"},
    {"unsupported_grant_type", ErrorCode::unsupported_grant_type,
     "the server does not offer this grant type"},
    {"invalid_request", ErrorCode::invalid_request, "the server found a parameter missing or malformed"},
    {"invalid_target", ErrorCode::invalid_target,
     "resource must equal the registered URI byte for byte, a slash at the end included"},
    {"access_denied", ErrorCode::access_denied,
     "the operator has to allow this client to exchange tokens for the target resource"},
    {"use_dpop_nonce", ErrorCode::use_dpop_nonce, "the server wants a proof with its nonce"},
};

std::string text_member(const Json& body, std::string_view name) {
  const std::string* value = find_string(body, name);
  return value ? *value : std::string();
}

const KnownCode* find_known(std::string_view name) {
  for (const KnownCode& known : kKnownCodes) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

Error make(ErrorCode code, std::string_view endpoint, OAuthDetail detail, std::string_view advice) {
  Error error;
  error.code = code;
  error.message = std::string(endpoint) + " answered HTTP " + std::to_string(detail.http_status);
  if (!detail.error.empty()) error.message += " " + header_safe(detail.error.substr(0, kMaxExcerpt));
  if (!detail.description.empty())
    error.message += " (" + header_safe(detail.description.substr(0, kMaxExcerpt)) + ")";
  error.message += "; " + std::string(advice);
  error.oauth = std::move(detail);
  return error;
}

Error consent_required(const Json& body, OAuthDetail detail) {
  ConsentDetail consent;
  if (const std::string* url = find_string(body, "consent_url"); url && !url->empty())
    consent.consent_url = *url;
  for (const char* name : {"service_id", "service", "resource"}) {
    if (consent.service_id.empty()) consent.service_id = text_member(body, name);
  }
  if (consent.service_id.empty()) consent.service_id = "unknown_service";
  consent.cause = text_member(body, "cause");
  if (consent.cause.empty()) consent.cause = detail.description.empty() ? detail.error : detail.description;

  const std::string what = detail.description.empty() ? "Consent is required to proceed" : detail.description;
  Error error;
  error.code = ErrorCode::consent_required;
  error.message = header_safe(what.substr(0, kMaxExcerpt)) + " (" +
                  header_safe(consent.service_id.substr(0, kMaxExcerpt)) + ": " +
                  header_safe(consent.cause.substr(0, kMaxExcerpt)) + ")";
  error.oauth = std::move(detail);
  error.consent = std::move(consent);
  return error;
}

}  // namespace

Error parse_error_response(int status, std::string_view body, std::string_view endpoint,
                           std::size_t max_bytes) {
  auto parsed = parse_json_object(body, {.max_bytes = max_bytes, .max_depth = 32});
  const Json json = parsed ? std::move(*parsed) : Json::object();
  OAuthDetail detail{.error = text_member(json, "error"),
                     .http_status = status,
                     .description = text_member(json, "error_description")};

  if (status >= 500) return make(ErrorCode::server_error, endpoint, std::move(detail), "try again later");
  if (detail.error == "consent_required" || detail.error == "interaction_required") {
    return consent_required(json, std::move(detail));
  }
  if (const KnownCode* known = find_known(detail.error)) {
    return make(known->code, endpoint, std::move(detail), known->advice);
  }
  if (status == 401)
    return make(ErrorCode::invalid_client, endpoint, std::move(detail), kKnownCodes[0].advice);
  const bool redirect = status >= 300 && status < 400;
  return make(ErrorCode::oauth_error, endpoint, std::move(detail),
              redirect ? "redirects are not followed" : "see the authorization server's log");
}

}  // namespace authplane
