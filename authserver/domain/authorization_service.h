#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <authplane/base/log.h>
#include <authplane/base/mutex.h>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/authorization_store.h"
#include "authserver/domain/client_lookup.h"
#include "authserver/domain/consent_grant_store.h"
#include "authserver/domain/resource_store.h"

namespace authplane::authserver {

// The parameters of a request at the authorization endpoint (RFC 6749 section 4.1.1, RFC 7636, RFC 8707),
// decoded. "" = absent, empty or sent more than once.
struct AuthorizationRequest {
  std::string client_id, redirect_uri, response_type, scope, state, code_challenge, code_challenge_method;
  std::string dpop_jkt{};              // RFC 9449 section 10
  std::vector<std::string> resources;  // the one parameter that may be repeated
  bool repeats_parameter = false;      // any other
};

// Where the browser may be sent with an answer: a redirect URI that its client has registered, and the state
// to return verbatim. Only AuthorizationService makes one, so nobody can redirect to anything else.
class ClientRedirect {
 public:
  const std::string& uri() const { return uri_; }
  const std::string& state() const { return state_; }  // "" = none was sent

 private:
  friend class AuthorizationService;
  ClientRedirect(std::string uri, std::string state) : uri_(std::move(uri)), state_(std::move(state)) {}

  std::string uri_, state_;
};

// RFC 6749 section 4.1.2.1, RFC 8707 section 2.
enum class AuthorizationError {
  invalid_request,
  unauthorized_client,
  access_denied,
  unsupported_response_type,
  invalid_scope,
  invalid_target,
  server_error,
  temporarily_unavailable,
};
std::string_view to_string(AuthorizationError error) noexcept;  // the wire value

// A request that is answered to the user, because it names no proven redirect URI. `detail` is for the log.
struct PageRefusal {
  enum class Reason {
    malformed,  // client_id or redirect_uri is missing or repeated
    unknown_client,
    unreachable_client,  // its metadata document cannot be had now; trying again may help
    inactive_client,
    unregistered_redirect_uri,
    unavailable,  // of the store; trying again may help
    failed,
  };
  Reason reason = Reason::failed;
  std::string client_id;  // as the request has it
  std::string detail;
};

// A request that is answered to the client. `description` is for its developer: fixed words and scope names.
struct RedirectRefusal {
  ClientRedirect to;
  AuthorizationError error;
  std::string description;
  std::string detail;  // for the log, "" when the description says it all
};

using AuthorizationRefusal = std::variant<PageRefusal, RedirectRefusal>;

// A request without fault, not yet of any user.
struct CheckedAuthorization {
  ClientPtr client;
  ClientRedirect redirect;
  ScopeSet scopes;
  ResourcePtr resource;  // null: none was named
  std::string code_challenge;
  std::string dpop_jkt;  // "" = any key, or none
};

struct IssuedCode {
  ClientRedirect to;
  std::string code;
};

struct ConsentNeeded {
  std::string authorization_id;
};

// A request the user has to decide about, with what they have to know.
struct PendingConsent {
  Authorization authorization;
  ClientPtr client;
  ResourcePtr resource;               // null: none was named
  std::vector<ResourceScope> scopes;  // asked for, in the order of the catalogue
};

// What the authorization endpoint and the consent page decide. Thread-safe.
class AuthorizationService {
 public:
  struct Deps {
    ClientLookup& clients;
    ResourceStore& resources;
    AuthorizationStore& authorizations;
    ConsentGrantStore& consent_grants;
    AuditService& audit;
    IdGenerator& ids;
    const Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };
  struct Options {
    bool require_scope = false;  // false: a request without scope asks for all that the client may have
    bool bind_codes = true;      // false: dpop_jkt is not looked at, as nobody could prove a key later
  };

  // A request and its code live this long together.
  static constexpr std::chrono::minutes kLifetime{10};

  // The references outlive the service.
  AuthorizationService(Options options, Deps deps) : options_(options), deps_(deps) {}

  // Everything that can be judged before it is known who the user is. Writes nothing.
  Result<CheckedAuthorization, AuthorizationRefusal> check(const AuthorizationRequest& request);
  // Records the request for the user. A code at once when they consented to all of it before, else their
  // consent is needed.
  Result<std::variant<IssuedCode, ConsentNeeded>, AuthorizationRefusal> begin(
      const CheckedAuthorization& checked, const Actor& user);

  // Errors: not_found (unknown or expired), conflict (decided already), access_denied (of another user),
  // invalid_client (not active any more), invalid_target (resource removed), unavailable, internal.
  Outcome<PendingConsent> pending(std::string_view authorization_id, std::string_view user_id) const;
  // Errors: those of pending(), and invalid_scope (none, or one that was not asked for).
  Outcome<IssuedCode> allow(std::string_view authorization_id, const ScopeSet& scopes, const Actor& user);
  // Errors: those of pending() that concern the request and the user.
  Outcome<RedirectRefusal> deny(std::string_view authorization_id, const Actor& user);

 private:
  using Refused = Unexpected<AuthorizationRefusal>;

  Result<ClientPtr, AuthorizationRefusal> find_client(const AuthorizationRequest& request) const;
  Result<ScopeSet, AuthorizationRefusal> decide_scopes(const AuthorizationRequest& request,
                                                       const Client& client, const Resource* resource,
                                                       const ResourceCatalog& catalog,
                                                       const ClientRedirect& redirect);
  void warn_of_missing_ceiling(const Client& client);
  Authorization row_for(const CheckedAuthorization& checked, std::string_view user_id) const;
  Outcome<IssuedCode> approve(const Authorization& authorization, const ScopeSet& scopes, const Actor& user,
                              ConsentBasis basis);
  Outcome<std::optional<IssuedCode>> approve_as_before(const CheckedAuthorization& checked,
                                                       const Authorization& authorization, const Actor& user);

  const Options options_;
  const Deps deps_;
  Mutex mutex_;
  std::set<std::string, std::less<>> warned_ AUTHPLANE_GUARDED_BY(mutex_);  // clients, bounded
};

}  // namespace authplane::authserver
