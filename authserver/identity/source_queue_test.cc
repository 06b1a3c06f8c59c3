#include "authserver/identity/source_queue.h"

#include <atomic>
#include <future>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/base/mutex.h>
#include <authplane/testing/fake_clock.h>

namespace authplane::authserver {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using Turn = SourceQueue::Turn;

class SourceQueueTest : public ::testing::Test {
 protected:
  // A queue of one thread, which a first task holds until release().
  void start(std::size_t most_waiting = 100) {
    queue_.emplace(SourceQueue::Limits{.threads = 1, .most_waiting = most_waiting, .longest_wait = 10s},
                   clock_);
    const auto running = std::make_shared<std::promise<void>>();
    queue_->add("203.0.113.1", [running, held = gate_.get_future().share()](Turn) {
      running->set_value();
      held.wait();
    });
    running->get_future().wait();
  }
  void add(const std::string& address, std::string name) {
    queue_->add(address, [this, name = std::move(name)](Turn turn) {
      const MutexLock lock(mutex_);
      (turn == Turn::come ? served_ : refused_).push_back(name);
    });
  }
  void release() { gate_.set_value(); }
  // Once everything that was added has had its turn.
  std::vector<std::string> served() {
    while (true) {
      {
        const MutexLock lock(mutex_);
        if (served_.size() + refused_.size() >= expected_) return served_;
      }
      std::this_thread::yield();
    }
  }
  std::vector<std::string> refused() {
    const MutexLock lock(mutex_);
    return refused_;
  }

  testing::FakeClock clock_;
  std::promise<void> gate_;
  std::size_t expected_ = 0;
  Mutex mutex_;
  std::vector<std::string> served_, refused_;
  std::optional<SourceQueue> queue_;  // last: its thread uses everything above
};

TEST_F(SourceQueueTest, SourcesTakeTurns) {
  start();
  for (int i = 1; i <= 4; ++i) add("192.0.2.1", "flood-" + std::to_string(i));
  add("192.0.2.2", "honest-1");
  add("192.0.2.2", "honest-2");
  expected_ = 6;
  release();
  EXPECT_THAT(served(), ElementsAre("flood-1", "honest-1", "flood-2", "honest-2", "flood-3", "flood-4"));
}

TEST_F(SourceQueueTest, AFullQueueTakesThePlaceOfWhoHoldsMost) {
  start(4);
  for (int i = 1; i <= 5; ++i) add("192.0.2.1", "flood-" + std::to_string(i));
  EXPECT_THAT(refused(), ElementsAre("flood-5"));
  add("192.0.2.2", "honest-1");
  EXPECT_THAT(refused(), ElementsAre("flood-5", "flood-4"));
  add("::ffff:192.0.2.1", "flood-6");
  EXPECT_THAT(refused(), ElementsAre("flood-5", "flood-4", "flood-6"));
  expected_ = 7;
  release();
  EXPECT_THAT(served(), ElementsAre("flood-1", "honest-1", "flood-2", "flood-3"));
}

TEST_F(SourceQueueTest, EqualsDoNotPushEachOtherOut) {
  start(2);
  add("192.0.2.1", "one");
  add("192.0.2.2", "two");
  add("192.0.2.3", "three");
  EXPECT_THAT(refused(), ElementsAre("three"));
  release();
}

TEST_F(SourceQueueTest, WhoWaitedTooLongIsRefused) {
  start();
  add("192.0.2.1", "late");
  clock_.advance(10s + 1ms);
  add("192.0.2.1", "new");
  expected_ = 2;
  release();
  EXPECT_THAT(served(), ElementsAre("new"));
  EXPECT_THAT(refused(), ElementsAre("late"));
}

TEST_F(SourceQueueTest, ClosingRefusesWhatWaitsAndWhatComes) {
  start(std::numeric_limits<std::size_t>::max());
  add("192.0.2.1", "waiting");
  std::thread closing([this] { queue_->close(); });
  // Refused from the moment it is closed; what came before waits for the thread.
  std::size_t late = 0;
  while (refused().empty()) {
    add("192.0.2.2", "late-" + std::to_string(late++));
    std::this_thread::yield();
  }
  release();
  closing.join();
  EXPECT_EQ(served_.size(), 0u);
  EXPECT_EQ(refused().size(), late + 1);
}

// The last answer of a server may be what takes the server down.
TEST(SourceQueueEnd, ATaskMayEndTheQueue) {
  const SystemClock clock;
  const auto ended = std::make_shared<std::promise<void>>();
  auto queue = std::make_unique<SourceQueue>(SourceQueue::Limits{.threads = 2}, clock);
  std::atomic<int> called = 0;
  std::promise<void> added;
  queue->add("192.0.2.1", [&, ended, all = added.get_future().share()](Turn) {
    all.wait();
    queue.reset();
    ended->set_value();
  });
  for (int i = 0; i < 10; ++i) queue->add("192.0.2.1", [&](Turn) { ++called; });
  added.set_value();
  ended->get_future().wait();
  EXPECT_EQ(called, 10);
}

// Every task is called once, whatever becomes of it.
TEST(SourceQueueRace, NothingIsLostOrDoneTwice) {
  const SystemClock clock;
  std::atomic<int> come = 0, refused = 0;
  {
    SourceQueue queue({.threads = 3, .most_waiting = 20, .longest_wait = 10s}, clock);
    std::vector<std::thread> sources;
    for (int s = 0; s < 4; ++s) {
      sources.emplace_back([&, s] {
        for (int i = 0; i < 500; ++i)
          queue.add("192.0.2." + std::to_string(s),
                    [&](Turn turn) { ++(turn == Turn::come ? come : refused); });
      });
    }
    for (std::thread& source : sources) source.join();
    // What waits now is refused when the queue ends; first its threads have their say.
    while (come == 0) std::this_thread::yield();
  }
  EXPECT_EQ(come + refused, 2000);
}

}  // namespace
}  // namespace authplane::authserver
