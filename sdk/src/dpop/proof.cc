#include <authplane/dpop/proof.h>

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/clock.h>
#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/dpop/target_uri.h>
#include <authplane/jose/jws.h>
#include <authplane/jose/key.h>
#include <authplane/jose/numeric_date.h>
#include <authplane/json/json.h>

#include "known_keys.h"

namespace authplane::dpop {
namespace {

using detail::ProofKey;

constexpr std::string_view kType = "dpop+jwt";
constexpr std::size_t kMaxJtiBytes = 256;
constexpr std::size_t kMaxDepth = 8;

Unexpected<Error> bad(std::string problem) {
  return Err(ErrorCode::invalid_dpop_proof, "DPoP proof: " + std::move(problem));
}

// What this request would have needed. Our side's value, but with a part that came from the request line.
std::string expected(std::string_view value) {
  return ", expected " + header_safe(value.substr(0, 256));
}

Result<JwsAlgorithm> check_algorithm(const Json& header, const ProofRules& rules) {
  const std::string* name = find_string(header, "alg");
  if (!name) return bad("header alg is missing or not a string");
  const auto algorithm = parse_jws_algorithm(*name);
  if (!algorithm ||
      std::find(rules.algorithms.begin(), rules.algorithms.end(), *algorithm) == rules.algorithms.end()) {
    return bad("header alg names an algorithm that is not allowed here");
  }
  return *algorithm;
}

Result<void> check_type(const Json& header, const ProofRules& rules) {
  const std::string* type = find_string(header, "typ");
  const bool fits = type && (rules.typ_any_case ? equals_ignore_case(*type, kType) : *type == kType);
  if (!fits) return bad("header typ must be dpop+jwt");
  return {};
}

Result<PublicKey> check_key(const Json& header, JwsAlgorithm algorithm) {
  const Json* jwk = find_object(header, "jwk");
  if (!jwk) return bad("header jwk is missing or not an object");
  auto key = PublicKey::from_jwk(*jwk);
  if (!key) return bad("header jwk: " + key.error().message);
  if (!key->fits(algorithm)) return bad("header jwk is not a key for the algorithm in alg");
  return key;
}

// Depends on the header and the rules alone.
Result<ProofKey> check_header(const Json& header, const ProofRules& rules) {
  if (header.contains("crit")) return bad("header crit: no extension is understood here");
  const auto algorithm = check_algorithm(header, rules);
  if (!algorithm) return Err(algorithm.error());
  if (auto ok = check_type(header, rules); !ok) return Err(std::move(ok.error()));
  auto key = check_key(header, *algorithm);
  if (!key) return Err(std::move(key.error()));
  return ProofKey{*algorithm, std::move(*key)};
}

// What a proof says, by the key that signed it.
struct Signed {
  ProofKey key;
  Json claims;
};

Result<Signed> check_signature(ProofKey key, std::string_view signing_input, std::string_view payload,
                               std::string_view signature, const ProofRules& rules) {
  if (!key.key.verify(key.algorithm, signing_input, signature))
    return bad("the signature is not valid for the key in jwk");
  auto claims = parse_json_object(payload, {.max_bytes = rules.max_bytes, .max_depth = kMaxDepth});
  if (!claims) return bad("payload: " + claims.error().message);
  return Signed{std::move(key), std::move(*claims)};
}

// Form, header, key, signature.
Result<Signed> read_proof(std::string_view compact, const ProofRules& rules) {
  const auto jws = parse_unverified_jws(compact, {.max_bytes = rules.max_bytes});
  if (!jws) return bad(jws.error().message);
  auto key = check_header(jws->header, rules);
  if (!key) return Err(std::move(key.error()));
  return check_signature(std::move(*key), jws->signing_input, jws->payload, jws->signature, rules);
}

// The same for a header that is known to be good.
Result<Signed> read_proof(std::string_view compact, ProofKey key, const ProofRules& rules) {
  const auto jws = split_unverified_jws(compact, {.max_bytes = rules.max_bytes});
  if (!jws) return bad(jws.error().message);
  return check_signature(std::move(key), jws->signing_input, jws->payload, jws->signature, rules);
}

// The claims of a proof with their types checked; the strings live in the JSON they came from.
struct Claims {
  const std::string* jti;
  const std::string* htm;
  const std::string* htu;
  WallTime issued_at;
  std::optional<WallTime> expires_at;
  std::optional<std::string> nonce;
};

Result<Claims> read_claims(const Json& payload) {
  Claims claims{};
  for (auto [name, target] : {std::pair<std::string_view, const std::string**>{"jti", &claims.jti},
                              {"htm", &claims.htm},
                              {"htu", &claims.htu}}) {
    *target = find_string(payload, name);
    if (!*target || (*target)->empty()) return bad(std::string(name) + " is missing, empty or not a string");
  }
  if (claims.jti->size() > kMaxJtiBytes) return bad("jti is longer than 256 bytes");

  const Json* iat = find_member(payload, "iat");
  const auto issued_at = iat ? parse_numeric_date(*iat) : std::nullopt;
  if (!issued_at) return bad("iat is missing or not a usable number of seconds");
  claims.issued_at = *issued_at;
  if (const Json* exp = find_member(payload, "exp")) {
    claims.expires_at = parse_numeric_date(*exp);
    if (!claims.expires_at) return bad("exp is not a usable number of seconds");
  }
  if (const Json* nonce = find_member(payload, "nonce")) {
    if (!nonce->is_string()) return bad("nonce is not a string");
    claims.nonce = nonce->get_ref<const std::string&>();
  }
  return claims;
}

Result<void> check_target(const Claims& claims, const ProofTarget& target) {
  if (*claims.htm != target.method) return bad("htm: method mismatch" + expected(target.method));
  if (*claims.htu == target.htu) return {};  // as most clients send it: nothing to normalise
  const auto htu = normalize_htu(*claims.htu);
  if (!htu) return bad("htu is not an absolute http or https URL without userinfo");
  if (*htu != target.htu) return bad("htu: URL mismatch" + expected(target.htu));
  return {};
}

Result<void> check_nonce(const Claims& claims, const ProofTarget& target) {
  if (!target.accepts_nonce || target.accepts_nonce(claims.nonce)) return {};
  return Err(ErrorCode::use_dpop_nonce, claims.nonce
                                            ? "DPoP proof: nonce is unknown or no longer accepted"
                                            : "DPoP proof: nonce is missing, the server asks for one");
}

Result<void> check_times(const Claims& claims, const ProofRules& rules, WallTime now) {
  if (claims.issued_at - now > rules.max_ahead) return bad("iat is in the future; check the clocks");
  if (now - claims.issued_at > rules.max_age) return bad("iat is too old; make a new proof per request");
  if (claims.expires_at && now - *claims.expires_at > rules.exp_leeway) return bad("expired (exp)");
  return {};
}

Result<void> check_access_token(const Json& payload, const ProofTarget& target) {
  if (!target.access_token) return {};
  const std::string* ath = find_string(payload, "ath");
  if (!ath) return bad("ath is missing or not a string, and an access token came with the proof");
  if (*ath != base64url_encode(as_bytes(sha256(*target.access_token))))
    return bad("ath is not the hash of the access token");
  return {};
}

// Everything but form, header, key and signature.
Result<Proof> judge(const Signed& proof, const ProofTarget& target, const ProofRules& rules, WallTime now) {
  auto claims = read_claims(proof.claims);
  if (!claims) return Err(std::move(claims.error()));
  if (auto ok = check_target(*claims, target); !ok) return Err(std::move(ok.error()));
  if (auto ok = check_nonce(*claims, target); !ok) return Err(std::move(ok.error()));
  if (auto ok = check_times(*claims, rules, now); !ok) return Err(std::move(ok.error()));
  if (auto ok = check_access_token(proof.claims, target); !ok) return Err(std::move(ok.error()));
  return Proof{.jti = *claims->jti,
               .thumbprint = proof.key.key.thumbprint(),
               .issued_at = std::chrono::floor<std::chrono::seconds>(claims->issued_at),
               .nonce = std::move(claims->nonce)};
}

}  // namespace

const std::vector<JwsAlgorithm>& default_algorithms() {
  static const std::vector<JwsAlgorithm> algorithms{JwsAlgorithm::ES256, JwsAlgorithm::RS256,
                                                    JwsAlgorithm::PS256};
  return algorithms;
}

Result<Proof> verify_proof(std::string_view compact, const ProofTarget& target, const ProofRules& rules,
                           std::chrono::sys_seconds now) {
  auto proof = read_proof(compact, rules);
  if (!proof) return Err(std::move(proof.error()));
  return judge(*proof, target, rules, now);
}

ProofVerifier::ProofVerifier(ProofRules rules)
    : rules_(std::make_shared<const ProofRules>(std::move(rules))),
      known_keys_(std::make_shared<detail::KnownKeys>()) {}

Result<Proof> ProofVerifier::verify(std::string_view compact, const ProofTarget& target,
                                    std::chrono::sys_seconds now) const {
  const std::string_view header = compact.substr(0, compact.find('.'));
  auto known = known_keys_->find(header);
  auto proof = known ? read_proof(compact, std::move(*known), *rules_) : read_proof(compact, *rules_);
  if (!proof) return Err(std::move(proof.error()));
  auto judged = judge(*proof, target, *rules_, now);
  if (judged && !known) known_keys_->remember(header, std::move(proof->key));
  return judged;
}

std::size_t ProofVerifier::known_keys() const {
  return known_keys_->size();
}

}  // namespace authplane::dpop
