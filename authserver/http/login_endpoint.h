#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/form.h>

#include "authserver/http/browser_answers.h"
#include "authserver/http/browser_session.h"
#include "authserver/http/deferred.h"
#include "authserver/http/password_sign_in.h"
#include "authserver/http/site.h"
#include "authserver/identity/form_tokens.h"
#include "authserver/identity/source_queue.h"

namespace authplane::authserver {

// How people may sign in.
struct LoginChoices {
  bool local = true;     // with a password; else POST /login does not exist
  std::string provider;  // display name of the identity provider, "" when the page does not offer it
};

// GET and POST /login, POST /logout, GET /. Thread-safe.
class LoginEndpoint {
 public:
  struct Deps {
    const Site& site;
    const SessionKeys& keys;
    const BrowserSessions& sessions;
    const PasswordSignIn& sign_in;
    SourceQueue& queue;  // of those whose password is to be looked at
    const ErrorPages& errors;
    Random& random;
    const Clock& clock;
  };
  // `nonce_cookie` holds the nonce of the form, see identity/form_tokens.h. The references outlive the
  // object.
  LoginEndpoint(CookieAttributes nonce_cookie, LoginChoices choices, Deps deps)
      : nonce_cookie_(std::move(nonce_cookie)), choices_(std::move(choices)), deps_(deps) {}

  HttpResponse show(const HttpRequest& request) const;
  // Answers later: a password waits for its turn, and its hash takes its time.
  void submit(const HttpRequest& request, Respond respond) const;
  HttpResponse logout(const HttpRequest& request) const;
  // GET /: where a login ends that came from nowhere.
  HttpResponse home(const HttpRequest& request) const;

 private:
  struct Attempt {
    std::string_view redirect, email, problem;
    int status = 200;
  };
  // A form that is to be answered by what its password says.
  struct Submission {
    const HttpRequest& request;
    Form body;
    std::string redirect, email;
  };
  std::string destination(std::string_view asked_for) const;
  Result<Submission, HttpResponse> read(const HttpRequest& request) const;
  HttpResponse answer(const Submission& submission, SourceQueue::Turn turn) const;
  HttpResponse form(const HttpRequest& request, const Attempt& attempt) const;
  HttpResponse refused(const HttpRequest& request, Attempt attempt, const SignInRefusal& refusal) const;

  CookieAttributes nonce_cookie_;
  LoginChoices choices_;
  Deps deps_;
};

// 303 to the login page, which leads back to `path` (with query, below the base path) afterwards.
HttpResponse go_to_login(const Site& site, std::string_view path);
// The same for a path that a request brought. nullopt when the login page would not lead back to it: it is
// too long, or not one that every browser reads as a path of this server.
std::optional<HttpResponse> login_first(const Site& site, std::string_view path);

}  // namespace authplane::authserver
