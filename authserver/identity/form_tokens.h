#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/random.h>

#include "authserver/identity/session_keys.h"

namespace authplane::authserver {

// Protection of the login form against cross-site requests, before there is a session: a nonce in a cookie,
// and in the form a token that only this server can make from it. The cookie is "<nonce>.<HMAC>".
std::string make_login_nonce(const SessionKeys& keys, Random& random);

// The token for a form shown to the holder of this cookie; nullopt when the cookie is not ours and a new one
// has to be set.
std::optional<std::string> login_form_token(const SessionKeys& keys, std::string_view nonce_cookie);

// Constant time. False for a cookie that is not ours, whatever the token.
bool is_login_form_token(const SessionKeys& keys, std::string_view nonce_cookie, std::string_view token);

// The token of a consent form: good for this login (the session cookie's value) and this authorization
// request only. REQUIRES: the cookie has been opened.
std::string consent_form_token(const SessionKeys& keys, std::string_view session_cookie,
                               std::string_view authorization_id);

// Constant time.
bool is_consent_form_token(const SessionKeys& keys, std::string_view session_cookie,
                           std::string_view authorization_id, std::string_view token);

// The token of the forms that change the connections of this login. Constant time.
std::string connections_form_token(const SessionKeys& keys, std::string_view session_cookie);
bool is_connections_form_token(const SessionKeys& keys, std::string_view session_cookie,
                               std::string_view token);

}  // namespace authplane::authserver
