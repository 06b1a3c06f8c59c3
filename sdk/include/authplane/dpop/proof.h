#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/jose/algorithm.h>

namespace authplane::dpop {

// The algorithms a proof may be signed with here.
const std::vector<JwsAlgorithm>& default_algorithms();  // ES256, RS256, PS256

// A proof that passed verify_proof() (RFC 9449 section 4.2). It still has to be spent: a replay store takes
// replay_key() once.
struct Proof {
  std::string jti;         // 1 to 256 bytes
  std::string thumbprint;  // RFC 7638 SHA-256 of the key that signed, base64url
  std::chrono::sys_seconds issued_at;
  std::optional<std::string> nonce;

  // What makes a proof the same proof: thumbprint and jti, so that two clients may pick one jti and neither
  // can spend the other's.
  std::string replay_key() const { return thumbprint + '.' + jti; }
};

struct ProofRules {
  std::vector<JwsAlgorithm> algorithms = default_algorithms();  // a subset of those, not empty
  std::chrono::seconds max_age{330};    // now - iat may be at most this, tolerance included
  std::chrono::seconds max_ahead{30};   // iat - now may be at most this
  std::chrono::seconds exp_leeway{30};  // now - exp may be at most this, when there is an exp
  std::size_t max_bytes = 8 * 1024;
  bool typ_any_case = false;  // true: "DPoP+JWT" will do too (media types have no case)
};

// What the proof has to be about.
struct ProofTarget {
  std::string_view method;  // compared with case
  std::string_view htu;     // normalised: see target_uri.h
  // The access token presented with the proof; none at a token endpoint.
  std::optional<std::string_view> access_token{};
  // Judges the nonce before the times are looked at; unset: any nonce and none at all will do. False refuses
  // the proof.
  std::function<bool(const std::optional<std::string>&)> accepts_nonce{};
};

// The checks of RFC 9449 section 4.3 that need no state, cheap ones and those of form first: one compact JWS,
// header (no duplicates, no crit), alg, typ, public jwk that fits, signature, claims, htm, htu, nonce, times,
// ath. A pure function. Errors: invalid_dpop_proof; the message names the member that is wrong, never its
// value. use_dpop_nonce when only `accepts_nonce` said no so far.
Result<Proof> verify_proof(std::string_view compact, const ProofTarget& target, const ProofRules& rules,
                           std::chrono::sys_seconds now);

namespace detail {
class KnownKeys;
}

// verify_proof() under one set of rules, for who judges many proofs: with the same outcomes. A client sends
// the same header with every proof, so the keys of proofs that passed are remembered by it, and reading the
// header and importing the key are left out the next time. The signature never is. Remembers 1,024 headers of
// at most 1 KiB each, about 3 KiB with the key. A copyable handle, copies share the memory; thread-safe.
class ProofVerifier {
 public:
  explicit ProofVerifier(ProofRules rules);

  // Errors: as verify_proof.
  Result<Proof> verify(std::string_view compact, const ProofTarget& target,
                       std::chrono::sys_seconds now) const;

  const ProofRules& rules() const { return *rules_; }
  std::size_t known_keys() const;

 private:
  std::shared_ptr<const ProofRules> rules_;
  std::shared_ptr<detail::KnownKeys> known_keys_;
};

}  // namespace authplane::dpop
