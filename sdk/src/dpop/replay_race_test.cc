#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include <authplane/dpop/replay_store.h>
#include <authplane/testing/temp_folder.h>

#include "test_support.h"

namespace authplane::dpop {
namespace {

using std::chrono::seconds;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 100;  // a sanitizer makes each round ten times as dear
#else
constexpr int kRounds = 1000;
#endif
constexpr int kThreads = 100;

// All threads try each key at once, again and again: one must win each time.
void race(const std::vector<std::shared_ptr<ReplayStore>>& stores, std::size_t rounds = kRounds) {
  const auto expires_at = SystemClock().now_seconds() + seconds(3600);
  std::vector<std::atomic<int>> wins(rounds);
  std::atomic<int> errors{0};
  std::barrier line(kThreads);
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, &store = *stores[static_cast<std::size_t>(t) % stores.size()]] {
      for (std::size_t round = 0; round < rounds; ++round) {
        const std::string key = "thumbprint." + std::to_string(round);
        line.arrive_and_wait();
        const auto taken = store.check_and_store(key, expires_at);
        if (!taken) {
          ++errors;
        } else if (*taken) {
          ++wins[round];
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(errors, 0);
  for (std::size_t round = 0; round < rounds; ++round) ASSERT_EQ(wins[round], 1) << "round " << round;
}

TEST(ReplayRace, OneThreadWinsInMemory) {
  race({MemoryReplayStore::create()});
}

TEST(ReplayRace, OneThreadWinsInAFile) {
  const authplane::testing::TempFolder folder;
  race({FileReplayStore::open({.path = folder.file()}).value()});
}

// As of several processes, each store having its own view of the file.
TEST(ReplayRace, OneThreadWinsInAFileOpenedThreeTimes) {
  const authplane::testing::TempFolder folder;
  const auto open = [&] { return FileReplayStore::open({.path = folder.file()}).value(); };
  race({open(), open(), open()}, kRounds / 5);
}

TEST(ReplayRace, ManyThreadsWithKeysOfTheirOwn) {
  const authplane::testing::TempFolder folder;
  const std::shared_ptr<ReplayStore> stores[] = {MemoryReplayStore::create(),
                                                 FileReplayStore::open({.path = folder.file()}).value()};
  const auto expires_at = SystemClock().now_seconds() + seconds(3600);
  for (const auto& store : stores) {
    std::atomic<int> wins{0};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kRounds; ++i) {
          const std::string key = std::to_string(t) + "." + std::to_string(i);
          for (int twice = 0; twice < 2; ++twice) wins += store->check_and_store(key, expires_at).value();
        }
      });
    }
    threads.clear();
    EXPECT_EQ(wins, 8 * kRounds);
  }
}

}  // namespace
}  // namespace authplane::dpop
