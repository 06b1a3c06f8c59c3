#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/dpop/proof.h>
#include <authplane/json/json.h>
#include <authplane/oauth/scope.h>

namespace authplane {

namespace detail {
struct ClaimsData;
}

// The claims of an access token that passed every check of Resource::verify (RFC 9068 section 2.2). Only the
// verifier makes one. Immutable; copies share their storage and may be used from any thread.
//
// For authorization use the top-level claims and the outermost `act` only. Inner actors, agent_id and
// agent_chain are for audit: a client can claim to be an agent by itself.
class VerifiedClaims {
 public:
  // Required claims; none of them is empty.
  const std::string& sub() const;
  const std::string& client_id() const;
  const std::string& issuer() const;
  const std::string& jti() const;
  const std::string& kid() const;  // of the token header
  const std::vector<std::string>& audience() const;
  std::chrono::sys_seconds expires_at() const;  // fractions of a second cut off
  std::chrono::sys_seconds issued_at() const;

  // Optional claims.
  const ScopeSet& scopes() const;  // empty when there is no `scope`
  std::optional<std::chrono::sys_seconds> not_before() const;
  const std::string& agent_id() const;                  // "" when absent
  const std::vector<std::string>& agent_chain() const;  // origin first, current agent last
  const Json* act() const;                              // nullptr when absent; the outermost actor
  const Json* may_act() const;                          // nullptr when absent
  const std::optional<std::string>& cnf_jkt() const;    // RFC 9449 section 6
  const Json& raw() const;                              // the whole payload

  bool has_scope(std::string_view scope) const;
  // All of them; an empty list passes. Errors: insufficient_scope, with the full list in required_scopes.
  Result<void> require_scopes(std::span<const std::string> scopes) const;
  Result<void> require_scope(std::string_view scope) const;
  bool has_claim(std::string_view name) const;
  bool has_claim(std::string_view name, const Json& value) const;
  // Whose requests belong together: subject and client in one opaque spelling. The same subject through
  // another client is somebody else.
  const std::string& principal() const;
  bool is_dpop_bound() const { return cnf_jkt().has_value(); }
  // The proof that came with the token, judged and spent; nullptr for a bearer token.
  const dpop::Proof* dpop_proof() const { return proof_.get(); }
  // A token the client got for itself (client_credentials), not on behalf of a user.
  bool is_machine_token() const { return sub() == client_id(); }

  explicit VerifiedClaims(std::shared_ptr<const detail::ClaimsData> data,
                          std::shared_ptr<const dpop::Proof> proof = {})
      : data_(std::move(data)), proof_(std::move(proof)) {}

 private:
  std::shared_ptr<const detail::ClaimsData> data_;
  std::shared_ptr<const dpop::Proof> proof_;
};

}  // namespace authplane
