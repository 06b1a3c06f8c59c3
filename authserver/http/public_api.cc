#include "authserver/http/public_api.h"

#include <authplane/base/url.h>

#include "authserver/domain/client_authenticator.h"
#include "authserver/http/client_credentials_grant.h"
#include "authserver/http/documents.h"
#include "authserver/http/health.h"
#include "authserver/http/middleware.h"
#include "authserver/http/oauth_error.h"
#include "authserver/http/token_endpoint.h"

namespace authplane::authserver {
namespace {

std::vector<std::unique_ptr<Grant>> grants_of(const PublicApiDeps& deps) {
  std::vector<std::unique_ptr<Grant>> grants;
  if (deps.config.client_credentials_enabled) {
    grants.push_back(std::make_unique<ClientCredentialsGrant>(deps.storage.resources(), deps.logger,
                                                              deps.config.client_credentials_token_expiry));
  }
  return grants;
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
        token_endpoint_({.clients = clients_,
                         .proofs = proofs_,
                         .tokens = tokens_,
                         .audit = audit_,
                         .clock = deps_.clock,
                         .logger = deps_.logger,
                         .metrics = deps_.metrics},
                        grants_of(deps_)),
        documents_({.issuer = deps_.config.issuer,
                    .client_credentials = deps_.config.client_credentials_enabled,
                    .dpop = deps_.config.dpop.enabled},
                   deps_.signing_keys, deps_.storage.resources()),
        middleware_(options(), routes(), deps_.clock, deps_.random, deps_.logger, deps_.metrics) {}

  void handle(const HttpRequest& request, Respond respond) const {
    middleware_.handle(request, std::move(respond));
  }

 private:
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
  TokenEndpoint token_endpoint_;
  DocumentEndpoints documents_;
  Middleware middleware_;
};

}  // namespace

DeferredHandler PublicApi::create_deferred(PublicApiDeps deps) {
  return [server = std::make_shared<Server>(std::move(deps))](const HttpRequest& request, Respond respond) {
    // An answer that is still due keeps everything it needs.
    server->handle(request, [server, respond = std::move(respond)](HttpResponse response) {
      respond(std::move(response));
    });
  };
}

HttpHandler PublicApi::create(PublicApiDeps deps) {
  return blocking(create_deferred(std::move(deps)));
}

}  // namespace authplane::authserver
