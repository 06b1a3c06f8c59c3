#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <authplane/base/random.h>
#include <authplane/base/result.h>

#include "authserver/identity/session_keys.h"

namespace authplane::authserver {

// Who connects what, and where they go afterwards.
struct ConnectBinding {
  std::string_view user_id, provider_id, return_url;
};

enum class ConnectStateFault { forged, of_another_user, expired };

// The `state` (RFC 6749 section 10.12) of a user who is sent to a provider to connect an account:
// "1.<random>.<start, seconds>.<tag of the user>.<tag of the return URL>.<HMAC>". Bound to all of
// ConnectBinding and the time, and it tells the provider nothing about any of them but the time. `keys` are
// those of `connect.state_secret`.
class ConnectState {
 public:
  static ConnectState make(const SessionKeys& keys, const ConnectBinding& binding,
                           std::chrono::sys_seconds now, Random& random);
  // One that came back to that user from that provider. In constant time for every HMAC.
  static Result<ConnectState, ConnectStateFault> open(const SessionKeys& keys, std::string_view text,
                                                      std::string_view user_id, std::string_view provider_id,
                                                      std::chrono::sys_seconds now,
                                                      std::chrono::seconds max_age);

  const std::string& text() const { return text_; }
  // What it may be stored under: nobody who reads that comes back with the state.
  std::string id() const;
  bool leads_to(const SessionKeys& keys, std::string_view return_url) const;

 private:
  ConnectState(std::string text, std::string random, std::string return_tag)
      : text_(std::move(text)), random_(std::move(random)), return_tag_(std::move(return_tag)) {}

  std::string text_, random_, return_tag_;
};

}  // namespace authplane::authserver
