#include "authserver/storage/sqlite/issuance_rows.h"

#include "authserver/storage/sqlite/columns.h"

namespace authplane::authserver::sqlite {
namespace {

TimeOrderedId id_from(std::string_view bytes) {
  const auto id = TimeOrderedId::from_bytes(bytes);
  if (!id) throw_unreadable("issuances.id");
  return *id;
}

GrantKind grant_from(std::int64_t value) {
  if (value < 0 || value > static_cast<std::int64_t>(GrantKind::jwt_bearer)) throw_unreadable("grant_kind");
  return static_cast<GrantKind>(value);
}

}  // namespace

Issuance issuance_from_row(const Query& query) {
  Issuance row;
  row.id = id_from(query.bytes(0));
  row.client_id = query.text(1);
  row.resource_id = query.text(2);
  row.subject_user_id = query.text(3);
  row.scopes = ScopeSet::split(query.bytes(4));
  row.grant = grant_from(query.integer(5));
  row.backend_kind = query.integer(6) == 0 ? BackendKind::mint : BackendKind::broker;
  row.revocable = query.integer(7) != 0;
  row.issued_at = from_seconds(query.integer(8));
  row.expires_at = from_seconds(query.integer(9));
  if (!query.is_null(10)) row.revoked_at = from_seconds(query.integer(10));
  row.dpop_jkt = query.text(11);
  row.agent_id = query.text(12);
  if (!query.is_null(13)) row.agent_chain = strings_from_json_text(query.bytes(13));
  row.consent_client_id = query.text(14);
  if (!query.is_null(15)) row.parent_jti = id_from(query.bytes(15));
  return row;
}

std::optional<std::int64_t> identifier_key(Connection& connection, std::string_view text) {
  Query query = connection.query("SELECT key FROM identifiers WHERE text = ?1");
  if (!query.with(text).step()) return std::nullopt;
  return query.integer(0);
}

}  // namespace authplane::authserver::sqlite
