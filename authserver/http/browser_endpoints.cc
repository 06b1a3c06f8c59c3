#include "authserver/http/browser_endpoints.h"

#include <algorithm>

#include <authplane/base/form.h>

namespace authplane::authserver {
namespace {

// Like the session cookie but for its name.
CookieAttributes nonce_cookie(CookieAttributes cookie) {
  cookie.name = kLoginNonceCookie;
  return cookie;
}

// Like the session cookie, except that browsers come back from another site with it.
CookieAttributes sign_in_cookie(CookieAttributes cookie) {
  cookie.name = kSignInCookie;
  if (cookie.same_site == SameSite::strict) cookie.same_site = SameSite::lax;
  return cookie;
}

}  // namespace

BrowserEndpoints::BrowserEndpoints(const BrowserOptions& options, Deps deps)
    : clients_(deps.clients),
      site_(Site::of(deps.issuer).value()),
      keys_(deps.session_secret),
      slots_(options.hash_slots),
      hasher_(options.passwords, slots_, deps.random),
      lockout_(options.lockout, deps.clock),
      errors_(site_, deps.random, deps.logger),
      sessions_(options.session, {.keys = keys_,
                                  .users = deps.storage.users(),
                                  .clock = deps.clock,
                                  .random = deps.random,
                                  .logger = deps.logger}),
      sign_in_({.users = deps.storage.users(),
                .hasher = hasher_,
                .lockout = lockout_,
                .audit = deps.audit,
                .clock = deps.clock,
                .logger = deps.logger,
                .metrics = deps.metrics}),
      sign_ins_({.threads = std::max<std::size_t>(options.hash_slots, 1)}, deps.clock),
      service_({.require_scope = options.require_scope, .bind_codes = deps.dpop},
               {.clients = deps.clients,
                .resources = deps.storage.resources(),
                .authorizations = deps.storage.authorizations(),
                .consent_grants = deps.storage.consent_grants(),
                .audit = deps.audit,
                .ids = deps.ids,
                .clock = deps.clock,
                .logger = deps.logger,
                .metrics = deps.metrics}),
      authorize_({.site = site_,
                  .service = service_,
                  .sessions = sessions_,
                  .errors = errors_,
                  .logger = deps.logger,
                  .metrics = deps.metrics}),
      login_(nonce_cookie(options.session.cookie), options.login,
             {.site = site_,
              .keys = keys_,
              .sessions = sessions_,
              .sign_in = sign_in_,
              .queue = sign_ins_,
              .errors = errors_,
              .random = deps.random,
              .clock = deps.clock}),
      consent_({.site = site_, .keys = keys_, .service = service_, .sessions = sessions_, .errors = errors_}),
      federation_(make_federation(options, deps)),
      reconsent_(
          {.site = site_, .sessions = sessions_, .errors = errors_, .resources = deps.storage.resources()}),
      connect_(options.connect, deps.connect,
               {.site = site_,
                .sessions = sessions_,
                .errors = errors_,
                .resources = deps.storage.resources(),
                .providers = deps.storage.broker_providers(),
                .grants = deps.storage.broker_grants(),
                .audit = deps.audit,
                .clock = deps.clock,
                .random = deps.random,
                .logger = deps.logger,
                .metrics = deps.metrics}),
      connections_({.site = site_,
                    .keys = keys_,
                    .sessions = sessions_,
                    .errors = errors_,
                    .providers = deps.storage.broker_providers(),
                    .grants = deps.storage.broker_grants(),
                    .broker = deps.connect.broker,
                    .audit = deps.audit,
                    .clock = deps.clock,
                    .logger = deps.logger,
                    .metrics = deps.metrics}) {}

std::unique_ptr<FederationEndpoint> BrowserEndpoints::make_federation(const BrowserOptions& options,
                                                                      const Deps& deps) const {
  if (deps.provider == nullptr) return nullptr;
  return std::make_unique<FederationEndpoint>(
      FederationOptions{.cookie = sign_in_cookie(options.session.cookie),
                        .max_age = options.federation_max_age,
                        .provider_name = options.login.provider},
      FederationEndpoint::Deps{.site = site_,
                               .keys = keys_,
                               .sessions = sessions_,
                               .errors = errors_,
                               .provider = *deps.provider,
                               .users = deps.storage.users(),
                               .settings = deps.storage.settings(),
                               .audit = deps.audit,
                               .ids = deps.ids,
                               .clock = deps.clock,
                               .random = deps.random,
                               .logger = deps.logger,
                               .metrics = deps.metrics});
}

// The client may have to be looked up elsewhere, which holds no worker.
void BrowserEndpoints::authorize(const HttpRequest& request, Respond respond) const {
  const auto query = Form::parse(request.query());
  const auto client_id = query ? query->get("client_id") : std::nullopt;
  clients_.prepare(client_id.value_or(""),
                   [this, &request, respond = std::move(respond)] { respond(answer_authorize(request)); });
}

// Runs on threads that catch nothing.
HttpResponse BrowserEndpoints::answer_authorize(const HttpRequest& request) const {
  try {
    return authorize_.handle(request);
  } catch (const std::exception& e) {
    return errors_.show({.status = 500,
                         .title = "Something went wrong here",
                         .explanation = "The server could not look at this request. Try again later."},
                        std::string("unexpected failure at the authorization endpoint: ") + e.what());
  }
}

void BrowserEndpoints::add_routes(Router& router, const std::string& prefix) const {
  // The pages of an issuer with a slash at its end stand where those of the same issuer without it would.
  if (prefix.ends_with('/') && !site_.base_path.empty()) add_routes(router, site_.base_path);
  using Request = const HttpRequest&;
  using Params = const PathParams&;
  router.add_deferred("GET", prefix + "/oauth/authorize",
                      [this](Request r, Respond respond) { authorize(r, std::move(respond)); });
  router.add("GET", prefix + "/", [this](Request r, Params) { return login_.home(r); });
  router.add("GET", prefix + "/login", [this](Request r, Params) { return login_.show(r); });
  router.add_deferred("POST", prefix + "/login",
                      [this](Request r, Respond respond) { login_.submit(r, std::move(respond)); });
  if (federation_) {
    router.add("GET", prefix + "/oidc/start", [this](Request r, Params) { return federation_->start(r); });
    router.add_deferred("GET", prefix + "/oidc/callback",
                        [this](Request r, Respond respond) { federation_->callback(r, std::move(respond)); });
  }
  router.add("POST", prefix + "/logout", [this](Request r, Params) { return login_.logout(r); });
  router.add("GET", prefix + "/consent", [this](Request r, Params) { return consent_.show(r); });
  router.add("POST", prefix + "/consent", [this](Request r, Params) { return consent_.submit(r); });
  router.add("GET", prefix + "/authorize", [this](Request r, Params) { return reconsent_.show(r); });
  add_connect_routes(router, prefix);
}

void BrowserEndpoints::add_connect_routes(Router& router, const std::string& prefix) const {
  using Request = const HttpRequest&;
  using Params = const PathParams&;
  const auto slug = [](Params params) { return params.get(0).value_or(""); };  // "" is no provider's
  // Both write, so neither is for HEAD.
  router.add_deferred("GET", prefix + "/connect/{provider}", [=, this](Request r, Params p, Respond respond) {
    respond(connect_.start(r, slug(p)));
  });
  router.add_deferred(
      "GET", prefix + "/connect/{provider}/callback",
      [=, this](Request r, Params p, Respond respond) { connect_.callback(r, slug(p), std::move(respond)); });
  router.add("GET", prefix + "/connections", [this](Request r, Params) { return connections_.list(r); });
  router.add("POST", prefix + "/connections", [this](Request r, Params) { return connections_.submit(r); });
  router.add("DELETE", prefix + "/connections/{provider}",
             [=, this](Request r, Params p) { return connections_.remove(r, slug(p)); });
}

}  // namespace authplane::authserver
