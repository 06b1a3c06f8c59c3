#include "agent/authorization_request.h"

#include <utility>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/base/secret.h>

namespace authplane::agent {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMaxExcerpt = 200;

Unexpected<Error> distrusted(std::string problem) {
  return Err(ErrorCode::access_denied, "login refused: " + std::move(problem));
}

ErrorCode code_for(std::string_view error) {
  if (error == "access_denied") return ErrorCode::access_denied;
  if (error == "invalid_scope") return ErrorCode::invalid_scope;
  if (error == "invalid_target") return ErrorCode::invalid_target;
  if (error == "invalid_request") return ErrorCode::invalid_request;
  if (error == "unauthorized_client") return ErrorCode::unauthorized_client;
  if (error == "server_error" || error == "temporarily_unavailable") return ErrorCode::server_error;
  return ErrorCode::oauth_error;
}

Unexpected<Error> refused_by_server(const Form& answer, std::string_view error) {
  const std::string description(answer.get("error_description").value_or(""));
  Error result;
  result.code = code_for(error);
  result.message = "the authorization server ended the login: " + header_safe(error.substr(0, kMaxExcerpt));
  if (!description.empty())
    result.message += " (" + header_safe(std::string_view(description).substr(0, kMaxExcerpt)) + ")";
  result.oauth = OAuthDetail{.error = std::string(error), .http_status = 0, .description = description};
  return Err(std::move(result));
}

}  // namespace

std::string s256_challenge(std::string_view verifier) {
  return base64url_encode(as_bytes(sha256(verifier)));
}

AuthorizationRequest::AuthorizationRequest(const ServerMetadata& server, Parameters parameters,
                                           Random& random)
    : server_(server),
      parameters_(std::move(parameters)),
      state_(random.token(kSecretBytes)),
      verifier_(random.token(kSecretBytes)) {}

std::string AuthorizationRequest::url() const {
  Form query;
  query.add("response_type", "code");
  query.add("client_id", parameters_.client_id);
  query.add("redirect_uri", parameters_.redirect_uri);
  if (!parameters_.scope.empty()) query.add("scope", parameters_.scope.to_string());
  query.add("resource", parameters_.resource);
  query.add("state", state_);
  query.add("code_challenge", s256_challenge(verifier_));
  query.add("code_challenge_method", "S256");
  if (!parameters_.dpop_jkt.empty()) query.add("dpop_jkt", parameters_.dpop_jkt);
  const Url& endpoint = server_.authorization_endpoint;
  return endpoint.text() + (endpoint.has_query() ? "&" : "?") + query.encode();
}

Result<void> AuthorizationRequest::check_issuer(const Form& answer) const {
  const auto issuer = answer.get("iss");
  if (!issuer && answer.count("iss") == 0) {
    if (!server_.announces_iss) return {};
    return distrusted("the answer does not say which authorization server it is from, although " +
                      server_.issuer + " always does (mix-up attack?)");
  }
  if (issuer == server_.issuer) return {};
  return distrusted("the answer is from '" + header_safe(issuer.value_or("").substr(0, kMaxExcerpt)) +
                    "', the login was started at '" + server_.issuer + "' (mix-up attack?)");
}

Result<std::string> AuthorizationRequest::code_of(const Form& answer) const {
  const auto state = answer.get("state");
  if (!state || !constant_time_equal(*state, state_))
    return distrusted("the answer does not belong to this login (state); start it again");
  if (auto ok = check_issuer(answer); !ok) return Err(std::move(ok).error());
  if (answer.count("error") != 0)
    return refused_by_server(answer, answer.get("error").value_or("invalid_request"));
  const auto code = answer.get("code");
  if (!code || code->empty()) return distrusted("the answer carries no code, or several");
  return std::string(*code);
}

}  // namespace authplane::agent
