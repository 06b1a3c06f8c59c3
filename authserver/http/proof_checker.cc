#include "authserver/http/proof_checker.h"

#include <utility>

#include <authplane/base/url.h>
#include <authplane/dpop/target_uri.h>

namespace authplane::authserver {
namespace {

Counter& rejected(Metrics& metrics, std::string_view reason) {
  return metrics.counter("authplane_dpop_proofs_rejected_total", {{"reason", reason}});
}

template <class T>
std::shared_ptr<T> not_owned(T& object) {
  return {std::shared_ptr<void>(), &object};
}

dpop::ProofRules rules_of(const DpopOptions& options) {
  dpop::ProofRules rules;
  rules.max_age = rules.max_ahead = options.proof_lifetime;
  rules.typ_any_case = true;
  return rules;
}

}  // namespace

ProofChecker::ProofChecker(const std::string& issuer, DpopOptions options, Deps deps)
    : options_(options),
      clock_(deps.clock),
      logger_(deps.logger),
      accepted_(deps.metrics.counter("authplane_dpop_proofs_validated_total")),
      invalid_(rejected(deps.metrics, "invalid_dpop_proof")),
      several_(rejected(deps.metrics, "multiple_proofs")),
      nonce_demanded_(rejected(deps.metrics, "use_dpop_nonce")),
      replayed_(rejected(deps.metrics, "replay")),
      proofs_(rules_of(options)),
      nonces_(dpop::make_nonce_policy(options.nonce_ttl, not_owned(deps.clock), not_owned(deps.random))) {
  const auto url = Url::parse(issuer);
  origin_ = url ? url->origin() : issuer;
  endpoint_ = dpop::normalize_htu(issuer + "/oauth/token").value_or(issuer);
}

Result<std::optional<PresentedProof>, Denial> ProofChecker::check(const HttpRequest& request,
                                                                  std::string_view client_id) const {
  if (!concerns(request)) return std::optional<PresentedProof>();
  const auto now = clock_.now_seconds();
  const auto proof = verify(request, now);
  if (!proof) return Err(refuse(proof.error(), client_id));
  return std::optional(
      PresentedProof{.thumbprint = proof->thumbprint,
                     .spent = SpentProof::of(proof->replay_key(), now, options_.proof_lifetime)});
}

void ProofChecker::count_replay(std::string_view client_id) const {
  replayed_.add();
  logger_.warn("DPoP proof refused", {{"client_id", client_id}, {"cause", "it was used before"}});
}

Result<dpop::Proof> ProofChecker::verify(const HttpRequest& request, std::chrono::sys_seconds now) const {
  // A list in one field is the same as several fields (RFC 9110 section 5.3), and no proof holds a comma.
  const auto compact = request.headers.get("DPoP");
  if (!compact || compact->find(',') != std::string_view::npos)
    return Err(ErrorCode::dpop_multiple_proofs, "the request has more than one DPoP proof");
  dpop::ProofTarget target{.method = request.method, .htu = {}};
  if (options_.require_nonce) {
    target.accepts_nonce = [this](const std::optional<std::string>& nonce) {
      return nonce && nonces_->accepts(*nonce);
    };
  }
  const std::string here = dpop::htu_of(origin_, request.path());
  target.htu = here;
  auto proof = proofs_.verify(*compact, target, now);
  if (proof || here == endpoint_ || proof.error().code != ErrorCode::invalid_dpop_proof) return proof;
  // Behind a proxy that strips the issuer's path, clients still prove for the URL that the metadata names.
  target.htu = endpoint_;
  auto second = proofs_.verify(*compact, target, now);
  return second || second.error().code == ErrorCode::use_dpop_nonce ? std::move(second) : std::move(proof);
}

Denial ProofChecker::refuse(const Error& error, std::string_view client_id) const {
  if (error.code == ErrorCode::use_dpop_nonce) {
    nonce_demanded_.add();
    logger_.debug("DPoP nonce demanded", {{"client_id", client_id}, {"cause", error.message}});
    return {.error = {OAuthErrorCode::use_dpop_nonce,
                      "repeat the request with a new DPoP proof that holds the nonce in DPoP-Nonce"},
            .reason = "use_dpop_nonce"};
  }
  const bool several = error.code == ErrorCode::dpop_multiple_proofs;
  (several ? several_ : invalid_).add();
  logger_.warn("DPoP proof refused", {{"client_id", client_id}, {"cause", error.message}});
  return {.error = {OAuthErrorCode::invalid_dpop_proof,
                    several ? "send exactly one DPoP proof" : "the DPoP proof is not valid for this request"},
          .reason = "invalid_dpop_proof"};
}

}  // namespace authplane::authserver
