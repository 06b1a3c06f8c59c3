#pragma once

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/dpop/proof.h>
#include <authplane/testing/fake_clock.h>
#include <authplane/testing/token_builder.h>

namespace authplane::dpop::test {

inline const std::string kHtu = "https://api.example.com/resource";
inline const std::string kAccessToken = "token-a";
inline const std::chrono::sys_seconds kNow = testing::FakeClock().now_seconds();
inline const std::int64_t kNowSeconds = kNow.time_since_epoch().count();

// The error's code, or "ok".
template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "ok" : std::string(to_string(result.error().code));
}

// A proof as a client would make it for GET kHtu with kAccessToken at kNow; a test then changes one thing.
struct ProofParts {
  OrderedJson header, claims;
  PrivateKey key;
  std::string raw_header, raw_claims;  // replace the JSON when not empty

  explicit ProofParts(JwsAlgorithm algorithm = JwsAlgorithm::ES256) : key(testing::test_key(algorithm)) {
    header["typ"] = "dpop+jwt";
    header["alg"] = to_string(algorithm);
    header["jwk"] = key.public_key().to_jwk();
    claims["jti"] = "jti-1";
    claims["htm"] = "GET";
    claims["htu"] = kHtu;
    claims["iat"] = kNowSeconds;
    claims["ath"] = base64url_encode(as_bytes(sha256(kAccessToken)));
  }

  std::string signing_input() const {
    return base64url_encode(raw_header.empty() ? header.dump() : raw_header) + "." +
           base64url_encode(raw_claims.empty() ? claims.dump() : raw_claims);
  }
  std::string build() const {
    const std::string input = signing_input();
    return input + "." + base64url_encode(key.sign(input).value());
  }
};

inline ProofTarget target() {
  return {.method = "GET", .htu = kHtu, .access_token = kAccessToken};
}

inline Result<Proof> verify(const std::string& compact, const ProofTarget& wanted = target(),
                            const ProofRules& rules = {}) {
  return verify_proof(compact, wanted, rules, kNow);
}

}  // namespace authplane::dpop::test
