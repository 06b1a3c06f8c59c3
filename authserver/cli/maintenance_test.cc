#include "authserver/cli/maintenance.h"

#include <authplane/testing/testing.h>
#include <gtest/gtest.h>

#include <latch>

#include "authserver/cli/periodic_task.h"
#include "authserver/storage/sqlite/sqlite_storage.h"
#include "authserver/storage/test_directory.h"

namespace authplane::authserver::cli {
namespace {

using namespace std::chrono_literals;

TEST(PeriodicTask, RunsAgainAndAgain) {
  std::latch runs(3);
  int left = 3;
  const PeriodicTask task(1ms, [&] {
    if (left-- > 0) runs.count_down();
  });
  runs.wait();
}

TEST(PeriodicTask, StopsWithoutWaitingForItsTurn) {
  bool ran = false;
  {
    const PeriodicTask task(24h, [&] { ran = true; });
  }
  EXPECT_FALSE(ran);
}

TEST(TidyUp, DeletesProofsThatCannotComeAgainAndNoOthers) {
  const TestDirectory directory;
  testing::FakeClock clock;
  testing::RecordingLogger logger;
  SystemRandom random;
  IdGenerator ids(clock, random);
  SqliteOptions options;
  options.path = directory.file("authserver.db");
  const auto storage = open_sqlite(options, clock, logger).value();
  Client client;
  client.id = "client-1";
  ASSERT_TRUE(storage->clients().insert(client));
  const auto spend = [&](const char* name) {
    Issuance row;
    row.id = ids.next();
    row.client_id = client.id;
    AuditEvent event;
    event.id = ids.next();
    return storage->issuances()
        .append(row, event, SpentProof::of(name, clock.now_seconds(), 60s))
        .has_value();
  };
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(spend(name));
  clock.advance(120s);
  tidy_up(*storage, clock, logger);
  EXPECT_FALSE(logger.contains("deleted"));
  clock.advance(61s);
  ASSERT_TRUE(spend("d"));
  tidy_up(*storage, clock, logger);
  EXPECT_TRUE(logger.contains("debug expired DPoP proofs deleted count=3"));
  EXPECT_FALSE(spend("d"));
}

}  // namespace
}  // namespace authplane::authserver::cli
