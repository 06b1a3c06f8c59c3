#include "verified_token_cache.h"

#include <thread>

#include "test_support.h"

namespace authplane {
namespace {

using resource_test::outcome;
using std::chrono::seconds;

Sha256Digest digest_of(int number) {
  return sha256(std::to_string(number));
}

// ---- the store by itself

TEST(VerifiedTokenCache, ReturnsWhatWasStoredForThatDigestAndKeySet) {
  detail::VerifiedTokenCache cache(100);
  auto claims = std::make_shared<const detail::ClaimsData>();
  cache.insert(digest_of(1), claims, 7);
  EXPECT_EQ(cache.find(digest_of(1), 7), claims);
  EXPECT_EQ(cache.find(digest_of(2), 7), nullptr);
}

TEST(VerifiedTokenCache, DropsEntriesOfAnotherKeySet) {
  detail::VerifiedTokenCache cache(100);
  cache.insert(digest_of(1), std::make_shared<const detail::ClaimsData>(), 7);
  EXPECT_EQ(cache.find(digest_of(1), 8), nullptr);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(VerifiedTokenCache, IsBounded) {
  detail::VerifiedTokenCache cache(64);
  for (int i = 0; i < 10'000; ++i)
    cache.insert(digest_of(i), std::make_shared<const detail::ClaimsData>(), 1);
  EXPECT_LE(cache.size(), 64u);
  EXPECT_GE(cache.size(), 32u);
}

TEST(VerifiedTokenCache, KeepsWhatIsUsed) {
  detail::VerifiedTokenCache cache(1024);
  cache.insert(digest_of(-1), std::make_shared<const detail::ClaimsData>(), 1);
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_NE(cache.find(digest_of(-1), 1), nullptr) << i;
    cache.insert(digest_of(i), std::make_shared<const detail::ClaimsData>(), 1);
  }
}

TEST(VerifiedTokenCache, CachesOfOneThreadAreApart) {
  detail::VerifiedTokenCache first(100), second(100);
  auto claims = std::make_shared<const detail::ClaimsData>();
  first.insert(digest_of(1), claims, 7);
  ASSERT_EQ(first.find(digest_of(1), 7), claims);
  ASSERT_EQ(first.find(digest_of(1), 7), claims);
  EXPECT_EQ(second.find(digest_of(1), 7), nullptr);
}

TEST(VerifiedTokenCache, RepeatedHitsStillEndWithTheKeySetAndWithErase) {
  detail::VerifiedTokenCache cache(100);
  auto claims = std::make_shared<const detail::ClaimsData>();
  cache.insert(digest_of(1), claims, 7);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(cache.find(digest_of(1), 7), claims) << i;
  EXPECT_EQ(cache.find(digest_of(1), 8), nullptr);
  cache.insert(digest_of(2), claims, 7);
  ASSERT_EQ(cache.find(digest_of(2), 7), claims);
  cache.erase(digest_of(2));
  EXPECT_EQ(cache.find(digest_of(2), 7), nullptr);
}

TEST(VerifiedTokenCache, FreedSlotsAreUsedAgain) {
  detail::VerifiedTokenCache cache(16);
  for (int i = 0; i < 1'000; ++i) {
    cache.insert(digest_of(i), std::make_shared<const detail::ClaimsData>(), 1);
    cache.erase(digest_of(i));
  }
  EXPECT_EQ(cache.size(), 0u);
}

TEST(VerifiedTokenCache, ConcurrentUseKeepsTheBound) {
  detail::VerifiedTokenCache cache(256);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 4'000; ++i) {
        const Sha256Digest key = digest_of(i % 600);
        if (!cache.find(key, 1)) cache.insert(key, std::make_shared<const detail::ClaimsData>(), 1);
        if (i % 7 == t) cache.erase(key);
      }
    });
  }
  threads.clear();
  EXPECT_LE(cache.size(), 256u);
}

// ---- through Resource::verify

class CachedVerify : public resource_test::ResourceTest {};

TEST_F(CachedVerify, SecondVerificationNeedsNoKey) {
  const Resource resource = make();
  const std::string text = token().build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  const int lookups = keys->lookups;
  auto again = resource.verify(text);
  ASSERT_EQ(outcome(again), "ok");
  EXPECT_EQ(again->jti(), "token-1");
  EXPECT_EQ(keys->lookups, lookups);
}

TEST_F(CachedVerify, ExpiredTokenIsNotServed) {
  const Resource resource = make();
  const std::string text = token().build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  clock->advance(seconds(330));  // exp + skew, to the second
  EXPECT_EQ(outcome(resource.verify(text)), "ok");
  clock->advance(seconds(1));
  EXPECT_EQ(outcome(resource.verify(text)), "token_expired");
  EXPECT_EQ(outcome(resource.verify(text)), "token_expired");
}

TEST_F(CachedVerify, ClockSetBackMakesACachedTokenNotYetValid) {
  const Resource resource = make();
  const std::string text = token().build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  const WallTime before = clock->now();
  clock->set_wall(before - std::chrono::hours(1));
  EXPECT_EQ(outcome(resource.verify(text)), "invalid_claims");
  clock->set_wall(before);
  EXPECT_EQ(outcome(resource.verify(text)), "ok");
}

TEST_F(CachedVerify, RemovedKeyEndsItsTokens) {
  const Resource resource = make();
  const std::string text = token().build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  keys->replace(testing::jwks_document({testing::test_key(JwsAlgorithm::ES256, 1)}));
  EXPECT_EQ(outcome(resource.verify(text)), "invalid_signature");
}

TEST_F(CachedVerify, ReplacedKeySetWithTheSameKeyVerifiesAgain) {
  const Resource resource = make();
  const std::string text = token().build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  const int lookups = keys->lookups;
  keys->replace(resource_test::jwks_of_test_keys());
  EXPECT_EQ(outcome(resource.verify(text)), "ok");
  EXPECT_EQ(keys->lookups, lookups + 1);
}

TEST_F(CachedVerify, UntrustedKeySetServesNothing) {
  const Resource resource = make();
  const std::string text = token().build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  keys->fail(ErrorCode::jwks_unavailable);
  EXPECT_EQ(outcome(resource.verify(text)), "jwks_unavailable");
}

TEST_F(CachedVerify, FailuresAreNotRemembered) {
  const Resource resource = make();
  const PrivateKey& late = testing::test_key(JwsAlgorithm::ES256, 1);
  const std::string text = token().key(late).build();
  ASSERT_EQ(outcome(resource.verify(text)), "invalid_signature");
  keys->replace(testing::jwks_document({late}));
  EXPECT_EQ(outcome(resource.verify(text)), "ok");
}

TEST_F(CachedVerify, NotYetValidTokenBecomesValid) {
  const Resource resource = make();
  const std::string text = token().claim("nbf", unix_now() + 60).build();
  ASSERT_EQ(outcome(resource.verify(text)), "invalid_claims");
  clock->advance(std::chrono::seconds(30));
  EXPECT_EQ(outcome(resource.verify(text)), "ok");
}

TEST_F(CachedVerify, RevocationIsAskedEachTime) {
  int calls = 0;
  bool revoked = false;
  ResourceOptions options;
  options.revocation = [&](const VerifiedClaims&, std::string_view) -> Result<bool> {
    return ++calls, revoked;
  };
  const Resource resource = make(options);
  const std::string text = token().build();
  EXPECT_EQ(outcome(resource.verify(text)), "ok");
  EXPECT_EQ(outcome(resource.verify(text)), "ok");
  revoked = true;
  EXPECT_EQ(outcome(resource.verify(text)), "token_inactive");
  EXPECT_EQ(calls, 3);
}

TEST_F(CachedVerify, ProofIsJudgedEachTime) {
  const Resource resource = make();
  const std::string text = token().build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  const std::string_view proofs[] = {"a.b.c"};
  const auto context = RequestContext::create("POST", "/mcp", proofs).value();
  EXPECT_EQ(outcome(resource.verify(text, &context)), "dpop_not_supported");
}

TEST_F(CachedVerify, ResourcesDoNotShareTokens) {
  const Resource first = make();
  const Resource second = Resource::create(dependencies(), "https://rs.example/other").value();
  const std::string text = token().build();
  ASSERT_EQ(outcome(first.verify(text)), "ok");
  EXPECT_EQ(outcome(second.verify(text)), "invalid_claims");
}

TEST_F(CachedVerify, CanBeSwitchedOff) {
  ResourceOptions options;
  options.verified_tokens.enabled = false;
  keys->replace(resource_test::jwks_of_test_keys());
  const Resource resource = make(options);
  const std::string text = token().build();
  EXPECT_EQ(outcome(resource.verify(text)), "ok");
  keys->replace(testing::jwks_document({testing::test_key(JwsAlgorithm::ES256, 1)}));
  EXPECT_EQ(outcome(resource.verify(text)), "invalid_signature");
}

}  // namespace
}  // namespace authplane
