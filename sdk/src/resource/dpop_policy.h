#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/dpop/inbound.h>
#include <authplane/resource/identifier.h>
#include <authplane/resource/request_context.h>

#include "claims_data.h"

namespace authplane::detail {

// What a resource makes of proofs of possession (RFC 9449 section 7), by its mode:
//
//                   bearer token,   bearer token      bound token       bound token,
//                   no proof        and a proof       and a proof       no proof
//   required        mismatch        mismatch          proof is judged   proof missing
//   supported       accepted        mismatch          proof is judged   proof missing
//   not configured  accepted        not supported     not supported     not supported
//
// Thread-safe.
class DpopPolicy {
 public:
  // Errors: invalid_argument, the message names the option. `clock` and `logger` must not be null.
  static Result<DpopPolicy> create(std::optional<dpop::Inbound> options, const ResourceIdentifier& resource,
                                   const std::shared_ptr<const Clock>& clock,
                                   const std::shared_ptr<Logger>& logger);

  bool configured() const { return options_.has_value(); }
  bool required() const { return options_ && options_->required; }
  // Empty when not configured.
  std::span<const JwsAlgorithm> algorithms() const;

  // Of a token that has passed every check of its own; no request is no proof. Gives the proof, which is
  // spent by then, or nullptr for a bearer token. Errors: as Resource::verify.
  Result<std::shared_ptr<const dpop::Proof>> check(const ClaimsData& claims, std::string_view token,
                                                   const RequestContext* request, WallTime now) const;

  // "" when the nonce of that proof is still the one handed out.
  std::string next_nonce(const dpop::Proof& proof) const;

 private:
  DpopPolicy() = default;
  Result<dpop::Proof> judge(const std::string& jkt, std::string_view token, const RequestContext& request,
                            WallTime now) const;
  Result<dpop::Proof> verify(std::string_view token, const RequestContext& request, WallTime now) const;
  std::string htu_of(std::string_view raw_path) const;

  std::optional<dpop::Inbound> options_;
  std::optional<dpop::ProofVerifier> proofs_;  // set together with the options
  // Of the configured URI, never of what a request says about itself.
  std::string origin_, resource_path_, resource_htu_;
};

}  // namespace authplane::detail
