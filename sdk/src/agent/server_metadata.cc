#include "agent/server_metadata.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

#include "client/members.h"

namespace authplane::agent {
namespace {

Unexpected<Error> refuse(std::string problem) {
  return Err(ErrorCode::metadata_fetch_error, std::move(problem));
}

bool holds(const std::vector<std::string>& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

Result<Url> required_endpoint(const Json& document, std::string_view name, SchemePolicy schemes) {
  auto url = metadata_endpoint(document, name, schemes);
  if (!url) return Err(std::move(url).error());
  if (!*url) return Err(ErrorCode::missing_metadata_endpoint, "member " + std::string(name) + " is missing");
  return std::move(**url);
}

// What cannot be missing: a code that is not bound to its request can be injected or stolen (RFC 9700 2.1.1).
Result<void> check_capabilities(const Json& document) {
  const auto challenges = string_list(document, "code_challenge_methods_supported");
  if (!challenges) return Err(challenges.error());
  if (!*challenges || !holds(**challenges, "S256"))
    return refuse("the server does not announce PKCE with S256 (code_challenge_methods_supported)");
  const auto responses = string_list(document, "response_types_supported");
  if (!responses) return Err(responses.error());
  if (*responses && !holds(**responses, "code"))
    return refuse("the server does not offer the authorization code flow (response_types_supported)");
  return {};
}

}  // namespace

std::vector<std::string> server_metadata_urls(const Url& issuer) {
  std::string path = issuer.path();
  while (path.ends_with('/')) path.pop_back();
  const std::string origin = issuer.origin();
  const std::string oauth = "/.well-known/oauth-authorization-server";
  const std::string openid = "/.well-known/openid-configuration";
  std::vector<std::string> urls{origin + oauth + path, origin + openid + path};
  if (!path.empty()) urls.push_back(origin + path + openid);
  return urls;
}

Result<ServerMetadata> default_endpoints(const Url& issuer) {
  auto authorization = Url::parse(issuer.origin() + "/authorize");
  if (!authorization) return Err(std::move(authorization).error());
  auto token = Url::parse(issuer.origin() + "/token");
  if (!token) return Err(std::move(token).error());
  auto registration = Url::parse(issuer.origin() + "/register");
  if (!registration) return Err(std::move(registration).error());
  return ServerMetadata{.issuer = issuer.text(),
                        .authorization_endpoint = std::move(*authorization),
                        .token_endpoint = std::move(*token),
                        .registration_endpoint = std::move(*registration),
                        .revocation_endpoint = {},
                        .token_auth = {}};
}

Result<ServerMetadata> parse_server_metadata(std::string_view body, std::string_view expected_issuer,
                                             SchemePolicy schemes, std::size_t max_bytes) {
  const auto document = parse_json_object(body, {.max_bytes = max_bytes, .max_depth = 32});
  if (!document) return refuse("not a usable JSON document: " + document.error().message);
  if (auto ok = check_metadata_issuer(*document, expected_issuer); !ok) return Err(std::move(ok).error());
  if (auto ok = check_capabilities(*document); !ok) return Err(std::move(ok).error());

  auto authorization = required_endpoint(*document, "authorization_endpoint", schemes);
  if (!authorization) return Err(std::move(authorization).error());
  auto token = required_endpoint(*document, "token_endpoint", schemes);
  if (!token) return Err(std::move(token).error());
  auto registration = metadata_endpoint(*document, "registration_endpoint", schemes);
  if (!registration) return Err(std::move(registration).error());
  auto revocation = metadata_endpoint(*document, "revocation_endpoint", schemes);
  if (!revocation) return Err(std::move(revocation).error());
  auto token_auth = token_endpoint_auth(*document);
  if (!token_auth) return Err(std::move(token_auth).error());
  const auto scopes = string_list(*document, "scopes_supported");
  if (!scopes) return Err(scopes.error());

  return ServerMetadata{.issuer = std::string(expected_issuer),
                        .authorization_endpoint = std::move(*authorization),
                        .token_endpoint = std::move(*token),
                        .registration_endpoint = std::move(*registration),
                        .revocation_endpoint = std::move(*revocation),
                        .token_auth = std::move(*token_auth),
                        .takes_metadata_urls = is_true(*document, "client_id_metadata_document_supported"),
                        .announces_iss = is_true(*document, "authorization_response_iss_parameter_supported"),
                        .offers_offline_access = *scopes && holds(**scopes, "offline_access")};
}

}  // namespace authplane::agent
