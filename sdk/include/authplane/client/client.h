#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/client/jwks_cache.h>
#include <authplane/client/options.h>
#include <authplane/client/responses.h>

namespace authplane {

// Everything that belongs to one authorization server: metadata, keys, tokens, circuit breaker and transport.
// A copyable handle on shared state; the last copy closes it. Every member function may be called from any
// number of threads at once; callers that need the same answer share one request. Create clients after
// fork().
class Client {
 public:
  // Checks the options, fetches and checks the metadata (RFC 8414), and, with fetch_keys, the key set; fails
  // as a whole. Blocks for at most a few network calls, or for options.startup_timeout when that is longer.
  // Errors: invalid_argument (nothing was sent), metadata_fetch_error, missing_metadata_endpoint,
  // jwks_unavailable, ssrf_blocked.
  static Result<Client> create(ClientOptions options);

  // Client credentials grant (RFC 6749 section 4.4) with one `resource` per value (RFC 8707). Without a
  // resource the token is not meant for any particular one and a resource server refuses it. Answered from
  // the token cache when that holds a token for the same set of scopes and resources. Errors:
  // invalid_argument (no credentials configured), missing_metadata_endpoint, circuit_open, transport_error,
  // ssrf_blocked, protocol_error, closed, and the OAuth errors of the authorization server. With
  // options.dpop, one demand for a nonce is met with a second request; a second one is use_dpop_nonce.
  Result<TokenResponse> client_credentials(std::vector<std::string> scopes,
                                           std::vector<std::string> resources = {}) const;

  // Token exchange (RFC 8693). Errors: as above, and consent_required with Error::consent set.
  // access_denied means that the operator has not allowed this client to exchange for that resource;
  // invalid_target that `resource` differs from the granted one, where a trailing slash is enough.
  Result<TokenResponse> exchange(const ExchangeOptions& options) const;

  // Token introspection (RFC 7662). An inactive token is a result, not an error. Never cached.
  Result<Introspection> introspect(std::string_view token) const;

  // Token revocation (RFC 7009). Any 2xx is success, whatever the token was. Cached tokens of that value are
  // dropped.
  Result<void> revoke(std::string_view token, std::string_view token_type_hint = "access_token") const;

  // The fields of one request to a resource server, with a new proof (RFC 9449 section 7.1):
  // `Authorization: DPoP <access_token>`, left out without a token, and `DPoP: <proof>`. `url` as it will be
  // called. Tell dpop()->should_retry() of the response. Sends nothing. Errors: invalid_argument (no
  // options.dpop, the URL), runtime_error, closed.
  Result<Headers> dpop_headers(std::string_view method, std::string_view url,
                               std::string_view access_token = {}) const;

  // Stops and joins the background refresh; later calls fail with `closed`. May be called repeatedly, from
  // any thread.
  void close() noexcept;

  // What resource servers on top of this client need. References live as long as any copy of the client.
  const std::string& issuer() const noexcept;
  const std::vector<JwsAlgorithm>& allowed_algorithms() const noexcept;
  bool dev_mode() const noexcept;
  const dpop::ProviderPtr& dpop() const noexcept;  // null without options.dpop
  std::shared_ptr<KeySource> keys() const;         // keeps the client's state alive
  const Clock& clock() const noexcept;
  Logger& logger() const noexcept;
  Random& random() const noexcept;

 private:
  class Core;
  explicit Client(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace authplane
