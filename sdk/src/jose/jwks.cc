#include <authplane/jose/jwks.h>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace authplane {
namespace {

constexpr std::size_t kMostOfOneKid = 2;

// RFC 7517 sections 4.2 and 4.3. A member of the wrong type makes the key unusable rather than unrestricted.
bool allows_verification(const Json& jwk) {
  if (const Json* use = find_member(jwk, "use")) {
    if (!use->is_string() || use->get_ref<const std::string&>() != "sig") return false;
  }
  if (const Json* ops = find_member(jwk, "key_ops")) {
    if (!ops->is_array()) return false;
    return std::any_of(ops->begin(), ops->end(), [](const Json& op) {
      return op.is_string() && op.get_ref<const std::string&>() == "verify";
    });
  }
  return true;
}

}  // namespace

Result<JwkSet> JwkSet::parse(std::string_view text, std::size_t max_bytes) {
  auto document = parse_json_object(text, {.max_bytes = max_bytes, .max_depth = 16});
  if (!document) return Err(ErrorCode::protocol_error, "JWKS: " + document.error().message);
  const Json* keys = find_array(*document, "keys");
  if (!keys) return Err(ErrorCode::protocol_error, "JWKS: member \"keys\" is missing or not an array");
  JwkSet set;
  for (const Json& jwk : *keys) {
    if (!jwk.is_object()) continue;
    const std::string* kid = find_string(jwk, "kid");
    if (!kid && jwk.contains("kid")) continue;
    std::optional<std::string> alg;
    if (const Json* member = find_member(jwk, "alg")) {
      if (!member->is_string()) continue;
      alg = member->get<std::string>();
    }
    auto key = PublicKey::from_jwk(jwk);
    if (!key) continue;
    const bool is_named = kid && !kid->empty();
    (is_named ? set.keys_ : set.unnamed_)
        .push_back(Entry{is_named ? *kid : "", std::move(alg), allows_verification(jwk), std::move(*key)});
  }
  return set;
}

bool JwkSet::Entry::serves(JwsAlgorithm algorithm) const {
  return may_verify && (!alg || *alg == to_string(algorithm)) && key.fits(algorithm);
}

const PublicKey* JwkSet::find(std::string_view kid, JwsAlgorithm algorithm) const {
  for (const Entry& entry : keys_) {
    if (entry.kid == kid && entry.serves(algorithm)) return &entry.key;
  }
  return nullptr;
}

std::vector<const PublicKey*> JwkSet::find_all(std::string_view kid, JwsAlgorithm algorithm) const {
  std::vector<const PublicKey*> found;
  for (const Entry& entry : keys_) {
    if (!kid.empty() && (entry.kid != kid || found.size() == kMostOfOneKid)) continue;
    if (entry.serves(algorithm)) found.push_back(&entry.key);
  }
  if (!kid.empty()) return found;
  for (const Entry& entry : unnamed_) {
    if (entry.serves(algorithm)) found.push_back(&entry.key);
  }
  return found;
}

bool JwkSet::has_kid(std::string_view kid) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const Entry& entry) { return entry.kid == kid; });
}

Json public_jwk(const PublicKey& key, std::string_view kid, JwsAlgorithm algorithm) {
  Json jwk = key.to_jwk();
  jwk["kid"] = kid;
  jwk["use"] = "sig";
  jwk["alg"] = to_string(algorithm);
  return jwk;
}

}  // namespace authplane
