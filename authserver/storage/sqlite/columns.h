#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/clock.h>

#include "authserver/domain/authorization.h"
#include "authserver/domain/broker_grant.h"
#include "authserver/domain/broker_provider.h"
#include "authserver/domain/client.h"
#include "authserver/domain/consent_grant.h"
#include "authserver/domain/fronting_link.h"
#include "authserver/domain/resource.h"
#include "authserver/domain/user.h"
#include "authserver/domain/xaa.h"
#include "authserver/storage/sqlite/connection.h"

// How values are spelled in columns. What a column cannot mean throws SqliteFailure: the file was edited by
// hand.

namespace authplane::authserver::sqlite {

inline std::int64_t to_micros(WallTime time) {
  return time.time_since_epoch().count();
}
inline WallTime from_micros(std::int64_t value) {
  return WallTime(std::chrono::microseconds(value));
}
inline std::int64_t to_seconds(std::chrono::sys_seconds time) {
  return time.time_since_epoch().count();
}
inline std::chrono::sys_seconds from_seconds(std::int64_t value) {
  return std::chrono::sys_seconds(std::chrono::seconds(value));
}

inline std::optional<std::int64_t> to_micros(const std::optional<WallTime>& time) {
  return time ? std::optional<std::int64_t>(to_micros(*time)) : std::nullopt;
}
inline std::optional<WallTime> micros_or_null(const Query& query, int column) {
  return query.is_null(column) ? std::nullopt : std::optional<WallTime>(from_micros(query.integer(column)));
}
inline std::optional<std::string_view> null_if_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

std::string to_json_text(const std::vector<std::string>& strings);
std::vector<std::string> strings_from_json_text(std::string_view text);

std::string to_json_text(const std::vector<ResourceScope>& scopes);
std::vector<ResourceScope> scopes_from_json_text(std::string_view text);
std::string to_json_text(const ResourcePolicy& policy);
ResourcePolicy policy_from_json_text(std::string_view text);

// The columns of a whole row, in the order the functions below read them. Macros, because a statement is a
// literal.
#define AUTHPLANE_CLIENT_COLUMNS                                                                          \
  "id, secret_hash, name, redirect_uris, grant_types, response_types, token_endpoint_auth_method, scope," \
  " status, registration_source, cimd_url, is_agent, agent_description, application_type, version, "      \
  "issued_at,"                                                                                            \
  " updated_at"
Client client_from_row(const Query& query);

#define AUTHPLANE_RESOURCE_COLUMNS                                                                      \
  "id, slug, uri, backend_kind, broker_provider_id, display_name, scopes, policy, version, created_at," \
  " updated_at"
Resource resource_from_row(const Query& query);

#define AUTHPLANE_USER_COLUMNS                                                                             \
  "id, email, name, password_hash, role, status, provider, provider_sub, version, created_at, updated_at," \
  " sessions_since"
User user_from_row(const Query& query);

#define AUTHPLANE_AUTHORIZATION_COLUMNS                                                              \
  "id, client_id, user_id, redirect_uri, scopes, resource_id, resource_uri, state, code_challenge, " \
  "created_at,"                                                                                      \
  " expires_at, code_hash, consumed_at, revoked_at, dpop_jkt"
Authorization authorization_from_row(const Query& query);

#define AUTHPLANE_CONSENT_GRANT_COLUMNS \
  "id, user_id, client_id, resource_id, scopes, created_at, updated_at, revoked_at"
ConsentGrant consent_grant_from_row(const Query& query);

#define AUTHPLANE_FRONTING_LINK_COLUMNS "source_slug, target_slug, scope_map, created_at, created_by"
std::string to_json_text(const ScopeMap& scope_map);
FrontingLink fronting_link_from_row(const Query& query);

#define AUTHPLANE_BROKER_PROVIDER_COLUMNS                                                            \
  "id, slug, display_name, protocol, config_data, sealed_secrets, enc_backend, version, created_at," \
  " updated_at"
BrokerProvider broker_provider_from_row(const Query& query);

#define AUTHPLANE_BROKER_GRANT_COLUMNS                                                                  \
  "id, user_id, provider_id, scopes_granted, credential, enc_backend, version, created_at, updated_at," \
  " revoked_at"
BrokerGrant broker_grant_from_row(const Query& query);

#define AUTHPLANE_PENDING_CONNECT_COLUMNS \
  "id, user_id, provider_id, resource_id, code_verifier, return_url, scopes, expires_at"
PendingConnect pending_connect_from_row(const Query& query);

#define AUTHPLANE_IDP_COLUMNS "id, name, issuer, jwks_uri, audience, enabled, created_at, updated_at"
TrustedIdp idp_from_row(const Query& query);

#define AUTHPLANE_XAA_POLICY_COLUMNS \
  "id, name, idp_id, client_ids, scopes, resources, enabled, created_at, updated_at"
XaaPolicy xaa_policy_from_row(const Query& query);

#define AUTHPLANE_SUBJECT_MAPPING_COLUMNS "id, idp_id, idp_subject, local_user_id, created_at"
SubjectMapping subject_mapping_from_row(const Query& query);

// A SHA-256. Throws when the column holds anything else.
TokenHash hash_from(std::string_view bytes, const char* column);

[[noreturn]] void throw_unreadable(const char* column);

}  // namespace authplane::authserver::sqlite
