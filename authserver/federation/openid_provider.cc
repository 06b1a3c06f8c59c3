#include "authserver/federation/openid_provider.h"

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>
#include <authplane/json/json.h>

namespace authplane::authserver {
namespace {

using Reason = FederationRefusal::Reason;

constexpr std::size_t kMaxTokenResponse = 128 * 1024;

// A refused code is the fault of who brought it; a refused client, a redirect or a failing server is not.
FederationRefusal refused_code(const HttpResponse& response) {
  const auto body = parse_json_object(response.body);
  const std::string* word = body ? find_string(*body, "error") : nullptr;
  const std::string error = word ? header_safe(word->substr(0, 64)) : "";
  const bool is_ours = response.status < 400 || response.status >= 500 || response.status == 401 ||
                       response.status == 403 || response.status == 404 || response.status == 429 ||
                       error == "invalid_client" || error == "unauthorized_client";
  return {is_ours ? Reason::provider_failed : Reason::code_refused,
          "the token endpoint answered with status " + std::to_string(response.status) +
              (error.empty() ? "" : ", error '" + error + "'")};
}

}  // namespace

OpenIdProvider::OpenIdProvider(ProviderOptions options, ProviderDocuments::Deps deps)
    : options_(std::move(options)),
      deps_(std::move(deps)),
      documents_(options_.issuer, options_.allow_http, deps_) {}

std::string OpenIdProvider::authorization_url(const PendingSignIn& sign_in) const {
  const auto metadata = documents_.metadata();
  std::string scope;
  bool has_groups = false;
  for (const std::string& one : options_.scopes) {
    scope += (scope.empty() ? "" : " ") + one;
    has_groups = has_groups || one == "groups";
  }
  if (options_.include_groups_scope && metadata->offers_groups && !has_groups) scope += " groups";
  const Url& endpoint = metadata->authorization_endpoint;
  std::string url = endpoint.text();
  char separator = endpoint.has_query() ? '&' : '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    url.append(1, separator).append(name).append("=").append(percent_encode(value));
    separator = '&';
  };
  add("response_type", "code");
  add("client_id", options_.client_id);
  add("redirect_uri", options_.redirect_uri);
  add("scope", scope);
  add("state", sign_in.state);
  add("nonce", sign_in.nonce);
  add("code_challenge", code_challenge(sign_in.code_verifier));
  add("code_challenge_method", "S256");
  if (!options_.connector_id.empty()) add("connector_id", options_.connector_id);
  return url;
}

bool OpenIdProvider::is_response_issuer(std::string_view iss) const {
  return iss.empty() ? !documents_.metadata()->names_itself : iss == options_.issuer;
}

FederationResult<UpstreamIdentity> OpenIdProvider::identify(std::string_view code,
                                                            const PendingSignIn& sign_in) {
  const SteadyTime started = deps_.clock.steady_now();
  auto identity = redeem_and_verify(code, sign_in);
  const std::chrono::duration<double> seconds = deps_.clock.steady_now() - started;
  deps_.metrics
      .histogram("authserver_oidc_exchange_duration_seconds", {{"outcome", identity ? "success" : "failure"}})
      .observe(seconds.count());
  return identity;
}

FederationResult<UpstreamIdentity> OpenIdProvider::redeem_and_verify(std::string_view code,
                                                                     const PendingSignIn& sign_in) {
  if (documents_.is_due()) documents_.refresh();
  const auto id_token = redeem(code, sign_in);
  if (!id_token) return Err(id_token.error());
  auto identity = verify_id_token(*id_token,
                                  {.issuer = options_.issuer,
                                   .client_id = options_.client_id,
                                   .nonce = sign_in.nonce,
                                   .now = deps_.clock.now()},
                                  documents_);
  if (identity) return std::move(*identity);
  const bool no_keys = identity.error().code == ErrorCode::jwks_unavailable;
  return refuse(no_keys ? Reason::provider_failed : Reason::invalid_id_token, identity.error().message);
}

OutboundRequest OpenIdProvider::token_request(std::string_view code, const PendingSignIn& sign_in) const {
  const auto metadata = documents_.metadata();
  Form form;
  form.add("grant_type", "authorization_code");
  form.add("code", std::string(code));
  form.add("redirect_uri", options_.redirect_uri);
  form.add("code_verifier", sign_in.code_verifier);
  OutboundRequest request;
  request.method = "POST";
  request.url = metadata->token_endpoint;
  request.max_response_bytes = kMaxTokenResponse;
  request.headers.add("Accept", "application/json");
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  const std::string_view secret = options_.client_secret.expose();
  if (metadata->takes_basic) {
    request.headers.add("Authorization", "Basic " + base64_encode(form_encode(options_.client_id) + ":" +
                                                                  form_encode(secret)));
  } else {
    form.add("client_id", options_.client_id);
    form.add("client_secret", std::string(secret));
  }
  request.body = form.encode();
  return request;
}

FederationResult<std::string> OpenIdProvider::redeem(std::string_view code,
                                                     const PendingSignIn& sign_in) const {
  const auto response = deps_.transport->send(token_request(code, sign_in));
  if (!response) return refuse(Reason::provider_failed, "the token endpoint: " + response.error().message);
  if (response->status != 200) return Err(refused_code(*response));
  const auto body = parse_json_object(response->body, {.max_bytes = kMaxTokenResponse, .max_depth = 32});
  if (!body)
    return refuse(Reason::provider_failed, "the answer of the token endpoint: " + body.error().message);
  const std::string* id_token = find_string(*body, "id_token");
  if (!id_token) return refuse(Reason::provider_failed, "the answer of the token endpoint has no id_token");
  return *id_token;
}

}  // namespace authplane::authserver
