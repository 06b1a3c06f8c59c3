#include "authserver/cli/maintenance.h"

#include <authplane/base/hash.h>
#include <authplane/testing/temp_folder.h>
#include <authplane/testing/testing.h>
#include <gtest/gtest.h>

#include <latch>

#include "authserver/cli/periodic_task.h"
#include "authserver/storage/sqlite/sqlite_storage.h"

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
  const testing::TempFolder directory;
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

// A user's yes to a client, and what came of it, in a storage of its own.
class TidyUpGrants : public ::testing::Test {
 protected:
  TidyUpGrants() {
    User user;
    user.id = "user-1";
    storage_->users().insert(user).value();
    Client client;
    client.id = "client-1";
    storage_->clients().insert(client).value();
  }
  // Of a request that is approved and good for ten minutes.
  TokenHash approved_code(const std::string& id) {
    Authorization pending;
    pending.id = id;
    pending.client_id = "client-1";
    pending.user_id = "user-1";
    pending.scopes = ScopeSet::split("s");
    pending.expires_at = clock_.now() + 10min;
    storage_->authorizations().create(pending).value();
    Approval approval;
    approval.authorization_id = id;
    approval.user_id = "user-1";
    approval.scopes = pending.scopes;
    approval.code_hash = sha256(id);
    approval.now = clock_.now();
    storage_->authorizations().approve(approval).value();
    return approval.code_hash;
  }
  // A family from that code whose refresh token is good for a week.
  TokenHash started_family(const std::string& id) {
    storage_->authorizations().consume_code(approved_code(id), clock_.now()).value();
    FamilyStart start;
    start.family.id = ids_.next();
    start.family.client_id = "client-1";
    start.family.user_id = "user-1";
    start.family.authorization_id = id;
    start.refresh = NewRefreshToken{.hash = sha256("refresh of " + id), .expires_at = clock_.now() + 168h};
    NewIssuance issuance;
    issuance.row.id = ids_.next();
    issuance.row.client_id = "client-1";
    issuance.row.subject_user_id = "user-1";
    issuance.audit.id = ids_.next();
    issuance.family = start;
    storage_->issuances().append(issuance).value();
    return start.refresh->hash;
  }
  bool knows(const TokenHash& refresh) {
    return storage_->families().find_by_refresh_token(refresh).value().has_value();
  }

  testing::FakeClock clock_;
  testing::RecordingLogger logger_;
  SystemRandom random_;
  IdGenerator ids_{clock_, random_};
  testing::TempFolder directory_;
  std::unique_ptr<Storage> storage_ =
      open_sqlite({.path = directory_.file("authserver.db")}, clock_, logger_).value();
};

TEST_F(TidyUpGrants, ForgetsRequestsNobodyRedeemedAndRemembersRedeemedCodes) {
  approved_code("left");
  const TokenHash redeemed = approved_code("redeemed");
  ASSERT_TRUE(storage_->authorizations().consume_code(redeemed, clock_.now()));
  clock_.advance(10min);
  tidy_up(*storage_, clock_, logger_);
  EXPECT_TRUE(storage_->authorizations().get("left"));
  clock_.advance(61s);
  tidy_up(*storage_, clock_, logger_);
  EXPECT_FALSE(storage_->authorizations().get("left"));
  EXPECT_TRUE(storage_->authorizations().consume_code(redeemed, clock_.now()).value()->is_replay);
  EXPECT_TRUE(logger_.contains("debug expired authorization requests deleted count=1"));
}

TEST_F(TidyUpGrants, ForgetsRefreshTokensPastTheirTime) {
  const TokenHash refresh = started_family("one");
  clock_.advance(168h);
  tidy_up(*storage_, clock_, logger_);
  EXPECT_TRUE(knows(refresh));
  clock_.advance(61s);
  tidy_up(*storage_, clock_, logger_);
  EXPECT_FALSE(knows(refresh));
  EXPECT_TRUE(logger_.contains("debug expired refresh tokens deleted count=1"));
}

TEST_F(TidyUpGrants, ForgetsAssertionsAndConnectRequestsThatCannotComeAgain) {
  ASSERT_TRUE(storage_->xaa().spend_assertion(sha256("assertion"), clock_.now() + 5min).value());
  PendingConnect pending;
  pending.id = "pending";
  pending.expires_at = clock_.now() + 5min;
  ASSERT_TRUE(storage_->broker_grants().begin(pending));
  clock_.advance(5min + 59s);
  tidy_up(*storage_, clock_, logger_);
  EXPECT_FALSE(storage_->xaa().spend_assertion(sha256("assertion"), clock_.now()).value());
  EXPECT_FALSE(logger_.contains("deleted"));
  clock_.advance(2s);
  tidy_up(*storage_, clock_, logger_);
  EXPECT_TRUE(logger_.contains("debug expired assertions deleted count=1"));
  EXPECT_TRUE(logger_.contains("debug expired connect requests deleted count=1"));
}

}  // namespace
}  // namespace authplane::authserver::cli
