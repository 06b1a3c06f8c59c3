#include "recent_tokens.h"

#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace authplane::detail {
namespace {

// A token's text is kept together with its claims, so what still holds the claims still holds the text.
class RecentTokensTest : public ::testing::Test {
 protected:
  bool held() const { return claims.use_count() > 1; }

  const std::shared_ptr<const ClaimsData> claims = std::make_shared<const ClaimsData>();
  std::optional<RecentTokens> tokens{std::in_place};
};

TEST_F(RecentTokensTest, FindsTheSameTokenUnderTheSameKeys) {
  tokens->remember("token-a", claims, 7);
  EXPECT_EQ(tokens->find("token-a", 7), claims);
  EXPECT_EQ(tokens->find("token-A", 7), nullptr);
  EXPECT_EQ(tokens->find("token-aa", 7), nullptr);
  EXPECT_EQ(tokens->find("", 7), nullptr);
  EXPECT_TRUE(held());
}

TEST_F(RecentTokensTest, ForgottenTokenIsHeldNoLonger) {
  tokens->remember("token-a", claims, 7);
  tokens->forget("token-a");
  EXPECT_FALSE(held());
}

TEST_F(RecentTokensTest, OtherKeysEndIt) {
  tokens->remember("token-a", claims, 7);
  EXPECT_EQ(tokens->find("token-a", 8), nullptr);
  EXPECT_FALSE(held());
}

TEST_F(RecentTokensTest, TheCacheIsAskedAgainFromTimeToTime) {
  tokens->remember("token-a", claims, 7);
  int found = 0;
  while (tokens->find("token-a", 7)) ASSERT_LT(++found, 1'000);
  EXPECT_GT(found, 1);
  EXPECT_FALSE(held());
}

TEST_F(RecentTokensTest, OthersTakeItsPlace) {
  tokens->remember("token-a", claims, 7);
  for (char c = 'a'; c <= 'z'; ++c)
    tokens->remember(std::string("token-") + c + "--", std::make_shared<const ClaimsData>(), 7);
  for (char c = 'a'; c <= 'z'; ++c)
    tokens->remember(std::string("token--") + c + "-", std::make_shared<const ClaimsData>(), 7);
  EXPECT_FALSE(held());
}

TEST_F(RecentTokensTest, TheirEndEndsTheirTokensOfThisThread) {
  const RecentTokens others;
  const auto kept = std::make_shared<const ClaimsData>();
  tokens->remember("token-a", claims, 7);
  others.remember("token-b", kept, 7);
  tokens.reset();
  EXPECT_FALSE(held());
  EXPECT_EQ(others.find("token-b", 7), kept);
}

TEST_F(RecentTokensTest, TheirEndEndsTheirTokensOfOtherThreads) {
  std::latch remembered(1), ended(1);
  std::jthread other([&] {
    tokens->remember("token-a", claims, 7);
    remembered.count_down();
    ended.wait();
  });
  remembered.wait();
  EXPECT_TRUE(held());
  tokens.reset();
  EXPECT_FALSE(held());
  ended.count_down();
}

TEST_F(RecentTokensTest, AThreadsEndEndsItsTokens) {
  std::thread([&] { tokens->remember("token-a", claims, 7); }).join();
  EXPECT_FALSE(held());
}

TEST_F(RecentTokensTest, ThreadsEndWhileOthersComeAndGo) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const RecentTokens mine;
        std::jthread([&] {
          mine.remember("token-a", claims, 7);
          tokens->remember("token-b", claims, 7);
        }).join();
        mine.remember("token-a", claims, 7);
        EXPECT_EQ(mine.find("token-a", 7), claims);
      }
    });
  }
  threads.clear();
  EXPECT_FALSE(held());
}

}  // namespace
}  // namespace authplane::detail
