#include <authplane/dpop/replay_store.h>
#include <authplane/testing/temp_folder.h>

#include "test_support.h"

// What every store has to do, and what is particular to the one in memory.

namespace authplane::dpop {
namespace {

using std::chrono::seconds;
using test::kNow;

struct Fixture {
  authplane::testing::TempFolder folder;
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();

  std::shared_ptr<MemoryReplayStore> memory(std::size_t max_entries = 1000) {
    return MemoryReplayStore::create({.max_entries = max_entries, .clock = clock});
  }
  std::shared_ptr<FileReplayStore> file(std::size_t max_entries = 1000) {
    return FileReplayStore::open({.path = folder.file(), .max_entries = max_entries, .clock = clock}).value();
  }
};

class AnyStore : public ::testing::TestWithParam<bool> {
 protected:
  AnyStore() : store_(GetParam() ? std::shared_ptr<ReplayStore>(fixture_.file()) : fixture_.memory()) {}
  bool take(std::string_view key, seconds life = seconds(330)) {
    return store_->check_and_store(key, fixture_.clock->now_seconds() + life).value();
  }
  void advance(seconds step) { fixture_.clock->advance(step); }

 private:
  Fixture fixture_;
  std::shared_ptr<ReplayStore> store_;
};

TEST_P(AnyStore, Rfc9449DpopReplayMustBeDetected) {
  EXPECT_TRUE(take("key.jti-1"));
  EXPECT_FALSE(take("key.jti-1"));
  EXPECT_FALSE(take("key.jti-1"));
  EXPECT_TRUE(take("key.jti-2"));
  EXPECT_TRUE(take("other.jti-1"));
}

// A proof is good to the end of its last second, so the memory of it has to last as long.
TEST_P(AnyStore, RemembersToTheEndOfTheLastSecond) {
  ASSERT_TRUE(take("k", seconds(10)));
  advance(seconds(10));
  EXPECT_FALSE(take("k"));
  advance(seconds(1));
  EXPECT_TRUE(take("k"));
  EXPECT_FALSE(take("k"));
}

TEST_P(AnyStore, AnExpiredKeyCannotBeSpentOnce) {
  EXPECT_FALSE(take("k", seconds(-1)));
  EXPECT_TRUE(take("k", seconds(0)));
  EXPECT_FALSE(take("k", seconds(0)));
}

TEST_P(AnyStore, ALaterExpiryOfTheSecondTryChangesNothing) {
  ASSERT_TRUE(take("k", seconds(10)));
  EXPECT_FALSE(take("k", seconds(1000)));
  advance(seconds(11));
  EXPECT_TRUE(take("k"));
}

TEST_P(AnyStore, KeysMayBeAnyBytes) {
  EXPECT_TRUE(take(""));
  EXPECT_FALSE(take(""));
  EXPECT_TRUE(take(std::string_view("a\0b", 3)));
  EXPECT_TRUE(take(std::string_view("a\0c", 3)));
  EXPECT_FALSE(take(std::string_view("a\0b", 3)));
}

INSTANTIATE_TEST_SUITE_P(Stores, AnyStore, ::testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "File" : "Memory");
});

bool take(ReplayStore& store, const std::string& key, std::chrono::sys_seconds expires_at) {
  return store.check_and_store(key, expires_at).value();
}

TEST(MemoryReplayStore, Rfc9449DpopReplayStoreMustEvictExpiredEntries) {
  Fixture fixture;
  const auto store = fixture.memory(2);
  ASSERT_TRUE(take(*store, "proof-1", kNow + seconds(10)));
  ASSERT_TRUE(take(*store, "proof-2", kNow + seconds(100)));
  EXPECT_EQ(store->size(), 2U);
  fixture.clock->advance(seconds(11));
  EXPECT_TRUE(take(*store, "proof-3", kNow + seconds(100)));
  EXPECT_EQ(store->evicted(), 0U);
  EXPECT_EQ(store->size(), 2U);
  EXPECT_FALSE(take(*store, "proof-2", kNow + seconds(100)));
}

TEST(MemoryReplayStore, AtTheCapTheNearestToExpiryLeavesAndIsCounted) {
  Fixture fixture;
  const auto store = fixture.memory(3);
  const auto at = [](int offset) { return kNow + seconds(offset); };
  ASSERT_TRUE(take(*store, "middle", at(200)));
  ASSERT_TRUE(take(*store, "first", at(100)));
  ASSERT_TRUE(take(*store, "last", at(300)));
  EXPECT_EQ(store->evicted(), 0U);
  EXPECT_TRUE(take(*store, "new", at(250)));
  EXPECT_EQ(store->evicted(), 1U);
  EXPECT_EQ(store->size(), 3U);
  for (const char* kept : {"middle", "last", "new"}) EXPECT_FALSE(take(*store, kept, at(300))) << kept;
  EXPECT_TRUE(take(*store, "first", at(300)));
  EXPECT_EQ(store->evicted(), 2U);
}

TEST(MemoryReplayStore, ManyEntriesFitExactly) {
  constexpr std::size_t kMany = 5000;  // enough for several shards
  Fixture fixture;
  const auto store = fixture.memory(kMany);
  for (std::size_t i = 0; i < kMany; ++i) ASSERT_TRUE(take(*store, std::to_string(i), kNow + seconds(100)));
  EXPECT_EQ(store->evicted(), 0U);
  EXPECT_EQ(store->size(), kMany);
  for (std::size_t i = 0; i < kMany; ++i) ASSERT_FALSE(take(*store, std::to_string(i), kNow + seconds(100)));
  for (std::size_t i = 0; i < 100; ++i)
    ASSERT_TRUE(take(*store, "more " + std::to_string(i), kNow + seconds(100)));
  EXPECT_EQ(store->evicted(), 100U);
  EXPECT_EQ(store->size(), kMany);
}

TEST(MemoryReplayStore, ABurstThatExpiredLeavesWithoutBeingCountedAsEvicted) {
  constexpr std::size_t kMany = 5000;
  Fixture fixture;
  const auto store = fixture.memory(kMany);
  for (std::size_t i = 0; i < kMany; ++i) ASSERT_TRUE(take(*store, std::to_string(i), kNow + seconds(10)));
  fixture.clock->advance(seconds(11));
  for (std::size_t i = 0; i < kMany; ++i)
    ASSERT_TRUE(take(*store, "again " + std::to_string(i), kNow + seconds(100)));
  EXPECT_EQ(store->evicted(), 0U);
  EXPECT_EQ(store->size(), kMany);
}

TEST(MemoryReplayStore, DefaultsAreUsable) {
  const auto store = MemoryReplayStore::create();
  const auto soon = SystemClock().now_seconds() + seconds(300);
  EXPECT_TRUE(take(*store, "k", soon));
  EXPECT_FALSE(take(*store, "k", soon));
}

}  // namespace
}  // namespace authplane::dpop
