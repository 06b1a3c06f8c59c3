#include "authserver/http/federation_endpoint.h"

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>

#include "authserver/identity/safe_redirect.h"

namespace authplane::authserver {
namespace {

using Reason = FederationRefusal::Reason;

constexpr std::size_t kMaxCode = 4096;
constexpr std::chrono::minutes kClockSkew{1};  // a sign-in may have been begun by a clock that is ahead
constexpr std::size_t kMaxErrorWord = 64;

std::string_view outcome_of(Reason reason) {
  return reason == Reason::provider_failed || reason == Reason::issuer_changed ||
                 reason == Reason::store_failed
             ? "error"
             : "failure";
}

// Where to go after the sign-in.
std::string destination(const Site& site, std::string_view asked_for) {
  std::string path = safe_redirect(asked_for);
  return path == "/" ? site.base_path + "/" : path;
}

}  // namespace

FederationEndpoint::FederationEndpoint(FederationOptions options, Deps deps)
    : options_(std::move(options)),
      provider_name_(options_.provider_name.empty() ? "your organisation's sign-in" : options_.provider_name),
      deps_(deps),
      users_({.users = deps.users,
              .settings = deps.settings,
              .ids = deps.ids,
              .clock = deps.clock,
              .logger = deps.logger}),
      used_(options_.max_age + kClockSkew, deps.clock) {}

HttpResponse FederationEndpoint::start(const HttpRequest& request) {
  refresh_provider();
  const auto query = Form::parse(request.query());
  const std::string redirect = destination(deps_.site, query ? query->get("redirect").value_or("") : "");
  if (redirect.size() > kMaxSignInRedirect) {
    return deps_.errors.show({.status = 400,
                              .title = "This request is too long",
                              .explanation = "The application sent more than a sign-in can carry along. "
                                             "Tell its makers to send less in `state` and `scope`."},
                             "sign-in at the provider with a redirect of " + std::to_string(redirect.size()) +
                                 " bytes; " + std::to_string(kMaxSignInRedirect) + " fit its cookie");
  }
  const PendingSignIn sign_in = begin_sign_in(deps_.keys, redirect, deps_.clock.now_seconds(), deps_.random);
  HttpResponse response = go_to(deps_.provider.authorization_url(sign_in));
  response.status = 302;
  response.headers.add("Set-Cookie", set_cookie(options_.cookie, sign_in.cookie, options_.max_age));
  return response;
}

// Nobody waits for a document: the one before is good enough to leave with.
void FederationEndpoint::refresh_provider() {
  if (!deps_.provider.is_due() || refreshing_.exchange(true)) return;
  const bool runs = threads_.run([this] {
    deps_.provider.refresh();
    refreshing_ = false;
  });
  if (!runs) refreshing_ = false;
}

void FederationEndpoint::callback(const HttpRequest& request, Respond respond) {
  auto returned = accept(request);
  if (!returned) {
    // Anybody can make a browser come here; only what ends a sign-in of this browser takes its cookie.
    HttpResponse response = refused(returned.error(), request.remote_address);
    const bool is_over = returned.error().reason != Reason::stale;
    return respond(is_over ? with_cleared_cookie(std::move(response)) : std::move(response));
  }
  auto task = [this, respond, returned = std::move(*returned), address = request.remote_address] {
    respond(with_cleared_cookie(try_finish(returned, address)));
  };
  if (!threads_.run(std::move(task))) respond(with_cleared_cookie(busy()));
}

FederationResult<FederationEndpoint::Returned> FederationEndpoint::accept(const HttpRequest& request) {
  const auto query = Form::parse(request.query());
  if (!query) return refuse(Reason::stale, "callback with a malformed query");
  const std::string_view state = query->get("state").value_or("");
  auto sign_in = resume_sign_in(deps_.keys, find_cookie(request.headers, options_.cookie).value_or(""), state,
                                deps_.clock.now_seconds(), options_.max_age);
  if (!sign_in) return Err(sign_in.error());
  if (!used_.use(state)) return refuse(Reason::stale, "the sign-in has come back before");
  if (query->count("iss") > 1 || !deps_.provider.is_response_issuer(query->get("iss").value_or("")))
    return refuse(Reason::provider_error, "the answer names another issuer, or none where one is due");
  if (query->count("error") != 0) {
    const auto error = query->get("error").value_or("");
    return refuse(Reason::provider_error,
                  "the provider answered with error '" + header_safe(error.substr(0, kMaxErrorWord)) + "'");
  }
  const std::string_view code = query->get("code").value_or("");
  if (code.empty() || code.size() > kMaxCode)
    return refuse(Reason::provider_error, "the answer has no code, several, or one too long");
  return Returned{std::move(*sign_in), std::string(code)};
}

// Runs on threads that catch nothing.
HttpResponse FederationEndpoint::try_finish(const Returned& returned, const std::string& address) {
  try {
    return finish(returned, address);
  } catch (const std::exception& e) {
    return deps_.errors.show(page_for(Reason::store_failed),
                             std::string("unexpected failure of a sign-in at the provider: ") + e.what());
  }
}

HttpResponse FederationEndpoint::finish(const Returned& returned, const std::string& address) {
  const WallTime since = deps_.clock.now();
  const auto identity = deps_.provider.identify(returned.code, returned.sign_in);
  if (!identity) return refused(identity.error(), address);
  const auto signed_in = users_.find_or_create(*identity);
  if (!signed_in) return refused(signed_in.error(), address);
  const Actor actor{.id = signed_in->user.id, .ip = address};
  if (signed_in->is_new)
    deps_.audit.record("user.created", actor, "", audit_detail({{"user", signed_in->user.id}}));
  deps_.audit.record("user.oidc_login", actor, "", "");
  deps_.metrics.counter("authserver_login_attempts_total", {{"outcome", "success"}}).add();
  HttpResponse response = go_to(safe_redirect(returned.sign_in.redirect));
  response.headers.add("Set-Cookie", deps_.sessions.start(signed_in->user.id, since));
  return response;
}

HttpResponse FederationEndpoint::refused(const FederationRefusal& refusal, const std::string& address) const {
  // A callback that belongs to no sign-in is no attempt of anybody.
  if (refusal.reason != Reason::stale) {
    deps_.audit.post("user.oidc_login_failed", {.id = refusal.user_id, .ip = address}, "",
                     audit_detail({{"reason", to_string(refusal.reason)}}));
    deps_.metrics.counter("authserver_login_attempts_total", {{"outcome", outcome_of(refusal.reason)}}).add();
  }
  return deps_.errors.show(page_for(refusal.reason), refusal.cause);
}

ErrorPages::Content FederationEndpoint::page_for(Reason reason) const {
  switch (reason) {
    case Reason::stale:
      return {.status = 400,
              .title = "This sign-in cannot be continued",
              .explanation =
                  "It was begun in another browser or too long ago, it has ended already, or "
                  "cookies are switched off. Go back to the application and sign in again."};
    case Reason::provider_error:
      return {.status = 400,
              .title = "You were not signed in",
              .explanation = "The sign-in at " + provider_name_ +
                             " was cancelled or refused there. Go back to the application to try again."};
    case Reason::code_refused:
    case Reason::invalid_id_token:
      return {.status = 401,
              .title = "You were not signed in",
              .explanation = "The answer of " + provider_name_ +
                             " could not be accepted. Sign in again; if that does not help, tell the "
                             "operator of this server the reference below."};
    case Reason::user_disabled:
      return {.status = 401,
              .title = "You may not sign in here",
              .explanation = "Your account on this server is not active. Ask its operator."};
    case Reason::email_in_use:
      return {.status = 409,
              .title = "Your e-mail address has another account here",
              .explanation =
                  "Accounts are never joined because of an address. Sign in as you did before, "
                  "or ask the operator of this server to change the address of that account."};
    case Reason::provider_failed:
    case Reason::issuer_changed:
    case Reason::store_failed:
      break;
  }
  return {.status = 500,
          .title = "You cannot be signed in now",
          .explanation = "Something between this server and " + provider_name_ +
                         " does not work. Try again later; if it stays so, tell the operator the reference "
                         "below."};
}

HttpResponse FederationEndpoint::busy() const {
  return deps_.errors.show({.status = 503,
                            .title = "Too many people are signing in",
                            .explanation = "Go back to the application and sign in again in a moment."},
                           "as many sign-ins wait for the provider as may");
}

HttpResponse FederationEndpoint::with_cleared_cookie(HttpResponse response) const {
  response.headers.add("Set-Cookie", clear_cookie(options_.cookie));
  return response;
}

}  // namespace authplane::authserver
