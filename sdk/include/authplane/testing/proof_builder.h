#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <authplane/jose/key.h>
#include <authplane/testing/token_builder.h>

namespace authplane::testing {

// Builds DPoP proofs (RFC 9449 section 4.2). A fresh builder makes a proof for POST https://rs.example/mcp by
// test_key() that passes every check at `now`, with a jti of its own; each setter then breaks or changes
// exactly one thing.
class ProofBuilder {
 public:
  explicit ProofBuilder(std::chrono::sys_seconds now);

  ProofBuilder& method(std::string value) { return claim("htm", std::move(value)); }
  ProofBuilder& url(std::string value) { return claim("htu", std::move(value)); }
  ProofBuilder& jti(std::string value) { return claim("jti", std::move(value)); }
  ProofBuilder& nonce(std::string value) { return claim("nonce", std::move(value)); }
  ProofBuilder& access_token(std::string_view token);  // sets `ath`
  ProofBuilder& claim(const std::string& name, OrderedJson value);
  ProofBuilder& without_claim(const std::string& name);
  ProofBuilder& header(const std::string& name, OrderedJson value);
  ProofBuilder& without_header(const std::string& name);
  // Signs with this key; sets alg and jwk of the header accordingly.
  ProofBuilder& key(const PrivateKey& key);

  // Replace whole parts by text of the test's own making.
  ProofBuilder& raw_header(std::string json) { return raw_header_ = std::move(json), *this; }
  ProofBuilder& raw_payload(std::string json) { return raw_payload_ = std::move(json), *this; }

  std::string header_json() const { return raw_header_.empty() ? header_.dump() : raw_header_; }
  std::string payload_json() const { return raw_payload_.empty() ? payload_.dump() : raw_payload_; }
  // header.payload.signature, signed by the key whatever the header says.
  std::string build() const;

 private:
  OrderedJson header_, payload_;
  std::string raw_header_, raw_payload_;
  PrivateKey key_;
};

}  // namespace authplane::testing
