#include <authplane/resource/claims.h>

#include <array>

#include "claims_data.h"

namespace authplane {
namespace {

std::chrono::sys_seconds whole_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

std::string joined(std::span<const std::string> parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ' ';
    text += part;
  }
  return text;
}

}  // namespace

const std::string& VerifiedClaims::sub() const {
  return *data_->sub;
}
const std::string& VerifiedClaims::client_id() const {
  return *data_->client_id;
}
const std::string& VerifiedClaims::principal() const {
  return data_->principal;
}
const std::string& VerifiedClaims::issuer() const {
  return *data_->iss;
}
const std::string& VerifiedClaims::jti() const {
  return *data_->jti;
}
const std::string& VerifiedClaims::kid() const {
  return data_->kid;
}
const std::vector<std::string>& VerifiedClaims::audience() const {
  return data_->audience;
}
std::chrono::sys_seconds VerifiedClaims::expires_at() const {
  return whole_seconds(data_->expires_at);
}
std::chrono::sys_seconds VerifiedClaims::issued_at() const {
  return whole_seconds(data_->issued_at);
}
const ScopeSet& VerifiedClaims::scopes() const {
  return data_->scopes;
}

std::optional<std::chrono::sys_seconds> VerifiedClaims::not_before() const {
  if (!data_->not_before) return std::nullopt;
  return whole_seconds(*data_->not_before);
}

const std::string& VerifiedClaims::agent_id() const {
  static const std::string absent;
  return data_->agent_id ? *data_->agent_id : absent;
}

const std::vector<std::string>& VerifiedClaims::agent_chain() const {
  return data_->agent_chain;
}
const Json* VerifiedClaims::act() const {
  return data_->act;
}
const Json* VerifiedClaims::may_act() const {
  return data_->may_act;
}
const std::optional<std::string>& VerifiedClaims::cnf_jkt() const {
  return data_->cnf_jkt;
}
const Json& VerifiedClaims::raw() const {
  return data_->payload;
}

bool VerifiedClaims::has_scope(std::string_view scope) const {
  return data_->scopes.contains(scope);
}

Result<void> VerifiedClaims::require_scopes(std::span<const std::string> scopes) const {
  std::vector<std::string> missing;
  for (const std::string& scope : scopes) {
    if (!has_scope(scope)) missing.push_back(scope);
  }
  if (missing.empty()) return {};
  const std::string granted = data_->scopes.empty() ? "(none)" : data_->scopes.to_string();
  Error error;
  error.code = ErrorCode::insufficient_scope;
  error.message =
      "scope missing: " + joined(missing) + "; required: " + joined(scopes) + "; the token has: " + granted;
  error.required_scopes.assign(scopes.begin(), scopes.end());
  return Err(std::move(error));
}

Result<void> VerifiedClaims::require_scope(std::string_view scope) const {
  return require_scopes(std::array{std::string(scope)});
}

bool VerifiedClaims::has_claim(std::string_view name) const {
  return find_member(data_->payload, name) != nullptr;
}

bool VerifiedClaims::has_claim(std::string_view name, const Json& value) const {
  const Json* claim = find_member(data_->payload, name);
  return claim && *claim == value;
}

}  // namespace authplane
