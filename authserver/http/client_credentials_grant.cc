#include "authserver/http/client_credentials_grant.h"

#include "authserver/http/grant_parameters.h"

namespace authplane::authserver {
namespace {

Unexpected<Denial> invalid_scope(std::string description) {
  return deny(OAuthErrorCode::invalid_scope, std::move(description));
}

Unexpected<Denial> nothing_registered(const Client& client) {
  if (client.registration_source != RegistrationSource::admin) {
    return invalid_scope(
        "the client registered itself and may use no scope with client_credentials; an operator has "
        "to register it with a scope");
  }
  return invalid_scope("the client has no registered scopes");
}

// The scope to grant: never more than the client is registered for, never more than the resource knows, and
// never less than what was asked for.
Result<ScopeSet, Denial> decide_scope(std::string_view requested_text, const Client& client,
                                      const Resource* resource) {
  const ScopeSet ceiling = ScopeSet::split(client.scope);
  if (is_blank(requested_text)) {
    if (resource == nullptr) return ceiling;
    if (ceiling.empty()) return nothing_registered(client);
    ScopeSet granted = ceiling.intersect(resource->scope_names());
    if (granted.empty())
      return invalid_scope("the target resource declares none of the client's registered scopes");
    return granted;
  }
  auto requested = ScopeSet::parse(requested_text);
  if (!requested) return invalid_scope("scope is malformed (RFC 6749 section 3.3)");
  if (ceiling.empty()) return nothing_registered(client);
  if (const ScopeSet beyond = requested->minus(ceiling); !beyond.empty()) {
    return invalid_scope("the request exceeds the client's registered scopes: " + named(beyond));
  }
  if (resource == nullptr) return std::move(*requested);
  if (const ScopeSet beyond = requested->minus(resource->scope_names()); !beyond.empty()) {
    return invalid_scope("the target resource does not declare: " + named(beyond));
  }
  return std::move(*requested);
}

}  // namespace

Result<TokenGrant, Denial> ClientCredentialsGrant::decide(const TokenRequest& request) const {
  const auto uri = read_resource(request.form);
  if (!uri) return Err(uri.error());
  auto resource = find_by_uri(resources_, *uri, request.client->id, logger_);
  if (!resource) return Err(std::move(resource).error());
  const Client& client = *request.client;
  auto scopes = decide_scope(request.form.get("scope").value_or(""), client, resource->get());
  if (!scopes) return Err(std::move(scopes).error());
  return TokenGrant{.grant = GrantKind::client_credentials,
                    .client = request.client,
                    .subject = client.id,
                    .resource = std::move(*resource),
                    .scopes = std::move(*scopes),
                    .lifetime = lifetime_};
}

}  // namespace authplane::authserver
