#include "authserver/domain/authorization_service.h"

#include <algorithm>

#include <authplane/base/encoding.h>

#include "authserver/domain/named_scopes.h"
#include "authserver/identity/redirect_uri.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kCodeBytes = 32;
constexpr std::size_t kMaxLoggedBytes = 256;
constexpr std::size_t kMaxWarnedClients = 1024;

using Reason = PageRefusal::Reason;

Unexpected<AuthorizationRefusal> show(Reason reason, const AuthorizationRequest& request,
                                      std::string detail) {
  return {PageRefusal{reason, request.client_id, std::move(detail)}};
}

Unexpected<AuthorizationRefusal> send_back(const ClientRedirect& to, AuthorizationError error,
                                           std::string description, std::string detail = {}) {
  return {RedirectRefusal{to, error, std::move(description), std::move(detail)}};
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// RFC 7636 section 4.2, method S256, and RFC 7638 section 3: a SHA-256 hash.
bool is_hash(std::string_view text) {
  const auto digest = base64url_decode(text);
  return digest && digest->size() == Sha256Digest().size();
}

std::string cause(const DomainError& error) {
  return error.detail.empty() ? error.description : error.detail;
}

Unexpected<AuthorizationRefusal> send_back(const ClientRedirect& to, const DomainError& error) {
  switch (error.code) {
    case DomainErrorCode::unavailable:
      return send_back(to, AuthorizationError::temporarily_unavailable, "the server is busy; try again",
                       cause(error));
    case DomainErrorCode::invalid_target:
      return send_back(to, AuthorizationError::invalid_target, "the resource is not registered any more",
                       cause(error));
    case DomainErrorCode::access_denied:
      return send_back(to, AuthorizationError::access_denied, "the user may not grant access", cause(error));
    case DomainErrorCode::invalid_client:
      return send_back(to, AuthorizationError::unauthorized_client, "the client is not active", cause(error));
    default:
      return send_back(to, AuthorizationError::server_error, "the server failed", cause(error));
  }
}

// What stands in the way of every redirect, in the words of RFC 6749 section 4.1.2.1.
struct Fault {
  AuthorizationError error;
  std::string_view description;
};

std::optional<Fault> find_fault(const AuthorizationRequest& request, const Client& client) {
  using E = AuthorizationError;
  if (request.repeats_parameter) return Fault{E::invalid_request, "a parameter is sent more than once"};
  if (request.response_type.empty()) return Fault{E::invalid_request, "response_type is missing"};
  if (request.response_type != "code")
    return Fault{E::unsupported_response_type, "response_type has to be code"};
  if (!client.has_grant_type("authorization_code")) {
    return Fault{E::unauthorized_client, "the client is not registered for authorization_code"};
  }
  if (request.code_challenge.empty())
    return Fault{E::invalid_request, "code_challenge is missing: PKCE is required"};
  if (request.code_challenge_method != "S256")
    return Fault{E::invalid_request, "code_challenge_method has to be S256"};
  if (!is_hash(request.code_challenge))
    return Fault{E::invalid_request, "code_challenge is not the base64url of a SHA-256 hash"};
  if (!request.dpop_jkt.empty() && !is_hash(request.dpop_jkt))
    return Fault{E::invalid_request, "dpop_jkt is not the base64url of a SHA-256 thumbprint"};
  return std::nullopt;
}

// Whether the client is known by the URL of its metadata document.
bool is_document_url(std::string_view client_id) {
  return client_id.starts_with("https://") || client_id.starts_with("http://");
}

// null: none was named.
Result<ResourcePtr, std::string_view> find_resource(const AuthorizationRequest& request,
                                                    const ResourceCatalog& catalog) {
  if (request.resources.empty()) return ResourcePtr();
  if (request.resources.size() > 1) return Err(std::string_view("send one resource per request"));
  ResourceMatch found = catalog.resolve(request.resources.front());
  if (found.match == Match::ambiguous)
    return Err(std::string_view("several resources are registered under this name"));
  const bool usable = found.match == Match::one && found.resource->backend_kind == BackendKind::mint &&
                      !found.resource->uri.empty();
  if (!usable) return Err(std::string_view("the resource is not registered here under exactly this URI"));
  return std::move(found.resource);
}

// A client known by its metadata document may change where its answers go as often as it likes. What users
// said of the application counts for its own origin and for their own machine; anywhere else they see first.
bool leads_elsewhere(const Client& client, std::string_view redirect_uri) {
  if (client.registration_source != RegistrationSource::cimd) return false;
  const auto home = Url::parse(client.cimd_url), destination = Url::parse(redirect_uri);
  return !home || !destination ||
         (destination->origin() != home->origin() && !is_loopback_host(*destination));
}

}  // namespace

std::string_view to_string(AuthorizationError error) noexcept {
  switch (error) {
    case AuthorizationError::invalid_request:
      return "invalid_request";
    case AuthorizationError::unauthorized_client:
      return "unauthorized_client";
    case AuthorizationError::access_denied:
      return "access_denied";
    case AuthorizationError::unsupported_response_type:
      return "unsupported_response_type";
    case AuthorizationError::invalid_scope:
      return "invalid_scope";
    case AuthorizationError::invalid_target:
      return "invalid_target";
    case AuthorizationError::server_error:
      return "server_error";
    case AuthorizationError::temporarily_unavailable:
      return "temporarily_unavailable";
  }
  return "server_error";
}

Result<ClientPtr, AuthorizationRefusal> AuthorizationService::find_client(
    const AuthorizationRequest& request) const {
  if (request.client_id.empty()) {
    return show(Reason::malformed, request, "client_id is missing or sent more than once");
  }
  auto client = deps_.clients.find(request.client_id);
  if (client) return std::move(*client);
  if (is_document_url(request.client_id) && client.error().code == DomainErrorCode::unavailable)
    return show(Reason::unreachable_client, request, cause(client.error()));
  switch (client.error().code) {
    case DomainErrorCode::unavailable:
      return show(Reason::unavailable, request, cause(client.error()));
    case DomainErrorCode::internal:
      return show(Reason::failed, request, cause(client.error()));
    default:
      return show(Reason::unknown_client, request, cause(client.error()));
  }
}

Result<CheckedAuthorization, AuthorizationRefusal> AuthorizationService::check(
    const AuthorizationRequest& request) {
  const auto client = find_client(request);
  if (!client) return Err(client.error());
  if ((*client)->status != ClientStatus::active) {
    return show(Reason::inactive_client, request,
                "the client is " + std::string(to_string((*client)->status)));
  }
  if (request.redirect_uri.empty())
    return show(Reason::malformed, request, "redirect_uri is missing or sent more than once");
  if (!redirect_uri_matches_any((*client)->redirect_uris, request.redirect_uri)) {
    return show(Reason::unregistered_redirect_uri, request,
                "the client has not registered " + request.redirect_uri.substr(0, kMaxLoggedBytes));
  }
  const ClientRedirect redirect(request.redirect_uri, request.state);
  // From here on the client hears of every fault itself.
  if (const auto fault = find_fault(request, **client)) {
    return send_back(redirect, fault->error, std::string(fault->description));
  }
  const auto catalog = deps_.resources.catalog();
  if (!catalog) return send_back(redirect, catalog.error());
  const auto resource = find_resource(request, **catalog);
  if (!resource) {
    const std::string_view wanted = request.resources.front();
    return send_back(redirect, AuthorizationError::invalid_target, std::string(resource.error()),
                     "resource " + std::string(wanted.substr(0, kMaxLoggedBytes)));
  }
  auto scopes = decide_scopes(request, **client, resource->get(), **catalog, redirect);
  if (!scopes) return Err(scopes.error());
  return CheckedAuthorization{.client = *client,
                              .redirect = redirect,
                              .scopes = std::move(*scopes),
                              .resource = *resource,
                              .code_challenge = request.code_challenge,
                              .dpop_jkt = options_.bind_codes ? request.dpop_jkt : ""};
}

Result<ScopeSet, AuthorizationRefusal> AuthorizationService::decide_scopes(
    const AuthorizationRequest& request, const Client& client, const Resource* resource,
    const ResourceCatalog& catalog, const ClientRedirect& redirect) {
  const auto refuse = [&](std::string description) {
    return send_back(redirect, AuthorizationError::invalid_scope, std::move(description));
  };
  const ScopeSet ceiling = ScopeSet::split(client.scope);
  if (ceiling.empty()) warn_of_missing_ceiling(client);
  const ScopeSet known = resource != nullptr ? resource->scope_names() : catalog.scopes_supported();
  if (is_blank(request.scope)) {
    if (options_.require_scope) return refuse("scope is missing");
    if (known.empty()) {
      return refuse(resource != nullptr ? "the resource has no scopes" : "this server knows no scopes");
    }
    ScopeSet all = ceiling.empty() ? known : known.intersect(ceiling);
    if (all.empty()) return refuse("the client is registered for none of the scopes there are");
    return all;
  }
  auto requested = ScopeSet::parse(request.scope);
  if (!requested) return refuse("scope is malformed (RFC 6749 section 3.3)");
  if (const ScopeSet beyond = requested->minus(ceiling); !ceiling.empty() && !beyond.empty()) {
    return refuse("the client is not registered for: " + named(beyond));
  }
  if (resource == nullptr) return std::move(*requested);
  if (known.empty()) return refuse("the resource has no scopes");
  if (const ScopeSet beyond = requested->minus(known); !beyond.empty()) {
    return refuse("the resource does not have: " + named(beyond));
  }
  return std::move(*requested);
}

void AuthorizationService::warn_of_missing_ceiling(const Client& client) {
  const MutexLock lock(mutex_);
  if (warned_.size() >= kMaxWarnedClients || !warned_.insert(client.id).second) return;
  deps_.logger.warn("client without registered scope may ask users for any; register one",
                    {{"client_id", client.id}});
}

Authorization AuthorizationService::row_for(const CheckedAuthorization& checked,
                                            std::string_view user_id) const {
  const WallTime now = deps_.clock.now();
  return {.id = deps_.ids.opaque(),
          .client_id = checked.client->id,
          .user_id = std::string(user_id),
          .redirect_uri = checked.redirect.uri(),
          .scopes = checked.scopes,
          .resource_id = checked.resource ? checked.resource->id : "",
          .resource_uri = checked.resource ? checked.resource->uri : "",
          .state = checked.redirect.state(),
          .code_challenge = checked.code_challenge,
          .dpop_jkt = checked.dpop_jkt,
          .created_at = now,
          .expires_at = now + kLifetime,
          .code_hash = {},
          .consumed_at = {},
          .revoked_at = {}};
}

Result<std::variant<IssuedCode, ConsentNeeded>, AuthorizationRefusal> AuthorizationService::begin(
    const CheckedAuthorization& checked, const Actor& user) {
  const Authorization row = row_for(checked, user.id);
  if (const auto created = deps_.authorizations.create(row); !created)
    return send_back(checked.redirect, created.error());
  auto issued = approve_as_before(checked, row, user);
  if (!issued) return send_back(checked.redirect, issued.error());
  if (*issued) return std::variant<IssuedCode, ConsentNeeded>(std::move(**issued));
  return std::variant<IssuedCode, ConsentNeeded>(ConsentNeeded{row.id});
}

// nullopt: the user has to be asked.
Outcome<std::optional<IssuedCode>> AuthorizationService::approve_as_before(
    const CheckedAuthorization& checked, const Authorization& authorization, const Actor& user) {
  if (leads_elsewhere(*checked.client, authorization.redirect_uri)) return std::optional<IssuedCode>();
  if (authorization.resource_id.empty()) return std::optional<IssuedCode>();
  const auto grant =
      deps_.consent_grants.find_active(user.id, authorization.client_id, authorization.resource_id);
  if (!grant) return Err(grant.error());
  if (!*grant || !(*grant)->covers(authorization.scopes)) return std::optional<IssuedCode>();
  auto issued = approve(authorization, authorization.scopes, user, ConsentBasis::given_before);
  if (issued) return std::optional<IssuedCode>(std::move(*issued));
  // Revoked or narrowed since we looked.
  if (issued.error().code == DomainErrorCode::conflict) return std::optional<IssuedCode>();
  return Err(issued.error());
}

Outcome<IssuedCode> AuthorizationService::approve(const Authorization& authorization, const ScopeSet& scopes,
                                                  const Actor& user, ConsentBasis basis) {
  const std::string code = deps_.ids.token(kCodeBytes);
  Approval approval{.authorization_id = authorization.id,
                    .user_id = user.id,
                    .scopes = scopes,
                    .code_hash = sha256(code),
                    .basis = basis,
                    .consent_grant_id = deps_.ids.opaque(),
                    .audit = {},
                    .now = deps_.clock.now()};
  if (basis == ConsentBasis::given_now) {
    approval.audit = deps_.audit.make(
        "consent.granted", user, authorization.client_id,
        audit_detail({{"resource", authorization.resource_uri}, {"scopes", scopes.to_string()}}));
  }
  const auto approved = deps_.authorizations.approve(approval);
  if (!approved) return Err(approved.error());
  deps_.metrics.histogram("authserver_auth_flow_duration_seconds")
      .observe(std::chrono::duration<double>(approval.now - approved->created_at).count());
  return IssuedCode{ClientRedirect(approved->redirect_uri, approved->state), code};
}

Outcome<PendingConsent> AuthorizationService::pending(std::string_view authorization_id,
                                                      std::string_view user_id) const {
  auto stored = deps_.authorizations.get(authorization_id);
  if (!stored) return Err(stored.error());
  if (stored->expires_at <= deps_.clock.now()) {
    return fail(DomainErrorCode::not_found, "the request has expired", "authorization expired");
  }
  if (stored->user_id.empty() || stored->user_id != user_id) {
    return fail(DomainErrorCode::access_denied, "this request belongs to somebody else",
                "authorization of user " + stored->user_id + ", seen by user " + std::string(user_id));
  }
  if (!stored->is_pending()) {
    return fail(DomainErrorCode::conflict, "the request was answered already", "authorization decided");
  }
  auto client = deps_.clients.find(stored->client_id);
  if (!client) return Err(client.error());
  if ((*client)->status != ClientStatus::active) {
    return fail(DomainErrorCode::invalid_client, "the client is not active",
                "client " + (*client)->id + " is not active");
  }
  PendingConsent pending{
      .authorization = std::move(*stored), .client = std::move(*client), .resource = nullptr, .scopes = {}};
  const ScopeSet& asked = pending.authorization.scopes;
  if (pending.authorization.resource_id.empty()) {
    for (const std::string& name : asked) pending.scopes.push_back({name, "", ""});
    return pending;
  }
  const auto catalog = deps_.resources.catalog();
  if (!catalog) return Err(catalog.error());
  pending.resource = (*catalog)->find_by_id(pending.authorization.resource_id);
  if (!pending.resource) {
    return fail(DomainErrorCode::invalid_target, "the resource is not registered any more",
                "resource " + pending.authorization.resource_id + " was removed");
  }
  for (const ResourceScope& scope : pending.resource->scopes) {
    if (asked.contains(scope.name)) pending.scopes.push_back(scope);
  }
  // Those the catalogue has lost since.
  for (const std::string& name : asked.minus(pending.resource->scope_names()))
    pending.scopes.push_back({name, "", ""});
  return pending;
}

Outcome<IssuedCode> AuthorizationService::allow(std::string_view authorization_id, const ScopeSet& scopes,
                                                const Actor& user) {
  const auto asked = pending(authorization_id, user.id);
  if (!asked) return Err(asked.error());
  // In the order they were asked for; the store judges whether all of them were.
  const ScopeSet& wanted = asked->authorization.scopes;
  auto issued = approve(asked->authorization, scopes.is_subset_of(wanted) ? wanted.intersect(scopes) : scopes,
                        user, ConsentBasis::given_now);
  if (issued) deps_.metrics.counter("authserver_consent_decisions_total", {{"decision", "granted"}}).add();
  return issued;
}

Outcome<RedirectRefusal> AuthorizationService::deny(std::string_view authorization_id, const Actor& user) {
  const auto denied = deps_.authorizations.deny(authorization_id, user.id, deps_.clock.now());
  if (!denied) return Err(denied.error());
  deps_.audit.record("consent.denied", user, denied->client_id, audit_detail({{"session", denied->id}}));
  deps_.metrics.counter("authserver_consent_decisions_total", {{"decision", "denied"}}).add();
  return RedirectRefusal{ClientRedirect(denied->redirect_uri, denied->state),
                         AuthorizationError::access_denied, "the user denied access", ""};
}

}  // namespace authplane::authserver
