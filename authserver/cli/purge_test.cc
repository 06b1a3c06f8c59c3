#include "authserver/cli/purge.h"

#include <authplane/testing/temp_folder.h>
#include <authplane/testing/testing.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names(const PurgeTargets& targets) {
  std::vector<std::string> out;
  for (const PurgeTarget* target : targets) out.emplace_back(target->name);
  return out;
}

TEST(PurgeTargets, AllOfThemOrThoseThatAreNamed) {
  EXPECT_THAT(names(purge_targets({}).value()),
              ElementsAre("assertion-jti", "connect-pending-states", "dpop-nonces", "jti", "machine-tokens",
                          "refresh-tokens", "sessions"));
  EXPECT_THAT(names(purge_targets("sessions, jti,,sessions").value()), ElementsAre("jti", "sessions"));
}

TEST(PurgeTargets, WhatIsNoTargetIsAnsweredWithThoseThatAre) {
  for (const char* only : {"", " , ", "nope", "jti,nope", "JTI"}) {
    const auto refused = purge_targets(only);
    ASSERT_FALSE(refused) << only;
    EXPECT_THAT(refused.error().message,
                HasSubstr("assertion-jti, connect-pending-states, dpop-nonces, jti, machine-tokens,"
                          " refresh-tokens, sessions"));
  }
}

class PurgeTest : public ::testing::Test {
 protected:
  PurgeTest() {
    Client client;
    client.id = "client-1";
    EXPECT_TRUE(storage_->clients().insert(client));
  }
  static SqliteOptions options(const testing::TempFolder& directory) {
    SqliteOptions options;
    options.path = directory.file("authserver.db");
    return options;
  }
  // A machine token for no resource, an hour long, with a proof that lives for a minute.
  void issue() {
    Issuance row;
    row.id = ids_.next();
    row.client_id = "client-1";
    row.issued_at = clock_.now_seconds();
    row.expires_at = clock_.now_seconds() + 1h;
    AuditEvent event;
    event.id = ids_.next();
    EXPECT_TRUE(
        storage_->issuances().append(row, event, SpentProof::of(ids_.opaque(), clock_.now_seconds(), 60s)));
  }
  // An assertion used up and a user on the way to a provider, both for a minute.
  void spend_and_begin(std::string name) {
    EXPECT_TRUE(storage_->xaa().spend_assertion(sha256(name), clock_.now() + 1min).value());
    PendingConnect pending;
    pending.id = std::move(name);
    pending.expires_at = clock_.now() + 1min;
    EXPECT_TRUE(storage_->broker_grants().begin(pending));
  }
  CommandResult<void> run(const std::optional<std::string>& only = {}) {
    return purge(purge_targets(only).value(), *storage_, clock_, logger_, [] { return std::string(); });
  }

  testing::TempFolder directory_;
  testing::FakeClock clock_;
  testing::RecordingLogger logger_;
  SystemRandom random_;
  IdGenerator ids_{clock_, random_};
  std::unique_ptr<Storage> storage_ = open_sqlite(options(directory_), clock_, logger_).value();
};

TEST_F(PurgeTest, DeletesWhatHasExpiredAndCountsIt) {
  issue();
  spend_and_begin("early");
  clock_.advance(2h);
  issue();
  spend_and_begin("late");
  EXPECT_TRUE(run());
  EXPECT_TRUE(logger_.contains("info purged target=dpop-nonces table=spent_proofs deleted=1"));
  EXPECT_TRUE(logger_.contains("info purged target=machine-tokens table=issuances deleted=1"));
  EXPECT_TRUE(logger_.contains("info purged target=refresh-tokens table=refresh_tokens deleted=0"));
  EXPECT_TRUE(logger_.contains("info purged target=sessions table=auth_sessions deleted=0"));
  EXPECT_TRUE(logger_.contains("info nothing to purge target=jti"));
  EXPECT_TRUE(logger_.contains("info purged target=assertion-jti table=spent_assertions deleted=1"));
  EXPECT_TRUE(
      logger_.contains("info purged target=connect-pending-states table=connect_pending_states deleted=1"));
  EXPECT_FALSE(storage_->xaa().spend_assertion(sha256("late"), clock_.now()).value());
  EXPECT_TRUE(storage_->broker_grants().finish("late", clock_.now()).value());
  EXPECT_EQ(storage_->issuances().list_machine_tokens({}, {}).value().total, 1u);
}

TEST_F(PurgeTest, LeavesAloneWhatIsNotNamed) {
  issue();
  clock_.advance(2h);
  EXPECT_TRUE(run("dpop-nonces"));
  EXPECT_FALSE(logger_.contains("target=machine-tokens"));
  EXPECT_EQ(storage_->issuances().list_machine_tokens({}, {}).value().total, 1u);
}

TEST_F(PurgeTest, TargetThatFailsDoesNotStopTheNext) {
  static constexpr PurgeTarget broken{"broken", "rows", [](Storage&, WallTime) -> Outcome<std::size_t> {
                                        return fail(DomainErrorCode::unavailable, "the storage is busy",
                                                    "disk full");
                                      }};
  PurgeTargets targets = purge_targets("sessions").value();
  targets.insert(targets.begin(), &broken);
  const auto done = purge(targets, *storage_, clock_, logger_, [] { return std::string(); });
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("1 of 2 targets"));
  EXPECT_TRUE(logger_.contains("error purge failed target=broken table=rows"));
  EXPECT_TRUE(logger_.contains("disk full"));
  EXPECT_TRUE(logger_.contains("info purged target=sessions"));
}

TEST_F(PurgeTest, StopsBetweenTargetsAndSaysWhatIsLeft) {
  int asked = 0;
  const auto done = purge(purge_targets({}).value(), *storage_, clock_, logger_,
                          [&] { return std::string(++asked > 3 ? "after 10m" : ""); });
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("stopped after 10m; 4 of 7 targets were left alone"));
  EXPECT_TRUE(logger_.contains("target=dpop-nonces"));
  EXPECT_FALSE(logger_.contains("target=jti"));
}

}  // namespace
}  // namespace authplane::authserver::cli
