#include "authserver/storage/grant_rules.h"
#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/family_rows.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

class SqliteTokenFamilyStore final : public TokenFamilyStore {
 public:
  explicit SqliteTokenFamilyStore(State& state) : state_(state) {}

  Outcome<TokenFamily> get(const TimeOrderedId& id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<TokenFamily> {
      Query query =
          connection.query("SELECT " AUTHPLANE_FAMILY_COLUMNS " FROM token_families f WHERE f.id = ?1");
      if (!query.with(Blob{id.view()}).step()) return family_not_found();
      return family_from_row(query);
    });
  }

  Outcome<std::optional<PresentedRefreshToken>> find_by_refresh_token(const TokenHash& hash) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<PresentedRefreshToken>> {
      return read_presented(connection, hash);
    });
  }

  Outcome<FamilyPage> list(const FamilyFilter& filter, const Page& page) override {
    return state_.readers.read_snapshot([&](Connection& connection) -> Outcome<FamilyPage> {
      FamilyPage out;
      {
        Query count = connection.query(filter.user_id     ? kCountOfUser
                                       : filter.client_id ? kCountOfClient
                                                          : kCount);
        count.with(filter.user_id, filter.client_id, filter.resource_id).step();
        out.total = static_cast<std::size_t>(count.integer(0));
      }
      Query rows = connection.query(filter.user_id ? kListOfUser : filter.client_id ? kListOfClient : kList);
      rows.with(filter.user_id, filter.client_id, filter.resource_id, page.limit, page.offset);
      while (rows.step()) out.families.push_back(family_from_row(rows));
      return out;
    });
  }

  Outcome<RevokedFamilies> revoke(const TimeOrderedId& id, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<RevokedFamilies> {
      if (!context.query("SELECT 1 FROM token_families WHERE id = ?1").with(Blob{id.view()}).step()) {
        return family_not_found();
      }
      return context.families().revoke(id, now);
    });
  }

  Outcome<RevokedFamilies> revoke_of_user(std::string_view user_id, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<RevokedFamilies> {
      return context.families().revoke_of_user(user_id, now);
    });
  }

  Outcome<std::size_t> purge_expired(WallTime now) override {
    std::size_t deleted = 0;
    Place place;
    while (true) {
      auto step = state_.writer->write([&](WriteContext& context) -> Outcome<std::size_t> {
        switch (place.table) {
          case Place::Table::refresh_tokens:
            return purge_refresh_tokens(context, now, place);
          case Place::Table::family_tokens:
            return purge_family_tokens(context, now, place);
          default:
            return purge_families(context, place);
        }
      });
      if (!step) return Err(step.error());
      deleted += *step;
      if (place.table == Place::Table::end) return deleted;
    }
  }

 private:
  static constexpr std::int64_t kPurgeStretch = 2'000;  // rows looked at per transaction

#define AUTHPLANE_FAMILY_WHERE_USER                                                  \
  " FROM token_families f WHERE f.user_id = ?1 AND (?2 IS NULL OR f.client_id = ?2)" \
  " AND (?3 IS NULL OR f.resource_id = ?3)"
#define AUTHPLANE_FAMILY_WHERE_CLIENT                                                \
  " FROM token_families f WHERE (?1 IS NULL OR f.user_id = ?1) AND f.client_id = ?2" \
  " AND (?3 IS NULL OR f.resource_id = ?3)"
#define AUTHPLANE_FAMILY_WHERE_ANY                                                                   \
  " FROM token_families f WHERE (?1 IS NULL OR f.user_id = ?1) AND (?2 IS NULL OR f.client_id = ?2)" \
  " AND (?3 IS NULL OR f.resource_id = ?3)"
#define AUTHPLANE_FAMILY_PAGE " ORDER BY f.id DESC LIMIT ?4 OFFSET ?5"
  // One of each for every condition that an index serves.
  static constexpr Sql kCountOfUser = "SELECT count(*)" AUTHPLANE_FAMILY_WHERE_USER;
  static constexpr Sql kCountOfClient = "SELECT count(*)" AUTHPLANE_FAMILY_WHERE_CLIENT;
  static constexpr Sql kCount = "SELECT count(*)" AUTHPLANE_FAMILY_WHERE_ANY;
  static constexpr Sql kListOfUser =
      "SELECT " AUTHPLANE_FAMILY_COLUMNS AUTHPLANE_FAMILY_WHERE_USER AUTHPLANE_FAMILY_PAGE;
  static constexpr Sql kListOfClient =
      "SELECT " AUTHPLANE_FAMILY_COLUMNS AUTHPLANE_FAMILY_WHERE_CLIENT AUTHPLANE_FAMILY_PAGE;
  static constexpr Sql kList =
      "SELECT " AUTHPLANE_FAMILY_COLUMNS AUTHPLANE_FAMILY_WHERE_ANY AUTHPLANE_FAMILY_PAGE;

  // How far a purge is: the last row seen of the table it goes through.
  struct Place {
    enum class Table { refresh_tokens, family_tokens, families, end } table = Table::refresh_tokens;
    std::int64_t n = 0;
    TimeOrderedId family, issuance;
  };

  static std::size_t purge_refresh_tokens(WriteContext& context, WallTime now, Place& place) {
    const std::int64_t from = place.n;
    {
      Query query = context.query(
          "SELECT max(n), count(*) FROM (SELECT n FROM refresh_tokens WHERE n > ?1 ORDER BY n LIMIT ?2)");
      query.with(from, kPurgeStretch).step();
      place.n = query.integer(0);
      if (query.integer(1) < kPurgeStretch) place.table = Place::Table::family_tokens;
    }
    context.query("DELETE FROM refresh_tokens WHERE n > ?1 AND n <= ?2 AND expires_at <= ?3")
        .with(from, place.n, to_micros(now))
        .run();
    return static_cast<std::size_t>(context.rows_changed());
  }

  static std::size_t purge_family_tokens(WriteContext& context, WallTime now, Place& place) {
    const TimeOrderedId family = place.family, issuance = place.issuance;
    {
      Query query = context.query(
          "SELECT family, issuance FROM family_tokens WHERE (family, issuance) > (?1, ?2)"
          " ORDER BY family, issuance LIMIT ?3");
      query.with(Blob{family.view()}, Blob{issuance.view()}, kPurgeStretch);
      std::int64_t seen = 0;
      for (; query.step(); ++seen) {
        place.family = id_from(query, 0);
        place.issuance = id_from(query, 1);
      }
      if (seen < kPurgeStretch) place.table = Place::Table::families;
    }
    context
        .query(
            "DELETE FROM family_tokens WHERE (family, issuance) > (?1, ?2) AND (family, issuance) <= (?3, ?4)"
            " AND expires_at <= ?5")
        .with(Blob{family.view()}, Blob{issuance.view()}, Blob{place.family.view()},
              Blob{place.issuance.view()}, to_seconds(in_seconds(now)))
        .run();
    if (place.table == Place::Table::families) place.family = TimeOrderedId();
    return 0;
  }

  static std::size_t purge_families(WriteContext& context, Place& place) {
    const TimeOrderedId from = place.family;
    {
      Query query = context.query("SELECT id FROM token_families WHERE id > ?1 ORDER BY id LIMIT ?2");
      query.with(Blob{from.view()}, kPurgeStretch);
      std::int64_t seen = 0;
      for (; query.step(); ++seen) place.family = id_from(query, 0);
      if (seen < kPurgeStretch) place.table = Place::Table::end;
    }
    context
        .query(
            "DELETE FROM token_families WHERE id > ?1 AND id <= ?2"
            " AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.family = token_families.id)"
            " AND NOT EXISTS (SELECT 1 FROM family_tokens t WHERE t.family = token_families.id)")
        .with(Blob{from.view()}, Blob{place.family.view()})
        .run();
    return 0;
  }

  static TimeOrderedId id_from(const Query& query, int column) {
    const auto id = TimeOrderedId::from_bytes(query.bytes(column));
    if (!id) throw_unreadable("family");
    return *id;
  }

  State& state_;
};

}  // namespace

std::unique_ptr<TokenFamilyStore> make_token_family_store(State& state) {
  return std::make_unique<SqliteTokenFamilyStore>(state);
}

}  // namespace authplane::authserver::sqlite
