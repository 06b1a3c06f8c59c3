#include "session_store.h"

#include <algorithm>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <authplane/testing/fake_clock.h>
#include <authplane/testing/seeded_random.h>

namespace authplane::mcp {
namespace {

using namespace std::chrono_literals;

class SessionStoreTest : public ::testing::Test {
 protected:
  SessionStore store(std::size_t max_sessions = 3) {
    return SessionStore({.max_sessions = max_sessions, .idle_timeout = 600s}, clock,
                        std::make_shared<authplane::testing::SeededRandom>());
  }
  std::shared_ptr<authplane::testing::FakeClock> clock = std::make_shared<authplane::testing::FakeClock>();
};

TEST_F(SessionStoreTest, IdsAreLongVisibleAndDistinct) {
  auto sessions = store(200);
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    const auto id = sessions.open("", kLatestProtocolVersion)->id();
    EXPECT_GE(id.size(), 32U);
    EXPECT_TRUE(std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x21 && c <= 0x7E; }));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 100U);
}

TEST_F(SessionStoreTest, OnlyTheOwnerFindsAndClosesASession) {
  auto sessions = store();
  const auto id = sessions.open("alice", kLatestProtocolVersion)->id();
  EXPECT_EQ(sessions.find(id, "bob"), nullptr);
  EXPECT_EQ(sessions.find(id, ""), nullptr);
  EXPECT_FALSE(sessions.close(id, "bob"));
  EXPECT_NE(sessions.find(id, "alice"), nullptr);
  EXPECT_TRUE(sessions.close(id, "alice"));
  EXPECT_FALSE(sessions.close(id, "alice"));
  EXPECT_EQ(sessions.find(id, "alice"), nullptr);
}

TEST_F(SessionStoreTest, IdleSessionsExpireAndUseKeepsThemAlive) {
  auto sessions = store();
  const auto id = sessions.open("", kLatestProtocolVersion)->id();
  clock->advance(599s);
  EXPECT_NE(sessions.find(id, ""), nullptr);
  clock->advance(599s);
  EXPECT_NE(sessions.find(id, ""), nullptr);
  clock->advance(600s);
  EXPECT_EQ(sessions.find(id, ""), nullptr);
  EXPECT_EQ(sessions.size(), 0U);
}

TEST_F(SessionStoreTest, SomebodyElsesLookupsDoNotKeepASessionAlive) {
  auto sessions = store();
  const auto id = sessions.open("alice", kLatestProtocolVersion)->id();
  clock->advance(599s);
  EXPECT_EQ(sessions.find(id, "bob"), nullptr);
  clock->advance(1s);
  EXPECT_EQ(sessions.find(id, "alice"), nullptr);
}

TEST_F(SessionStoreTest, AtTheBoundTheLongestIdleMakesRoomAfterAMinute) {
  auto sessions = store(2);
  const auto first = sessions.open("", kLatestProtocolVersion)->id();
  const auto second = sessions.open("", kLatestProtocolVersion)->id();
  clock->advance(59s);
  EXPECT_EQ(sessions.open("", kLatestProtocolVersion), nullptr);
  EXPECT_NE(sessions.find(first, ""), nullptr);
  clock->advance(1s);
  EXPECT_NE(sessions.open("", kLatestProtocolVersion), nullptr);
  EXPECT_EQ(sessions.find(second, ""), nullptr);
  EXPECT_NE(sessions.find(first, ""), nullptr);
  EXPECT_EQ(sessions.size(), 2U);
}

TEST_F(SessionStoreTest, TheBoundHoldsOverAllShards) {
  auto sessions = store(1'000);
  for (int i = 0; i < 3'000; ++i) (void)sessions.open("", kLatestProtocolVersion);
  EXPECT_LE(sessions.size(), 1'000U);
  EXPECT_GE(sessions.size(), 900U);
}

TEST_F(SessionStoreTest, EndingASessionCancelsItsCalls) {
  auto sessions = store();
  const auto session = sessions.open("", kLatestProtocolVersion);
  const Json id = 7;
  const Session::Call call(*session, id);
  EXPECT_FALSE(call.cancelled());
  sessions.close(session->id(), "");
  EXPECT_TRUE(call.cancelled());
}

TEST_F(SessionStoreTest, CancellingNamesOneCallByIdAndType) {
  auto sessions = store();
  const auto session = sessions.open("", kLatestProtocolVersion);
  const Json number = 7, text = "7";
  const Session::Call first(*session, number), second(*session, text);
  session->cancel(Json("7"));
  EXPECT_FALSE(first.cancelled());
  EXPECT_TRUE(second.cancelled());
}

TEST_F(SessionStoreTest, ConcurrentUseLosesNothing) {
  auto sessions = store(10'000);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&sessions, principal = std::to_string(t)] {
      for (int i = 0; i < 200; ++i) {
        const auto session = sessions.open(principal, kLatestProtocolVersion);
        ASSERT_NE(session, nullptr);
        ASSERT_EQ(sessions.find(session->id(), principal), session);
        if (i % 2 == 0) {
          ASSERT_TRUE(sessions.close(session->id(), principal));
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(sessions.size(), 400U);
}

}  // namespace
}  // namespace authplane::mcp
