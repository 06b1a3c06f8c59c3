#include <authplane/dpop/provider.h>

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/dpop/proof.h>
#include <authplane/dpop/target_uri.h>

#include "challenge_parser.h"

namespace authplane::dpop {
namespace {

constexpr std::chrono::seconds kProofLifetime{300};
constexpr std::size_t kJtiBytes = 16;
constexpr std::size_t kMaxNonceBytes = 1024;

Unexpected<Error> bad(std::string problem) {
  return Err(ErrorCode::invalid_argument, "DPoP: " + std::move(problem));
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

class KeySigner final : public Signer {
 public:
  explicit KeySigner(PrivateKey key) : key_(std::move(key)) {}
  JwsAlgorithm algorithm() const override { return key_.algorithm(); }
  const PublicKey& public_key() const override { return key_.public_key(); }
  Result<std::string> sign(std::string_view input) const override { return key_.sign(input); }

 private:
  PrivateKey key_;
};

Result<void> check_signer(const Signer& signer) {
  const auto& allowed = default_algorithms();
  const JwsAlgorithm algorithm = signer.algorithm();
  if (std::find(allowed.begin(), allowed.end(), algorithm) == allowed.end())
    return bad("a key for " + std::string(to_string(algorithm)) +
               " signs no proofs; use ES256, RS256 or PS256");
  if (!signer.public_key().fits(algorithm))
    return bad("the signer's public key is not one for " + std::string(to_string(algorithm)));
  return {};
}

// The header never changes, so it is encoded once per key.
std::string encoded_header(const Signer& signer) {
  OrderedJson header;
  header["typ"] = "dpop+jwt";
  header["alg"] = to_string(signer.algorithm());
  header["jwk"] = signer.public_key().to_jwk();
  return base64url_encode(to_json_text(header)) + ".";
}

Result<Url> parse_target(std::string_view text) {
  auto url = Url::parse(text);
  if (!url) return url;
  if (url->scheme() != "https" && url->scheme() != "http")
    return bad("a proof is for an https or http URL, not for scheme " + url->scheme());
  return url;
}

bool asks_for_nonce(const Headers& response) {
  for (const std::string_view field : response.all("WWW-Authenticate")) {
    for (const Challenge& challenge : parse_challenges(field)) {
      if (challenge.scheme == "dpop" && challenge.parameter("error") == "use_dpop_nonce") return true;
    }
  }
  return false;
}

}  // namespace

struct Provider::Impl {
  std::shared_ptr<const Signer> signer;
  std::shared_ptr<NonceStore> nonces;
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Random> random;
  std::string header;

  // Whether the response brought a nonce; it is kept then.
  bool keep_nonce(std::string_view text, const Headers& response) const {
    const auto nonce = response.get("DPoP-Nonce");
    if (!nonce || nonce->empty() || nonce->size() > kMaxNonceBytes || !is_visible_ascii(*nonce)) return false;
    const auto url = parse_target(text);
    if (!url) return false;
    nonces->put(origin_of(*url), *nonce);
    return true;
  }
};

Provider::Provider(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Provider::~Provider() = default;

Result<ProviderPtr> Provider::generate(JwsAlgorithm algorithm, ProviderOptions options) {
  auto key = PrivateKey::generate(algorithm);
  if (!key) return Err(std::move(key.error()));
  return create(std::move(*key), std::move(options));
}

Result<ProviderPtr> Provider::create(PrivateKey key, ProviderOptions options) {
  return create(std::make_shared<const KeySigner>(std::move(key)), std::move(options));
}

Result<ProviderPtr> Provider::create(std::shared_ptr<const Signer> signer, ProviderOptions options) {
  if (!signer) return bad("no signer was given");
  if (auto ok = check_signer(*signer); !ok) return Err(std::move(ok.error()));
  auto impl = std::make_unique<Impl>();
  impl->header = encoded_header(*signer);
  impl->signer = std::move(signer);
  impl->nonces = options.nonces ? std::move(options.nonces) : make_nonce_store();
  impl->clock = options.clock ? std::move(options.clock) : std::make_shared<SystemClock>();
  impl->random = options.random ? std::move(options.random) : std::make_shared<SystemRandom>();
  return std::make_shared<Provider>(std::move(impl));
}

Result<ProviderPtr> Provider::from_pem(std::string_view pem, ProviderOptions options) {
  auto key = PrivateKey::from_pem(pem);
  if (!key) return Err(std::move(key.error()));
  return create(std::move(*key), std::move(options));
}

Result<ProviderPtr> Provider::from_jwk(const Json& jwk, ProviderOptions options) {
  auto key = PrivateKey::from_jwk(jwk);
  if (!key) return Err(std::move(key.error()));
  if (const Json* alg = find_member(jwk, "alg")) {
    const std::string* name = alg->get_ptr<const std::string*>();
    const auto algorithm = name ? parse_jws_algorithm(*name) : std::nullopt;
    if (!algorithm) return bad("the JWK's alg must be ES256, RS256 or PS256");
    key = key->with_algorithm(*algorithm);
    if (!key) return Err(std::move(key.error()));
  }
  return create(std::move(*key), std::move(options));
}

Result<std::string> Provider::proof(std::string_view method, std::string_view url,
                                    std::string_view access_token) const {
  if (method.empty()) return bad("a proof needs the method of the request");
  const auto target = parse_target(url);
  if (!target) return Err(target.error());
  const auto now = impl_->clock->now_seconds().time_since_epoch().count();
  OrderedJson claims;
  claims["jti"] = impl_->random->token(kJtiBytes);
  claims["htm"] = method;
  claims["htu"] = htu_of(*target);
  claims["iat"] = now;
  claims["exp"] = now + kProofLifetime.count();
  if (auto nonce = impl_->nonces->get(origin_of(*target))) claims["nonce"] = std::move(*nonce);
  if (!access_token.empty()) claims["ath"] = base64url_encode(as_bytes(sha256(access_token)));

  std::string text = impl_->header + base64url_encode(to_json_text(claims));
  auto signature = impl_->signer->sign(text);
  if (!signature) return signature;
  text += '.';
  return text += base64url_encode(*signature);
}

Result<Headers> Provider::headers(std::string_view method, std::string_view url,
                                  std::string_view access_token) const {
  if (!is_visible_ascii(access_token))
    return bad("the access token has a character that no header may carry");
  auto text = proof(method, url, access_token);
  if (!text) return Err(std::move(text.error()));
  Headers fields;
  if (!access_token.empty()) fields.add("Authorization", "DPoP " + std::string(access_token));
  fields.add("DPoP", std::move(*text));
  return fields;
}

bool Provider::observe(std::string_view url, const Headers& response) {
  return impl_->keep_nonce(url, response);
}

bool Provider::should_retry(std::string_view url, int status, const Headers& response) {
  const bool brought_nonce = impl_->keep_nonce(url, response);
  return brought_nonce && status == 401 && asks_for_nonce(response);
}

JwsAlgorithm Provider::algorithm() const {
  return impl_->signer->algorithm();
}

const std::string& Provider::thumbprint() const {
  return impl_->signer->public_key().thumbprint();
}

Json Provider::public_jwk() const {
  return impl_->signer->public_key().to_jwk();
}

}  // namespace authplane::dpop
