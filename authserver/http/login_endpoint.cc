#include "authserver/http/login_endpoint.h"

#include <memory>
#include <utility>

#include "authserver/http/form_body.h"
#include "authserver/identity/safe_redirect.h"
#include "authserver/pages/login_page.h"
#include "authserver/pages/signed_in_page.h"

namespace authplane::authserver {
namespace {

// Of the login page, as the listener takes it, with room to spare.
constexpr std::size_t kMaxLoginTarget = 7 * 1024;

// Where whoever sent the browser here wants it to go. Some clients write `next`.
std::string_view asked_for(const Form& form) {
  return form.get(form.count("redirect") != 0 ? "redirect" : "next").value_or("");
}

}  // namespace

HttpResponse go_to_login(const Site& site, std::string_view path) {
  return go_to(site.base_path + "/login?redirect=" + form_encode(site.base_path + std::string(path)));
}

std::optional<HttpResponse> login_first(const Site& site, std::string_view path) {
  const std::string target = site.base_path + std::string(path);
  // On its way through the login page every percent sign of it becomes three characters.
  if (form_encode(target).size() > kMaxLoginTarget || safe_redirect(target) != target) return std::nullopt;
  return go_to_login(site, path);
}

// Where to go after the login.
std::string LoginEndpoint::destination(std::string_view asked_for) const {
  std::string path = safe_redirect(asked_for);
  return path == "/" ? deps_.site.base_path + "/" : path;
}

HttpResponse LoginEndpoint::show(const HttpRequest& request) const {
  const auto query = Form::parse(request.query());
  const std::string redirect = destination(query ? asked_for(*query) : "");
  return form(request, {.redirect = redirect, .email = "", .problem = ""});
}

HttpResponse LoginEndpoint::form(const HttpRequest& request, const Attempt& attempt) const {
  std::string nonce(find_cookie(request.headers, nonce_cookie_).value_or(""));
  auto token = login_form_token(deps_.keys, nonce);
  // A nonce that is good stays, so that forms open in other tabs stay good.
  const bool is_new = !token;
  if (is_new) {
    nonce = make_login_nonce(deps_.keys, deps_.random);
    token = login_form_token(deps_.keys, nonce);
  }
  LoginPage page;
  page.server = deps_.site.host;
  page.base_path = deps_.site.base_path;
  page.csrf_token = *token;
  page.redirect = attempt.redirect;
  page.email = attempt.email;
  page.problem = attempt.problem;
  page.local_login = choices_.local;
  page.provider = choices_.provider;
  HttpResponse response = html_response(attempt.status, render(page));
  if (is_new) response.headers.add("Set-Cookie", set_cookie(nonce_cookie_, nonce, kLoginNonceMaxAge));
  return response;
}

Result<LoginEndpoint::Submission, HttpResponse> LoginEndpoint::read(const HttpRequest& request) const {
  if (!choices_.local) {
    return Err(deps_.errors.show({.status = 404,
                                  .title = "There is no sign-in with a password here",
                                  .explanation = "Go back to the application and sign in again."},
                                 "password sent although oidc.show_local_login is false"));
  }
  const std::string home = destination("");
  Attempt attempt{.redirect = home, .email = "", .problem = "", .status = 422};
  const auto body = read_form(request);
  if (!body) {
    attempt.problem = "This form did not arrive whole. Sign in again.";
    return Err(form(request, attempt));
  }
  const std::string redirect = destination(asked_for(*body));
  attempt.redirect = redirect;
  const std::string_view nonce = find_cookie(request.headers, nonce_cookie_).value_or("");
  if (is_sent_by_other_site(request.headers, deps_.site) ||
      !is_login_form_token(deps_.keys, nonce, body->get("csrf_token").value_or(""))) {
    attempt.problem = "This page was open for too long, or cookies are switched off. Sign in again.";
    return Err(form(request, attempt));
  }
  // Longer ones are not shown again either.
  attempt.email = body->get("email").value_or("");
  if (attempt.email.size() > kMaxEmailBytes) attempt.email = {};
  if (const auto refusal = deps_.sign_in.refuse_early(attempt.email, request.remote_address))
    return Err(refused(request, attempt, *refusal));
  return Submission{
      .request = request, .body = *body, .redirect = redirect, .email = std::string(attempt.email)};
}

void LoginEndpoint::submit(const HttpRequest& request, Respond respond) const {
  auto submitted = read(request);
  if (!submitted) return respond(std::move(submitted).error());
  const auto submission = std::make_shared<const Submission>(*std::move(submitted));
  deps_.queue.add(request.remote_address,
                  [this, submission, respond = std::move(respond)](SourceQueue::Turn turn) {
                    respond(answer(*submission, turn));
                  });
}

// Runs on threads that catch nothing.
HttpResponse LoginEndpoint::answer(const Submission& submission, SourceQueue::Turn turn) const {
  const HttpRequest& request = submission.request;
  const Attempt attempt{
      .redirect = submission.redirect, .email = submission.email, .problem = "", .status = 422};
  try {
    if (turn == SourceQueue::Turn::refused)
      return refused(request, attempt, deps_.sign_in.refuse_overloaded());
    const WallTime since = deps_.clock.now();
    const auto user = deps_.sign_in.check(submission.email, submission.body.get("password").value_or(""),
                                          request.remote_address);
    if (!user) return refused(request, attempt, user.error());
    HttpResponse response = go_to(submission.redirect);
    response.headers.add("Set-Cookie", deps_.sessions.start(user->id, since));
    return response;
  } catch (const std::exception& e) {
    return deps_.errors.show({.status = 500,
                              .title = "Something went wrong here",
                              .explanation = "The server could not check your password. Try again later."},
                             std::string("unexpected failure of a sign-in: ") + e.what());
  }
}

HttpResponse LoginEndpoint::refused(const HttpRequest& request, Attempt attempt,
                                    const SignInRefusal& refusal) const {
  switch (refusal.reason) {
    case SignInRefusal::Reason::wrong_credentials:
      attempt.problem = "Email or password is wrong. Check both and try again.";
      return form(request, attempt);
    case SignInRefusal::Reason::locked_out: {
      attempt.status = 429;
      attempt.problem = "Too many failed attempts. Wait some minutes, then try again.";
      HttpResponse response = form(request, attempt);
      response.headers.add("Retry-After", std::to_string(refusal.retry_after.count()));
      return response;
    }
    case SignInRefusal::Reason::overloaded: {
      attempt.status = 503;
      attempt.problem = "Too many people are signing in at this moment. Try again.";
      HttpResponse response = form(request, attempt);
      response.headers.add("Retry-After", "1");
      return response;
    }
    case SignInRefusal::Reason::failed:
      break;
  }
  attempt.status = 500;
  attempt.problem = "The server could not check your password. Try again later.";
  return form(request, attempt);
}

HttpResponse LoginEndpoint::home(const HttpRequest& request) const {
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  if (!session.user) return go_to(deps_.site.base_path + "/login");
  return html_response(
      200, render(SignedInPage{
               .server = deps_.site.host, .base_path = deps_.site.base_path, .user = session.user->label}));
}

HttpResponse LoginEndpoint::logout(const HttpRequest& request) const {
  if (is_sent_by_other_site(request.headers, deps_.site)) {
    return deps_.errors.show({.status = 403,
                              .title = "You are still signed in",
                              .explanation = "Another site tried to sign you out here. Nothing was changed."},
                             "logout sent by another site");
  }
  HttpResponse response = go_to(deps_.site.base_path + "/login");
  response.headers.add("Set-Cookie", deps_.sessions.end());
  response.headers.add("Set-Cookie", clear_cookie(nonce_cookie_));
  return response;
}

}  // namespace authplane::authserver
