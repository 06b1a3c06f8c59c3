#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <authplane/base/result.h>
#include <authplane/base/secret.h>
#include <authplane/oauth/scope.h>

#include "authserver/domain/resource.h"

namespace authplane::authserver {

struct UpstreamRequest {
  std::string user_id;
  ResourcePtr resource;  // a broker resource
  ScopeSet scopes;       // names of its catalog
};

struct UpstreamToken {
  SecretString access_token;
  std::optional<std::chrono::seconds> expires_in;  // nullopt: the provider did not say
  std::string provider_slug;
};

struct UpstreamRefusal {
  enum class Reason {
    not_connected,       // the user has no account connected, or the provider does not honour it any more
    scope_insufficient,  // what is connected does not cover the scopes
    unavailable,         // the provider did not answer in a way that says anything; trying again may help
    misconfigured,       // no such provider, no secret, no or a wrong master key: the operator's to mend
  };
  Reason reason = Reason::misconfigured;
  std::string provider_slug;  // "" when it is not known
  std::string detail;         // for the operator's log; holds nothing the provider sent
};

// Has access tokens of upstream providers for users who connected an account. Thread-safe.
class UpstreamTokens {
 public:
  virtual ~UpstreamTokens() = default;

  // Asks the provider each time. `done` is called exactly once, possibly before this returns, by this thread
  // or another one.
  using Done = std::function<void(Result<UpstreamToken, UpstreamRefusal>)>;
  virtual void vend(UpstreamRequest request, Done done) = 0;
};

}  // namespace authplane::authserver
