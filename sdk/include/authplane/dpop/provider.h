#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/random.h>
#include <authplane/base/result.h>
#include <authplane/dpop/nonce.h>
#include <authplane/jose/key.h>
#include <authplane/json/json.h>

namespace authplane::dpop {

// A key that stays where it is, in an HSM for instance. Thread-safe.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual JwsAlgorithm algorithm() const = 0;
  virtual const PublicKey& public_key() const = 0;
  // Raw JWS signature bytes (R||S for ES256).
  virtual Result<std::string> sign(std::string_view signing_input) const = 0;
};

struct ProviderOptions {
  std::shared_ptr<NonceStore> nonces{};  // unset: make_nonce_store()
  std::shared_ptr<const Clock> clock{};
  std::shared_ptr<Random> random{};
};

class Provider;
using ProviderPtr = std::shared_ptr<Provider>;

// Proves possession of one key (RFC 9449): makes proofs and keeps the nonces that servers ask for.
// Thread-safe. Algorithms: ES256, RS256, PS256.
class Provider {
 public:
  // A new key that lives as long as the provider. RS256 and PS256: 2048 bits.
  static Result<ProviderPtr> generate(JwsAlgorithm algorithm = JwsAlgorithm::ES256,
                                      ProviderOptions options = {});
  // Errors of the others: invalid_argument: not a private key, or of a kind that signs no proofs.
  static Result<ProviderPtr> create(PrivateKey key, ProviderOptions options = {});
  static Result<ProviderPtr> create(std::shared_ptr<const Signer> signer, ProviderOptions options = {});
  static Result<ProviderPtr> from_pem(std::string_view pem, ProviderOptions options = {});
  static Result<ProviderPtr> from_jwk(const Json& jwk, ProviderOptions options = {});

  // A new proof, to be used for one request only. `url` as it will be called; with the newest nonce known for
  // its origin, and `ath` when an access token goes along. Errors: invalid_argument (url), runtime_error.
  Result<std::string> proof(std::string_view method, std::string_view url,
                            std::string_view access_token = {}) const;
  // The fields of one request with that token: `Authorization: DPoP <token>` (left out without a token) and
  // `DPoP: <proof>`.
  Result<Headers> headers(std::string_view method, std::string_view url,
                          std::string_view access_token = {}) const;

  // To be told of every response to a request with a proof: keeps the nonce it brings. False: it brought
  // none.
  bool observe(std::string_view url, const Headers& response);
  // observe(), and whether to send the request once more with a new proof: a resource server demanded a nonce
  // (401 and `WWW-Authenticate: DPoP error="use_dpop_nonce"`) and brought one. Ask at most once per request.
  bool should_retry(std::string_view url, int status, const Headers& response);

  JwsAlgorithm algorithm() const;
  const std::string& thumbprint() const;  // RFC 7638 SHA-256, base64url: `cnf.jkt` of the tokens
  Json public_jwk() const;

  struct Impl;
  explicit Provider(std::unique_ptr<Impl> impl);
  ~Provider();

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace authplane::dpop
