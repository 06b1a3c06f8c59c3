#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>

#include "authserver/domain/user_store.h"
#include "authserver/identity/cookie.h"
#include "authserver/identity/session_cookie.h"

namespace authplane::authserver {

struct SessionOptions {
  CookieAttributes cookie{.name = "authserver_session", .secure = false, .same_site = SameSite::lax};
  std::chrono::seconds max_age = std::chrono::hours(24);  // > 0
  bool fail_closed = true;  // a session whose user cannot be looked up counts as none
};

// Whom a browser is signed in as.
struct SignedIn {
  std::string user_id;
  std::string label;   // for people: e-mail address, else name, else id
  std::string cookie;  // the session cookie's value, which form tokens are bound to
};

// The logins of browsers. Nothing is stored: the cookie says who it is, the store whether they still may.
// Thread-safe.
class BrowserSessions {
 public:
  struct Deps {
    const SessionKeys& keys;
    UserStore& users;
    Clock& clock;
    Random& random;
    Logger& logger;
  };
  // The references outlive the object.
  BrowserSessions(SessionOptions options, Deps deps) : options_(std::move(options)), deps_(deps) {}

  struct Found {
    std::optional<SignedIn> user;
    bool is_stale = false;  // there is a cookie and it is worth nothing: clear it
  };
  Found find(const Headers& headers) const;

  // Values of Set-Cookie. Every login is a new session, whatever the browser held before. `proving_since` is
  // when the user began to prove who it is: what a user is logged out of may be a login under way.
  std::string start(std::string_view user_id, WallTime proving_since) const;
  std::string end() const { return clear_cookie(options_.cookie); }

 private:
  SessionOptions options_;
  Deps deps_;
};

}  // namespace authplane::authserver
