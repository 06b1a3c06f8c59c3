#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/random.h>

#include "authserver/identity/session_keys.h"

namespace authplane::authserver {

// A browser login. Nothing of it is stored: who holds the cookie is the user until it expires, as long as the
// user exists, is active and had no later User::sessions_since, which the caller asks the store on every
// request.
struct Session {
  std::string user_id;
  WallTime began_at;
  std::chrono::sys_seconds expires_at;
};

// "2.<user id, base64url>.<began, microseconds>.<expiry, seconds>.<random>.<HMAC>". The random part makes
// every login a new session even within one moment. REQUIRES: user_id of 1 to 128 bytes.
std::string seal_session(const SessionKeys& keys, const Session& session, Random& random);

// nullopt: forged, malformed, or expired (from the second of expires_at on).
std::optional<Session> open_session(const SessionKeys& keys, std::string_view cookie,
                                    std::chrono::sys_seconds now);

}  // namespace authplane::authserver
