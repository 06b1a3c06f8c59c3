#include "authserver/storage/grant_rules.h"
#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/family_rows.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

class SqliteAuthorizationStore final : public AuthorizationStore {
 public:
  explicit SqliteAuthorizationStore(State& state) : state_(state) {}

  Outcome<void> create(const Authorization& row) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (!is_active_client(context, row.client_id)) return client_not_active(row.client_id);
      if (!row.user_id.empty() && !is_active_user(context, row.user_id)) return user_not_active(row.user_id);
      if (read_authorization(context, row.id)) return authorization_exists();
      const std::string scopes = row.scopes.to_string();
      std::optional<Blob> code;
      if (row.code_hash) code = Blob{as_bytes(*row.code_hash)};
      context
          .query("INSERT INTO auth_sessions (" AUTHPLANE_AUTHORIZATION_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)")
          .with(row.id, row.client_id, null_if_empty(row.user_id), row.redirect_uri, scopes, row.resource_id,
                row.resource_uri, row.state, row.code_challenge, to_micros(row.created_at),
                to_micros(row.expires_at), code, to_micros(row.consumed_at), to_micros(row.revoked_at),
                null_if_empty(row.dpop_jkt))
          .run();
      return {};
    });
  }

  Outcome<Authorization> get(std::string_view id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<Authorization> {
      auto row = read_authorization(connection, id);
      if (!row) return authorization_not_found();
      return std::move(*row);
    });
  }

  Outcome<Authorization> approve(const Approval& approval) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<Authorization> {
      auto stored = read_authorization(context, approval.authorization_id);
      if (!stored) return authorization_not_found();
      if (auto judged = judge_approval(*stored, approval); !judged) return Err(judged.error());
      if (!is_active_client(context, stored->client_id)) return client_not_active(stored->client_id);
      if (!is_active_user(context, stored->user_id)) return user_not_active(stored->user_id);
      if (find_by_code(context, approval.code_hash)) return code_exists();
      if (!stored->resource_id.empty()) {
        if (!resource_exists(context, stored->resource_id)) return resource_gone();
        if (auto recorded = record_consent(context, *stored, approval); !recorded) {
          return Err(recorded.error());
        }
      }
      stored->scopes = approval.scopes;
      stored->code_hash = approval.code_hash;
      const std::string scopes = stored->scopes.to_string();
      context.query("UPDATE auth_sessions SET scopes = ?2, code_hash = ?3 WHERE id = ?1")
          .with(stored->id, scopes, Blob{as_bytes(approval.code_hash)})
          .run();
      if (approval.audit) context.insert(*approval.audit);
      return std::move(*stored);
    });
  }

  Outcome<Authorization> deny(std::string_view id, std::string_view user_id, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<Authorization> {
      auto stored = read_authorization(context, id);
      if (!stored) return authorization_not_found();
      if (auto judged = judge_decision(*stored, user_id, now); !judged) return Err(judged.error());
      context.query("DELETE FROM auth_sessions WHERE id = ?1").with(id).run();
      return std::move(*stored);
    });
  }

  // Codes that never were are turned away by a reader: strangers can make up as many as they like.
  Outcome<std::optional<RedeemedCode>> consume_code(const TokenHash& code_hash, WallTime now) override {
    auto known = state_.readers.read([&](Connection& connection) -> Outcome<bool> {
      return find_by_code(connection, code_hash).has_value();
    });
    if (!known) return Err(known.error());
    if (!*known) return std::optional<RedeemedCode>();
    return state_.writer->write([&](WriteContext& context) -> Outcome<std::optional<RedeemedCode>> {
      context.query("UPDATE auth_sessions SET consumed_at = ?2 WHERE code_hash = ?1 AND consumed_at IS NULL")
          .with(Blob{as_bytes(code_hash)}, to_micros(now))
          .run();
      RedeemedCode out;
      out.is_replay = context.rows_changed() == 0;
      auto stored = find_by_code(context, code_hash);
      if (!stored) return std::optional<RedeemedCode>();  // purged in between
      out.authorization = std::move(*stored);
      if (out.is_replay) out.family = read_family_of(context, out.authorization.id);
      return std::optional<RedeemedCode>(std::move(out));
    });
  }

  Outcome<RevokedFamilies> revoke_issued(std::string_view id, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<RevokedFamilies> {
      const auto stored = read_authorization(context, id);
      if (!stored) return authorization_not_found();
      context.query("UPDATE auth_sessions SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")
          .with(id, to_micros(now))
          .run();
      return context.families().revoke_issued_for(stored->id, now);
    });
  }

  Outcome<std::size_t> purge_expired(WallTime now, PurgeAuthorizations which) override {
    std::size_t deleted = 0;
    std::int64_t after = 0;
    while (true) {
      auto step = state_.writer->write([&](WriteContext& context) -> Outcome<std::size_t> {
        return purge_stretch(context, now, which, after);
      });
      if (!step) return Err(step.error());
      deleted += *step;
      if (after == 0) return deleted;
    }
  }

 private:
  static constexpr std::int64_t kPurgeStretch = 2'000;  // rows looked at per transaction

  // Goes through the rows after `after`; leaves the last one seen there, 0 at the end.
  static std::size_t purge_stretch(WriteContext& context, WallTime now, PurgeAuthorizations which,
                                   std::int64_t& after) {
    const std::int64_t from = after;
    std::int64_t last = 0;
    {
      Query query = context.query(
          "SELECT max(n), count(*) FROM (SELECT n FROM auth_sessions WHERE n > ?1 ORDER BY n LIMIT ?2)");
      query.with(from, kPurgeStretch).step();
      last = query.integer(0);
      after = query.integer(1) == kPurgeStretch ? last : 0;
    }
    context
        .query(
            "DELETE FROM auth_sessions WHERE n > ?1 AND n <= ?2 AND expires_at <= ?3"
            " AND (?4 OR consumed_at IS NULL)")
        .with(from, last, to_micros(now), which == PurgeAuthorizations::all)
        .run();
    return static_cast<std::size_t>(context.rows_changed());
  }

  template <class Source>
  static std::optional<Authorization> find_by_code(Source& source, const TokenHash& hash) {
    Query query =
        source.query("SELECT " AUTHPLANE_AUTHORIZATION_COLUMNS " FROM auth_sessions WHERE code_hash = ?1");
    if (!query.with(Blob{as_bytes(hash)}).step()) return std::nullopt;
    return authorization_from_row(query);
  }

  static bool resource_exists(WriteContext& context, const std::string& id) {
    return context.query("SELECT 1 FROM resources WHERE id = ?1").with(id).step();
  }

  static Outcome<void> record_consent(WriteContext& context, const Authorization& stored,
                                      const Approval& approval) {
    if (approval.basis == ConsentBasis::given_before) return check_consent(context, stored, approval);
    const std::string scopes = approval.scopes.to_string();
    context
        .query("INSERT INTO consent_grants (" AUTHPLANE_CONSENT_GRANT_COLUMNS
               ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, NULL) ON CONFLICT (user_id, client_id, resource_id)"
               " DO UPDATE SET scopes = excluded.scopes, updated_at = excluded.updated_at, revoked_at = NULL")
        .with(approval.consent_grant_id, stored.user_id, stored.client_id, stored.resource_id, scopes,
              to_micros(approval.now))
        .run();
    return {};
  }

  static Outcome<void> check_consent(WriteContext& context, const Authorization& stored,
                                     const Approval& approval) {
    Query query = context.query("SELECT " AUTHPLANE_CONSENT_GRANT_COLUMNS
                                " FROM consent_grants WHERE user_id = ?1 AND client_id = ?2"
                                " AND resource_id = ?3");
    query.with(stored.user_id, stored.client_id, stored.resource_id);
    if (!query.step() || !consent_grant_from_row(query).covers(approval.scopes)) return consent_changed();
    return {};
  }

  State& state_;
};

}  // namespace

std::unique_ptr<AuthorizationStore> make_authorization_store(State& state) {
  return std::make_unique<SqliteAuthorizationStore>(state);
}

}  // namespace authplane::authserver::sqlite
