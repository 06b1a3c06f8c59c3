#include "authserver/domain/ids.h"

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include <authplane/testing/fake_clock.h>
#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

using authplane::testing::FakeClock;
using std::chrono::milliseconds;

class IdGeneratorTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  SystemRandom random_;
  IdGenerator ids_{clock_, random_};
};

TEST_F(IdGeneratorTest, IdsAreVersionSevenUuidsThatRoundTrip) {
  const TimeOrderedId id = ids_.next();
  const std::string text = id.text();
  EXPECT_EQ(text.size(), 36U);
  EXPECT_EQ(text[14], '7');
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
  EXPECT_EQ(TimeOrderedId::parse(text), id);
  EXPECT_EQ(TimeOrderedId::from_bytes(id.view()), id);
  EXPECT_EQ(id.time(), clock_.now());
}

TEST_F(IdGeneratorTest, IdsGrowWhileTheClockStandsStillAndPastAFullCounter) {
  TimeOrderedId last = ids_.next();
  for (int i = 0; i < 10'000; ++i) {
    const TimeOrderedId id = ids_.next();
    ASSERT_LT(last, id);
    ASSERT_TRUE(TimeOrderedId::parse(id.text()));
    last = id;
  }
  EXPECT_GT(last.time(), clock_.now());
}

TEST_F(IdGeneratorTest, IdsGrowWhenTheClockStepsBack) {
  const TimeOrderedId before = ids_.next();
  clock_.set_wall(clock_.now() - std::chrono::hours(1));
  EXPECT_LT(before, ids_.next());
}

TEST_F(IdGeneratorTest, IdsOfAllThreadsAreDistinctAndGrowWithinAThread) {
  constexpr int kThreads = 4, kEach = 5'000;
  std::vector<std::vector<TimeOrderedId>> made(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([this, &mine] {
        for (int i = 0; i < kEach; ++i) mine.push_back(ids_.next());
      });
    }
  }
  std::set<TimeOrderedId> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kThreads * kEach));
}

TEST_F(IdGeneratorTest, StartAfterKeepsOrderAcrossARestartWithAClockSetBack) {
  const TimeOrderedId stored = ids_.next();
  clock_.set_wall(clock_.now() - std::chrono::minutes(5));
  IdGenerator restarted(clock_, random_);
  restarted.start_after(stored);
  EXPECT_LT(stored, restarted.next());
}

TEST_F(IdGeneratorTest, StartAfterIgnoresAnIdFarInTheFuture) {
  FakeClock future;
  future.advance(IdGenerator::kMaxLead + std::chrono::hours(1));
  IdGenerator other(future, random_);
  ids_.start_after(other.next());
  EXPECT_EQ(ids_.next().time(), clock_.now());
}

TEST_F(IdGeneratorTest, LowerBoundIsNotAboveAnyIdOfThatMomentAndAboveAllEarlierOnes) {
  const TimeOrderedId early = ids_.next();
  clock_.advance(milliseconds(1));
  const TimeOrderedId bound = TimeOrderedId::lower_bound(clock_.now());
  EXPECT_LT(early, bound);
  EXPECT_LE(bound, ids_.next());
}

TEST_F(IdGeneratorTest, OpaqueIdsAreTwentyTwoCharactersAndDiffer) {
  const std::string a = ids_.opaque();
  EXPECT_EQ(a.size(), 22U);
  EXPECT_NE(a, ids_.opaque());
}

TEST(TimeOrderedIdTest, ParseRefusesEverythingButVersionSeven) {
  const std::string good = "018bcfe5-6800-7000-8000-0123456789ab";
  ASSERT_TRUE(TimeOrderedId::parse(good));
  for (const std::string& bad : {std::string(), std::string("018bcfe5-6800-4000-8000-0123456789ab"),
                                 std::string("018bcfe5-6800-7000-c000-0123456789ab"), good + "0",
                                 good.substr(1), std::string("018bcfe56-800-7000-8000-0123456789ab"),
                                 std::string("018bcfe5-6800-7000-8000-0123456789ag"),
                                 std::string("018bcfe5068000700008000-0123456789ab"),
                                 std::string("------------------------------------")}) {
    EXPECT_FALSE(TimeOrderedId::parse(bad)) << bad;
  }
  EXPECT_FALSE(TimeOrderedId::from_bytes("short"));
}

}  // namespace
}  // namespace authplane::authserver
