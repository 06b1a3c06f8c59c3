#include "authserver/http/client_credentials_grant.h"

#include <algorithm>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxLoggedBytes = 256;
constexpr std::size_t kMaxNamedScopes = 200;

Unexpected<Denial> deny(OAuthErrorCode code, std::string description) {
  return {Denial{.error = {code, std::move(description)}, .reason = std::string(row_of(code).error)}};
}

Unexpected<Denial> invalid_scope(std::string description) {
  return deny(OAuthErrorCode::invalid_scope, std::move(description));
}

// Scope tokens hold nothing that an error_description must not.
std::string named(const ScopeSet& scopes) {
  std::string text = scopes.to_string();
  if (text.size() > kMaxNamedScopes) text.replace(kMaxNamedScopes, std::string::npos, "...");
  return text;
}

bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
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

Result<ResourcePtr, Denial> ClientCredentialsGrant::find_resource(const TokenRequest& request) const {
  std::string_view uri;
  std::size_t count = 0;
  for (const std::string_view value : request.form.all("resource")) {
    if (value.empty()) continue;
    uri = value;
    ++count;
  }
  if (count == 0) return ResourcePtr();
  if (count > 1) return deny(OAuthErrorCode::invalid_target, "send one resource per request");

  const auto catalog = resources_.catalog();
  if (!catalog) {
    logger_.error("resources not readable", {{"cause", catalog.error().detail}});
    const bool busy = catalog.error().code == DomainErrorCode::unavailable;
    return deny(busy ? OAuthErrorCode::temporarily_unavailable : OAuthErrorCode::server_error,
                "the server cannot look up resources now");
  }
  ResourceMatch found = (*catalog)->find_by_uri(uri);
  if (found.match == Match::one && found.resource->backend_kind == BackendKind::mint)
    return std::move(found.resource);
  logger_.warn("resource refused",
               {{"client_id", request.client->id},
                {"resource", uri.substr(0, kMaxLoggedBytes)},
                {"cause", found.match == Match::none        ? "no resource has exactly this URI"
                          : found.match == Match::ambiguous ? "several resources have this URI"
                                                            : "the resource is not of kind mint"},
                {"registered", (*catalog)->size()}});
  return deny(
      OAuthErrorCode::invalid_target,
      found.match == Match::ambiguous
          ? "several resources are registered under this URI"
          : "the resource is not registered under exactly this URI; a trailing slash makes another resource");
}

Result<TokenGrant, Denial> ClientCredentialsGrant::decide(const TokenRequest& request) const {
  auto resource = find_resource(request);
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
