#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/blocks.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

class SqliteSettingsStore final : public SettingsStore {
 public:
  explicit SqliteSettingsStore(State& state) : state_(state) {}

  Outcome<std::optional<std::string>> get(std::string_view key) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<std::string>> {
      Query query = connection.query("SELECT value FROM runtime_settings WHERE key = ?1");
      if (!query.with(key).step()) return std::optional<std::string>();
      return std::optional<std::string>(query.text(0));
    });
  }

  Outcome<void> set(std::string_view key, std::string_view value, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      context
          .query(
              "INSERT INTO runtime_settings (key, value, updated_at) VALUES (?1, ?2, ?3)"
              " ON CONFLICT DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at")
          .with(key, value, to_micros(now))
          .run();
      return {};
    });
  }

 private:
  State& state_;
};

class SqliteStatsStore final : public StatsStore {
 public:
  explicit SqliteStatsStore(State& state) : state_(state) {}

  Outcome<Stats> stats(WallTime since) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<Stats> {
      const TimeOrderedId from = first_id_since(since);
      Query query = connection.query(
          "SELECT (SELECT count(*) FROM clients), (SELECT count(*) FROM clients WHERE status = 'active'),"
          " (SELECT count(*) FROM issuances WHERE id >= ?1 AND issued_at >= ?2),"
          " (SELECT count(*) FROM issuances WHERE revoked_at >= ?2), (SELECT count(*) FROM users)");
      query.with(Blob{from.view()}, to_seconds(in_seconds(since))).step();
      const auto count = [&](int column) { return static_cast<std::size_t>(query.integer(column)); };
      return Stats{count(0), count(1), count(2), count(3), count(4)};
    });
  }

 private:
  State& state_;
};

}  // namespace

std::unique_ptr<SettingsStore> make_settings_store(State& state) {
  return std::make_unique<SqliteSettingsStore>(state);
}

std::unique_ptr<StatsStore> make_stats_store(State& state) {
  return std::make_unique<SqliteStatsStore>(state);
}

}  // namespace authplane::authserver::sqlite
