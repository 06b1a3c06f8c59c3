#include "authserver/http/rate_limiter.h"

#include <gtest/gtest.h>

#include <authplane/testing/testing.h>

namespace authplane::authserver {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateLimiter, LetsABurstThroughAndThenTheRate) {
  testing::FakeClock clock;
  RateLimiter limiter({.requests_per_second = 2, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.admit("192.0.2.1", clock.steady_now()));
  EXPECT_EQ(limiter.admit("192.0.2.1", clock.steady_now()), seconds(1));
  clock.advance(milliseconds(500));
  EXPECT_FALSE(limiter.admit("192.0.2.1", clock.steady_now()));
  EXPECT_TRUE(limiter.admit("192.0.2.1", clock.steady_now()));
  clock.advance(seconds(3600));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.admit("192.0.2.1", clock.steady_now()));
  EXPECT_TRUE(limiter.admit("192.0.2.1", clock.steady_now()));
}

TEST(RateLimiter, SaysHowLongToWait) {
  testing::FakeClock clock;
  RateLimiter limiter({.requests_per_second = 0.1, .burst = 1});
  EXPECT_FALSE(limiter.admit("192.0.2.1", clock.steady_now()));
  EXPECT_EQ(limiter.admit("192.0.2.1", clock.steady_now()), seconds(10));
}

TEST(RateLimiter, OneIpv6NetworkIsOneAddress) {
  testing::FakeClock clock;
  RateLimiter limiter({.requests_per_second = 1, .burst = 1});
  EXPECT_FALSE(limiter.admit("2001:db8:1:2::1", clock.steady_now()));
  EXPECT_TRUE(limiter.admit("2001:db8:1:2:ffff::9", clock.steady_now()));
  EXPECT_FALSE(limiter.admit("2001:db8:1:3::1", clock.steady_now()));
  EXPECT_FALSE(limiter.admit("192.0.2.1", clock.steady_now()));
  EXPECT_TRUE(limiter.admit("::ffff:192.0.2.1", clock.steady_now()));
}

TEST(RateLimiter, MemoryIsBoundedUnderAFloodOfAddresses) {
  testing::FakeClock clock;
  RateLimiter limiter({.requests_per_second = 1, .burst = 5}, 1024);
  for (int a = 0; a < 40; ++a) {
    for (int b = 0; b < 250; ++b) {
      limiter.admit("10.0." + std::to_string(a) + "." + std::to_string(b), clock.steady_now());
    }
  }
  EXPECT_LE(limiter.tracked(), 1024u);
  EXPECT_GT(limiter.tracked(), 512u);
}

TEST(RateLimiter, OddAddressesAreLimitedToo) {
  testing::FakeClock clock;
  RateLimiter limiter({.requests_per_second = 1, .burst = 1});
  for (const std::string& address : {std::string(), std::string("unix"), std::string(300, 'x')}) {
    EXPECT_FALSE(limiter.admit(address, clock.steady_now()));
    EXPECT_TRUE(limiter.admit(address, clock.steady_now()));
  }
}

}  // namespace
}  // namespace authplane::authserver
