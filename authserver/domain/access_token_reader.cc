#include "authserver/domain/access_token_reader.h"

#include <algorithm>
#include <chrono>

#include <authplane/jose/jws.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxTokenBytes = 16 * 1024;

// The header decides nothing: it has to name one of our keys as that key would have written it.
const VerificationKey* key_of(const SigningKeySet& keys, const Json& header) {
  const std::string* typ = find_string(header, "typ");
  const std::string* alg = find_string(header, "alg");
  const std::string* kid = find_string(header, "kid");
  if (typ == nullptr || *typ != "at+jwt" || alg == nullptr || kid == nullptr || header.contains("crit")) {
    return nullptr;
  }
  const auto found = std::find_if(
      keys.published.begin(), keys.published.end(),
      [&](const VerificationKey& key) { return key.kid == *kid && to_string(key.algorithm) == *alg; });
  return found == keys.published.end() ? nullptr : &*found;
}

bool is_complete(const Json& claims) {
  for (const char* name : {"iss", "jti", "sub", "client_id"}) {
    if (find_string(claims, name) == nullptr) return false;
  }
  for (const char* name : {"iat", "exp"}) {
    const Json* value = find_member(claims, name);
    if (value == nullptr || !value->is_number_integer()) return false;
  }
  return true;
}

}  // namespace

Result<Json> AccessTokenReader::read(std::string_view token) const {
  const auto jws = parse_unverified_jws(token, {.max_bytes = kMaxTokenBytes});
  if (!jws) return Err(jws.error());
  const SigningKeySetPtr keys = keys_.keys();
  const VerificationKey* key = key_of(*keys, jws->header);
  if (key == nullptr) {
    return Err(ErrorCode::invalid_signature, "the header is not that of an access token of this server");
  }
  if (!key->key.verify(key->algorithm, jws->signing_input, jws->signature)) {
    return Err(ErrorCode::invalid_signature, "the signature does not verify with key " + key->kid);
  }
  auto claims = parse_json_object(jws->payload);
  if (!claims) return claims;
  if (!is_complete(*claims)) return Err(ErrorCode::invalid_claims, "a required claim is missing");
  if ((*claims)["iss"] != issuer_) return Err(ErrorCode::invalid_claims, "the token names another issuer");
  if ((*claims)["exp"].get<std::int64_t>() <= clock_.now_seconds().time_since_epoch().count()) {
    return Err(ErrorCode::token_expired, "the token has expired");
  }
  return claims;
}

bool AccessTokenReader::claims_other_issuer(std::string_view token) const {
  const auto jws = parse_unverified_jws(token, {.max_bytes = kMaxTokenBytes});
  if (!jws) return false;
  const auto claims = parse_json_object(jws->payload);
  if (!claims) return false;
  const std::string* issuer = find_string(*claims, "iss");
  return issuer != nullptr && *issuer != issuer_;
}

}  // namespace authplane::authserver
