#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "authserver/domain/client.h"
#include "authserver/domain/errors.h"
#include "authserver/domain/resource.h"

// Failures and merges that every backend answers in the same words.

namespace authplane::authserver {

inline Unexpected<DomainError> client_not_found(std::string_view id) {
  return fail(DomainErrorCode::not_found, "client not found",
              "client " + std::string(id) + " does not exist");
}

inline Unexpected<DomainError> client_version_conflict() {
  return fail(DomainErrorCode::conflict,
              "the client was changed by someone else: read it again and repeat the change");
}

inline Unexpected<DomainError> client_transition_conflict(ClientStatus from, ClientStatus to) {
  return fail(DomainErrorCode::conflict, "a client that is " + std::string(to_string(from)) +
                                             " cannot become " + std::string(to_string(to)));
}

inline Unexpected<DomainError> client_has_live_tokens() {
  return fail(DomainErrorCode::conflict, "the client has live tokens: revoke them or delete with force");
}

inline Unexpected<DomainError> client_is_public() {
  return fail(DomainErrorCode::invalid_client, "a public client has no secret");
}

inline Unexpected<DomainError> client_not_active(std::string_view id) {
  return fail(DomainErrorCode::invalid_client, "the client may not receive tokens",
              "client " + std::string(id) + " was removed or is not active any more");
}

inline Unexpected<DomainError> resource_not_found() {
  return fail(DomainErrorCode::not_found, "resource not found");
}

inline Unexpected<DomainError> resource_gone() {
  return fail(DomainErrorCode::invalid_target, "the resource is not registered");
}

inline Unexpected<DomainError> proof_spent() {
  return fail(DomainErrorCode::invalid_dpop_proof,
              "the DPoP proof was used before; make a new one for every request");
}

inline Unexpected<DomainError> slug_taken(std::string_view slug) {
  return fail(DomainErrorCode::conflict, "slug " + std::string(slug) + " is already in use");
}

inline Unexpected<DomainError> resource_version_conflict() {
  return fail(DomainErrorCode::conflict,
              "the resource was changed by someone else: read it again and repeat the change");
}

inline Unexpected<DomainError> resource_has_live_tokens() {
  return fail(DomainErrorCode::conflict, "the resource is named by tokens that have not expired");
}

inline Unexpected<DomainError> issuance_not_found() {
  return fail(DomainErrorCode::not_found, "issuance not found");
}

inline Unexpected<DomainError> issuance_exists() {
  return fail(DomainErrorCode::conflict, "the issuance exists");
}

inline Unexpected<DomainError> query_without_condition() {
  return fail(DomainErrorCode::invalid_request, "name a user, a client or a resource");
}

// What ClientStore::update may change, and nothing else.
inline Client merged(Client stored, const Client& changed) {
  stored.name = changed.name;
  stored.redirect_uris = changed.redirect_uris;
  stored.grant_types = changed.grant_types;
  stored.response_types = changed.response_types;
  stored.scope = changed.scope;
  stored.updated_at = changed.updated_at;
  ++stored.version;
  return stored;
}

// What ResourceStore::update may change, and nothing else.
inline Resource merged(const Resource& stored, const Resource& changed) {
  Resource next = changed;
  next.created_at = stored.created_at;
  next.version = stored.version + 1;
  return next;
}

inline std::chrono::sys_seconds in_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

}  // namespace authplane::authserver
