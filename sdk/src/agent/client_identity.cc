#include "agent/client_identity.h"

#include <algorithm>

namespace authplane::agent {
namespace {

bool takes(const ServerMetadata& server, std::string_view method) {
  const auto& methods = server.token_auth_methods;
  return methods && std::find(methods->begin(), methods->end(), method) != methods->end();
}

}  // namespace

Result<void> ClientIdentity::apply(const Url& endpoint, Headers& headers, Form& form) const {
  if (secret.empty()) {
    form.add("client_id", id);
    return {};
  }
  return Authenticator(ClientCredentials{.id = id, .secret = secret, .method = method})
      .apply(endpoint, headers, form);
}

Result<AuthMethod> method_for_secret(const ServerMetadata& server) {
  if (!server.token_auth_methods || takes(server, "client_secret_basic"))
    return AuthMethod::client_secret_basic;
  if (takes(server, "client_secret_post")) return AuthMethod::client_secret_post;
  return Err(ErrorCode::invalid_argument, "the authorization server " + server.issuer +
                                              " takes a client secret neither by Basic nor in the form; "
                                              "register a public client");
}

Result<std::optional<ClientIdentity>> known_identity(const UserSessionOptions& options,
                                                     const ServerMetadata& server) {
  if (options.client) {
    ClientIdentity identity{.id = options.client->id, .secret = options.client->secret};
    if (identity.secret.empty()) return std::optional(std::move(identity));
    const auto method = method_for_secret(server);
    if (!method) return Err(method.error());
    identity.method = *method;
    return std::optional(std::move(identity));
  }
  if (!options.client_metadata_url.empty() && server.takes_metadata_urls)
    return std::optional(ClientIdentity{.id = options.client_metadata_url});
  if (options.allow_registration && server.registration_endpoint) return std::optional<ClientIdentity>();
  return Err(ErrorCode::invalid_argument,
             "the authorization server " + server.issuer +
                 " knows no way for this program to introduce itself; register a client there and set option "
                 "client");
}

}  // namespace authplane::agent
