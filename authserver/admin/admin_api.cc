#include "authserver/admin/admin_api.h"

#include "authserver/admin/admin_routes.h"
#include "authserver/admin/broker_provider_endpoints.h"
#include "authserver/admin/client_endpoints.h"
#include "authserver/admin/dcr_endpoints.h"
#include "authserver/admin/fronting_endpoints.h"
#include "authserver/admin/grant_endpoints.h"
#include "authserver/admin/idp_endpoints.h"
#include "authserver/admin/issuance_endpoints.h"
#include "authserver/admin/password_hashing.h"
#include "authserver/admin/policy_endpoints.h"
#include "authserver/admin/problem.h"
#include "authserver/admin/provider_sealing.h"
#include "authserver/admin/resource_endpoints.h"
#include "authserver/admin/system_endpoints.h"
#include "authserver/admin/token_endpoints.h"
#include "authserver/admin/user_endpoints.h"
#include "authserver/admin/xaa_endpoints.h"
#include "authserver/domain/json_writer.h"
#include "authserver/domain/key_service.h"
#include "authserver/domain/resource_service.h"
#include "authserver/domain/system_service.h"
#include "authserver/domain/token_inventory.h"
#include "authserver/domain/user_service.h"
#include "authserver/http/middleware.h"
#include "authserver/http/response.h"
#include "authserver/xaa/administration.h"

namespace authplane::authserver {
namespace {

// Apart from those of logins, which a stranger can keep busy.
constexpr std::size_t kHashSlots = 2;

HttpResponse slow_down() {
  std::string body;
  JsonObjectWriter(body)
      .string("error", "slow_down")
      .string("error_description", "too many requests from this address; wait as Retry-After says")
      .finish();
  return json_response(429, std::move(body));
}

// Owns everything behind the admin listener. Members refer to earlier ones.
class Server {
 public:
  explicit Server(AdminApiDeps deps)
      : deps_(std::move(deps)),
        key_(deps_.api_key),
        audit_(deps_.storage.audit(), deps_.ids, deps_.clock, deps_.logger, deps_.metrics),
        clients_(deps_.storage.clients(), audit_, deps_.ids, deps_.clock, deps_.client_secret_pepper,
                 deps_.config.grants),
        providers_(deps_.storage.broker_providers(), audit_, deps_.ids, deps_.clock,
                   provider_sealing(deps_.sealer)),
        resources_(deps_.storage, audit_, deps_.ids, deps_.clock, deps_.metrics),
        fronting_(deps_.storage.fronting_links(), deps_.storage.resources(), audit_, deps_.clock),
        users_(deps_.storage.users(), deps_.storage.families(), audit_, deps_.ids, deps_.clock,
               password_hashing(deps_.config.passwords, hash_slots_, deps_.random)),
        grants_(deps_.storage.consent_grants(), deps_.storage.users(), audit_, deps_.clock),
        accounts_(deps_.storage.broker_grants(), deps_.storage.users(), audit_, deps_.clock),
        tokens_(deps_.storage, audit_, deps_.clock, deps_.metrics),
        issuances_(deps_.storage.issuances(), audit_, deps_.clock),
        xaa_(make_xaa()),
        registration_(deps_.config.registration, deps_.storage.settings(), deps_.logger),
        keys_(deps_.signing_keys, audit_, deps_.clock),
        system_(deps_.storage, deps_.clock, deps_.config.signing_key_store, encryption_driver()),
        middleware_(options(), routes(), deps_.clock, deps_.random, deps_.logger, deps_.metrics) {}

  // No endpoint here answers later.
  HttpResponse handle(const HttpRequest& request) const {
    HttpResponse response;
    middleware_.handle(request, [&response](HttpResponse given) { response = std::move(given); });
    return response;
  }

 private:
  MiddlewareOptions options() const {
    return {.listener = "admin",
            .strict_transport_security = false,
            .rate_limit = deps_.config.rate_limit,
            .allowed_origins = {},
            .too_many_requests = slow_down,
            .internal_error = [] { return problem(500, "the server failed; its log has the cause"); }};
  }

  std::string encryption_driver() const {
    return deps_.sealer == nullptr ? "" : std::string(deps_.sealer->driver());
  }

  std::unique_ptr<XaaAdministration> make_xaa() {
    if (!deps_.idp_keys) return nullptr;
    return std::make_unique<XaaAdministration>(deps_.config.issuer,
                                               TrustedIdpService::Deps{.store = deps_.storage.xaa(),
                                                                       .keys = *deps_.idp_keys,
                                                                       .audit = audit_,
                                                                       .ids = deps_.ids,
                                                                       .clock = deps_.clock,
                                                                       .metrics = deps_.metrics});
  }

  Router routes() {
    Router router;
    if (deps_.metrics_text) {
      router.add("GET", deps_.config.metrics_path, [this](const HttpRequest&, const PathParams&) {
        return HttpResponse{.status = 200,
                            .headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                            .body = deps_.metrics_text(),
                            .stream = {}};
      });
    }
    AdminRoutes admin(router, key_, deps_.logger);
    add_client_routes(admin, clients_);
    add_user_routes(admin, users_);
    add_grant_routes(admin, {.consent = grants_, .accounts = accounts_});
    add_token_routes(admin, tokens_);
    add_broker_provider_routes(admin, {.providers = providers_, .logger = deps_.logger});
    add_resource_routes(admin, {.resources = resources_, .fronting = fronting_, .logger = deps_.logger});
    add_policy_routes(admin, resources_);
    add_fronting_routes(admin, fronting_);
    add_issuance_routes(admin, issuances_);
    if (xaa_) {
      add_idp_routes(admin, xaa_->idps);
      add_xaa_policy_routes(admin, xaa_->policies);
      add_subject_mapping_routes(admin, xaa_->mappings);
    }
    add_dcr_routes(admin, registration_, audit_, deps_.clock);
    add_system_routes(admin, {.config = deps_.config,
                              .registration = registration_,
                              .keys = keys_,
                              .system = system_,
                              .audit = audit_,
                              .signing_keys = deps_.signing_keys,
                              .storage = deps_.storage,
                              .metrics = deps_.metrics});
    return router;
  }

  AdminApiDeps deps_;
  AdminKey key_;
  AuditService audit_;
  ClientService clients_;
  BrokerProviderService providers_;
  ResourceService resources_;
  FrontingService fronting_;
  HashSlots hash_slots_{kHashSlots};
  UserService users_;
  ConsentGrantService grants_;
  BrokerGrantService accounts_;
  TokenInventory tokens_;
  IssuanceService issuances_;
  std::unique_ptr<XaaAdministration> xaa_;  // null: off
  RegistrationPolicy registration_;
  KeyService keys_;
  SystemService system_;
  Middleware middleware_;
};

}  // namespace

HttpHandler AdminApi::create(AdminApiDeps deps) {
  return [server = std::make_shared<Server>(std::move(deps))](const HttpRequest& request) {
    return server->handle(request);
  };
}

}  // namespace authplane::authserver
