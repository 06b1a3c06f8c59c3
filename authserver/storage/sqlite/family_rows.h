#pragma once

#include <optional>

#include "authserver/domain/token_family_store.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/connection.h"

namespace authplane::authserver::sqlite {

// The columns of a whole family, in the order family_from_row reads them; `f` is the row. Macros, because a
// statement is a literal.
#define AUTHPLANE_FAMILY_COLUMNS                                                                          \
  "f.id, f.client_id, f.user_id, f.scopes, f.resource_id, f.resource_uri, f.auth_session_id, f.dpop_jkt," \
  " f.created_at, f.revoked_at"
// Throws SqliteFailure when a column holds what this program never writes.
TokenFamily family_from_row(const Query& query);

#define AUTHPLANE_PRESENTED_SELECT                            \
  "SELECT " AUTHPLANE_FAMILY_COLUMNS                          \
  ", r.token_hash, r.created_at, r.expires_at, r.consumed_at" \
  " FROM refresh_tokens r JOIN token_families f ON f.id = r.family WHERE r.token_hash = ?1"
PresentedRefreshToken presented_from_row(const Query& query);

// Works on a Connection and on a WriteContext.
template <class Source>
std::optional<PresentedRefreshToken> read_presented(Source& source, const TokenHash& hash) {
  Query query = source.query(AUTHPLANE_PRESENTED_SELECT);
  if (!query.with(Blob{as_bytes(hash)}).step()) return std::nullopt;
  return presented_from_row(query);
}

template <class Source>
std::optional<TokenFamily> read_family_of(Source& source, const std::string& authorization_id) {
  Query query =
      source.query("SELECT " AUTHPLANE_FAMILY_COLUMNS " FROM token_families f WHERE f.auth_session_id = ?1");
  if (!query.with(authorization_id).step()) return std::nullopt;
  return family_from_row(query);
}

template <class Source>
std::optional<Authorization> read_authorization(Source& source, std::string_view id) {
  Query query = source.query("SELECT " AUTHPLANE_AUTHORIZATION_COLUMNS " FROM auth_sessions WHERE id = ?1");
  if (!query.with(id).step()) return std::nullopt;
  return authorization_from_row(query);
}

template <class Source>
bool is_active_user(Source& source, std::string_view id) {
  return source.query("SELECT 1 FROM users WHERE id = ?1 AND status = 'active'").with(id).step();
}

template <class Source>
bool is_active_client(Source& source, std::string_view id) {
  return source.query("SELECT 1 FROM clients WHERE id = ?1 AND status = 'active'").with(id).step();
}

}  // namespace authplane::authserver::sqlite
