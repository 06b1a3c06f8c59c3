#include "agent/client_identity.h"

#include <algorithm>

#include "client/client_assertion.h"

namespace authplane::agent {
namespace {

bool takes(const ServerMetadata& server, std::string_view method) {
  const auto& methods = server.token_auth.methods;
  return methods && std::find(methods->begin(), methods->end(), method) != methods->end();
}

Result<ClientIdentity> registered_identity(const RegisteredClient& client, const ServerMetadata& server) {
  ClientIdentity identity{
      .id = client.id, .secret = client.secret, .key = client.key, .key_id = client.key_id};
  if (client.key) {
    if (auto ok = check_takes_assertions(server.token_auth, client.key->algorithm(), server.issuer); !ok)
      return Err(std::move(ok).error());
  } else if (!client.secret.empty()) {
    const auto method = method_for_secret(server);
    if (!method) return Err(method.error());
    identity.method = *method;
  }
  return identity;
}

}  // namespace

Result<void> ClientIdentity::apply(const AuthContext& context, Headers& headers, Form& form) const {
  if (key) {
    return Authenticator(ClientKey{.id = id, .key = *key, .key_id = key_id}).apply(context, headers, form);
  }
  if (secret.empty()) {
    form.add("client_id", id);
    return {};
  }
  return Authenticator(ClientCredentials{.id = id, .secret = secret, .method = method})
      .apply(context, headers, form);
}

Result<AuthMethod> method_for_secret(const ServerMetadata& server) {
  if (!server.token_auth.methods || takes(server, "client_secret_basic"))
    return AuthMethod::client_secret_basic;
  if (takes(server, "client_secret_post")) return AuthMethod::client_secret_post;
  return Err(ErrorCode::invalid_argument, "the authorization server " + server.issuer +
                                              " takes a client secret neither by Basic nor in the form; "
                                              "register a public client");
}

Result<std::optional<ClientIdentity>> known_identity(const UserSessionOptions& options,
                                                     const ServerMetadata& server) {
  if (options.client) {
    auto identity = registered_identity(*options.client, server);
    if (!identity) return Err(std::move(identity).error());
    return std::optional(std::move(*identity));
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
