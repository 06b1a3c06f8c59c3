#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/resource/challenge.h>
#include <authplane/resource/claims.h>
#include <authplane/resource/identifier.h>
#include <authplane/resource/options.h>
#include <authplane/resource/request_context.h>

namespace authplane {

class Client;

// A protected resource (RFC 9728) and the verifier of its access tokens (RFC 9068). A cheap copyable handle
// that keeps alive what it needs of the client. Every member function may be called from any thread.
class Resource {
 public:
  // No network. Errors: invalid_argument, the message names the option.
  static Result<Resource> create(const Client& client, std::string_view uri, ResourceOptions options = {});
  static Result<Resource> create(ResourceDependencies dependencies, std::string_view uri,
                                 ResourceOptions options = {});

  // Checks a token in this order: form, header (crit, alg, typ, kid), key, signature, required claims,
  // issuer, audience, times, proof of possession, revocation. Does NOT check scopes: ask the claims. Without
  // `request` there is no proof. A cached token skips everything up to the audience. A proof passes once: to
  // verify a request twice is to refuse it.
  //
  // Errors: token_missing (blank), invalid_signature (malformed, unknown key, bad signature), invalid_claims,
  // token_expired, dpop_not_supported, dpop_proof_missing, dpop_binding_mismatch, invalid_dpop_proof,
  // dpop_replay_detected, token_inactive; revocation_check_failed, jwks_unavailable, closed when
  // the answer cannot be known. Messages name claims and keys: they are for the log, not for the caller.
  Result<VerifiedClaims> verify(std::string_view token, const RequestContext* request = nullptr) const;

  const std::string& uri() const;
  const std::string& issuer() const;
  const std::vector<std::string>& scopes() const;
  const ResourceIdentifier& identifier() const;

  // Protected resource metadata: the document (same bytes each time), its path on this host, its URL.
  const std::string& metadata_json() const;
  const std::string& metadata_path() const;
  const std::string& metadata_url() const;

  // Realm, metadata URL and required proofs of this resource, for www_authenticate() and error_response().
  ChallengeOptions challenge_options() const;

  // False: bound tokens and stray proofs are refused with dpop_not_supported.
  bool dpop_configured() const;
  bool dpop_required() const;  // false: bearer tokens are taken too
  // To be sent as `DPoP-Nonce` with the answer to these claims' request: the nonce their proof used is about
  // to end (RFC 9449 section 8.2). "" when there is nothing to say.
  std::string next_dpop_nonce(const VerifiedClaims& claims) const;
  const std::shared_ptr<const Clock>& clock() const;
  const std::shared_ptr<Logger>& logger() const;

 private:
  struct Core;
  explicit Resource(std::shared_ptr<const Core> core) : core_(std::move(core)) {}
  std::shared_ptr<const Core> core_;
};

}  // namespace authplane
