#include "authserver/http/register_endpoint.h"

#include <nlohmann/json.hpp>

#include <authplane/base/media_type.h>
#include <authplane/json/json.h>

#include "authserver/domain/client_metadata.h"
#include "authserver/http/oauth_error.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxBodyBytes = 1024 * 1024;

OAuthErrorCode code_of(DomainErrorCode code) {
  switch (code) {
    case DomainErrorCode::invalid_request:
      return OAuthErrorCode::invalid_request;
    case DomainErrorCode::invalid_client:
      return OAuthErrorCode::invalid_client_metadata;
    case DomainErrorCode::invalid_redirect_uri:
      return OAuthErrorCode::invalid_redirect_uri;
    case DomainErrorCode::access_denied:
      return OAuthErrorCode::access_denied;
    case DomainErrorCode::unavailable:
      return OAuthErrorCode::temporarily_unavailable;
    default:
      return OAuthErrorCode::server_error;
  }
}

ClientRegistration registration_of(ClientMetadata metadata) {
  ClientRegistration wanted;
  wanted.name = std::move(metadata.client_name).value_or("");
  wanted.redirect_uris = std::move(metadata.redirect_uris);
  wanted.grant_types = std::move(metadata.grant_types);
  wanted.response_types = std::move(metadata.response_types);
  wanted.token_endpoint_auth_method = std::move(metadata.token_endpoint_auth_method);
  wanted.agent = metadata.agent;
  wanted.agent_description = std::move(metadata.agent_description);
  wanted.application_type = std::move(metadata.application_type);
  return wanted;
}

// RFC 7591 section 3.2.1.
std::string render(const RegisteredClient& registered) {
  const Client& client = registered.client;
  OrderedJson body;
  body["client_id"] = client.id;
  body["client_id_issued_at"] =
      std::chrono::duration_cast<std::chrono::seconds>(client.issued_at.time_since_epoch()).count();
  if (!client.is_public()) {
    body["client_secret"] = registered.client_secret.expose();
    body["client_secret_expires_at"] = 0;
  }
  body["redirect_uris"] = client.redirect_uris;
  body["client_name"] = client.name;
  body["grant_types"] = client.grant_types;
  body["response_types"] = client.response_types;
  body["token_endpoint_auth_method"] = to_string(client.token_endpoint_auth_method);
  body["application_type"] = client.application_type.value_or("web");
  if (!client.scope.empty()) body["scope"] = client.scope;
  body["agent"] = client.is_agent;
  if (!client.agent_description.empty()) body["agent_description"] = client.agent_description;
  return to_json_text(body);
}

}  // namespace

HttpResponse RegisterEndpoint::handle(const HttpRequest& request) {
  if (const auto wait = limiter_.admit(request.remote_address, deps_.clock.steady_now())) {
    HttpResponse response = oauth_error_response(
        {OAuthErrorCode::slow_down, "too many registrations from this address; wait as Retry-After says"});
    response.headers.add("Retry-After", std::to_string(wait->count()));
    return response;
  }
  if (request.body.size() > kMaxBodyBytes) {
    return oauth_error_response({OAuthErrorCode::request_too_large, "the body is larger than 1 MiB"});
  }
  // Also keeps pages of other origins from registering clients without a preflight.
  if (media_type(request.headers) != "application/json") {
    return oauth_error_response(
        {OAuthErrorCode::invalid_request, "send the client metadata as Content-Type application/json"});
  }
  auto metadata = parse_client_metadata(request.body, kMaxBodyBytes);
  if (!metadata) return refuse(metadata.error());
  const auto registered = deps_.registrations.register_client(registration_of(std::move(*metadata)),
                                                              {.id = "", .ip = request.remote_address});
  if (!registered) return refuse(registered.error());
  registered_.add();
  HttpResponse response = json_response(201, render(*registered));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Pragma", "no-cache");
  return response;
}

HttpResponse RegisterEndpoint::refuse(const DomainError& error) const {
  const OAuthErrorCode code = code_of(error.code);
  if (row_of(code).status < 500) {
    deps_.logger.info(
        "registration refused",
        {{"error", row_of(code).error}, {"description", error.description}, {"cause", error.detail}});
    return oauth_error_response({code, error.description});
  }
  deps_.logger.error(
      "registration failed",
      {{"error", row_of(code).error}, {"description", error.description}, {"cause", error.detail}});
  return oauth_error_response({code, "the client could not be registered; try again later"});
}

}  // namespace authplane::authserver
