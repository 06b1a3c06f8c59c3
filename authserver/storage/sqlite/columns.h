#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <authplane/base/clock.h>

#include "authserver/domain/client.h"
#include "authserver/domain/resource.h"
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

[[noreturn]] void throw_unreadable(const char* column);

}  // namespace authplane::authserver::sqlite
