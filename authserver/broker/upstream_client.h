#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/form.h>
#include <authplane/base/http.h>
#include <authplane/base/result.h>
#include <authplane/base/secret.h>
#include <authplane/client/network.h>
#include <authplane/oauth/scope.h>

#include "authserver/broker/oauth_provider.h"

namespace authplane::authserver {

// What a provider gave out.
struct UpstreamReply {
  SecretString access_token;
  SecretString refresh_token;                      // empty: none came
  std::optional<std::chrono::seconds> expires_in;  // nullopt: not said
  std::optional<ScopeSet> scopes;                  // nullopt: not said, so they are those asked for
};

struct UpstreamFailure {
  enum class Reason {
    rejected,       // invalid_grant: the code or refresh token is not honoured any more
    scope_refused,  // invalid_scope
    unavailable,    // nothing was said; trying again may help
    misconfigured,  // the operator has to mend something
  };
  Reason reason = Reason::unavailable;
  std::string detail;  // for the operator's log; holds nothing the provider sent
};

// An OAuth client at an upstream provider. Each call is one request and blocks for as long as the transport
// lets it. Neither errors nor anything else repeats what the provider sent. Thread-safe.
class UpstreamClient {
 public:
  static constexpr std::size_t kMaxResponseBytes = 1024 * 1024;

  // `transport` is guarded, see make_upstream_transport().
  explicit UpstreamClient(std::shared_ptr<HttpTransport> transport) : transport_(std::move(transport)) {}

  // RFC 6749 section 4.1.3 with RFC 7636.
  Result<UpstreamReply, UpstreamFailure> redeem(const OAuthProvider& provider, const SecretString& code,
                                                const SecretString& code_verifier,
                                                std::string_view redirect_uri) const;
  // RFC 6749 section 6.
  Result<UpstreamReply, UpstreamFailure> refresh(const OAuthProvider& provider,
                                                 const SecretString& refresh_token,
                                                 const ScopeSet& scopes) const;
  // RFC 7009. Does nothing when the provider has no revoke_url.
  Result<void, UpstreamFailure> revoke(const OAuthProvider& provider,
                                       const SecretString& refresh_token) const;

 private:
  Result<HttpResponse, UpstreamFailure> post(const Url& url, Form form, const OAuthProvider& provider) const;
  Result<UpstreamReply, UpstreamFailure> ask(Form form, const OAuthProvider& provider) const;

  const std::shared_ptr<HttpTransport> transport_;
};

// One call. Long, because a provider that answers later may have replaced the credential all the same.
inline constexpr std::chrono::seconds kUpstreamTimeout{30};

// The way to the hosts that token_url and revoke_url name: https at public addresses, judged when the
// connection is made; no redirect is followed. `development`: http, loopback and private addresses too.
std::shared_ptr<HttpTransport> make_upstream_transport(bool development, std::chrono::milliseconds timeout,
                                                       std::shared_ptr<HttpTransport> inner,
                                                       std::shared_ptr<net::Resolver> resolver,
                                                       std::shared_ptr<const Clock> clock);

}  // namespace authplane::authserver
