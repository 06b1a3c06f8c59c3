#include "authserver/http/browser_endpoints.h"

#include <authplane/base/form.h>

namespace authplane::authserver {
namespace {

// Like the session cookie but for its name.
CookieAttributes nonce_cookie(CookieAttributes cookie) {
  cookie.name = kLoginNonceCookie;
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
      service_({.require_scope = options.require_scope}, {.clients = deps.clients,
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
      login_(nonce_cookie(options.session.cookie), {.site = site_,
                                                    .keys = keys_,
                                                    .sessions = sessions_,
                                                    .sign_in = sign_in_,
                                                    .errors = errors_,
                                                    .random = deps.random}),
      consent_(
          {.site = site_, .keys = keys_, .service = service_, .sessions = sessions_, .errors = errors_}) {}

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
  using Request = const HttpRequest&;
  using Params = const PathParams&;
  router.add_deferred("GET", prefix + "/oauth/authorize",
                      [this](Request r, Respond respond) { authorize(r, std::move(respond)); });
  router.add("GET", prefix + "/login", [this](Request r, Params) { return login_.show(r); });
  router.add("POST", prefix + "/login", [this](Request r, Params) { return login_.submit(r); });
  router.add("POST", prefix + "/logout", [this](Request r, Params) { return login_.logout(r); });
  router.add("GET", prefix + "/consent", [this](Request r, Params) { return consent_.show(r); });
  router.add("POST", prefix + "/consent", [this](Request r, Params) { return consent_.submit(r); });
}

}  // namespace authplane::authserver
