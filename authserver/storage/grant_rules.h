#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authserver/domain/authorization_store.h"
#include "authserver/domain/errors.h"
#include "authserver/domain/issuance_store.h"
#include "authserver/domain/user.h"

// What every backend decides and answers alike about users, authorizations, consent and families.

namespace authplane::authserver {

inline Unexpected<DomainError> user_not_found() {
  return fail(DomainErrorCode::not_found, "user not found");
}

inline Unexpected<DomainError> user_taken(std::string_view what) {
  return fail(DomainErrorCode::conflict, "another user has this " + std::string(what));
}

inline Unexpected<DomainError> user_version_conflict() {
  return fail(DomainErrorCode::conflict,
              "the user was changed by someone else: read it again and repeat the change");
}

inline Unexpected<DomainError> user_is_already(UserStatus status) {
  return fail(DomainErrorCode::conflict, "the user is " + std::string(to_string(status)) + " already");
}

inline Unexpected<DomainError> user_has_live_families() {
  return fail(DomainErrorCode::conflict, "the user has live tokens: revoke them or delete with force");
}

inline Unexpected<DomainError> user_may_not_decide(std::string detail) {
  return fail(DomainErrorCode::access_denied, "this request belongs to somebody else", std::move(detail));
}

inline Unexpected<DomainError> user_not_active(std::string_view id) {
  return fail(DomainErrorCode::access_denied, "the user may not give consent",
              "user " + std::string(id) + " was removed or is disabled");
}

inline Unexpected<DomainError> authorization_not_found() {
  return fail(DomainErrorCode::not_found, "the authorization request is unknown or has expired: start again");
}

inline Unexpected<DomainError> authorization_exists() {
  return fail(DomainErrorCode::conflict, "the authorization request exists");
}

inline Unexpected<DomainError> authorization_decided() {
  return fail(DomainErrorCode::conflict, "the authorization request was answered already");
}

inline Unexpected<DomainError> code_exists() {
  return fail(DomainErrorCode::conflict, "the authorization code exists");
}

inline Unexpected<DomainError> consent_changed() {
  return fail(DomainErrorCode::conflict, "consent was revoked or narrowed meanwhile: ask again");
}

inline Unexpected<DomainError> consent_grant_not_found() {
  return fail(DomainErrorCode::not_found, "consent grant not found");
}

inline Unexpected<DomainError> resource_has_consent() {
  return fail(DomainErrorCode::conflict,
              "users consented to clients at the resource: revoke the grants first");
}

inline Unexpected<DomainError> family_not_found() {
  return fail(DomainErrorCode::not_found, "token family not found");
}

inline Unexpected<DomainError> family_exists() {
  return fail(DomainErrorCode::conflict, "the token family or the refresh token exists");
}

inline Unexpected<DomainError> code_refused(std::string why) {
  return fail(DomainErrorCode::invalid_grant, "the authorization code is invalid", std::move(why));
}

// The same words whatever the reason: the answer must not tell a thief what happened to the family.
inline Unexpected<DomainError> refresh_token_refused(std::string why,
                                                     DomainErrorCode code = DomainErrorCode::invalid_grant) {
  return fail(code, "the refresh token is invalid", std::move(why));
}

inline Unexpected<DomainError> refresh_token_bound() {
  return fail(DomainErrorCode::invalid_dpop_proof,
              "the refresh token is bound to a key: send a DPoP proof made with it");
}

// A decision about a pending request, by `user_id`.
inline Outcome<void> judge_decision(const Authorization& stored, std::string_view user_id, WallTime now) {
  if (stored.expires_at <= now) return authorization_not_found();
  if (stored.user_id.empty() || stored.user_id != user_id) {
    return user_may_not_decide("authorization " + stored.id + " is not of user " + std::string(user_id));
  }
  if (!stored.is_pending() || stored.revoked_at) return authorization_decided();
  return {};
}

inline Outcome<void> judge_approval(const Authorization& stored, const Approval& approval) {
  if (auto judged = judge_decision(stored, approval.user_id, approval.now); !judged) return judged;
  if (approval.scopes.empty() || !approval.scopes.is_subset_of(stored.scopes)) {
    return fail(DomainErrorCode::invalid_scope, "approve at least one of the scopes that were asked for");
  }
  return {};
}

// Whose code a family may come from.
inline Outcome<void> judge_start(const Authorization& stored) {
  if (!stored.consumed_at) return code_refused("the code of authorization " + stored.id + " is not redeemed");
  if (stored.revoked_at) return code_refused("authorization " + stored.id + " was revoked");
  return {};
}

// A token that was used before is the last thing looked for: only who could have rotated it kills the family.
inline Outcome<void> judge_rotation(const PresentedRefreshToken& found, const NewIssuance& issuance,
                                    const Rotation& rotation) {
  const TokenFamily& family = found.family;
  const std::string name = "family " + family.id.text();
  if (found.token.expires_at <= rotation.now) return refresh_token_refused(name + ": expired");
  if (!family.is_active()) return refresh_token_refused(name + ": revoked");
  if (family.client_id != issuance.row.client_id || family.user_id != issuance.row.subject_user_id) {
    return refresh_token_refused(name + ": of another client or user");
  }
  if (!family.dpop_jkt.empty() && family.dpop_jkt != issuance.row.dpop_jkt) return refresh_token_bound();
  if (found.token.consumed_at) {
    return refresh_token_refused(name + ": the token was used before", DomainErrorCode::token_reused);
  }
  return {};
}

// What UserStore::update may change, and nothing else.
inline User merged(User stored, const User& changed) {
  stored.email = changed.email;
  stored.name = changed.name;
  stored.password_hash = changed.password_hash;
  stored.role = changed.role;
  stored.updated_at = changed.updated_at;
  ++stored.version;
  return stored;
}

}  // namespace authplane::authserver
