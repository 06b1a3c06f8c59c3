#include "authserver/storage/sqlite/migrations.h"

#include <authplane/testing/fake_clock.h>
#include <authplane/testing/recording_logger.h>
#include <authplane/testing/temp_folder.h>
#include <gtest/gtest.h>

#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver {
namespace {

using sqlite::Access;
using sqlite::Blob;
using sqlite::Connection;

class MigrationsTest : public ::testing::Test {
 protected:
  Connection connect() { return Connection(path_, Access::read_write_create, std::chrono::seconds(5)); }
  std::unique_ptr<Storage> open() {
    SqliteOptions options;
    options.path = path_;
    return open_sqlite(options, clock_, logger_).value();
  }

  testing::TempFolder directory_;
  const std::string path_ = directory_.file("authserver.db");
  testing::FakeClock clock_;
  testing::RecordingLogger logger_;
  SystemRandom random_;
  IdGenerator ids_{clock_, random_};
};

// A file of the last version without users: a client, a resource, a token of each kind it knew, a spent
// proof.
TEST_F(MigrationsTest, FileWithoutUsersKeepsItsRowsAndTakesSessions) {
  const TimeOrderedId old_token = ids_.next();
  const SpentProof proof = SpentProof::of("key.jti", clock_.now_seconds(), std::chrono::seconds(60));
  {
    Connection connection = connect();
    ASSERT_EQ(sqlite::apply_migrations(connection, clock_.now(), 2), 2U);
    connection.execute_script(
        "INSERT INTO clients VALUES ('client-1', '', 'Old', '[\"http://127.0.0.1/cb\"]',"
        " '[\"authorization_code\"]', '[\"code\"]', 'none', 'mcp:echo', 'active', 'dcr', '', 0, '', NULL, 3,"
        " 1000000, 2000000);"
        "INSERT INTO resources VALUES ('resource-1', 'demo', 'https://demo.example/mcp', 'mint', '', 'Demo',"
        " '[{\"name\":\"mcp:echo\",\"description\":\"\",\"upstream\":\"\"}]',"
        " '{\"exchange_allowed_client_ids\":[],\"runtime_client_ids\":[],\"connect_allowed_return_urls\":[]}'"
        ","
        " 1, 1000000, 1000000);"
        "INSERT INTO identifiers VALUES (1, 'client-1'), (2, 'resource-1');"
        "INSERT INTO runtime_settings VALUES ('dcr_mode', 'open', 0);");
    const std::int64_t now = sqlite::to_seconds(clock_.now_seconds());
    connection
        .query(
            "INSERT INTO issuances (id, client, resource, scopes, grant_kind, backend, revocable, issued_at,"
            " expires_at) VALUES (?1, 1, 2, 'mcp:echo', 0, 0, 1, ?2, ?2 + 3600)")
        .with(Blob{old_token.view()}, now)
        .run();
    const std::string_view key(reinterpret_cast<const char*>(proof.key.data()), proof.key.size());
    connection.query("INSERT INTO spent_proofs VALUES (1, ?1, ?2)").with(Blob{key}, now + 120).run();
  }

  auto storage = open();
  EXPECT_TRUE(logger_.contains("database migrated"));
  const ClientPtr client = storage->clients().get("client-1").value();
  EXPECT_EQ(client->name, "Old");
  EXPECT_EQ(client->version, 3);
  EXPECT_EQ(storage->resources().catalog().value()->find_by_slug("demo")->id, "resource-1");
  EXPECT_EQ(storage->issuances().get(old_token).value().client_id, "client-1");
  EXPECT_EQ(storage->issuances().token_state(old_token.text(), clock_.now()).value(), TokenState::live);
  EXPECT_EQ(storage->settings().get("dcr_mode").value(), "open");

  User user;
  user.id = "user-1";
  ASSERT_TRUE(storage->users().insert(user));
  Authorization request;
  request.id = "request-1";
  request.client_id = "client-1";
  request.user_id = "user-1";
  request.scopes = ScopeSet::split("mcp:echo");
  request.resource_id = "resource-1";
  request.expires_at = clock_.now() + std::chrono::minutes(10);
  ASSERT_TRUE(storage->authorizations().create(request));
  ASSERT_TRUE(storage->authorizations().approve({.authorization_id = "request-1",
                                                 .user_id = "user-1",
                                                 .scopes = request.scopes,
                                                 .code_hash = sha256("code"),
                                                 .basis = ConsentBasis::given_now,
                                                 .consent_grant_id = "grant-1",
                                                 .audit = {},
                                                 .now = clock_.now()}));
  ASSERT_TRUE(storage->authorizations().consume_code(sha256("code"), clock_.now()).value());
  NewIssuance start;
  start.row.id = ids_.next();
  start.row.grant = GrantKind::authorization_code;
  start.row.client_id = "client-1";
  start.row.subject_user_id = "user-1";
  start.row.resource_id = "resource-1";
  start.row.issued_at = clock_.now_seconds();
  start.row.expires_at = clock_.now_seconds() + std::chrono::minutes(15);
  start.audit.id = ids_.next();
  start.proof = proof;
  TokenFamily family;
  family.id = ids_.next();
  family.client_id = "client-1";
  family.user_id = "user-1";
  family.authorization_id = "request-1";
  start.family =
      FamilyStart{family, NewRefreshToken{sha256("refresh"), clock_.now() + std::chrono::hours(1)}};
  const auto replayed = storage->issuances().append(start);
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().code, DomainErrorCode::invalid_dpop_proof);
  start.proof.reset();
  EXPECT_TRUE(storage->issuances().append(start));
  EXPECT_TRUE(storage->families().get(family.id));
}

TEST_F(MigrationsTest, EachVersionIsAppliedOnceAndInOrder) {
  Connection connection = connect();
  EXPECT_EQ(sqlite::apply_migrations(connection, clock_.now(), 1), 1U);
  EXPECT_EQ(sqlite::schema_state(connection), sqlite::SchemaState::outdated);
  EXPECT_EQ(sqlite::apply_migrations(connection, clock_.now()), 4U);
  EXPECT_EQ(sqlite::schema_state(connection), sqlite::SchemaState::current);
  EXPECT_EQ(sqlite::apply_migrations(connection, clock_.now()), 0U);
}

// A request on its way, a family with a token exchanged from it and a broker resource that nothing stands
// behind yet.
TEST_F(MigrationsTest, FileWithoutDelegationKeepsItsRowsAndTakesLinksAndAccounts) {
  const TimeOrderedId parent = ids_.next(), child = ids_.next();
  const std::int64_t now = sqlite::to_seconds(clock_.now_seconds());
  {
    Connection connection = connect();
    ASSERT_EQ(sqlite::apply_migrations(connection, clock_.now(), 3), 3U);
    connection.execute_script(
        "INSERT INTO clients VALUES ('client-1', '', 'Old', '[]', '[]', '[]', 'none', '', 'active', 'dcr',"
        " '', 0, '', NULL, 1, 0, 0);"
        "INSERT INTO users VALUES ('user-1', NULL, '', '', 'user', 'active', 'local', NULL, 1, 0, 0);"
        "INSERT INTO resources VALUES ('resource-1', 'gateway', '', 'mint', '', '',"
        " '[{\"name\":\"a\",\"description\":\"\",\"upstream\":\"\"}]',"
        " '{\"exchange_allowed_client_ids\":[],\"runtime_client_ids\":[],\"connect_allowed_return_urls\":[]}'"
        ", 1, 0, 0);"
        "INSERT INTO resources SELECT 'resource-2', 'backend', uri, 'mint', '', '', scopes, policy, 1, 0, 0"
        " FROM resources;"
        "INSERT INTO identifiers VALUES (1, 'client-1'), (2, 'user-1');"
        "INSERT INTO auth_sessions (id, client_id, user_id, redirect_uri, scopes, resource_id, resource_uri,"
        " state, code_challenge, created_at, expires_at)"
        " VALUES ('request-1', 'client-1', 'user-1', '', 'a', '', '', '', '', 0, 0);");
    for (const TimeOrderedId& id : {parent, child}) {
      const auto from = id == child ? std::optional<Blob>(Blob{parent.view()}) : std::nullopt;
      connection
          .query(
              "INSERT INTO issuances (id, client, subject, scopes, grant_kind, backend, revocable, issued_at,"
              " expires_at, parent) VALUES (?1, 1, 2, 'a', 3, 0, 1, ?2, ?2 + 3600, ?3)")
          .with(Blob{id.view()}, now, from)
          .run();
    }
  }

  auto storage = open();
  EXPECT_EQ(storage->users().get("user-1").value().sessions_since, WallTime());
  EXPECT_EQ(storage->authorizations().get("request-1").value().dpop_jkt, "");
  FrontingLink link;
  link.source_slug = "gateway";
  link.target_slug = "backend";
  link.scope_map = {{"a", {"a"}}};
  ASSERT_TRUE(storage->fronting_links().insert(link, false));
  EXPECT_EQ(storage->fronting_links().find("gateway", "backend").value(), link);
  BrokerProvider provider;
  provider.id = provider.slug = "github";
  ASSERT_TRUE(storage->broker_providers().insert(provider));
  BrokerGrant grant;
  grant.id = "grant-1";
  grant.user_id = "user-1";
  grant.provider_id = "github";
  EXPECT_TRUE(storage->broker_grants().connect(grant));
  ASSERT_TRUE(storage->clients().transition("client-1", ClientStatus::revoked, clock_.now()));
  EXPECT_EQ(storage->issuances().token_state(child.text(), clock_.now()).value(), TokenState::revoked);
}

// What no verb does, the file itself refuses.
TEST_F(MigrationsTest, FileRefusesRowsWithoutTheirOwners) {
  open();
  Connection connection = connect();
  connection.run("PRAGMA foreign_keys = ON");
  EXPECT_THROW(
      connection.execute_script("INSERT INTO token_families VALUES (zeroblob(16), 'x', 'x', '', '', '',"
                                " NULL, NULL, 0, NULL)"),
      sqlite::SqliteFailure);
  EXPECT_THROW(connection.execute_script(
                   "INSERT INTO refresh_tokens VALUES (1, zeroblob(32), zeroblob(16), 0, 0, NULL)"),
               sqlite::SqliteFailure);
  EXPECT_THROW(
      connection.execute_script("INSERT INTO consent_grants VALUES ('g', 'x', 'x', 'x', '', 0, 0, NULL)"),
      sqlite::SqliteFailure);
  for (const char* orphan :
       {"INSERT INTO fronting_links VALUES ('x', 'y', '{}', 0, '')",
        "INSERT INTO broker_grants VALUES ('g', 'x', 'x', '', zeroblob(0), '', 1, 0, 0, NULL)",
        "INSERT INTO xaa_policies VALUES ('p', '', 'x', '[]', NULL, '[]', 1, 0, 0)",
        "INSERT INTO subject_mappings VALUES ('m', 'x', 'sub', 'user', 0)"}) {
    EXPECT_THROW(connection.execute_script(orphan), sqlite::SqliteFailure) << orphan;
  }
}

}  // namespace
}  // namespace authplane::authserver
