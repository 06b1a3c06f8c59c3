#include "authserver/storage/sqlite/family_rows.h"

namespace authplane::authserver::sqlite {

TokenFamily family_from_row(const Query& query) {
  const auto id = TimeOrderedId::from_bytes(query.bytes(0));
  if (!id) throw_unreadable("token_families.id");
  return {.id = *id,
          .client_id = query.text(1),
          .user_id = query.text(2),
          .scopes = ScopeSet::split(query.bytes(3)),
          .resource_id = query.text(4),
          .resource_uri = query.text(5),
          .authorization_id = query.text(6),
          .dpop_jkt = query.text(7),
          .created_at = from_micros(query.integer(8)),
          .revoked_at = micros_or_null(query, 9)};
}

PresentedRefreshToken presented_from_row(const Query& query) {
  PresentedRefreshToken out;
  out.family = family_from_row(query);
  out.token = {.hash = hash_from(query.bytes(10), "token_hash"),
               .family_id = out.family.id,
               .created_at = from_micros(query.integer(11)),
               .expires_at = from_micros(query.integer(12)),
               .consumed_at = micros_or_null(query, 13)};
  return out;
}

}  // namespace authplane::authserver::sqlite
