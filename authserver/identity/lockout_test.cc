#include "authserver/identity/lockout.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <authplane/testing/testing.h>

namespace authplane::authserver {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Outcome = LoginLockout::Outcome;

constexpr std::string_view kAda = "ada@example.com";
constexpr std::string_view kHome = "192.0.2.1";

struct Bench {
  explicit Bench(LockoutPolicy policy = {}) : lockout(policy, clock) {}
  testing::FakeClock clock;
  LoginLockout lockout;

  Outcome fail(std::string_view identity = kAda, std::string_view address = kHome) {
    return lockout.record_failure(identity, address);
  }
  void fail_times(int count, std::string_view identity = kAda, std::string_view address = kHome) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(fail(identity, address), Outcome::counted) << i;
  }
  std::optional<seconds> locked_for(std::string_view identity = kAda, std::string_view address = kHome) {
    return lockout.locked_for(identity, address);
  }
};

TEST(LoginLockout, TenFailuresLockForAQuarterOfAnHour) {
  Bench bench;
  bench.fail_times(9);
  EXPECT_FALSE(bench.locked_for());
  EXPECT_EQ(bench.fail(), Outcome::locked);
  EXPECT_EQ(bench.locked_for(), minutes(15));
  bench.clock.advance(minutes(15) - seconds(1));
  EXPECT_EQ(bench.locked_for(), seconds(1));
  bench.clock.advance(std::chrono::milliseconds(999));
  EXPECT_EQ(bench.locked_for(), seconds(1));
  bench.clock.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(bench.locked_for());
  EXPECT_EQ(bench.lockout.tracked(), 0U);
  bench.fail_times(9);
}

TEST(LoginLockout, EngagesOnceAndIsNotProlonged) {
  Bench bench;
  bench.fail_times(9);
  EXPECT_EQ(bench.fail(), Outcome::locked);
  bench.clock.advance(minutes(14));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(bench.fail(), Outcome::untracked);
  EXPECT_EQ(bench.locked_for(), minutes(1));
}

TEST(LoginLockout, FailuresOutsideTheWindowAreForgotten) {
  Bench bench;
  bench.fail_times(9);
  bench.clock.advance(minutes(10));
  bench.fail_times(9);
  EXPECT_FALSE(bench.locked_for());
  bench.clock.advance(minutes(10) - seconds(1));
  EXPECT_EQ(bench.fail(), Outcome::locked);
}

TEST(LoginLockout, ASuccessForgetsFailuresButEndsNoLock) {
  Bench bench;
  bench.fail_times(9);
  bench.lockout.record_success(kAda, kHome);
  EXPECT_EQ(bench.lockout.tracked(), 0U);
  bench.fail_times(9);
  EXPECT_EQ(bench.fail(), Outcome::locked);
  bench.lockout.record_success(kAda, kHome);
  EXPECT_TRUE(bench.locked_for());
}

TEST(LoginLockout, NobodyIsLockedOutFromElsewhere) {
  Bench bench;
  bench.fail_times(9);
  EXPECT_EQ(bench.fail(), Outcome::locked);
  EXPECT_FALSE(bench.locked_for(kAda, "192.0.2.2"));
  EXPECT_FALSE(bench.locked_for("bob@example.com", kHome));
  EXPECT_FALSE(bench.locked_for("1 " + std::string(kAda), kHome));
}

TEST(LoginLockout, SpellingAndNeighbouringAddressesGiveNoFreshGuesses) {
  Bench bench;
  bench.fail_times(5, "ada@example.com", "2001:db8::1");
  bench.fail_times(4, "ADA@Example.com", "2001:db8::ffff");
  EXPECT_EQ(bench.fail("Ada@example.com", "2001:db8::2"), Outcome::locked);
  EXPECT_TRUE(bench.locked_for("ada@example.COM", "2001:db8::3"));
}

TEST(LoginLockout, ZeroFailuresMeansOff) {
  Bench bench({.max_failures = 0});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(bench.fail(), Outcome::untracked);
  EXPECT_FALSE(bench.locked_for());
  EXPECT_EQ(bench.lockout.tracked(), 0U);
}

TEST(LoginLockout, OneFailureCanBeEnough) {
  Bench bench({.max_failures = 1});
  EXPECT_EQ(bench.fail(), Outcome::locked);
  EXPECT_TRUE(bench.locked_for());
}

TEST(LoginLockout, MakesRoomByForgettingTheOldestUnlockedPair) {
  Bench bench({.max_failures = 2, .max_tracked = 3});
  bench.fail_times(1, "locked");
  EXPECT_EQ(bench.fail("locked"), Outcome::locked);
  bench.fail_times(1, "first");
  bench.clock.advance(seconds(1));
  bench.fail_times(1, "second");
  bench.fail_times(1, "third");
  EXPECT_EQ(bench.lockout.tracked(), 3U);
  EXPECT_TRUE(bench.locked_for("locked"));
  EXPECT_EQ(bench.fail("second"), Outcome::locked);
  EXPECT_EQ(bench.fail("third"), Outcome::locked);
  EXPECT_EQ(bench.fail("first"), Outcome::untracked);
  EXPECT_EQ(bench.lockout.tracked(), 3U);
  EXPECT_TRUE(bench.locked_for("locked") && bench.locked_for("second") && bench.locked_for("third"));
}

TEST(LoginLockout, AFloodOfIdentitiesNeitherGrowsItNorFreesALockedPair) {
  Bench bench({.max_failures = 3, .max_tracked = 100});
  bench.fail_times(2);
  EXPECT_EQ(bench.fail(), Outcome::locked);
  for (int i = 0; i < 10'000; ++i) {
    (void)bench.fail("user" + std::to_string(i));
    ASSERT_LE(bench.lockout.tracked(), 100U);
  }
  EXPECT_TRUE(bench.locked_for());
}

TEST(LoginLockout, ExpiredPairsMakeRoomForAnyKind) {
  Bench bench({.max_failures = 1, .max_tracked = 2});
  EXPECT_EQ(bench.fail("a"), Outcome::locked);
  EXPECT_EQ(bench.fail("b"), Outcome::locked);
  EXPECT_EQ(bench.fail("c"), Outcome::untracked);
  bench.clock.advance(minutes(15));
  EXPECT_EQ(bench.fail("c"), Outcome::locked);
  EXPECT_EQ(bench.lockout.tracked(), 1U);
}

TEST(LoginLockout, ACorrectedSystemClockChangesNothing) {
  Bench bench({.max_failures = 1});
  EXPECT_EQ(bench.fail(), Outcome::locked);
  bench.clock.set_wall(WallTime(std::chrono::hours(24 * 365 * 60)));
  EXPECT_EQ(bench.locked_for(), minutes(15));
}

TEST(LoginLockout, ThreadsAgreeOnTheOneFailureThatLocks) {
  Bench bench({.max_failures = 50});
  std::atomic<int> counted{0};
  std::atomic<int> engaged{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const Outcome outcome = bench.lockout.record_failure(kAda, kHome);
        counted += outcome == Outcome::counted;
        engaged += outcome == Outcome::locked;
        const std::string other = "other" + std::to_string(t);
        (void)bench.lockout.record_failure(other, kHome);
        (void)bench.lockout.locked_for(other, kHome);
        bench.lockout.record_success(other, kHome);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counted, 49);
  EXPECT_EQ(engaged, 1);
  EXPECT_EQ(bench.lockout.tracked(), 1U);
}

}  // namespace
}  // namespace authplane::authserver
