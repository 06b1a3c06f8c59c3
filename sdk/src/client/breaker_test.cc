#include "client/breaker.h"

#include <gtest/gtest.h>

#include <authplane/testing/testing.h>

namespace authplane {
namespace {

using authplane::testing::FakeClock;
using Outcome = CircuitBreaker::Outcome;
using std::chrono::seconds;

struct BreakerTest : ::testing::Test {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  CircuitBreaker breaker{BreakerOptions{.threshold = 3, .cooldown = seconds(30)}, clock};

  bool call(Outcome outcome) {
    auto permit = breaker.acquire();
    if (!permit) return false;
    permit->settle(outcome);
    return true;
  }
  void open() {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(call(Outcome::failed));
  }
  void half_open() {
    open();
    clock->advance(seconds(30));
  }
};

TEST_F(BreakerTest, ConsecutiveFailuresOpenIt) {
  open();
  const auto permit = breaker.acquire();
  ASSERT_FALSE(permit);
  EXPECT_EQ(permit.error().code, ErrorCode::circuit_open);
  clock->advance(seconds(29));
  EXPECT_FALSE(breaker.acquire());
}

TEST_F(BreakerTest, AnAnswerResetsTheCount) {
  call(Outcome::failed);
  call(Outcome::failed);
  call(Outcome::answered);
  call(Outcome::failed);
  call(Outcome::failed);
  EXPECT_TRUE(breaker.acquire());
}

TEST_F(BreakerTest, NeutralOutcomesNeitherCountNorReset) {
  call(Outcome::failed);
  call(Outcome::failed);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(call(Outcome::neutral));
  call(Outcome::failed);
  EXPECT_FALSE(breaker.acquire());
}

TEST_F(BreakerTest, AfterTheCooldownExactlyOneProbePasses) {
  half_open();
  const auto probe = breaker.acquire();
  EXPECT_TRUE(probe);
  EXPECT_FALSE(breaker.acquire());
}

TEST_F(BreakerTest, SuccessfulProbeCloses) {
  half_open();
  EXPECT_TRUE(call(Outcome::answered));
  const auto one = breaker.acquire();
  const auto two = breaker.acquire();
  EXPECT_TRUE(one && two);
}

TEST_F(BreakerTest, FailedProbeStartsANewCooldown) {
  half_open();
  EXPECT_TRUE(call(Outcome::failed));
  clock->advance(seconds(29));
  EXPECT_FALSE(breaker.acquire());
  clock->advance(seconds(1));
  EXPECT_TRUE(breaker.acquire());
}

TEST_F(BreakerTest, NeutralProbeGivesItsSlotBack) {
  half_open();
  EXPECT_TRUE(call(Outcome::neutral));
  EXPECT_TRUE(breaker.acquire());
}

TEST_F(BreakerTest, ProbeThatIsNeverSettledGivesItsSlotBack) {
  half_open();
  { const auto probe = breaker.acquire(); }
  EXPECT_TRUE(breaker.acquire());
}

TEST_F(BreakerTest, OutcomeOfACallFromBeforeIsStale) {
  auto slow = breaker.acquire();
  half_open();
  auto probe = breaker.acquire();
  ASSERT_TRUE(slow && probe);
  slow->settle(Outcome::answered);
  EXPECT_FALSE(breaker.acquire()) << "only the probe may close the circuit";
  probe->settle(Outcome::answered);
  EXPECT_TRUE(breaker.acquire());
}

TEST(BreakerOutcomeTest, OnlyAnUnusableServerCounts) {
  const auto outcome = [](ErrorCode code, bool answered) {
    Error error;
    error.code = code;
    if (answered) error.oauth.emplace();
    return breaker_outcome(error);
  };
  EXPECT_EQ(outcome(ErrorCode::server_error, true), Outcome::failed);
  EXPECT_EQ(outcome(ErrorCode::transport_error, false), Outcome::failed);
  EXPECT_EQ(outcome(ErrorCode::metadata_fetch_error, false), Outcome::failed);
  for (ErrorCode code : {ErrorCode::invalid_grant, ErrorCode::invalid_scope, ErrorCode::invalid_client,
                         ErrorCode::unauthorized_client, ErrorCode::access_denied, ErrorCode::invalid_target,
                         ErrorCode::consent_required, ErrorCode::use_dpop_nonce, ErrorCode::oauth_error}) {
    EXPECT_EQ(outcome(code, true), Outcome::answered) << to_string(code);
  }
  for (ErrorCode code : {ErrorCode::protocol_error, ErrorCode::ssrf_blocked, ErrorCode::invalid_argument,
                         ErrorCode::missing_metadata_endpoint, ErrorCode::runtime_error}) {
    EXPECT_EQ(outcome(code, false), Outcome::neutral) << to_string(code);
  }
}

}  // namespace
}  // namespace authplane
