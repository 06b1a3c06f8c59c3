#include "client/discovered_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <latch>
#include <thread>
#include <vector>

#include <authplane/testing/testing.h>

namespace authplane {
namespace {

using authplane::testing::FakeClock;
using authplane::testing::FixedResolver;
using authplane::testing::jwks_document;
using authplane::testing::RecordingLogger;
using authplane::testing::ScriptedTransport;
using authplane::testing::test_key;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kIssuer = "https://as.example";
constexpr const char* kMetadataUrl = "https://as.example/.well-known/oauth-authorization-server";
constexpr const char* kJwks1 = "https://as.example/jwks-v1.json";
constexpr const char* kJwks2 = "https://as.example/jwks-v2.json";

struct DiscoveredKeysTest : ::testing::Test {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<RecordingLogger> logger = std::make_shared<RecordingLogger>();
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  net::Fetcher fetcher{net::FetchSettings{}, transport, std::make_shared<FixedResolver>(), clock};
  Discovery discovery{fetcher,       kIssuer,      Url::parse(kMetadataUrl).value(),
                      seconds(3600), seconds(300), KeySet::required,
                      clock,         logger};
  std::deque<std::function<void()>> background;
  DiscoveredKeys keys{discovery,
                      [this](std::function<void()> task) {
                        background.push_back(std::move(task));
                        return true;
                      },
                      clock, logger};
  const PrivateKey& first = test_key(JwsAlgorithm::ES256, 0);
  const PrivateKey& second = test_key(JwsAlgorithm::ES256, 1);

  void SetUp() override {
    announce(kJwks1);
    transport->on_json(kJwks1, jwks_document({first}));
    ASSERT_TRUE(keys.load());
  }
  void announce(const std::string& jwks_uri) {
    transport->on_json(kMetadataUrl, R"({"issuer":"https://as.example","jwks_uri":")" + jwks_uri + "\"}");
  }
  void break_url(const std::string& url) { transport->on_json(url, "", 503); }
  void run_background() {
    for (; !background.empty(); background.pop_front()) background.front()();
  }
  Result<PublicKey> find(const PrivateKey& key) {
    return keys.find_key(key.public_key().thumbprint(), JwsAlgorithm::ES256);
  }
  bool knows(const PrivateKey& key) { return find(key).has_value(); }
};

TEST_F(DiscoveredKeysTest, WarmLookupDoesNoRequest) {
  EXPECT_TRUE(knows(first));
  EXPECT_TRUE(knows(first));
  EXPECT_EQ(transport->count(kJwks1), 1u);
  EXPECT_EQ(transport->count(kMetadataUrl), 1u);
}

TEST_F(DiscoveredKeysTest, KeyMustFitTheAlgorithm) {
  const auto key = keys.find_key(first.public_key().thumbprint(), JwsAlgorithm::RS256);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::invalid_signature);
}

TEST_F(DiscoveredKeysTest, FirstUnknownKidRefreshesAtOnce) {
  transport->on_json(kJwks1, jwks_document({first, second}));
  EXPECT_TRUE(knows(second));
  EXPECT_EQ(transport->count(kJwks1), 2u);
}

TEST_F(DiscoveredKeysTest, UnknownKidsForceAtMostOneRefreshPerInterval) {
  for (int i = 0; i < 20; ++i) {
    const auto key = keys.find_key("made-up-" + std::to_string(i), JwsAlgorithm::ES256);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::invalid_signature);
  }
  EXPECT_EQ(transport->count(kJwks1), 2u);
  clock->advance(seconds(29));
  EXPECT_FALSE(knows(second));
  EXPECT_EQ(transport->count(kJwks1), 2u);
  clock->advance(seconds(1));
  transport->on_json(kJwks1, jwks_document({second}));
  EXPECT_TRUE(knows(second));
  EXPECT_EQ(transport->count(kJwks1), 3u);
}

TEST_F(DiscoveredKeysTest, FailedForcedRefreshKeepsTheOldKeys) {
  break_url(kJwks1);
  EXPECT_EQ(find(second).error().code, ErrorCode::invalid_signature);
  EXPECT_TRUE(knows(first));
}

TEST_F(DiscoveredKeysTest, ConcurrentMissesShareOneRefresh) {
  constexpr int kThreads = 6;
  std::latch all_here(kThreads);
  transport->on(kJwks1, [&](const OutboundRequest&) -> Result<HttpResponse> {
    all_here.wait();
    return HttpResponse{.status = 200, .headers = {}, .body = jwks_document({first, second}), .stream = {}};
  });
  std::atomic<int> found = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        all_here.count_down();
        found += knows(second);
      });
    }
  }
  EXPECT_EQ(found, kThreads);
  EXPECT_EQ(transport->count(kJwks1), 2u);
}

TEST_F(DiscoveredKeysTest, KeysAreRefreshedAheadInTheBackground) {
  clock->advance(seconds(240));
  transport->on_json(kJwks1, jwks_document({second}));
  EXPECT_TRUE(knows(first));
  run_background();
  EXPECT_TRUE(knows(second));
  EXPECT_FALSE(knows(first));
}

TEST_F(DiscoveredKeysTest, StaleKeysAreTrustedForADayAndNotLonger) {
  break_url(kJwks1);
  break_url(kMetadataUrl);
  clock->advance(hours(24));
  EXPECT_TRUE(knows(first));
  clock->advance(seconds(1));
  EXPECT_EQ(find(first).error().code, ErrorCode::jwks_unavailable);
  EXPECT_FALSE(keys.generation());
}

TEST_F(DiscoveredKeysTest, MovedJwksUriIsNoticedByOrdinaryLookups) {
  announce(kJwks2);
  transport->on_json(kJwks2, jwks_document({second}));
  for (int i = 0; i < 13; ++i) {  // ordinary traffic across the metadata refresh interval
    clock->advance(seconds(300));
    (void)find(first);
    run_background();
  }
  EXPECT_GE(transport->count(kMetadataUrl), 2u);
  EXPECT_GE(transport->count(kJwks2), 1u);
  EXPECT_TRUE(knows(second));
  EXPECT_FALSE(knows(first));
}

TEST_F(DiscoveredKeysTest, MovedJwksUriIsFollowedBeforeTheTokenInHandIsJudged) {
  announce(kJwks2);
  transport->on_json(kJwks2, jwks_document({second}));
  clock->advance(seconds(3600));
  EXPECT_TRUE(knows(second));
  EXPECT_FALSE(knows(first)) << "withdrawn with the old URI";
}

TEST_F(DiscoveredKeysTest, FreshKeysOfTheOldUriAreReplacedToo) {
  clock->advance(seconds(2870));
  EXPECT_TRUE(knows(first));  // the key set is fresh when the metadata comes up for its refresh
  announce(kJwks2);
  transport->on_json(kJwks2, jwks_document({second}));
  clock->advance(seconds(10));
  EXPECT_TRUE(knows(first));
  run_background();
  EXPECT_TRUE(knows(second));
  EXPECT_FALSE(knows(first));
}

TEST_F(DiscoveredKeysTest, DeadNewUriKeepsTheOldKeysAndIsRetriedAtTheNextLookup) {
  announce(kJwks2);
  break_url(kJwks2);
  clock->advance(seconds(2870));
  EXPECT_TRUE(knows(first));
  clock->advance(seconds(10));
  EXPECT_TRUE(knows(first));
  run_background();
  EXPECT_TRUE(knows(first));
  EXPECT_EQ(transport->count(kJwks2), 1u);
  transport->on_json(kJwks2, jwks_document({second}));
  EXPECT_TRUE(knows(second));
  EXPECT_EQ(transport->count(kJwks2), 2u);
}

TEST_F(DiscoveredKeysTest, UriThatStaysDeadIsNotAskedAtEveryLookup) {
  announce(kJwks2);
  break_url(kJwks2);
  clock->advance(seconds(2870));
  EXPECT_TRUE(knows(first));
  clock->advance(seconds(10));
  EXPECT_TRUE(knows(first));
  run_background();
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(knows(first));
  EXPECT_LE(transport->count(kJwks2), 3u);
}

TEST_F(DiscoveredKeysTest, BadMetadataRefreshDoesNotEvictTheGoodDocument) {
  transport->on_json(kMetadataUrl,
                     R"({"issuer":"https://evil.example","jwks_uri":"https://evil.example/jwks"})");
  clock->advance(seconds(3600));
  EXPECT_TRUE(knows(first));
  EXPECT_EQ(transport->count("https://evil.example/jwks"), 0u);
  EXPECT_TRUE(logger->contains("issuer mismatch"));
}

TEST_F(DiscoveredKeysTest, GenerationChangesExactlyWhenTheKeysDo) {
  const auto before = keys.generation();
  ASSERT_TRUE(before);
  clock->advance(seconds(300));
  EXPECT_EQ(keys.generation(), before) << "a refresh that brings the same keys";
  EXPECT_EQ(transport->count(kJwks1), 2u);
  transport->on_json(kJwks1, jwks_document({first, second}));
  EXPECT_TRUE(knows(second));
  EXPECT_NE(keys.generation(), before);
}

TEST_F(DiscoveredKeysTest, GenerationAloneNoticesAMovedJwksUri) {
  const auto before = keys.generation();
  announce(kJwks2);
  transport->on_json(kJwks2, jwks_document({first}));
  clock->advance(seconds(3600));
  EXPECT_NE(keys.generation(), before);
  EXPECT_EQ(transport->count(kJwks2), 1u);
}

TEST_F(DiscoveredKeysTest, GenerationFollowsMetadataThatMovedWhileTheKeysAreFresh) {
  clock->advance(seconds(2870));
  const auto before = keys.generation();
  announce(kJwks2);
  transport->on_json(kJwks2, jwks_document({second}));
  clock->advance(seconds(10));
  EXPECT_EQ(keys.generation(), before);
  run_background();
  EXPECT_NE(keys.generation(), before);
  EXPECT_EQ(transport->count(kJwks2), 1u);
}

TEST_F(DiscoveredKeysTest, ClosedSourceAnswersNothing) {
  keys.close();
  EXPECT_EQ(find(first).error().code, ErrorCode::closed);
  EXPECT_FALSE(keys.generation());
}

TEST_F(DiscoveredKeysTest, LoadErrorsNameUrlCauseAndFix) {
  break_url(kMetadataUrl);
  const auto metadata = keys.load();
  ASSERT_FALSE(metadata);
  EXPECT_EQ(metadata.error().code, ErrorCode::metadata_fetch_error);
  EXPECT_THAT(metadata.error().message, HasSubstr(kMetadataUrl));
  EXPECT_THAT(metadata.error().message, HasSubstr("HTTP 503"));
  EXPECT_THAT(metadata.error().message, HasSubstr("check that"));

  announce(kJwks1);
  transport->on_json(kJwks1, "not json");
  const auto jwks = keys.load();
  ASSERT_FALSE(jwks);
  EXPECT_EQ(jwks.error().code, ErrorCode::jwks_unavailable);
  EXPECT_THAT(jwks.error().message, HasSubstr(kJwks1));
}

TEST_F(DiscoveredKeysTest, OnlyStatus200Counts) {
  for (int status : {201, 204, 301, 404}) {
    transport->on_json(kMetadataUrl,
                       R"({"issuer":"https://as.example","jwks_uri":"https://as.example/jwks-v1.json"})",
                       status);
    EXPECT_EQ(keys.load().error().code, ErrorCode::metadata_fetch_error) << status;
  }
}

TEST_F(DiscoveredKeysTest, OversizedDocumentsAreRefused) {
  transport->on_json(kJwks1, std::string(64 * 1024 + 1, ' '));
  EXPECT_EQ(keys.load().error().code, ErrorCode::jwks_unavailable);
  transport->on_json(kMetadataUrl, std::string(128 * 1024 + 1, ' '));
  EXPECT_EQ(keys.load().error().code, ErrorCode::metadata_fetch_error);
}

TEST_F(DiscoveredKeysTest, KeySetWithoutUsableKeysIsReported) {
  transport->on_json(kJwks1, R"({"keys":[]})");
  EXPECT_TRUE(keys.load());
  EXPECT_TRUE(logger->contains("no usable key"));
}

TEST_F(DiscoveredKeysTest, GuardRefusalKeepsItsCode) {
  announce("https://169.254.169.254/jwks");
  EXPECT_EQ(keys.load().error().code, ErrorCode::ssrf_blocked);
}

}  // namespace
}  // namespace authplane
