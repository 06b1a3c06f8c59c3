#pragma once

#include <optional>
#include <string_view>

#include "authserver/domain/issuance.h"
#include "authserver/storage/sqlite/connection.h"

namespace authplane::authserver::sqlite {

// SELECT list and joins of a whole issuance, in the order issuance_from_row reads them; `i` is the row.
// Macros, because a statement is a literal.
#define AUTHPLANE_ISSUANCE_SELECT                                                                     \
  "SELECT i.id, c.text, r.text, s.text, i.scopes, i.grant_kind, i.backend, i.revocable, i.issued_at," \
  " i.expires_at, i.revoked_at, i.dpop_jkt, a.text, i.agent_chain, cc.text, i.parent"
#define AUTHPLANE_ISSUANCE_NAMES                                                               \
  " LEFT JOIN identifiers c ON c.key = i.client LEFT JOIN identifiers r ON r.key = i.resource" \
  " LEFT JOIN identifiers s ON s.key = i.subject LEFT JOIN identifiers a ON a.key = i.agent"   \
  " LEFT JOIN identifiers cc ON cc.key = i.consent_client"

// Throws SqliteFailure when a column holds what this program never writes.
Issuance issuance_from_row(const Query& query);

// Works on a Connection and on a WriteContext.
template <class Source>
std::optional<Issuance> read_issuance(Source& source, const TimeOrderedId& id) {
  Query query =
      source.query(AUTHPLANE_ISSUANCE_SELECT " FROM issuances i" AUTHPLANE_ISSUANCE_NAMES " WHERE i.id = ?1");
  if (!query.with(Blob{id.view()}).step()) return std::nullopt;
  return issuance_from_row(query);
}

// The key of an interned text; nullopt: no issuance ever named it.
std::optional<std::int64_t> identifier_key(Connection& connection, std::string_view text);

}  // namespace authplane::authserver::sqlite
