#include "authserver/storage/grant_rules.h"
#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

// Works on a Connection and on a WriteContext.
template <class Source>
std::optional<User> read_user(Source& source, std::string_view id) {
  Query query = source.query("SELECT " AUTHPLANE_USER_COLUMNS " FROM users WHERE id = ?1");
  if (!query.with(id).step()) return std::nullopt;
  return user_from_row(query);
}

class SqliteUserStore final : public UserStore {
 public:
  explicit SqliteUserStore(State& state) : state_(state) {}

  Outcome<void> insert(const User& user) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (read_user(context, user.id)) return user_taken("id");
      if (email_is_taken(context, user)) return user_taken("e-mail address");
      if (provider_sub_is_taken(context, user)) return user_taken("provider identity");
      context
          .query("INSERT INTO users (" AUTHPLANE_USER_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
          .with(user.id, null_if_empty(user.email), user.name, user.password_hash, to_string(user.role),
                to_string(user.status), user.provider, null_if_empty(user.provider_sub), user.version,
                to_micros(user.created_at), to_micros(user.updated_at), to_micros(user.sessions_since))
          .run();
      return {};
    });
  }

  Outcome<User> get(std::string_view id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<User> {
      auto user = read_user(connection, id);
      if (!user) return user_not_found();
      return std::move(*user);
    });
  }

  Outcome<std::optional<User>> find_by_email(std::string_view email) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<User>> {
      Query query = connection.query("SELECT " AUTHPLANE_USER_COLUMNS " FROM users WHERE email = ?1");
      if (!query.with(email).step()) return std::optional<User>();
      return std::optional<User>(user_from_row(query));
    });
  }

  Outcome<std::optional<User>> find_by_provider(std::string_view provider,
                                                std::string_view provider_sub) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<User>> {
      Query query = connection.query("SELECT " AUTHPLANE_USER_COLUMNS
                                     " FROM users WHERE provider = ?1 AND provider_sub = ?2");
      if (!query.with(provider, provider_sub).step()) return std::optional<User>();
      return std::optional<User>(user_from_row(query));
    });
  }

  Outcome<std::vector<User>> list(const Page& page) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::vector<User>> {
      Query query = connection.query("SELECT " AUTHPLANE_USER_COLUMNS
                                     " FROM users ORDER BY created_at DESC, id LIMIT ?1 OFFSET ?2");
      query.with(page.limit, page.offset);
      std::vector<User> out;
      while (query.step()) out.push_back(user_from_row(query));
      return out;
    });
  }

  Outcome<User> update(const User& changed) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<User> {
      auto stored = read_user(context, changed.id);
      if (!stored) return user_not_found();
      if (stored->version != changed.version) return user_version_conflict();
      if (email_is_taken(context, changed)) return user_taken("e-mail address");
      return put(context, merged(std::move(*stored), changed));
    });
  }

  Outcome<User> transition(std::string_view id, UserStatus to, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<User> {
      auto stored = read_user(context, id);
      if (!stored) return user_not_found();
      if (stored->status == to) return user_is_already(to);
      stored->status = to;
      stored->updated_at = now;
      if (!stored->is_active()) stored->sessions_since = now;
      ++stored->version;
      return put(context, std::move(*stored));
    });
  }

  Outcome<void> remove(std::string_view id, RemoveUser mode, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (!read_user(context, id)) return user_not_found();
      if (mode == RemoveUser::unless_live_families && has_live_families(context, id, now)) {
        return user_has_live_families();
      }
      context.families().revoke_tokens_of_user(id, now);
      context.query("DELETE FROM connect_pending_states WHERE user_id = ?1").with(id).run();
      context.query("DELETE FROM users WHERE id = ?1").with(id).run();
      return {};
    });
  }

 private:
  static bool email_is_taken(WriteContext& context, const User& by) {
    return context.query("SELECT 1 FROM users WHERE email = ?1 AND id <> ?2")
        .with(null_if_empty(by.email), by.id)
        .step();
  }

  static bool provider_sub_is_taken(WriteContext& context, const User& by) {
    return context.query("SELECT 1 FROM users WHERE provider = ?1 AND provider_sub = ?2")
        .with(by.provider, null_if_empty(by.provider_sub))
        .step();
  }

  static User put(WriteContext& context, User user) {
    context
        .query(
            "UPDATE users SET email = ?2, name = ?3, password_hash = ?4, role = ?5, status = ?6,"
            " version = ?7, updated_at = ?8, sessions_since = ?9 WHERE id = ?1")
        .with(user.id, null_if_empty(user.email), user.name, user.password_hash, to_string(user.role),
              to_string(user.status), user.version, to_micros(user.updated_at),
              to_micros(user.sessions_since))
        .run();
    return user;
  }

  static bool has_live_families(WriteContext& context, std::string_view id, WallTime now) {
    Query query = context.query(
        "SELECT 1 FROM token_families f JOIN refresh_tokens r ON r.family = f.id WHERE f.user_id = ?1"
        " AND f.revoked_at IS NULL AND r.consumed_at IS NULL AND r.expires_at > ?2 LIMIT 1");
    return query.with(id, to_micros(now)).step();
  }

  State& state_;
};

}  // namespace

std::unique_ptr<UserStore> make_user_store(State& state) {
  return std::make_unique<SqliteUserStore>(state);
}

}  // namespace authplane::authserver::sqlite
