#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <authplane/base/http.h>
#include <authplane/base/result.h>
#include <authplane/resource/resource.h>

namespace authplane {

namespace detail {
class RejectionLog;
}

// A request that passed the guard. Verify once per request and hand this on: a second verification of the
// same DPoP proof would be a replay. `token` is needed for token exchange and revocation; never log it.
struct Authenticated {
  VerifiedClaims claims;
  std::string token;
  TokenScheme scheme = TokenScheme::bearer;  // the token came under
  std::string dpop_nonce = {};  // to be sent as `DPoP-Nonce` with the answer: Resource::next_dpop_nonce
};

// What to answer when a request brings two credentials, or a token in its URL (which is never read).
enum class AmbiguousCredentials {
  unauthorized,  // 401, as if there were no token
  bad_request,   // 400 invalid_request (RFC 6750 section 3.1; what the MCP authorization chapter asks for)
};

struct RequestGuardOptions {
  std::vector<std::string> required_scopes = {};  // of every request, on top of a valid token
  // `message` tells the caller expected and seen issuer, audience and scope. For development.
  ErrorDescription description = ErrorDescription::fixed;
  AmbiguousCredentials ambiguous = AmbiguousCredentials::unauthorized;
  std::chrono::seconds metadata_max_age{3600};  // Cache-Control of the metadata document
};

// The request layer of a protected resource: reads the credentials, verifies, and writes the answer when that
// fails. Knows no HTTP library. Copyable handle, thread-safe.
//
// Every refusal writes one log line at warn with its reason, never the token; a flood is cut to a few lines a
// second and the next line says how many were left out. Requests without a token log at debug.
class RequestGuard {
 public:
  explicit RequestGuard(Resource resource, RequestGuardOptions options = {});

  // Exactly one Authorization field, scheme Bearer or DPoP in any case, one token. The DPoP field is looked
  // at whatever the scheme is. The error is the finished answer. Ask once per request: a proof is spent by
  // it.
  Result<Authenticated, HttpResponse> authenticate(const HttpRequest& request) const;

  // 403 with the full list in the challenge when the token lacks one of them. The challenge has the scheme
  // the token came under; of claims alone, DPoP for a bound token.
  Result<void, HttpResponse> require_scopes(const Authenticated& caller,
                                            std::span<const std::string> scopes) const;
  Result<void, HttpResponse> require_scopes(const VerifiedClaims& claims,
                                            std::span<const std::string> scopes) const;

  // The answer for an error of this resource, logged. `scheme`: the token came under.
  HttpResponse reject(const Error& error, TokenScheme scheme = TokenScheme::bearer) const;

  using Handler = std::function<HttpResponse(const HttpRequest&, const Authenticated&)>;
  // `handler` behind authenticate() and these scopes; its answer gets the `DPoP-Nonce` that is due.
  HttpHandler protect(Handler handler, std::vector<std::string> scopes = {}) const;

  // Serves the metadata without a token: GET, HEAD, OPTIONS, any origin.
  HttpRoute metadata_route() const;
  HttpResponse metadata_response(std::string_view method) const;

  const Resource& resource() const { return resource_; }
  const RequestGuardOptions& options() const { return options_; }

 private:
  Resource resource_;
  RequestGuardOptions options_;
  ChallengeOptions challenge_;
  ChallengeOptions dpop_challenge_;  // the same for a token that came under the scheme DPoP
  std::shared_ptr<detail::RejectionLog> log_;
};

}  // namespace authplane
