#include <authplane/testing/proof_builder.h>

#include <atomic>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

namespace authplane::testing {

ProofBuilder::ProofBuilder(std::chrono::sys_seconds now) : key_(test_key()) {
  static std::atomic<int> last = 0;
  header_["typ"] = "dpop+jwt";
  payload_["jti"] = "proof-" + std::to_string(++last);
  payload_["htm"] = "POST";
  payload_["htu"] = "https://rs.example/mcp";
  payload_["iat"] = now.time_since_epoch().count();
  key(key_);
}

ProofBuilder& ProofBuilder::access_token(std::string_view token) {
  return claim("ath", base64url_encode(as_bytes(sha256(token))));
}
ProofBuilder& ProofBuilder::claim(const std::string& name, OrderedJson value) {
  payload_[name] = std::move(value);
  return *this;
}
ProofBuilder& ProofBuilder::without_claim(const std::string& name) {
  payload_.erase(name);
  return *this;
}
ProofBuilder& ProofBuilder::header(const std::string& name, OrderedJson value) {
  header_[name] = std::move(value);
  return *this;
}
ProofBuilder& ProofBuilder::without_header(const std::string& name) {
  header_.erase(name);
  return *this;
}
ProofBuilder& ProofBuilder::key(const PrivateKey& key) {
  key_ = key;
  header_["alg"] = to_string(key.algorithm());
  header_["jwk"] = key.public_key().to_jwk();
  return *this;
}

std::string ProofBuilder::build() const {
  const std::string input = base64url_encode(header_json()) + "." + base64url_encode(payload_json());
  return input + "." + base64url_encode(key_.sign(input).value());
}

}  // namespace authplane::testing
