#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>
#include <authplane/dpop/nonce.h>
#include <authplane/dpop/proof.h>

#include "authserver/domain/metrics.h"
#include "authserver/domain/spent_proof.h"
#include "authserver/http/denial.h"

namespace authplane::authserver {

struct DpopOptions {
  bool enabled = true;                      // false: proofs are ignored, tokens are bearer tokens
  std::chrono::seconds proof_lifetime{60};  // how far from now a proof's `iat` may be, either way; > 0
  std::chrono::seconds nonce_ttl{60};       // 1 s to 1 h
  bool require_nonce = false;
};

// A proof that passed every check but one: whether it was used before shows when the token is recorded.
struct PresentedProof {
  std::string thumbprint;  // RFC 7638 SHA-256 of its key, base64url: `cnf.jkt` of the token
  SpentProof spent;        // to be recorded with the token
};

// Judges the proofs of possession that come with token requests (RFC 9449 sections 5 and 8). Thread-safe.
class ProofChecker {
 public:
  struct Deps {
    const Clock& clock;
    Random& random;
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the checker. Proofs must name a URL at the issuer's origin: what the Host field
  // says proves nothing.
  ProofChecker(const std::string& issuer, DpopOptions options, Deps deps);

  // Whether the request is answered by the rules of DPoP at all.
  bool concerns(const HttpRequest& request) const {
    return options_.enabled && request.headers.contains("DPoP");
  }
  // nullopt: a request for a bearer token. Denials: invalid_dpop_proof, use_dpop_nonce; the log has the
  // precise reason under the client's id.
  Result<std::optional<PresentedProof>, Denial> check(const HttpRequest& request,
                                                      std::string_view client_id) const;
  // For the DPoP-Nonce field of every answer to a request it concerns.
  std::string fresh_nonce() const { return nonces_->current(); }

  // How the proof of a recorded token, or of one refused as a replay, is counted.
  void count_accepted() const { accepted_.add(); }
  void count_replay(std::string_view client_id) const;

 private:
  Result<dpop::Proof> verify(const HttpRequest& request, std::chrono::sys_seconds now) const;
  Denial refuse(const Error& error, std::string_view client_id) const;

  const DpopOptions options_;
  const Clock& clock_;
  Logger& logger_;
  Counter &accepted_, &invalid_, &several_, &nonce_demanded_, &replayed_;
  std::string origin_;    // of the issuer
  std::string endpoint_;  // the token endpoint's URL as the metadata gives it, normalised
  const dpop::ProofVerifier proofs_;
  std::shared_ptr<const dpop::NoncePolicy> nonces_;
};

// The proof of one request, judged when somebody first asks for it. One thread.
class RequestProof {
 public:
  RequestProof(const ProofChecker& checker, const HttpRequest& request, std::string_view client_id)
      : checker_(checker), request_(request), client_id_(client_id) {}

  // As ProofChecker::check().
  const Result<std::optional<PresentedProof>, Denial>& get() const {
    if (!judged_) judged_ = checker_.check(request_, client_id_);
    return *judged_;
  }

 private:
  const ProofChecker& checker_;
  const HttpRequest& request_;
  const std::string_view client_id_;
  mutable std::optional<Result<std::optional<PresentedProof>, Denial>> judged_;
};

}  // namespace authplane::authserver
