#include <algorithm>
#include <utility>

#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/blocks.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/issuance_rows.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

// An append that reports to a callback. Deletes itself when it has.
class AsyncAppend final : public WriteJob {
 public:
  AsyncAppend(NewIssuance issuance, IssuanceStore::AppendCallback done)
      : issuance_(std::move(issuance)), done_(std::move(done)) {}
  bool undoes_itself() const override { return true; }
  Outcome<void> run(WriteContext& context) override { return context.insert(issuance_); }
  void complete(Outcome<void> outcome) override {
    const std::unique_ptr<AsyncAppend> self(this);
    done_(std::move(outcome));
  }

 private:
  const NewIssuance issuance_;
  const IssuanceStore::AppendCallback done_;
};

// The conditions of a query as keys of `identifiers`. `index` is the first one given.
struct Conditions {
  std::optional<std::int64_t> subject, client, resource;
  Dimension index = Dimension::subject;
  std::int64_t index_key = 0;
};

// nullopt: a name that no issuance ever carried, so nothing can match.
std::optional<Conditions> resolve(Connection& connection, const IssuanceQuery& query) {
  Conditions out;
  const auto look_up = [&](const std::optional<std::string>& name, Dimension dimension,
                           std::optional<std::int64_t>& key) {
    if (!name) return true;
    key = identifier_key(connection, *name);
    if (key && out.index_key == 0) {
      out.index = dimension;
      out.index_key = *key;
    }
    return key.has_value();
  };
  if (!look_up(query.subject_user_id, Dimension::subject, out.subject) ||
      !look_up(query.client_id, Dimension::client, out.client) ||
      !look_up(query.resource_id, Dimension::resource, out.resource)) {
    return std::nullopt;
  }
  return out;
}

class SqliteIssuanceStore final : public IssuanceStore {
 public:
  explicit SqliteIssuanceStore(State& state) : state_(state) {}

  void start(IssuanceAppend& append) override { state_.writer->start(append); }

  void append_async(NewIssuance issuance, AppendCallback done) override {
    // Owned by the queue from here on.
    state_.writer->enqueue(*new AsyncAppend(std::move(issuance), std::move(done)));
  }

  Outcome<Issuance> get(const TimeOrderedId& id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<Issuance> {
      auto row = read_issuance(connection, id);
      if (!row) return issuance_not_found();
      return std::move(*row);
    });
  }

  Outcome<std::optional<Issuance>> find_by_jti(std::string_view jti) override {
    const auto id = TimeOrderedId::parse(jti);
    if (!id) return std::optional<Issuance>();
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<Issuance>> {
      auto row = read_issuance(connection, *id);
      if (row && row->jti() != jti) row.reset();
      return row;
    });
  }

  Outcome<TokenState> token_state(std::string_view jti, WallTime now) override {
    const auto id = TimeOrderedId::parse(jti);
    if (!id || id->text() != jti) return TokenState::unknown;
    return state_.readers.read([&](Connection& connection) -> Outcome<TokenState> {
      Query query = connection.query(
          "SELECT revoked_at IS NOT NULL, expires_at > ?2 FROM issuances WHERE id = ?1 AND backend = 0");
      if (!query.with(Blob{id->view()}, to_seconds(in_seconds(now))).step()) return TokenState::unknown;
      if (query.integer(0) != 0) return TokenState::revoked;
      return query.integer(1) != 0 ? TokenState::live : TokenState::expired;
    });
  }

  Outcome<std::vector<Issuance>> query(const IssuanceQuery& wanted) override {
    if (!wanted.subject_user_id && !wanted.client_id && !wanted.resource_id) {
      return query_without_condition();
    }
    return state_.readers.read_snapshot([&](Connection& connection) -> Outcome<std::vector<Issuance>> {
      std::vector<Issuance> out;
      const auto conditions = resolve(connection, wanted);
      if (!conditions) return out;
      const std::int64_t first_block = block_of(first_id_since(wanted.since));
      Query query = connection.query(AUTHPLANE_ISSUANCE_SELECT
                                     " FROM issuance_blocks b CROSS JOIN issuances i"
                                     " ON i.id >= authplane_block_start(b.block)"
                                     " AND i.id < authplane_block_start(b.block + 1)" AUTHPLANE_ISSUANCE_NAMES
                                     " WHERE b.dimension = ?1 AND b.key = ?2 AND b.block >= ?3"
                                     " AND i.issued_at >= ?4 AND (?5 IS NULL OR i.subject = ?5)"
                                     " AND (?6 IS NULL OR i.client = ?6) AND (?7 IS NULL OR i.resource = ?7)"
                                     " ORDER BY b.block DESC, i.id DESC LIMIT ?8");
      query.with(static_cast<std::int64_t>(conditions->index), conditions->index_key, first_block,
                 to_seconds(wanted.since), conditions->subject, conditions->client, conditions->resource,
                 wanted.limit);
      while (query.step()) out.push_back(issuance_from_row(query));
      return out;
    });
  }

  Outcome<MachineTokenPage> list_machine_tokens(const std::optional<std::string>& client_id,
                                                const Page& page) override {
    return state_.readers.read_snapshot([&](Connection& connection) -> Outcome<MachineTokenPage> {
      MachineTokenPage out;
      std::optional<std::int64_t> client;
      if (client_id) {
        client = identifier_key(connection, *client_id);
        if (!client) return out;
      }
      {
        Query count = connection.query(
            "SELECT count(*) FROM issuances i WHERE (?1 IS NULL OR i.client = ?1)"
            " AND (i.grant_kind IN (0, 4) OR (i.grant_kind = 3 AND i.resource IS NULL))");
        count.with(client).step();
        out.total = static_cast<std::size_t>(count.integer(0));
      }
      Query rows =
          connection.query(AUTHPLANE_ISSUANCE_SELECT
                           " FROM issuances i" AUTHPLANE_ISSUANCE_NAMES
                           " WHERE (?1 IS NULL OR i.client = ?1)"
                           " AND (i.grant_kind IN (0, 4) OR (i.grant_kind = 3 AND i.resource IS NULL))"
                           " ORDER BY i.id DESC LIMIT ?2 OFFSET ?3");
      rows.with(client, page.limit, page.offset);
      while (rows.step()) out.tokens.push_back(issuance_from_row(rows));
      return out;
    });
  }

  Outcome<RevokedIssuance> revoke(const TimeOrderedId& id, WallTime now) override {
    const std::int64_t at = to_seconds(in_seconds(now));
    return state_.writer->write([&](WriteContext& context) -> Outcome<RevokedIssuance> {
      RevokedIssuance out;
      context.query("UPDATE issuances SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")
          .with(Blob{id.view()}, at)
          .run();
      out.was_live = context.rows_changed() != 0;
      auto row = read_issuance(context, id);
      if (!row) return issuance_not_found();
      out.issuance = std::move(*row);
      context
          .query(
              "WITH RECURSIVE descendants (id) AS (SELECT id FROM issuances WHERE parent = ?1"
              " UNION SELECT i.id FROM descendants d JOIN issuances i ON i.parent = d.id)"
              " UPDATE issuances SET revoked_at = ?2 WHERE id IN (SELECT id FROM descendants) AND id <> ?1"
              " AND revocable AND revoked_at IS NULL AND expires_at > ?2")
          .with(Blob{id.view()}, at)
          .run();
      out.descendants = static_cast<std::size_t>(context.rows_changed());
      return out;
    });
  }

  Outcome<std::size_t> purge_expired_machine_tokens(WallTime now) override {
    std::size_t deleted = 0;
    TimeOrderedId after;
    while (true) {
      auto step = state_.writer->write([&](WriteContext& context) -> Outcome<std::size_t> {
        return purge_stretch(context, in_seconds(now), after);
      });
      if (!step) return Err(step.error());
      deleted += *step;
      if (after.is_nil()) return deleted;
    }
  }

  Outcome<std::size_t> purge_spent_proofs(WallTime now) override {
    std::size_t deleted = 0;
    while (true) {
      auto step = state_.writer->write([&](WriteContext& context) -> Outcome<std::size_t> {
        return purge_oldest_proofs(context, in_seconds(now));
      });
      if (!step) return Err(step.error());
      if (*step == 0) return deleted;
      deleted += *step;
    }
  }

  Outcome<std::optional<TimeOrderedId>> newest_id() override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<TimeOrderedId>> {
      Query query = connection.query("SELECT id FROM issuances ORDER BY id DESC LIMIT 1");
      if (!query.step()) return std::optional<TimeOrderedId>();
      return TimeOrderedId::from_bytes(query.bytes(0));
    });
  }

 private:
  static constexpr std::int64_t kPurgeStretch = 2'000;  // rows looked at per transaction: a few milliseconds

  // Goes through the rows after `after` in order of id; leaves the last one seen there, nil at the end.
  static std::size_t purge_stretch(WriteContext& context, std::chrono::sys_seconds now,
                                   TimeOrderedId& after) {
    const TimeOrderedId from = after;
    std::optional<TimeOrderedId> last;
    {
      Query query = context.query(
          "SELECT max(id), count(*) FROM (SELECT id FROM issuances WHERE id > ?1 ORDER BY id LIMIT ?2)");
      query.with(Blob{from.view()}, kPurgeStretch).step();
      last = TimeOrderedId::from_bytes(query.bytes(0));
      after = query.integer(1) == kPurgeStretch && last ? *last : TimeOrderedId();
    }
    if (!last) return 0;
    context
        .query(
            "DELETE FROM issuances WHERE id > ?1 AND id <= ?2 AND resource IS NULL AND grant_kind IN (0, 3, "
            "4)"
            " AND expires_at <= ?3 AND NOT EXISTS (SELECT 1 FROM issuances c WHERE c.parent = issuances.id)")
        .with(Blob{from.view()}, Blob{last->view()}, to_seconds(now))
        .run();
    return static_cast<std::size_t>(context.rows_changed());
  }

  // The newest row stays, expired or not: it carries the count on for all processes.
  static std::size_t purge_oldest_proofs(WriteContext& context, std::chrono::sys_seconds now) {
    context
        .query(
            "DELETE FROM spent_proofs WHERE expires_at < ?2 AND n < (SELECT max(n) FROM spent_proofs)"
            " AND n <= (SELECT max(n) FROM (SELECT n FROM spent_proofs ORDER BY n LIMIT ?1))")
        .with(kPurgeStretch, to_seconds(now))
        .run();
    return static_cast<std::size_t>(context.rows_changed());
  }

  State& state_;
};

}  // namespace

std::unique_ptr<IssuanceStore> make_issuance_store(State& state) {
  return std::make_unique<SqliteIssuanceStore>(state);
}

}  // namespace authplane::authserver::sqlite
