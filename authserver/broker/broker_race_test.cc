#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include <authplane/testing/race.h>
#include <authplane/testing/temp_folder.h>

#include "authserver/broker/broker_fixture.h"
#include "authserver/broker/reencryption.h"
#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver {
namespace {

constexpr int kRounds = 200;
// Processes that share a database wait for each other as long as it takes here: machines may be slow.
constexpr CredentialKeeper::Patience kPatience{.tries = 2'000, .first_pause = std::chrono::milliseconds(1)};

// The provider replaces its refresh token with every use and kills the one before.
class RotationRace : public ::testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<Storage> open_storage() {
    if (std::string_view(GetParam()) == "memory") return make_memory_storage();
    SqliteOptions options;
    options.path = directory_.file("race.db");
    return open_sqlite(options, clock_, logger_).value();
  }
  std::unique_ptr<Broker> make_broker() {
    return bench_.make_broker({.allow_http = false, .tasks = {}, .patience = kPatience});
  }
  // Two tokens at once, in every round.
  void vend_in_pairs(Broker& first, Broker& second) {
    const int rounds = testing::race_rounds(kRounds);
    std::atomic<int> vended = 0;
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
      testing::race(2, [&](int which) {
        const Vended token = BrokerFixture::vend(which == 0 ? first : second, bench_.request());
        EXPECT_TRUE(token) << token.error().detail;
        vended += token ? 1 : 0;
      });
      ASSERT_TRUE(bench_.accounts.is_live(bench_.stored_token())) << "lost in round " << round;
    }
    EXPECT_EQ(vended, 2 * rounds);
  }

  testing::FakeClock clock_;
  testing::RecordingLogger logger_;
  testing::TempFolder directory_;
  BrokerFixture bench_{open_storage()};
};

TEST_P(RotationRace, OneProcessNeverUsesACredentialTwice) {
  bench_.connected();
  const auto broker = make_broker();
  vend_in_pairs(*broker, *broker);
  EXPECT_EQ(bench_.accounts.refused(), 0) << "the provider saw a spent credential";
}

TEST_P(RotationRace, TwoProcessesLoseNoCredential) {
  bench_.connected();
  const auto first = make_broker(), second = make_broker();
  vend_in_pairs(*first, *second);
}

// The master key is being replaced at the same time.
TEST_P(RotationRace, EncryptingAnewLosesNoCredential) {
  bench_.connected();
  const auto by_old_key = std::exchange(
      bench_.sealer, make_aes_sealer(BrokerFixture::key('n'), BrokerFixture::key('k'), bench_.random));
  const auto broker = make_broker();
  const int rounds = testing::race_rounds(kRounds / 2);
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    const BrokerGrant grant = bench_.grants().get("grant-1").value();
    const std::string old =
        by_old_key->seal(bench_.stored_token(), grant_owner("user-1", "provider-1")).value();
    ASSERT_TRUE(bench_.grants().replace_credential(grant.id, grant.version, old, "aes_master", {}));
    testing::race(2, [&](int which) {
      if (which == 0) {
        const Vended token = BrokerFixture::vend(*broker, bench_.request());
        EXPECT_TRUE(token) << token.error().detail;
      } else {
        const auto done =
            reencrypt_credentials(bench_.storage().broker_providers(), bench_.grants(), *bench_.sealer,
                                  bench_.clock, [](const std::string& what) { ADD_FAILURE() << what; });
        EXPECT_TRUE(done);
      }
    });
    ASSERT_TRUE(bench_.accounts.is_live(bench_.stored_token())) << "lost in round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(Over, RotationRace, ::testing::Values("memory", "sqlite"),
                         [](const auto& backend) { return std::string(backend.param); });

}  // namespace
}  // namespace authplane::authserver
