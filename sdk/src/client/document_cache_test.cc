#include "client/document_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include <authplane/testing/testing.h>

namespace authplane {
namespace {

using authplane::testing::FakeClock;
using authplane::testing::RecordingLogger;
using std::chrono::seconds;

struct DocumentCacheTest : ::testing::Test {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<RecordingLogger> logger = std::make_shared<RecordingLogger>();
  std::deque<std::function<void()>> background;
  std::atomic<int> fetches = 0;
  bool broken = false;
  seconds lifetime{100};
  std::optional<seconds> max_stale;

  DocumentCache<int> make() {
    return {{.name = "number", .unavailable = ErrorCode::jwks_unavailable, .max_stale = max_stale},
            [this]() -> Result<DocumentCache<int>::Fetched> {
              const int number = ++fetches;
              if (broken) return Err(ErrorCode::transport_error, "no route");
              return DocumentCache<int>::Fetched{std::make_shared<const int>(number), lifetime};
            },
            [this](std::function<void()> task) {
              background.push_back(std::move(task));
              return true;
            },
            clock,
            logger};
  }
  void run_background() {
    for (; !background.empty(); background.pop_front()) background.front()();
  }
};

TEST_F(DocumentCacheTest, FreshDocumentIsServedFromMemory) {
  auto cache = make();
  EXPECT_EQ(**cache.get(), 1);
  clock->advance(seconds(79));
  EXPECT_EQ(**cache.get(), 1);
  EXPECT_TRUE(background.empty());
  EXPECT_EQ(fetches, 1);
}

TEST_F(DocumentCacheTest, FromEightyPercentOnOneBackgroundRefreshRuns) {
  auto cache = make();
  (void)cache.get();
  clock->advance(seconds(80));
  EXPECT_EQ(**cache.get(), 1);
  EXPECT_EQ(**cache.get(), 1);
  EXPECT_EQ(background.size(), 1u);
  EXPECT_EQ(fetches, 1);
  run_background();
  EXPECT_EQ(**cache.get(), 2);
  EXPECT_EQ(fetches, 2);
}

TEST_F(DocumentCacheTest, QueuedRefreshIsSkippedWhenSomebodyFetchedFirst) {
  auto cache = make();
  (void)cache.get();
  clock->advance(seconds(80));
  (void)cache.get();
  clock->advance(seconds(20));
  EXPECT_EQ(**cache.get(), 2);
  run_background();
  EXPECT_EQ(fetches, 2);
}

TEST_F(DocumentCacheTest, BackgroundThatCannotRunIsTriedAgain) {
  int refused = 0;
  DocumentCache<int> cache(
      {.name = "number", .unavailable = ErrorCode::jwks_unavailable, .max_stale = std::nullopt},
      [this]() -> Result<DocumentCache<int>::Fetched> {
        return DocumentCache<int>::Fetched{std::make_shared<const int>(++fetches), lifetime};
      },
      [&](std::function<void()>) {
        ++refused;
        return false;
      },
      clock, logger);
  (void)cache.get();
  clock->advance(seconds(80));
  EXPECT_EQ(**cache.get(), 1);
  EXPECT_EQ(**cache.get(), 1);
  EXPECT_EQ(refused, 2);
}

TEST_F(DocumentCacheTest, AfterExpiryTheCallerWaitsForTheNewDocument) {
  auto cache = make();
  (void)cache.get();
  clock->advance(seconds(100));
  EXPECT_EQ(**cache.get(), 2);
}

TEST_F(DocumentCacheTest, FailedRefreshKeepsTheLastGoodAndPauses) {
  auto cache = make();
  (void)cache.get();
  clock->advance(seconds(100));
  broken = true;
  EXPECT_EQ(**cache.get(), 1);
  EXPECT_EQ(fetches, 2);
  EXPECT_TRUE(logger->contains("no route"));
  clock->advance(seconds(29));
  EXPECT_EQ(**cache.get(), 1);
  EXPECT_EQ(fetches, 2);
  clock->advance(seconds(1));
  broken = false;
  EXPECT_EQ(**cache.get(), 3);
}

TEST_F(DocumentCacheTest, FailedBackgroundRefreshPausesToo) {
  auto cache = make();
  (void)cache.get();
  clock->advance(seconds(80));
  (void)cache.get();
  broken = true;
  run_background();
  clock->advance(seconds(10));
  (void)cache.get();
  EXPECT_TRUE(background.empty());
}

TEST_F(DocumentCacheTest, WithoutAnyDocumentTheErrorNamesTheCause) {
  auto cache = make();
  broken = true;
  for (int i = 0; i < 2; ++i) {
    const auto document = cache.get();
    ASSERT_FALSE(document);
    EXPECT_EQ(document.error().code, ErrorCode::jwks_unavailable);
    EXPECT_THAT(document.error().message, ::testing::HasSubstr("no route"));
  }
  EXPECT_EQ(fetches, 1);
}

TEST_F(DocumentCacheTest, DocumentOlderThanMaxStaleIsNotServed) {
  max_stale = seconds(1000);
  auto cache = make();
  (void)cache.get();
  broken = true;
  clock->advance(seconds(1000));
  EXPECT_TRUE(cache.get());
  clock->advance(seconds(1));
  const auto document = cache.get();
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code, ErrorCode::jwks_unavailable);
}

TEST_F(DocumentCacheTest, LoadIgnoresThePauseAndReportsTheFetchError) {
  auto cache = make();
  broken = true;
  EXPECT_EQ(cache.load().error().code, ErrorCode::transport_error);
  broken = false;
  EXPECT_EQ(**cache.load(), 2);
}

TEST_F(DocumentCacheTest, NewerThanFetchesOnlyWhenNeeded) {
  auto cache = make();
  const auto first = *cache.get();
  EXPECT_EQ(**cache.newer_than(first), 2);
  EXPECT_EQ(**cache.newer_than(first), 2);
  EXPECT_EQ(fetches, 2);
}

TEST_F(DocumentCacheTest, PacedRefreshRunsOncePerInterval) {
  auto cache = make();
  const auto first = *cache.get();
  const auto second = *cache.newer_than_paced(first);
  EXPECT_EQ(*second, 2);
  EXPECT_EQ(*cache.newer_than_paced(second), second);
  clock->advance(seconds(29));
  EXPECT_EQ(*cache.newer_than_paced(second), second);
  clock->advance(seconds(1));
  EXPECT_EQ(**cache.newer_than_paced(second), 3);
  EXPECT_EQ(**cache.newer_than_paced(second), 3) << "somebody else's newer document is always welcome";
  EXPECT_EQ(fetches, 3);
}

TEST_F(DocumentCacheTest, FailedPacedRefreshUsesUpTheInterval) {
  auto cache = make();
  const auto first = *cache.get();
  broken = true;
  EXPECT_FALSE(cache.newer_than_paced(first));
  EXPECT_EQ(*cache.newer_than_paced(first), first);
  EXPECT_EQ(fetches, 2);
}

TEST_F(DocumentCacheTest, ThrowingFetchIsAnErrorAndNotTheEnd) {
  bool throws = true;
  DocumentCache<int> cache(
      {.name = "number", .unavailable = ErrorCode::jwks_unavailable, .max_stale = std::nullopt},
      [&]() -> Result<DocumentCache<int>::Fetched> {
        if (throws) throw std::runtime_error("boom");
        return DocumentCache<int>::Fetched{std::make_shared<const int>(7), lifetime};
      },
      [](std::function<void()>) { return false; }, clock, logger);
  EXPECT_EQ(cache.load().error().code, ErrorCode::runtime_error);
  throws = false;
  EXPECT_EQ(**cache.load(), 7);
}

TEST_F(DocumentCacheTest, ManyThreadsShareOneFetch) {
  constexpr int kThreads = 8;
  std::latch all_here(kThreads);
  DocumentCache<int> cache(
      {.name = "number", .unavailable = ErrorCode::jwks_unavailable, .max_stale = std::nullopt},
      [&]() -> Result<DocumentCache<int>::Fetched> {
        all_here.wait();  // nobody gets an answer before everybody has asked or is about to
        return DocumentCache<int>::Fetched{std::make_shared<const int>(++fetches), lifetime};
      },
      [](std::function<void()>) { return false; }, clock, logger);
  std::atomic<int> ones = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        all_here.count_down();
        const auto document = cache.get();
        ones += document && **document == 1;
      });
    }
  }
  EXPECT_EQ(fetches, 1);
  EXPECT_EQ(ones, kThreads);
}

TEST(FlightTest, EveryWaiterGetsTheError) {
  Flight<int> flight;
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { failures += flight.wait().error().code == ErrorCode::transport_error; });
    }
    flight.land(Err(ErrorCode::transport_error, "down"));
  }
  EXPECT_EQ(failures, 4);
}

}  // namespace
}  // namespace authplane
