#include "client/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <vector>

namespace authplane {
namespace {

TEST(WorkerTest, RunsTasksInOrderOnAnotherThread) {
  std::vector<int> order;
  std::thread::id id;
  std::latch done(1);
  Worker worker;
  EXPECT_TRUE(worker.post([&] { order.push_back(1), id = std::this_thread::get_id(); }));
  EXPECT_TRUE(worker.post([&] { order.push_back(2), done.count_down(); }));
  done.wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_NE(id, std::this_thread::get_id());
}

TEST(WorkerTest, ThrowingTaskDoesNotEndIt) {
  std::latch done(1);
  Worker worker;
  worker.post([] { throw std::runtime_error("boom"); });
  worker.post([&] { done.count_down(); });
  done.wait();
}

TEST(WorkerTest, StopWaitsForTheRunningTaskAndDropsTheRest) {
  std::latch started(1), may_end(1);
  std::atomic<bool> ended = false, dropped_ran = false;
  Worker worker;
  worker.post([&] {
    started.count_down();
    may_end.wait();
    ended = true;
  });
  worker.post([&] { dropped_ran = true; });
  started.wait();
  std::jthread stopper([&] { worker.stop(); });
  while (worker.post([] {})) std::this_thread::yield();  // until stop() has begun
  may_end.count_down();
  stopper.join();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(dropped_ran);
  EXPECT_FALSE(worker.post([] {}));
  worker.stop();
}

TEST(WorkerTest, MayBeStoppedByItsOwnTask) {
  std::latch done(1);
  Worker worker;
  worker.post([&] {
    worker.stop();
    done.count_down();
  });
  done.wait();
}

}  // namespace
}  // namespace authplane
