#include <authplane/testing/token_builder.h>

#include <map>
#include <mutex>
#include <stdexcept>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

namespace authplane::testing {

const PrivateKey& test_key(JwsAlgorithm algorithm, std::size_t index) {
  static std::mutex mutex;
  static std::map<std::pair<JwsAlgorithm, std::size_t>, PrivateKey> keys;
  std::lock_guard lock(mutex);
  auto found = keys.find({algorithm, index});
  if (found == keys.end())
    found = keys.emplace(std::pair{algorithm, index}, PrivateKey::generate(algorithm).value()).first;
  return found->second;
}

std::string jwks_document(std::initializer_list<PrivateKey> keys) {
  Json document = {{"keys", Json::array()}};
  for (const auto& key : keys) {
    document["keys"].push_back(public_jwk(key.public_key(), key.public_key().thumbprint(), key.algorithm()));
  }
  return document.dump();
}

TokenBuilder::TokenBuilder(std::chrono::sys_seconds now) : key_(test_key()) {
  const auto seconds = now.time_since_epoch().count();
  header_["typ"] = "at+jwt";
  payload_["iss"] = "https://as.example";
  payload_["sub"] = "client-1";
  payload_["aud"] = OrderedJson::array({"https://rs.example/mcp"});
  payload_["client_id"] = "client-1";
  payload_["jti"] = "token-1";
  payload_["iat"] = seconds;
  payload_["exp"] = seconds + 300;
  key(key_);
}

TokenBuilder& TokenBuilder::claim(const std::string& name, OrderedJson value) {
  payload_[name] = std::move(value);
  return *this;
}
TokenBuilder& TokenBuilder::without_claim(const std::string& name) {
  payload_.erase(name);
  return *this;
}
TokenBuilder& TokenBuilder::header(const std::string& name, OrderedJson value) {
  header_[name] = std::move(value);
  return *this;
}
TokenBuilder& TokenBuilder::without_header(const std::string& name) {
  header_.erase(name);
  return *this;
}
TokenBuilder& TokenBuilder::key(const PrivateKey& key) {
  key_ = key;
  header_["alg"] = to_string(key.algorithm());
  header_["kid"] = key.public_key().thumbprint();
  return *this;
}

std::string TokenBuilder::header_json() const {
  return raw_header_.empty() ? header_.dump() : raw_header_;
}
std::string TokenBuilder::payload_json() const {
  return raw_payload_.empty() ? payload_.dump() : raw_payload_;
}

std::string TokenBuilder::build() const {
  const std::string input = base64url_encode(header_json()) + "." + base64url_encode(payload_json());
  return input + "." + base64url_encode(key_.sign(input).value());
}

std::string TokenBuilder::build_with_signature(std::string_view signature) const {
  return base64url_encode(header_json()) + "." + base64url_encode(payload_json()) + "." +
         base64url_encode(signature);
}

std::string TokenBuilder::build_hs256(std::string_view secret) const {
  TokenBuilder copy = *this;
  copy.header("alg", "HS256");
  const std::string input =
      base64url_encode(copy.header_json()) + "." + base64url_encode(copy.payload_json());
  return input + "." + base64url_encode(as_bytes(hmac_sha256(secret, input)));
}

std::string TokenBuilder::build_unsigned() const {
  TokenBuilder copy = *this;
  copy.header("alg", "none");
  return base64url_encode(copy.header_json()) + "." + base64url_encode(copy.payload_json()) + ".";
}

}  // namespace authplane::testing
