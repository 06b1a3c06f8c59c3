#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <authplane/base/clock.h>
#include <authplane/jose/jwks.h>
#include <authplane/jose/key.h>

namespace authplane::testing {

// Keys made once per process, because RSA generation is slow: index 0, 1, 2 ... give different keys.
const PrivateKey& test_key(JwsAlgorithm algorithm = JwsAlgorithm::ES256, std::size_t index = 0);

// A JWKS document with these keys' public halves, each under its thumbprint as kid, with use and alg.
std::string jwks_document(std::initializer_list<PrivateKey> keys);

// Builds access tokens (RFC 9068). A fresh builder makes a token that passes every check for the given issuer
// and audience at `now`; each setter then breaks or changes exactly one thing.
//
//   TokenBuilder(clock.now_seconds()).issuer("https://as.example").audience("https://rs.example/mcp").build();
class TokenBuilder {
 public:
  explicit TokenBuilder(std::chrono::sys_seconds now);

  TokenBuilder& issuer(std::string value) { return claim("iss", value); }
  TokenBuilder& audience(std::string value) { return claim("aud", OrderedJson::array({std::move(value)})); }
  TokenBuilder& scope(std::string value) { return claim("scope", std::move(value)); }
  TokenBuilder& claim(const std::string& name, OrderedJson value);
  TokenBuilder& without_claim(const std::string& name);
  TokenBuilder& header(const std::string& name, OrderedJson value);
  TokenBuilder& without_header(const std::string& name);
  // Signs with this key; sets alg and kid of the header accordingly.
  TokenBuilder& key(const PrivateKey& key);

  // Replace whole parts by text of the test's own making.
  TokenBuilder& raw_header(std::string json) { return raw_header_ = std::move(json), *this; }
  TokenBuilder& raw_payload(std::string json) { return raw_payload_ = std::move(json), *this; }

  std::string header_json() const;
  std::string payload_json() const;
  // header.payload.signature, signed by the key whatever the header says.
  std::string build() const;
  // With these signature bytes instead.
  std::string build_with_signature(std::string_view signature) const;
  // alg HS256 and an HMAC over the given secret: the classic confusion of a public key with a shared one.
  std::string build_hs256(std::string_view secret) const;
  // alg none, empty signature.
  std::string build_unsigned() const;

 private:
  OrderedJson header_, payload_;
  std::string raw_header_, raw_payload_;
  PrivateKey key_;
};

}  // namespace authplane::testing
