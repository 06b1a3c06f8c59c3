#include <authplane/dpop/nonce.h>

#include <set>

#include <authplane/testing/seeded_random.h>

#include "test_support.h"

namespace authplane::dpop {
namespace {

using std::chrono::seconds;

class NoncePolicyTest : public ::testing::Test {
 protected:
  std::shared_ptr<NoncePolicy> make(seconds lifetime, std::uint64_t seed = 1) {
    return make_nonce_policy(lifetime, clock, std::make_shared<testing::SeededRandom>(seed));
  }
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
};

// Whenever in its slot a nonce is handed out.
TEST_F(NoncePolicyTest, IsGoodForItsLifetimeAndAtMostTwiceThat) {
  const auto policy = make(seconds(60));
  for (int start = 0; start < 60; start += 7) {
    const std::string nonce = policy->current();
    clock->advance(seconds(60));
    EXPECT_TRUE(policy->accepts(nonce)) << start;
    clock->advance(seconds(61));
    EXPECT_FALSE(policy->accepts(nonce)) << start;
    clock->advance(seconds(6));
  }
}

TEST_F(NoncePolicyTest, IsGoodMoreThanOnce) {
  const auto policy = make(seconds(60));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(policy->accepts(policy->current()));
}

TEST_F(NoncePolicyTest, TakesNothingElse) {
  const auto policy = make(seconds(60));
  const std::string good = policy->current();
  EXPECT_EQ(good.size(), 43U);
  EXPECT_FALSE(policy->accepts(""));
  EXPECT_FALSE(policy->accepts(good + "A"));
  EXPECT_FALSE(policy->accepts(good.substr(1)));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = good[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(policy->accepts(changed)) << i;
  }
}

TEST_F(NoncePolicyTest, AnotherProcessHasOtherNonces) {
  EXPECT_FALSE(make(seconds(60), 2)->accepts(make(seconds(60), 1)->current()));
  const auto system_random = make_nonce_policy(seconds(60), clock);
  EXPECT_FALSE(make_nonce_policy(seconds(60), clock)->accepts(system_random->current()));
}

TEST_F(NoncePolicyTest, ChangesWithTime) {
  const auto policy = make(seconds(1));
  std::set<std::string> seen;
  for (int i = 0; i < 10; ++i, clock->advance(seconds(1))) seen.insert(policy->current());
  EXPECT_EQ(seen.size(), 10U);
}

TEST_F(NoncePolicyTest, AnOddLifetimeBecomesTheNearestUsableOne) {
  const auto shortest = make(seconds(-5));
  const std::string early = shortest->current();
  EXPECT_TRUE(shortest->accepts(early));
  clock->advance(seconds(2));
  EXPECT_FALSE(shortest->accepts(early));
  const auto longest = make(seconds(1'000'000));
  const std::string late = longest->current();
  clock->advance(seconds(7200));
  EXPECT_FALSE(longest->accepts(late));
}

TEST(NonceStore, KeepsTheNewestOfEachOrigin) {
  const auto store = make_nonce_store();
  EXPECT_EQ(store->get("https://as.example:443"), std::nullopt);
  store->put("https://as.example:443", "1");
  store->put("https://rs.example:443", "2");
  store->put("https://as.example:443", "3");
  EXPECT_EQ(store->get("https://as.example:443"), "3");
  EXPECT_EQ(store->get("https://rs.example:443"), "2");
}

TEST(NonceStore, TheLeastRecentlyUsedLeaves) {
  const auto store = make_nonce_store(2);
  store->put("a", "1");
  store->put("b", "2");
  EXPECT_EQ(store->get("a"), "1");
  store->put("c", "3");
  EXPECT_EQ(store->get("b"), std::nullopt);
  EXPECT_EQ(store->get("a"), "1");
  store->put("c", "4");  // an update counts as use and takes no place
  store->put("d", "5");
  EXPECT_EQ(store->get("a"), std::nullopt);
  EXPECT_EQ(store->get("c"), "4");
  EXPECT_EQ(store->get("d"), "5");
}

TEST(NonceStore, HoldsAtLeastOne) {
  const auto store = make_nonce_store(0);
  store->put("a", "1");
  EXPECT_EQ(store->get("a"), "1");
}

TEST(OriginOf, AlwaysHasThePort) {
  EXPECT_EQ(origin_of(Url::parse("HTTPS://AS.Example/x?y").value()), "https://as.example:443");
  EXPECT_EQ(origin_of(Url::parse("http://as.example").value()), "http://as.example:80");
  EXPECT_EQ(origin_of(Url::parse("http://u@as.example:9000/").value()), "http://as.example:9000");
  EXPECT_EQ(origin_of(Url::parse("https://[::1]/").value()), "https://[::1]:443");
}

}  // namespace
}  // namespace authplane::dpop
