#include "client/token_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

#include <authplane/testing/testing.h>

namespace authplane {
namespace {

using authplane::testing::FakeClock;
using std::chrono::seconds;

struct TokenCacheTest : ::testing::Test {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  TokenCache cache{
      TokenCacheOptions{.ttl_buffer = seconds(30), .default_ttl = seconds(3600), .max_entries = 3}, clock};
  std::atomic<int> requests = 0;

  // The token that answers for this key now.
  std::string token(const std::string& key, std::optional<seconds> expires_in = seconds(100),
                    std::optional<seconds> max_ttl = std::nullopt) {
    return cache
        .get_or_request(
            key,
            [&]() -> Result<TokenResponse> {
              return TokenResponse{.access_token = "t" + std::to_string(++requests),
                                   .expires_in = expires_in};
            },
            max_ttl)
        .value()
        .access_token;
  }
};

TEST_F(TokenCacheTest, ServesUntilTheBufferBeforeExpiry) {
  EXPECT_EQ(token("a"), "t1");
  clock->advance(seconds(69));
  EXPECT_EQ(token("a"), "t1");
  clock->advance(seconds(1));
  EXPECT_EQ(token("a"), "t2");
}

TEST_F(TokenCacheTest, AbsentLifetimeMeansTheDefault) {
  token("a", std::nullopt);
  clock->advance(seconds(3569));
  EXPECT_EQ(token("a"), "t1");
  clock->advance(seconds(1));
  EXPECT_EQ(token("a"), "t2");
}

TEST_F(TokenCacheTest, ZeroAndTooShortLifetimesAreNotStored) {
  token("a", seconds(0));
  EXPECT_EQ(cache.size(), 0u);
  token("a", seconds(30));
  EXPECT_EQ(cache.size(), 0u);
  token("a", seconds(31));
  EXPECT_EQ(cache.size(), 1u);
}

TEST_F(TokenCacheTest, MaxTtlCapsTheLifetime) {
  token("a", seconds(1000), seconds(40));
  clock->advance(seconds(10));
  EXPECT_EQ(token("a"), "t2");
  token("b", std::nullopt, seconds(0));
  EXPECT_EQ(cache.size(), 1u);
}

TEST_F(TokenCacheTest, CorrectedWallClockDoesNotMatter) {
  token("a");
  clock->set_wall(clock->now() + std::chrono::hours(1000));
  EXPECT_EQ(token("a"), "t1");
}

TEST_F(TokenCacheTest, LeastRecentlyUsedLeavesFirst) {
  token("a");
  token("b");
  token("c");
  EXPECT_EQ(token("a"), "t1");  // refreshes recency
  token("d");
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(token("a"), "t1");
  EXPECT_EQ(token("b"), "t5") << "b was the least recently used";
}

TEST_F(TokenCacheTest, HitReturnsTheWholeResponse) {
  const auto request = []() -> Result<TokenResponse> {
    return TokenResponse{.access_token = "t",
                         .token_type = "Bearer",
                         .expires_in = seconds(100),
                         .scope = "s",
                         .refresh_token = "r",
                         .issued_token_type = "urn:x",
                         .cnf_jkt = "k"};
  };
  (void)cache.get_or_request("a", request);
  const auto hit =
      cache.get_or_request("a", []() -> Result<TokenResponse> { return Err(ErrorCode::runtime_error, ""); });
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->refresh_token, "r");
  EXPECT_EQ(hit->issued_token_type, "urn:x");
  EXPECT_EQ(hit->cnf_jkt, "k");
  EXPECT_EQ(hit->scope, "s");
  EXPECT_EQ(hit->expires_in, seconds(100));
}

TEST_F(TokenCacheTest, DroppingATokenRemovesEveryEntryThatHoldsIt) {
  const auto same = []() -> Result<TokenResponse> {
    return TokenResponse{.access_token = "same", .expires_in = seconds(100)};
  };
  (void)cache.get_or_request("a", same);
  (void)cache.get_or_request("b", same);
  token("c");
  cache.drop_token("same");
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(token("c"), "t1");
}

TEST_F(TokenCacheTest, FailureIsNotKept) {
  const auto fail = []() -> Result<TokenResponse> { return Err(ErrorCode::server_error, "down"); };
  EXPECT_FALSE(cache.get_or_request("a", fail));
  EXPECT_EQ(token("a"), "t1");
}

TEST_F(TokenCacheTest, ThrowingRequestDoesNotBlockTheKey) {
  EXPECT_FALSE(
      cache.get_or_request("a", []() -> Result<TokenResponse> { throw std::runtime_error("boom"); }));
  EXPECT_EQ(token("a"), "t1");
}

TEST_F(TokenCacheTest, ManyThreadsShareOneRequestPerKey) {
  constexpr int kThreads = 8;
  std::latch all_here(kThreads);
  std::atomic<int> same = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        all_here.count_down();
        const auto response = cache.get_or_request("a", [&]() -> Result<TokenResponse> {
          all_here.wait();
          return TokenResponse{.access_token = "t" + std::to_string(++requests), .expires_in = seconds(100)};
        });
        same += response && response->access_token == "t1";
      });
    }
  }
  EXPECT_EQ(requests, 1);
  EXPECT_EQ(same, kThreads);
}

TEST_F(TokenCacheTest, RequestForAnotherKeyDoesNotWait) {
  // The outer request can only finish when the inner one, made meanwhile on another thread, gets through.
  const auto outer = cache.get_or_request("a", [&]() -> Result<TokenResponse> {
    std::jthread([&] { token("b"); }).join();
    return TokenResponse{.access_token = "outer", .expires_in = seconds(100)};
  });
  EXPECT_TRUE(outer);
  EXPECT_EQ(cache.size(), 2u);
}

TEST(ClientCredentialsKeyTest, IsBlindToOrderAndRepetition) {
  EXPECT_EQ(client_credentials_key({"a", "b"}, {"x"}), client_credentials_key({"b", "a", "b"}, {"x", "x"}));
}

TEST(ClientCredentialsKeyTest, DifferentInputsNeverCollide) {
  EXPECT_NE(client_credentials_key({"a b"}, {}), client_credentials_key({"a", "b"}, {}));
  EXPECT_NE(client_credentials_key({"a"}, {"b"}), client_credentials_key({"a", "b"}, {}));
  EXPECT_NE(client_credentials_key({"a1:b"}, {}), client_credentials_key({"a", "b"}, {}));
  EXPECT_NE(client_credentials_key({"a"}, {}), client_credentials_key({}, {"a"}));
}

TEST(ExchangeKeyTest, CoversEveryInputAndHidesTheToken) {
  const ExchangeOptions base{.subject_token = "subject-token", .subject_token_type = "t", .scopes = {"s"}};
  const std::string key = exchange_key(base);
  EXPECT_EQ(key.find("subject-token"), std::string::npos);
  auto differs = [&](auto change) {
    ExchangeOptions other = base;
    change(other);
    return exchange_key(other) != key;
  };
  EXPECT_TRUE(differs([](ExchangeOptions& o) { o.subject_token += "x"; }));
  EXPECT_TRUE(differs([](ExchangeOptions& o) { o.subject_token_type += "x"; }));
  EXPECT_TRUE(differs([](ExchangeOptions& o) { o.actor_token = "x"; }));
  EXPECT_TRUE(differs([](ExchangeOptions& o) { o.actor_token_type = "x"; }));
  EXPECT_TRUE(differs([](ExchangeOptions& o) { o.scopes = {"s", "x"}; }));
  EXPECT_TRUE(differs([](ExchangeOptions& o) { o.resources = {"x"}; }));
  EXPECT_TRUE(differs([](ExchangeOptions& o) { o.audiences = {"x"}; }));
  EXPECT_TRUE(differs([](ExchangeOptions& o) { std::swap(o.scopes, o.resources); }));
}

}  // namespace
}  // namespace authplane
