#include "agent/registration.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

#include "client/error_response.h"

namespace authplane::agent {
namespace {

Unexpected<Error> malformed(std::string_view problem) {
  return Err(ErrorCode::protocol_error, "registration response: " + std::string(problem));
}

// `none` unless the server lists methods and not this one.
std::string wanted_method(const ServerMetadata& server) {
  if (!server.token_auth.methods) return "none";
  for (const char* method : {"none", "client_secret_basic", "client_secret_post"}) {
    const auto& offered = *server.token_auth.methods;
    if (std::find(offered.begin(), offered.end(), method) != offered.end()) return method;
  }
  return "none";
}

}  // namespace

std::string registration_body(const ServerMetadata& server, std::string_view client_name,
                              std::string_view redirect_uri) {
  return to_json_text(OrderedJson{
      {"client_name", client_name},
      {"redirect_uris", OrderedJson::array({redirect_uri})},
      {"grant_types", OrderedJson::array({"authorization_code", "refresh_token"})},
      {"response_types", OrderedJson::array({"code"})},
      {"token_endpoint_auth_method", wanted_method(server)},
      {"application_type", "native"},
  });
}

Result<StoredClient> parse_registration(std::string_view body, std::size_t max_bytes) {
  const auto document = parse_json_object(body, {.max_bytes = max_bytes, .max_depth = 32});
  if (!document) return malformed(document.error().message);
  const std::string* id = find_string(*document, "client_id");
  if (!id || id->empty()) return malformed("client_id is missing or empty");
  StoredClient client;
  client.id = *id;
  const std::string* secret = find_string(*document, "client_secret");
  if (!secret || secret->empty()) return client;

  const std::string* method = find_string(*document, "token_endpoint_auth_method");
  if (method && *method == "none") return client;
  if (method && *method != "client_secret_basic" && *method != "client_secret_post")
    return malformed("token_endpoint_auth_method is one this client does not know");
  client.secret = *secret;
  if (method && *method == "client_secret_post") client.method = AuthMethod::client_secret_post;
  const Json* expiry = find_member(*document, "client_secret_expires_at");
  if (expiry && expiry->is_number_unsigned() && *expiry != 0)  // 0: never (RFC 7591 section 3.2.1)
    client.expires_at = std::chrono::sys_seconds(std::chrono::seconds(expiry->get<std::uint32_t>()));
  return client;
}

Result<StoredClient> register_client(const net::Fetcher& fetcher, const ServerMetadata& server,
                                     std::string_view client_name, std::string_view redirect_uri) {
  const std::size_t limit = fetcher.settings().max_oauth_bytes;
  OutboundRequest request;
  request.method = "POST";
  request.url = *server.registration_endpoint;
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = registration_body(server, client_name, redirect_uri);
  request.max_response_bytes = limit;
  const auto response = fetcher.fetch(std::move(request));
  if (!response) return Err(response.error());
  if (response->status != 201 && response->status != 200)
    return Err(parse_error_response(response->status, response->body, "registration_endpoint", limit));
  return parse_registration(response->body, limit);
}

}  // namespace authplane::agent
