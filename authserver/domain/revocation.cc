#include "authserver/domain/revocation.h"

#include <string>

#include <authplane/base/hash.h>

namespace authplane::authserver {

Outcome<void> RevocationService::revoke(const Client& caller, std::string_view ip, std::string_view token) {
  // Refresh tokens are base64url, access tokens have dots.
  if (token.find('.') == std::string_view::npos) return revoke_family(caller, ip, token);
  return revoke_access_token(caller, ip, token);
}

Outcome<void> RevocationService::revoke_family(const Client& caller, std::string_view ip,
                                               std::string_view refresh_token) {
  const auto found = storage_.families().find_by_refresh_token(sha256(refresh_token));
  if (!found) return Err(found.error());
  if (!*found) return {};
  const TokenFamily& family = (*found)->family;
  if (family.client_id != caller.id) {
    warn_foreign(caller, family.client_id);
    return {};
  }
  const auto revoked = storage_.families().revoke(family.id, clock_.now());
  if (!revoked) {
    // Purged since it was found: dead as well.
    if (revoked.error().code == DomainErrorCode::not_found) return {};
    return Err(revoked.error());
  }
  if (revoked->families == 0) return {};
  family_revoked_.add();
  audit_.record("token.revoked", {.id = caller.id, .ip = std::string(ip)}, caller.id,
                audit_detail({{"family", family.id.text()}}));
  return {};
}

Outcome<void> RevocationService::revoke_access_token(const Client& caller, std::string_view ip,
                                                     std::string_view token) {
  const auto claims = tokens_.read(token);
  if (!claims) return {};
  const auto found = storage_.issuances().find_by_jti((*claims)["jti"].get_ref<const std::string&>());
  if (!found) return Err(found.error());
  if (!*found) return {};
  // Whoever was given it, whatever name it bears.
  const Issuance& row = **found;
  if (row.client_id != caller.id) {
    warn_foreign(caller, row.client_id);
    return {};
  }
  const auto revoked = storage_.issuances().revoke(row.id, clock_.now());
  if (!revoked) {
    if (revoked.error().code == DomainErrorCode::not_found) return {};
    return Err(revoked.error());
  }
  if (!revoked->was_live) return {};
  const bool is_machine = revoked->issuance.is_machine_token();
  (is_machine ? machine_token_revoked_ : family_revoked_).add();
  audit_.record("token.revoked", {.id = caller.id, .ip = std::string(ip)}, caller.id,
                (is_machine ? "machine_token " : "access_token ") + audit_detail({{"jti", row.id.text()}}));
  return {};
}

void RevocationService::warn_foreign(const Client& caller, std::string_view owner) {
  logger_.warn(
      "token not revoked",
      {{"client_id", caller.id}, {"cause", "it was issued to another client"}, {"issued_to", owner}});
}

}  // namespace authplane::authserver
