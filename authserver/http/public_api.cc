#include "authserver/http/public_api.h"

#include <authplane/base/url.h>

#include "authserver/cimd/document_clients.h"
#include "authserver/domain/access_token_reader.h"
#include "authserver/domain/client_authenticator.h"
#include "authserver/domain/introspection.h"
#include "authserver/domain/revocation.h"
#include "authserver/http/authorization_code_grant.h"
#include "authserver/http/client_credentials_grant.h"
#include "authserver/http/documents.h"
#include "authserver/http/health.h"
#include "authserver/http/introspection_endpoint.h"
#include "authserver/http/jwt_bearer_grant.h"
#include "authserver/http/middleware.h"
#include "authserver/http/oauth_error.h"
#include "authserver/http/refresh_token_grant.h"
#include "authserver/http/register_endpoint.h"
#include "authserver/http/revocation_endpoint.h"
#include "authserver/http/token_endpoint.h"
#include "authserver/http/token_exchange_grant.h"

namespace authplane::authserver {
namespace {

// `exchange` is null when the grant is off.
std::vector<std::unique_ptr<Grant>> grants_of(const PublicApiDeps& deps, AuditService& audit,
                                              const TokenExchange* exchange) {
  std::vector<std::unique_ptr<Grant>> grants;
  if (deps.config.client_credentials_enabled) {
    grants.push_back(std::make_unique<ClientCredentialsGrant>(deps.storage.resources(), deps.logger,
                                                              deps.config.client_credentials_token_expiry));
  }
  grants.push_back(std::make_unique<AuthorizationCodeGrant>(
      AuthorizationCodeGrant::Deps{.authorizations = deps.storage.authorizations(),
                                   .resources = deps.storage.resources(),
                                   .audit = audit,
                                   .ids = deps.ids,
                                   .clock = deps.clock,
                                   .logger = deps.logger,
                                   .metrics = deps.metrics},
      deps.config.user_tokens));
  grants.push_back(
      std::make_unique<RefreshTokenGrant>(RefreshTokenGrant::Deps{.families = deps.storage.families(),
                                                                  .resources = deps.storage.resources(),
                                                                  .audit = audit,
                                                                  .ids = deps.ids,
                                                                  .clock = deps.clock,
                                                                  .logger = deps.logger},
                                          deps.config.user_tokens));
  if (exchange != nullptr) {
    grants.push_back(std::make_unique<TokenExchangeGrant>(
        deps.config.issuer, TokenExchangeGrant::Deps{.exchanges = *exchange,
                                                     .upstream = deps.upstream_tokens.get(),
                                                     .logger = deps.logger,
                                                     .metrics = deps.metrics}));
  }
  if (deps.idp_keys) {
    grants.push_back(std::make_unique<JwtBearerGrant>(
        deps.config.jwt_bearer, JwtBearerGrant::Deps{.xaa = deps.storage.xaa(),
                                                     .users = deps.storage.users(),
                                                     .resources = deps.storage.resources(),
                                                     .keys = *deps.idp_keys,
                                                     .clock = deps.clock,
                                                     .logger = deps.logger,
                                                     .metrics = deps.metrics}));
  }
  return grants;
}

// The grants a client may be registered for.
GrantSwitches grant_switches(const PublicApiDeps& deps) {
  return {.client_credentials = deps.config.client_credentials_enabled,
          .token_exchange = deps.config.token_exchange.has_value(),
          .jwt_bearer = deps.idp_keys != nullptr};
}

// Owns everything behind the public listener. Members refer to earlier ones.
class Server {
 public:
  explicit Server(PublicApiDeps deps)
      : deps_(std::move(deps)),
        audit_(deps_.storage.audit(), deps_.ids, deps_.clock, deps_.logger, deps_.metrics),
        clients_(deps_.storage.clients(), deps_.client_secret_pepper),
        tokens_(deps_.config.issuer, deps_.signing_keys, deps_.storage.issuances(), audit_, deps_.ids,
                deps_.clock),
        proofs_(
            deps_.config.issuer, deps_.config.dpop,
            {.clock = deps_.clock, .random = deps_.random, .logger = deps_.logger, .metrics = deps_.metrics}),
        access_tokens_(deps_.config.issuer, deps_.signing_keys, deps_.clock),
        exchanges_(make_exchanges()),
        token_endpoint_({.clients = clients_,
                         .proofs = proofs_,
                         .tokens = tokens_,
                         .audit = audit_,
                         .clock = deps_.clock,
                         .logger = deps_.logger,
                         .metrics = deps_.metrics},
                        grants_of(deps_, audit_, exchanges_.get())),
        introspection_(access_tokens_, deps_.storage, audit_, deps_.clock, deps_.logger),
        introspection_endpoint_({.clients = clients_,
                                 .tokens = introspection_,
                                 .clock = deps_.clock,
                                 .logger = deps_.logger,
                                 .metrics = deps_.metrics}),
        revocation_(access_tokens_, deps_.storage, audit_, deps_.clock, deps_.logger, deps_.metrics),
        revocation_endpoint_(
            {.clients = clients_, .tokens = revocation_, .logger = deps_.logger, .metrics = deps_.metrics}),
        policy_(deps_.config.registration.rules, deps_.storage.settings(), deps_.logger),
        client_service_(deps_.storage.clients(), audit_, deps_.ids, deps_.clock, deps_.client_secret_pepper,
                        grant_switches(deps_)),
        registrations_(policy_, client_service_, deps_.storage.clients(), deps_.clock, deps_.logger),
        register_endpoint_({.registrations = registrations_,
                            .clock = deps_.clock,
                            .logger = deps_.logger,
                            .metrics = deps_.metrics},
                           deps_.config.registration.rate_limit),
        stored_clients_(deps_.storage.clients()),
        document_clients_(make_document_clients()),
        browser_(deps_.config.browser, {.issuer = deps_.config.issuer,
                                        .session_secret = deps_.session_secret,
                                        .clients = known_clients(),
                                        .storage = deps_.storage,
                                        .audit = audit_,
                                        .ids = deps_.ids,
                                        .clock = deps_.clock,
                                        .random = deps_.random,
                                        .logger = deps_.logger,
                                        .metrics = deps_.metrics,
                                        .provider = deps_.provider.get(),
                                        .dpop = deps_.config.dpop.enabled,
                                        .connect = deps_.connect}),
        documents_({.issuer = deps_.config.issuer,
                    .authorization_endpoint = true,
                    .registration_endpoint = true,
                    .revocation_endpoint = true,
                    .introspection_endpoint = true,
                    .authorization_code = true,
                    .refresh_token = true,
                    .client_credentials = deps_.config.client_credentials_enabled,
                    .token_exchange = exchanges_ != nullptr,
                    .jwt_bearer = deps_.idp_keys != nullptr,
                    .client_id_metadata_documents = document_clients_ != nullptr,
                    .dpop = deps_.config.dpop.enabled},
                   deps_.signing_keys, deps_.storage.resources()),
        middleware_(options(), routes(), deps_.clock, deps_.random, deps_.logger, deps_.metrics) {}

  void handle(const HttpRequest& request, Respond respond) const {
    middleware_.handle(request, std::move(respond));
  }

  void wait_until_idle() {
    if (document_clients_) document_clients_->wait_until_idle();
    if (deps_.idp_keys) deps_.idp_keys->wait_until_idle();
    browser_.wait_until_idle();
  }

 private:
  std::unique_ptr<TokenExchange> make_exchanges() {
    if (!deps_.config.token_exchange) return nullptr;
    return std::make_unique<TokenExchange>(
        deps_.config.issuer, *deps_.config.token_exchange,
        TokenExchange::Deps{.tokens = access_tokens_, .storage = deps_.storage, .clock = deps_.clock});
  }

  std::unique_ptr<DocumentClients> make_document_clients() {
    if (!deps_.client_documents) return nullptr;
    return std::make_unique<DocumentClients>(
        DocumentClients::Options{.allow_http = deps_.config.client_documents.allow_http,
                                 .cache_ttl = deps_.config.client_documents.cache_ttl,
                                 .grants = grant_switches(deps_)},
        DocumentClients::Deps{.transport = deps_.client_documents,
                              .policy = policy_,
                              .store = deps_.storage.clients(),
                              .audit = audit_,
                              .clock = deps_.clock,
                              .logger = deps_.logger,
                              .metrics = deps_.metrics});
  }

  ClientLookup& known_clients() {
    if (document_clients_) return *document_clients_;
    return stored_clients_;
  }

  MiddlewareOptions options() const {
    return {
        .listener = "public",
        .strict_transport_security = deps_.config.issuer.starts_with("https://"),
        .rate_limit = deps_.config.rate_limit,
        .allowed_origins = deps_.config.allowed_origins,
        .too_many_requests =
            [] {
              return oauth_error_response({OAuthErrorCode::slow_down,
                                           "too many requests from this address; wait as Retry-After says"});
            },
        .internal_error =
            [] {
              return oauth_error_response({OAuthErrorCode::server_error, "the server failed"});
            }};
  }

  Router routes() {
    using Request = const HttpRequest&;
    using Params = const PathParams&;
    Router router;
    add_oauth_routes(router, "");
    // An issuer with a path: its endpoints under that path, and the discovery document where RFC 8414
    // section 3.1 inserts the well-known part before the path.
    const auto issuer = Url::parse(deps_.config.issuer);
    if (issuer && !issuer->path().empty()) {
      add_oauth_routes(router, issuer->path());
      for (const std::string name : {"oauth-authorization-server", "openid-configuration"}) {
        router.add("GET", "/.well-known/" + name + issuer->path(),
                   [this](Request, Params) { return documents_.metadata(); });
      }
    }
    router.add("GET", "/.well-known/oauth-protected-resource",
               [this](Request r, Params) { return documents_.protected_resource("", r.query()); });
    router.add("GET", "/.well-known/oauth-protected-resource/{ref...}",
               [this](Request r, Params p) { return documents_.protected_resource(p.raw(0), r.query()); });
    router.add("GET", "/livez", [this](Request, Params) { return livez(deps_.clock); });
    router.add("GET", "/health", [this](Request, Params) { return health(deps_.storage, deps_.clock); });
    router.add("GET", "/ready", [this](Request, Params) { return ready(deps_.storage, deps_.clock); });
    router.add("GET", "/errors/{error}", [](Request, Params p) { return oauth_error_page(p.raw(0)); });
    return router;
  }

  void add_oauth_routes(Router& router, const std::string& prefix) {
    using Request = const HttpRequest&;
    using Params = const PathParams&;
    router.add_deferred("POST", prefix + "/oauth/token", [this](Request r, Respond respond) {
      token_endpoint_.handle(r, std::move(respond));
    });
    browser_.add_routes(router, prefix);
    router.add("POST", prefix + "/oauth/register",
               [this](Request r, Params) { return register_endpoint_.handle(r); });
    router.add("POST", prefix + "/oauth/introspect",
               [this](Request r, Params) { return introspection_endpoint_.handle(r); });
    router.add("POST", prefix + "/oauth/revoke",
               [this](Request r, Params) { return revocation_endpoint_.handle(r); });
    router.add("GET", prefix + "/.well-known/oauth-authorization-server",
               [this](Request, Params) { return documents_.metadata(); });
    router.add("GET", prefix + "/.well-known/openid-configuration",
               [this](Request, Params) { return documents_.metadata(); });
    router.add("GET", prefix + "/.well-known/jwks.json",
               [this](Request, Params) { return documents_.jwks(); });
  }

  PublicApiDeps deps_;
  AuditService audit_;
  ClientAuthenticator clients_;
  TokenService tokens_;
  ProofChecker proofs_;
  AccessTokenReader access_tokens_;
  std::unique_ptr<TokenExchange> exchanges_;  // null: off
  TokenEndpoint token_endpoint_;
  IntrospectionService introspection_;
  IntrospectionEndpoint introspection_endpoint_;
  RevocationService revocation_;
  RevocationEndpoint revocation_endpoint_;
  RegistrationPolicy policy_;
  ClientService client_service_;
  RegistrationService registrations_;
  RegisterEndpoint register_endpoint_;
  StoredClients stored_clients_;
  std::unique_ptr<DocumentClients> document_clients_;  // null: off
  BrowserEndpoints browser_;
  DocumentEndpoints documents_;
  Middleware middleware_;
};

// The server as its handler holds it. An answer that is still due keeps the server; the handler waits for
// what would otherwise use its dependencies after it is gone.
class RunningServer {
 public:
  explicit RunningServer(PublicApiDeps deps) : server_(std::make_shared<Server>(std::move(deps))) {}
  ~RunningServer() { server_->wait_until_idle(); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  void handle(const HttpRequest& request, Respond respond) const {
    server_->handle(request, [server = server_, respond = std::move(respond)](HttpResponse response) {
      respond(std::move(response));
    });
  }

 private:
  std::shared_ptr<Server> server_;
};

}  // namespace

DeferredHandler PublicApi::create_deferred(PublicApiDeps deps) {
  return [server = std::make_shared<const RunningServer>(std::move(deps))](
             const HttpRequest& request, Respond respond) { server->handle(request, std::move(respond)); };
}

HttpHandler PublicApi::create(PublicApiDeps deps) {
  return blocking(create_deferred(std::move(deps)));
}

}  // namespace authplane::authserver
