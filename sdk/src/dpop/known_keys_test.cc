#include "known_keys.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <authplane/testing/token_builder.h>

namespace authplane::dpop::detail {
namespace {

ProofKey key(std::size_t number = 0) {
  return {JwsAlgorithm::ES256, testing::test_key(JwsAlgorithm::ES256, number).public_key()};
}

std::string thumbprint_of(const std::optional<ProofKey>& found) {
  return found ? found->key.thumbprint() : "none";
}

TEST(KnownKeys, FindsTheExactHeaderOnly) {
  KnownKeys keys;
  keys.remember("header-a", key(1));
  keys.remember("header-b", key(2));
  EXPECT_EQ(thumbprint_of(keys.find("header-a")), key(1).key.thumbprint());
  EXPECT_EQ(thumbprint_of(keys.find("header-b")), key(2).key.thumbprint());
  for (const char* other : {"", "header-", "header-A", "header-a ", "header-aa"})
    EXPECT_FALSE(keys.find(other)) << other;
}

TEST(KnownKeys, RemembersAHeaderOnce) {
  KnownKeys keys;
  keys.remember("header", key());
  keys.remember("header", key());
  EXPECT_EQ(keys.size(), 1U);
}

TEST(KnownKeys, LongHeadersAreNotKept) {
  KnownKeys keys;
  const std::string longest(KnownKeys::kMaxHeaderBytes, 'h');
  keys.remember(longest, key());
  keys.remember(longest + 'h', key());
  EXPECT_TRUE(keys.find(longest));
  EXPECT_FALSE(keys.find(longest + 'h'));
  EXPECT_EQ(keys.size(), 1U);
}

TEST(KnownKeys, IsBounded) {
  KnownKeys keys;
  for (int i = 0; i < 20'000; ++i) keys.remember(std::to_string(i), key());
  EXPECT_LE(keys.size(), KnownKeys::kEntries);
  EXPECT_GT(keys.size(), KnownKeys::kEntries / 2);
  EXPECT_TRUE(keys.find("19999"));
}

// Who comes with a new key each time pushes nobody out who keeps using one.
TEST(KnownKeys, KeepsWhatIsUsed) {
  KnownKeys keys;
  keys.remember("used", key());
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(keys.find("used")) << i;
    keys.remember(std::to_string(i), key());
  }
}

TEST(KnownKeys, ManyThreadsFindAddAndPushOut) {
  KnownKeys keys;
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2'000; ++i) {
        const int number = (i * 7 + t) % 3'000;
        const std::string header = std::to_string(number);
        const auto wanted = key(static_cast<std::size_t>(number % 2));
        if (const auto found = keys.find(header); !found) {
          keys.remember(header, wanted);
        } else if (found->key.thumbprint() != wanted.key.thumbprint()) {
          ++wrong;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(keys.size(), KnownKeys::kEntries);
}

}  // namespace
}  // namespace authplane::dpop::detail
