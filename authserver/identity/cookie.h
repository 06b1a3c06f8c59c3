#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/http.h>

namespace authplane::authserver {

inline constexpr std::string_view kLoginNonceCookie = "authserver_login_nonce";
inline constexpr std::string_view kSignInCookie = "authserver_oidc_state";  // a sign-in at a provider
inline constexpr std::chrono::hours kLoginNonceMaxAge{12};

enum class SameSite { lax, strict, none };
// Case-insensitive "lax", "strict", "none".
std::optional<SameSite> parse_same_site(std::string_view text);

// A cookie of this server: for the whole site (Path=/), for this host only (no Domain), never for scripts
// (HttpOnly).
struct CookieAttributes {
  std::string name;
  bool secure = false;
  SameSite same_site = SameSite::lax;  // browsers drop `none` without `secure`
};

// The name under which the browser keeps it: with `secure` it has the prefix "__Host-", and browsers let no
// other host or unencrypted page set it (RFC 6265bis section 4.1.3.2).
std::string cookie_name(const CookieAttributes& cookie);

// The value of a Set-Cookie field. Throws std::invalid_argument for a name or value with a character that
// would end it.
std::string set_cookie(const CookieAttributes& cookie, std::string_view value, std::chrono::seconds max_age);
std::string clear_cookie(const CookieAttributes& cookie);

// The value a request holds for this cookie. nullopt when there is none, when it has a character we never
// write, and when there are several: somebody else may have planted one, and which came first means nothing.
// Cookies of other names may be as odd as they like, since a host shares them between its ports.
std::optional<std::string_view> find_cookie(const Headers& headers, const CookieAttributes& cookie);

}  // namespace authplane::authserver
