#include "authserver/storage/grant_rules.h"
#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/delegation_rows.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

class SqliteConsentGrantStore final : public ConsentGrantStore {
 public:
  explicit SqliteConsentGrantStore(State& state) : state_(state) {}

  Outcome<ConsentGrant> get(std::string_view id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<ConsentGrant> {
      auto grant = read_consent_grant(connection, id);
      if (!grant) return consent_grant_not_found();
      return std::move(*grant);
    });
  }

  Outcome<std::optional<ConsentGrant>> find_active(std::string_view user_id, std::string_view client_id,
                                                   std::string_view resource_id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<ConsentGrant>> {
      Query query =
          connection.query("SELECT " AUTHPLANE_CONSENT_GRANT_COLUMNS
                           " FROM consent_grants WHERE user_id = ?1 AND client_id = ?2 AND resource_id = ?3"
                           " AND revoked_at IS NULL");
      if (!query.with(user_id, client_id, resource_id).step()) return std::optional<ConsentGrant>();
      return std::optional<ConsentGrant>(consent_grant_from_row(query));
    });
  }

  Outcome<std::vector<ConsentGrant>> list(const ConsentGrantFilter& filter, const Page& page) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::vector<ConsentGrant>> {
      const Sql of_a_user =
          "SELECT " AUTHPLANE_CONSENT_GRANT_COLUMNS
          " FROM consent_grants WHERE user_id = ?1 AND (?2 IS NULL OR client_id = ?2)"
          " AND (?3 IS NULL OR resource_id = ?3) ORDER BY created_at DESC, id LIMIT ?4 OFFSET ?5";
      const Sql of_anybody =
          "SELECT " AUTHPLANE_CONSENT_GRANT_COLUMNS
          " FROM consent_grants WHERE (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR client_id = ?2)"
          " AND (?3 IS NULL OR resource_id = ?3) ORDER BY created_at DESC, id LIMIT ?4 OFFSET ?5";
      Query query = connection.query(filter.user_id ? of_a_user : of_anybody);
      query.with(filter.user_id, filter.client_id, filter.resource_id, page.limit, page.offset);
      std::vector<ConsentGrant> out;
      while (query.step()) out.push_back(consent_grant_from_row(query));
      return out;
    });
  }

  Outcome<RevokedConsentGrant> revoke(std::string_view id, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<RevokedConsentGrant> {
      RevokedConsentGrant out;
      context
          .query(
              "UPDATE consent_grants SET revoked_at = ?2, updated_at = ?2 WHERE id = ?1 AND revoked_at IS "
              "NULL")
          .with(id, to_micros(now))
          .run();
      out.was_active = context.rows_changed() != 0;
      auto grant = read_consent_grant(context, id);
      if (!grant) return consent_grant_not_found();
      out.grant = std::move(*grant);
      const RevokedFamilies families =
          context.families().revoke_matching({.user_id = out.grant.user_id,
                                              .client_id = out.grant.client_id,
                                              .resource_id = out.grant.resource_id},
                                             now);
      out.families = families.families;
      out.issuances = families.access_tokens + revoke_tokens(context, out.grant, in_seconds(now));
      revoke_codes(context, out.grant, now);
      return out;
    });
  }

 private:
  // Live tokens of the user that are under the grant, or were exchanged under it by another client, or
  // descend from one that is. Looked for from below: the blocks in which a user has live tokens are few, and
  // a token may outlive those it was exchanged from.
  static std::size_t revoke_tokens(WriteContext& context, const ConsentGrant& grant,
                                   std::chrono::sys_seconds now) {
    context
        .query(
            "WITH RECURSIVE live (id) AS (SELECT i.id FROM identifiers s"
            "  CROSS JOIN issuance_blocks b ON b.dimension = 3 AND b.key = s.key AND b.latest_expiry > ?4"
            "  CROSS JOIN issuances i ON i.id >= authplane_block_start(b.block)"
            "  AND i.id < authplane_block_start(b.block + 1)"
            "  WHERE s.text = ?1 AND i.subject = s.key AND i.revocable AND i.revoked_at IS NULL"
            "  AND i.expires_at > ?4),"
            " lineage (id, ancestor) AS (SELECT id, id FROM live"
            "  UNION SELECT l.id, i.parent FROM lineage l JOIN issuances i ON i.id = l.ancestor"
            "  WHERE i.parent IS NOT NULL)"
            " UPDATE issuances SET revoked_at = ?4 WHERE id IN (SELECT l.id FROM lineage l"
            "  CROSS JOIN issuances i ON i.id = l.ancestor"
            "  WHERE i.subject = (SELECT key FROM identifiers WHERE text = ?1)"
            "  AND i.resource = (SELECT key FROM identifiers WHERE text = ?3)"
            "  AND (SELECT key FROM identifiers WHERE text = ?2) IN (i.client, i.consent_client))")
        .with(grant.user_id, grant.client_id, grant.resource_id, to_seconds(now))
        .run();
    return static_cast<std::size_t>(context.rows_changed());
  }

  static void revoke_codes(WriteContext& context, const ConsentGrant& grant, WallTime now) {
    context
        .query(
            "UPDATE auth_sessions SET revoked_at = ?4 WHERE user_id = ?1 AND client_id = ?2 AND resource_id "
            "= ?3"
            " AND code_hash IS NOT NULL AND revoked_at IS NULL")
        .with(grant.user_id, grant.client_id, grant.resource_id, to_micros(now))
        .run();
  }

  State& state_;
};

}  // namespace

std::unique_ptr<ConsentGrantStore> make_consent_grant_store(State& state) {
  return std::make_unique<SqliteConsentGrantStore>(state);
}

}  // namespace authplane::authserver::sqlite
