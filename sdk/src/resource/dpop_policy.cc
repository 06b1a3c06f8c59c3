#include "dpop_policy.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <authplane/dpop/target_uri.h>

#include "eviction_warning.h"

namespace authplane::detail {
namespace {

using std::chrono::seconds;

constexpr seconds kMaxSkew{300};
constexpr seconds kMaxProofAge{24 * 3600};

Unexpected<Error> bad_option(std::string_view option, std::string_view problem) {
  return Err(ErrorCode::invalid_argument,
             "resource option dpop" + std::string(option) + ": " + std::string(problem));
}

Result<void> check_options(const dpop::Inbound& options, const Url& resource) {
  const auto& possible = dpop::default_algorithms();
  if (options.allowed_algorithms.empty()) return bad_option(".allowed_algorithms", "must not be empty");
  for (JwsAlgorithm algorithm : options.allowed_algorithms) {
    if (std::find(possible.begin(), possible.end(), algorithm) == possible.end()) {
      return bad_option(".allowed_algorithms",
                        std::string(to_string(algorithm)) + " is not one of ES256, RS256, PS256");
    }
  }
  if (options.max_proof_age < seconds(1) || options.max_proof_age > kMaxProofAge) {
    return bad_option(".max_proof_age", "must be 1 s to 24 h");
  }
  if (options.clock_skew < seconds(0) || options.clock_skew > kMaxSkew) {
    return bad_option(".clock_skew", "must be 0 to 300 s");
  }
  if (options.replay_store && !options.replay_file.empty()) {
    return bad_option(".replay_file", "give either replay_file or replay_store, not both");
  }
  if (resource.scheme() != "https" && resource.scheme() != "http") {
    return bad_option("", "proofs name http and https URLs only, and the resource is neither");
  }
  return {};
}

// The application watches over a store of its own.
Result<std::shared_ptr<dpop::ReplayStore>> replay_store(const dpop::Inbound& options,
                                                        EvictionWarning warning) {
  if (options.replay_store) return options.replay_store;
  if (options.replay_file.empty()) {
    dpop::MemoryReplayStoreOptions memory;
    memory.clock = warning.clock;
    return warn_of_evictions(dpop::MemoryReplayStore::create(std::move(memory)), std::move(warning));
  }
  dpop::FileReplayStoreOptions file;
  file.path = options.replay_file;
  file.clock = warning.clock;
  auto opened = dpop::FileReplayStore::open(std::move(file));
  if (!opened) return bad_option(".replay_file", opened.error().message);
  return warn_of_evictions(std::move(*opened), std::move(warning));
}

Unexpected<Error> bad_proof(std::string message) {
  return Err(ErrorCode::invalid_dpop_proof, std::move(message));
}

Unexpected<Error> mismatch(std::string message) {
  return Err(ErrorCode::dpop_binding_mismatch, std::move(message));
}

// A resource without DPoP cannot check a proof, so it refuses every sign of one instead of treating a bound
// token as a bearer token.
Result<void> refuse_dpop(const ClaimsData& claims, const RequestContext* request) {
  if (claims.has_cnf) {
    return Err(
        ErrorCode::dpop_not_supported,
        "the token is bound to a key (cnf), and this resource does not check proofs; use a bearer token");
  }
  if (request && request->proof()) {
    return Err(ErrorCode::dpop_not_supported,
               "the request carries a DPoP proof, and this resource does not check proofs; leave the DPoP "
               "header out");
  }
  if (request && request->scheme() == TokenScheme::dpop) {
    return Err(ErrorCode::dpop_not_supported,
               "the token came under the scheme DPoP, which this resource does not support; use Bearer");
  }
  return {};
}

// A token without `cnf` where DPoP is configured.
Result<void> check_bearer(bool required, const RequestContext* request) {
  if (request && request->proof()) {
    return mismatch("the request carries a DPoP proof, and the token is not bound to a key (no cnf)");
  }
  if (request && request->scheme() == TokenScheme::dpop) {
    return mismatch("the token came under the scheme DPoP and is not bound to a key (no cnf)");
  }
  if (required) return mismatch("the token is not bound to a key (no cnf), and this resource requires DPoP");
  return {};
}

}  // namespace

Result<DpopPolicy> DpopPolicy::create(std::optional<dpop::Inbound> options,
                                      const ResourceIdentifier& resource,
                                      const std::shared_ptr<const Clock>& clock,
                                      const std::shared_ptr<Logger>& logger) {
  DpopPolicy policy;
  if (!options) return policy;
  if (auto checked = check_options(*options, resource.url()); !checked)
    return Err(std::move(checked.error()));
  auto store = replay_store(*options, {resource.text(), clock, logger});
  if (!store) return Err(std::move(store.error()));
  options->replay_store = std::move(*store);
  policy.proofs_.emplace(dpop::ProofRules{.algorithms = options->allowed_algorithms,
                                          .max_age = options->max_proof_age + options->clock_skew,
                                          .max_ahead = options->clock_skew,
                                          .exp_leeway = options->clock_skew});
  policy.origin_ = resource.url().origin();
  policy.resource_path_ = resource.url().path();
  policy.resource_htu_ = dpop::htu_of(policy.origin_, policy.resource_path_);
  policy.options_ = std::move(options);
  return policy;
}

std::span<const JwsAlgorithm> DpopPolicy::algorithms() const {
  if (!proofs_) return {};
  return proofs_->rules().algorithms;
}

Result<std::shared_ptr<const dpop::Proof>> DpopPolicy::check(const ClaimsData& claims, std::string_view token,
                                                             const RequestContext* request,
                                                             WallTime now) const {
  const bool bound = options_ && claims.has_cnf;
  if (!bound) {
    const auto bearer = options_ ? check_bearer(options_->required, request) : refuse_dpop(claims, request);
    if (!bearer) return Err(bearer.error());
    return std::shared_ptr<const dpop::Proof>();
  }
  if (!claims.cnf_jkt) {
    return Err(ErrorCode::invalid_claims, "claim cnf has no member jkt that is a non-empty string");
  }
  if (!request || !request->proof()) {
    return Err(ErrorCode::dpop_proof_missing,
               "the token is bound to a key (cnf.jkt), and the request carries no DPoP proof");
  }
  if (options_->require_scheme && request->scheme() != TokenScheme::dpop) {
    return mismatch("the token is bound to a key and came under the scheme Bearer; send it under DPoP");
  }
  auto proof = judge(*claims.cnf_jkt, token, *request, now);
  if (!proof) return Err(std::move(proof.error()));
  return std::make_shared<const dpop::Proof>(std::move(*proof));
}

// What the options brought in is the application's code; whatever it throws, the proof was not judged.
Result<dpop::Proof> DpopPolicy::judge(const std::string& jkt, std::string_view token,
                                      const RequestContext& request, WallTime now) const try {
  auto proof = verify(token, request, now);
  if (!proof) return proof;
  if (proof->thumbprint != jkt) {
    return mismatch("the DPoP proof was signed by another key than the one the token is bound to (cnf.jkt)");
  }
  // Last: only who holds the key of the token can spend a proof, and only a good one.
  auto fresh = options_->replay_store->check_and_store(proof->replay_key(),
                                                       proof->issued_at + proofs_->rules().max_age);
  if (!fresh) return bad_proof("the memory of spent DPoP proofs failed: " + fresh.error().message);
  if (!*fresh) {
    return Err(ErrorCode::dpop_replay_detected,
               "the DPoP proof was used before; a client makes a new one for every request");
  }
  return proof;
} catch (const std::exception& error) {
  return bad_proof(std::string("the DPoP proof could not be judged: ") + error.what());
} catch (...) {
  return bad_proof("the DPoP proof could not be judged: something that is not a std::exception was thrown");
}

Result<dpop::Proof> DpopPolicy::verify(std::string_view token, const RequestContext& request,
                                       WallTime now) const {
  const std::string htu = htu_of(request.path());
  dpop::ProofTarget target{.method = request.method(), .htu = htu, .access_token = token};
  if (const auto* nonces = options_->nonce_policy.get()) {
    target.accepts_nonce = [nonces](const std::optional<std::string>& nonce) {
      return nonce && nonces->accepts(*nonce);
    };
  }
  auto proof = proofs_->verify(*request.proof(), target, std::chrono::floor<std::chrono::seconds>(now));
  if (!proof && proof.error().code == ErrorCode::use_dpop_nonce) {
    proof.error().code = ErrorCode::invalid_dpop_proof;
    proof.error().dpop_nonce = options_->nonce_policy->current();
  }
  return proof;
}

std::string DpopPolicy::htu_of(std::string_view raw_path) const {
  if (options_->public_path) return dpop::htu_of(origin_, options_->public_path(raw_path));
  return raw_path == resource_path_ ? resource_htu_ : dpop::htu_of(origin_, raw_path);
}

std::string DpopPolicy::next_nonce(const dpop::Proof& proof) const try {
  if (!options_ || !options_->nonce_policy) return {};
  std::string current = options_->nonce_policy->current();
  return proof.nonce == current ? std::string() : current;
} catch (...) {
  return {};  // the request has passed; the next one will be told
}

}  // namespace authplane::detail
