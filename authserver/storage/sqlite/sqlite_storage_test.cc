#include "authserver/storage/sqlite/sqlite_storage.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <list>
#include <thread>

#include <authplane/testing/fake_clock.h>
#include <authplane/testing/recording_logger.h>
#include <authplane/testing/temp_folder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/storage/sqlite/connection.h"
#include "authserver/storage/sqlite/database_file.h"
#include "authserver/storage/sqlite/snapshot_cache.h"
#include "authserver/storage/sqlite/writer.h"

namespace authplane::authserver {
namespace {

using sqlite::Access;
using sqlite::Connection;
using ::testing::AllOf;
using ::testing::HasSubstr;

class SqliteStorageTest : public ::testing::Test {
 protected:
  SqliteOptions options() const {
    SqliteOptions out;
    out.path = directory_.file("authserver.db");
    return out;
  }
  std::unique_ptr<Storage> open() { return open_sqlite(options(), clock_, logger_).value(); }
  std::unique_ptr<Storage> open_impatient() {
    SqliteOptions with = options();
    with.busy_timeout = std::chrono::milliseconds(50);
    return open_sqlite(with, clock_, logger_).value();
  }
  std::string open_failure(const SqliteOptions& with) {
    auto opened = open_sqlite(with, clock_, logger_);
    return opened ? "opened" : opened.error().message;
  }
  Connection connect() {
    return Connection(options().path, Access::read_write_create, std::chrono::seconds(5));
  }

  Client client(std::string id) {
    Client out;
    out.id = std::move(id);
    out.name = "name";
    out.issued_at = out.updated_at = clock_.now();
    return out;
  }
  Resource resource(std::string slug) {
    Resource out;
    out.id = ids_.opaque();
    out.slug = std::move(slug);
    out.created_at = out.updated_at = clock_.now();
    return out;
  }
  Issuance issuance(std::string client_id) {
    Issuance out;
    out.id = ids_.next();
    out.client_id = std::move(client_id);
    out.issued_at = clock_.now_seconds();
    out.expires_at = out.issued_at + std::chrono::hours(1);
    return out;
  }
  AuditEvent event() {
    AuditEvent out;
    out.id = ids_.next();
    out.action = "test";
    out.created_at = clock_.now();
    return out;
  }

  testing::TempFolder directory_;
  testing::FakeClock clock_;
  testing::RecordingLogger logger_;
  SystemRandom random_;
  IdGenerator ids_{clock_, random_};
};

TEST_F(SqliteStorageTest, EverythingIsThereAfterReopening) {
  const Issuance token = issuance("client-1");
  {
    auto storage = open();
    ASSERT_TRUE(storage->clients().insert(client("client-1")));
    ASSERT_TRUE(storage->resources().insert(resource("demo")));
    ASSERT_TRUE(storage->issuances().append(token, event()));
    ASSERT_TRUE(storage->settings().set("dcr_mode", "open", clock_.now()));
  }
  auto storage = open();
  EXPECT_EQ(*storage->clients().get("client-1").value(), client("client-1"));
  EXPECT_NE(storage->resources().catalog().value()->find_by_slug("demo"), nullptr);
  EXPECT_EQ(storage->issuances().get(token.id).value(), token);
  EXPECT_EQ(storage->audit().query({}).value().size(), 1U);
  EXPECT_EQ(storage->settings().get("dcr_mode").value(), "open");
}

// A copy of the one file is a backup of a server that was stopped.
TEST_F(SqliteStorageTest, TheFileHasEverythingOnceItIsClosed) {
  {
    auto storage = open();
    ASSERT_TRUE(storage->clients().insert(client("client-1")));
    ASSERT_TRUE(storage->clients().get("client-1"));
  }
  EXPECT_FALSE(std::filesystem::exists(options().path + "-wal"));
  SqliteOptions copy = options();
  copy.path = directory_.file("copy.db");
  std::filesystem::copy_file(options().path, copy.path);
  EXPECT_TRUE(open_sqlite(copy, clock_, logger_).value()->clients().get("client-1"));
}

TEST_F(SqliteStorageTest, PostedEventsAreStoredBeforeTheStorageCloses) {
  open()->audit().post(event());
  EXPECT_EQ(open()->audit().query({}).value().size(), 1U);
}

TEST_F(SqliteStorageTest, OnlyTheOwnerMayReadTheFilesItMakes) {
  SqliteOptions nested = options();
  nested.path = directory_.file("data/authserver.db");
  auto storage = open_sqlite(nested, clock_, logger_).value();
  const auto mode = [](const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
  };
  EXPECT_EQ(mode(directory_.file("data")), 0700U);
  for (const char* suffix : {"", "-wal", "-shm"}) EXPECT_EQ(mode(nested.path + suffix), 0600U) << suffix;
}

TEST_F(SqliteStorageTest, MigratesOnceAndThenHasNothingToDo) {
  EXPECT_GT(migrate_sqlite(options(), clock_).value(), 0U);
  EXPECT_EQ(migrate_sqlite(options(), clock_).value(), 0U);
}

TEST_F(SqliteStorageTest, RefusesADatabaseOfANewerVersion) {
  open();
  connect().execute_script("INSERT INTO schema_migrations VALUES (100000, 0)");
  EXPECT_THAT(open_failure(options()), AllOf(HasSubstr(options().path), HasSubstr("newer version")));
}

TEST_F(SqliteStorageTest, RefusesAnOutdatedSchemaWhenNotAskedToMigrate) {
  SqliteOptions with = options();
  with.schema = SchemaPolicy::require_current;
  EXPECT_THAT(open_failure(with), AllOf(HasSubstr(with.path), HasSubstr("migrate")));
  open();
  EXPECT_EQ(open_failure(with), "opened");
}

TEST_F(SqliteStorageTest, RefusesADatabaseOfAnotherProgramAndLeavesItAlone) {
  connect().execute_script("CREATE TABLE notes (text TEXT)");
  EXPECT_THAT(open_failure(options()), AllOf(HasSubstr(options().path), HasSubstr("another program")));
  Connection connection = connect();
  auto tables = connection.query("SELECT count(*) FROM sqlite_schema");
  ASSERT_TRUE(tables.step());
  EXPECT_EQ(tables.integer(0), 1);
}

TEST_F(SqliteStorageTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(options().path) << std::string(4096, 'x');
  EXPECT_THAT(open_failure(options()), AllOf(HasSubstr(options().path), HasSubstr("not a SQLite database")));
}

TEST_F(SqliteStorageTest, NamesThePathWhenTheDirectoryCannotBeMade) {
  std::ofstream(directory_.file("file")) << "x";
  SqliteOptions with = options();
  with.path = directory_.file("file/below/authserver.db");
  EXPECT_THAT(open_failure(with), AllOf(HasSubstr(with.path), HasSubstr("cannot be created")));
  with.path = directory_.file("file/authserver.db");
  EXPECT_THAT(open_failure(with), HasSubstr(with.path));
  with.path.clear();
  EXPECT_THAT(open_failure(with), HasSubstr("storage.sqlite.path"));
}

TEST_F(SqliteStorageTest, ChangesOfAnotherProcessShowAfterTheStatedInterval) {
  auto server = open();
  auto command = open();
  ASSERT_TRUE(server->clients().insert(client("client-1")));
  ASSERT_TRUE(server->clients().get("client-1"));
  ASSERT_TRUE(server->resources().catalog());
  ASSERT_EQ(server->fronting_links().find("gateway", "backend").value(), std::nullopt);

  Client changed = client("client-1");
  changed.name = "renamed";
  ASSERT_TRUE(command->clients().update(changed));
  ASSERT_TRUE(command->resources().insert(resource("demo")));
  Resource gateway = resource("gateway"), backend = resource("backend");
  gateway.scopes = backend.scopes = {{"a", "", ""}};
  for (const Resource& one : {gateway, backend}) ASSERT_TRUE(command->resources().insert(one));
  FrontingLink link;
  link.source_slug = "gateway";
  link.target_slug = "backend";
  link.scope_map = {{"a", {"a"}}};
  ASSERT_TRUE(command->fronting_links().insert(link, false));
  clock_.advance(std::chrono::milliseconds(50));
  EXPECT_EQ(server->clients().get("client-1").value()->name, "renamed");
  EXPECT_NE(server->resources().catalog().value()->find_by_slug("demo"), nullptr);
  EXPECT_EQ(server->fronting_links().find("gateway", "backend").value(), link);
  ASSERT_TRUE(command->fronting_links().remove("gateway", "backend"));
  clock_.advance(std::chrono::milliseconds(50));
  EXPECT_EQ(server->fronting_links().find("gateway", "backend").value(), std::nullopt);
}

TEST_F(SqliteStorageTest, NoTokenIsRecordedAfterAnotherProcessSuspendedTheClient) {
  auto server = open();
  auto command = open();
  ASSERT_TRUE(server->clients().insert(client("client-1")));
  ASSERT_TRUE(server->issuances().append(issuance("client-1"), event()));
  ASSERT_TRUE(command->clients().transition("client-1", ClientStatus::suspended, clock_.now()));
  const auto refused = server->issuances().append(issuance("client-1"), event());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, DomainErrorCode::invalid_client);
}

TEST_F(SqliteStorageTest, TwoProcessesWriteTheSameFileInTurn) {
  auto server = open();
  auto command = open();
  ASSERT_TRUE(server->clients().insert(client("client-1")));
  std::thread other([&] {
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(command->clients().insert(client("other-" + std::to_string(i))));
    }
  });
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(server->issuances().append(issuance("client-1"), event()));
  other.join();
  EXPECT_EQ(server->stats().stats({}).value().clients, 51U);
  EXPECT_EQ(command->stats().stats({}).value().tokens_issued, 50U);
}

TEST_F(SqliteStorageTest, SpentProofStaysSpentAfterReopening) {
  const SpentProof proof = SpentProof::of("key.jti", clock_.now_seconds(), std::chrono::seconds(60));
  ASSERT_TRUE(open()->clients().insert(client("client-1")));
  ASSERT_TRUE(open()->issuances().append(issuance("client-1"), event(), proof));
  auto storage = open();
  const auto refused = storage->issuances().append(issuance("client-1"), event(), proof);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, DomainErrorCode::invalid_dpop_proof);
  EXPECT_EQ(storage->stats().stats({}).value().tokens_issued, 1U);
}

TEST_F(SqliteStorageTest, ProofSpentInOneProcessIsSpentInAllOthersAndAfterAPurge) {
  const auto proof = [&](int i) {
    return SpentProof::of("key." + std::to_string(i), clock_.now_seconds(), std::chrono::seconds(60));
  };
  auto one = open();
  auto two = open();
  ASSERT_TRUE(one->clients().insert(client("client-1")));
  for (int i = 0; i < 20; ++i) {
    Storage& first = i % 2 == 0 ? *one : *two;
    Storage& second = i % 2 == 0 ? *two : *one;
    ASSERT_TRUE(first.issuances().append(issuance("client-1"), event(), proof(i))) << i;
    EXPECT_FALSE(second.issuances().append(issuance("client-1"), event(), proof(i))) << i;
  }
  clock_.advance(std::chrono::seconds(121));
  EXPECT_GE(one->issuances().purge_spent_proofs(clock_.now()).value(), 19U);
  ASSERT_TRUE(one->issuances().append(issuance("client-1"), event(), proof(100)));
  EXPECT_FALSE(two->issuances().append(issuance("client-1"), event(), proof(100)));
  EXPECT_FALSE(open()->issuances().append(issuance("client-1"), event(), proof(100)));
}

TEST_F(SqliteStorageTest, ProofOfATransactionThatFailedIsUnspent) {
  const SpentProof spent = SpentProof::of("key.1", clock_.now_seconds(), std::chrono::seconds(60));
  const SpentProof lost = SpentProof::of("key.2", clock_.now_seconds(), std::chrono::seconds(60));
  auto storage = open();
  ASSERT_TRUE(storage->clients().insert(client("client-1")));
  ASSERT_TRUE(storage->issuances().append(issuance("client-1"), event(), spent));
  connect().execute_script(
      "CREATE TRIGGER full BEFORE INSERT ON issuance_blocks BEGIN SELECT raise(ROLLBACK, 'no'); END;"
      "DELETE FROM issuance_blocks");
  ASSERT_FALSE(storage->issuances().append(issuance("client-1"), event(), lost));
  connect().execute_script("DROP TRIGGER full");
  EXPECT_TRUE(storage->issuances().append(issuance("client-1"), event(), lost));
  for (const SpentProof& proof : {spent, lost}) {
    const auto refused = storage->issuances().append(issuance("client-1"), event(), proof);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, DomainErrorCode::invalid_dpop_proof);
  }
}

TEST_F(SqliteStorageTest, RefusesWritesBeyondTheQueueAndKeepsTheRest) {
  SqliteOptions with = options();
  with.max_queued = 4;
  auto storage = open_sqlite(with, clock_, logger_).value();
  ASSERT_TRUE(storage->clients().insert(client("client-1")));

  Connection blocker = connect();
  blocker.run("BEGIN IMMEDIATE");
  std::list<IssuanceAppend> appends;
  for (int i = 0; i < 20; ++i) {
    storage->issuances().start(appends.emplace_back(NewIssuance{issuance("client-1"), event()}));
  }
  blocker.run("ROLLBACK");
  std::size_t stored = 0, refused = 0;
  for (IssuanceAppend& append : appends) {
    const auto& outcome = append.wait();
    if (outcome) {
      ++stored;
    } else {
      EXPECT_EQ(outcome.error().code, DomainErrorCode::unavailable);
      ++refused;
    }
  }
  EXPECT_GE(stored, 4U);
  EXPECT_GE(refused, 1U);
  EXPECT_EQ(storage->stats().stats({}).value().tokens_issued, stored);
}

TEST_F(SqliteStorageTest, FullDiskRefusesTheWriteAndKeepsWhatWasAcknowledged) {
  auto file = sqlite::open_database_file(options(), clock_.now()).value();
  file.writer->execute_script("PRAGMA max_page_count = 200");
  sqlite::Writer writer(options().path, std::move(file.writer), 100, nullptr, clock_, logger_,
                        [](const auto&) {});
  const auto write = [&](int i) {
    return writer.write([&](sqlite::WriteContext& context) -> Outcome<void> {
      context.query("INSERT INTO runtime_settings VALUES (?1, ?2, 0)").with(i, std::string(3000, 'x')).run();
      return {};
    });
  };
  int acknowledged = 0;
  while (acknowledged < 1000 && write(acknowledged)) ++acknowledged;
  ASSERT_GT(acknowledged, 0);
  ASSERT_LT(acknowledged, 1000);
  EXPECT_FALSE(writer.check());
  const auto refused = write(acknowledged);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, DomainErrorCode::unavailable);
  EXPECT_THAT(refused.error().detail, AllOf(HasSubstr(options().path), HasSubstr("disk is full")));
  EXPECT_TRUE(logger_.contains("storage write failed"));

  Connection connection = connect();
  auto rows = connection.query("SELECT count(*) FROM runtime_settings");
  ASSERT_TRUE(rows.step());
  EXPECT_EQ(rows.integer(0), acknowledged);
}

TEST_F(SqliteStorageTest, PingFailsFromAWriteThatFailedToOneThatSucceeds) {
  auto storage = open_impatient();
  ASSERT_TRUE(storage->clients().insert(client("client-1")));
  EXPECT_TRUE(storage->ping());
  EXPECT_FALSE(storage->clients().insert(client("client-1")));  // refused, but not for the storage's sake
  EXPECT_TRUE(storage->ping());

  Connection blocker = connect();
  blocker.run("BEGIN IMMEDIATE");
  ASSERT_FALSE(storage->clients().insert(client("client-2")));
  const auto failing = storage->ping();
  ASSERT_FALSE(failing);
  EXPECT_EQ(failing.error().code, DomainErrorCode::unavailable);
  EXPECT_THAT(failing.error().detail, HasSubstr("another process kept it locked"));
  blocker.run("ROLLBACK");
  EXPECT_FALSE(storage->ping());
  ASSERT_TRUE(storage->clients().insert(client("client-2")));
  EXPECT_TRUE(storage->ping());
}

TEST_F(SqliteStorageTest, PingHasAWriteTriedOnceInASecondWhenNothingElseWrites) {
  auto storage = open_impatient();
  Connection blocker = connect();
  blocker.run("BEGIN IMMEDIATE");
  EXPECT_TRUE(storage->ping());
  EXPECT_TRUE(storage->ping());
  EXPECT_FALSE(logger_.contains("storage write failed"));
  const std::size_t lines = logger_.lines().size();

  clock_.advance(sqlite::Writer::kTrialInterval);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto passed = [&] { return std::chrono::steady_clock::now() > deadline; };
  while (storage->ping() && !passed()) std::this_thread::yield();
  EXPECT_FALSE(storage->ping());
  blocker.run("ROLLBACK");
  EXPECT_FALSE(storage->ping());
  EXPECT_EQ(logger_.lines().size(), lines + 1) << logger_.text();

  clock_.advance(sqlite::Writer::kTrialInterval);
  while (!storage->ping() && !passed()) std::this_thread::yield();
  EXPECT_TRUE(storage->ping());
}

TEST_F(SqliteStorageTest, WriteAheadLogIsStartedOverInsteadOfGrowing) {
  auto storage = open();
  const std::string megabyte(1 << 20, 'x');
  std::uintmax_t written = 0;
  bool started_over = false;
  for (int i = 0; i < 1000 && !started_over; ++i) {
    ASSERT_TRUE(storage->settings().set("key", megabyte, clock_.now()));
    written += megabyte.size();
    started_over = written > 2 * std::filesystem::file_size(options().path + "-wal");
  }
  EXPECT_TRUE(started_over) << written;
  EXPECT_EQ(storage->settings().get("key").value(), megabyte);
}

TEST(SnapshotCacheTest, WhatAChangeOvertookIsRefused) {
  sqlite::SnapshotCache<ResourceCatalog> cache;
  const auto old = std::make_shared<const ResourceCatalog>();
  const auto generation = cache.find().generation;
  cache.forget();
  EXPECT_FALSE(cache.keep({old, 1}, generation));
  EXPECT_EQ(cache.find().value, nullptr);
  EXPECT_TRUE(cache.keep({old, 1}, cache.find().generation));
  EXPECT_EQ(cache.find().value, old);
}

TEST(SnapshotCacheTest, OlderOfTwoReadersIsRefused) {
  sqlite::SnapshotCache<ResourceCatalog> cache;
  const auto old = std::make_shared<const ResourceCatalog>();
  const auto current = std::make_shared<const ResourceCatalog>();
  const auto generation = cache.find().generation;
  EXPECT_TRUE(cache.keep({current, 2}, generation));
  EXPECT_FALSE(cache.keep({old, 1}, generation));
  EXPECT_EQ(cache.find().value, current);
}

TEST_F(SqliteStorageTest, IssuancesAreFoundWithoutSortingThemAll) {
  open();
  Connection connection = connect();
  auto plan = connection.query(
      "EXPLAIN QUERY PLAN SELECT i.id FROM issuance_blocks b CROSS JOIN issuances i"
      " ON i.id >= authplane_block_start(b.block) AND i.id < authplane_block_start(b.block + 1)"
      " WHERE b.dimension = 1 AND b.key = 1 AND b.block >= 0 ORDER BY b.block DESC, i.id DESC LIMIT 5");
  std::string text;
  while (plan.step()) text += plan.text(3) + "\n";
  EXPECT_THAT(text, Not(HasSubstr("TEMP B-TREE")));
  EXPECT_THAT(text, Not(HasSubstr("SCAN")));
}

}  // namespace
}  // namespace authplane::authserver
