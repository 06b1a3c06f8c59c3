#include "authserver/federation/pending_sign_in.h"

#include <set>

#include <gtest/gtest.h>

#include <authplane/base/encoding.h>
#include <authplane/testing/fake_clock.h>
#include <authplane/testing/seeded_random.h>

#include "authserver/federation/used_sign_ins.h"

namespace authplane::authserver {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Bench {
  PendingSignIn begin(std::string_view redirect = "/consent?session_id=1") {
    return begin_sign_in(keys, redirect, clock.now_seconds(), random);
  }
  FederationResult<PendingSignIn> resume(std::string_view cookie, std::string_view state) const {
    return resume_sign_in(keys, cookie, state, clock.now_seconds(), minutes(10));
  }

  testing::FakeClock clock;
  testing::SeededRandom random;
  SessionKeys keys{SecretString("a session secret for tests")};
};

TEST(PendingSignIn, ComesBackAsItWent) {
  Bench bench;
  const PendingSignIn begun = bench.begin();
  const auto resumed = bench.resume(begun.cookie, begun.state);
  ASSERT_TRUE(resumed) << resumed.error().cause;
  EXPECT_EQ(resumed->redirect, "/consent?session_id=1");
  EXPECT_EQ(resumed->nonce, begun.nonce);
  EXPECT_EQ(resumed->code_verifier, begun.code_verifier);
}

TEST(PendingSignIn, WhatIsSentTellsNothingOfTheRest) {
  Bench bench;
  const PendingSignIn begun = bench.begin();
  for (const std::string& value : {begun.state, begun.nonce, begun.code_verifier}) {
    EXPECT_EQ(value.size(), 43u);
    EXPECT_EQ(begun.cookie.find(value), std::string::npos);
  }
  EXPECT_EQ((std::set<std::string>{begun.state, begun.nonce, begun.code_verifier}.size()), 3u);
  EXPECT_EQ(code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(PendingSignIn, TwoOfThemHaveNothingInCommon) {
  Bench bench;
  const PendingSignIn one = bench.begin(), other = bench.begin();
  EXPECT_NE(one.state, other.state);
  EXPECT_FALSE(bench.resume(one.cookie, other.state));
  EXPECT_FALSE(bench.resume(other.cookie, one.state));
}

TEST(PendingSignIn, AChangedCookieOrStateIsRefused) {
  Bench bench;
  const PendingSignIn begun = bench.begin();
  for (std::size_t i = 0; i < begun.cookie.size(); ++i) {
    std::string changed = begun.cookie;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(bench.resume(changed, begun.state)) << i;
  }
  for (const std::string& state : {std::string(), begun.state + "A", begun.state.substr(1), begun.nonce})
    EXPECT_FALSE(bench.resume(begun.cookie, state)) << state;
  for (const std::string& cookie : {std::string(), std::string("."), std::string(5000, 'A'), begun.state})
    EXPECT_FALSE(bench.resume(cookie, begun.state)) << cookie;
  Bench other;
  other.keys = SessionKeys(SecretString("another session secret"));
  EXPECT_FALSE(other.resume(begun.cookie, begun.state));
}

TEST(PendingSignIn, EndsAfterItsTime) {
  Bench bench;
  const PendingSignIn begun = bench.begin();
  bench.clock.advance(minutes(10) - seconds(1));
  EXPECT_TRUE(bench.resume(begun.cookie, begun.state));
  bench.clock.advance(seconds(1));
  EXPECT_FALSE(bench.resume(begun.cookie, begun.state));
}

TEST(PendingSignIn, MayComeFromAClockAMinuteAhead) {
  Bench bench;
  const WallTime now = bench.clock.now();
  bench.clock.set_wall(now + minutes(1));
  const PendingSignIn ahead = bench.begin();
  bench.clock.set_wall(now + minutes(1) + seconds(1));
  const PendingSignIn too_far = bench.begin();
  bench.clock.set_wall(now);
  EXPECT_TRUE(bench.resume(ahead.cookie, ahead.state));
  EXPECT_FALSE(bench.resume(too_far.cookie, too_far.state));
}

TEST(PendingSignIn, TheLongestPathFitsACookie) {
  Bench bench;
  EXPECT_LE(bench.begin("/" + std::string(kMaxSignInRedirect - 1, 'a')).cookie.size(), 3800u);
}

TEST(UsedSignIns, CountOnce) {
  Bench bench;
  UsedSignIns used(minutes(10), bench.clock);
  const std::string one = bench.begin().state, other = bench.begin().state;
  EXPECT_TRUE(used.use(one));
  EXPECT_FALSE(used.use(one));
  EXPECT_TRUE(used.use(other));
  bench.clock.advance(minutes(10) - seconds(1));
  EXPECT_FALSE(used.use(one));
}

TEST(UsedSignIns, AreBounded) {
  Bench bench;
  UsedSignIns used(minutes(10), bench.clock);
  const auto state = [](std::size_t i) { return std::to_string(100'000'000'000'000 + i); };
  for (std::size_t i = 0; i < UsedSignIns::kMost; ++i) ASSERT_TRUE(used.use(state(i)));
  EXPECT_FALSE(used.use(state(UsedSignIns::kMost - 1)));
  ASSERT_TRUE(used.use(state(UsedSignIns::kMost)));
  EXPECT_TRUE(used.use(state(0)));  // the oldest made room
}

}  // namespace
}  // namespace authplane::authserver
