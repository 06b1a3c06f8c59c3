#include "authserver/http_beast/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>

namespace authplane::http_beast {
namespace {

class FunctionJob final : public Job {
 public:
  explicit FunctionJob(std::function<void()> function) : function_(std::move(function)) {}
  void run() override { function_(); }

 private:
  std::function<void()> function_;
};

// The number of refused jobs.
std::size_t submit(WorkerPool& pool, std::size_t count, const std::function<void()>& function) {
  std::vector<std::shared_ptr<Job>> batch;
  for (std::size_t i = 0; i < count; ++i) batch.push_back(std::make_shared<FunctionJob>(function));
  pool.submit(batch);
  return batch.size();
}

TEST(WorkerPool, RunsEveryJobOnce) {
  WorkerPool pool(4, 1000);
  std::latch done(1000);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(submit(pool, 100, [&] { done.count_down(); }), 0U);
  done.wait();
  EXPECT_EQ(pool.queued(), 0U);
}

TEST(WorkerPool, RunsAsManyBlockingJobsAsThereAreWorkers) {
  WorkerPool pool(16, 0);
  std::latch all_running(16);
  std::size_t left = 16;  // without a queue a job is taken once a worker sleeps
  while (left > 0) left = submit(pool, left, [&] { all_running.arrive_and_wait(); });
  all_running.wait();
}

TEST(WorkerPool, RefusesBeyondTheQueue) {
  WorkerPool pool(1, 2);
  std::latch running(1);
  std::latch release(1);
  while (submit(pool, 1, [&] {
           running.count_down();
           release.wait();
         }) != 0) {
  }
  running.wait();
  std::atomic<int> later = 0;
  EXPECT_EQ(submit(pool, 5, [&] { ++later; }), 3U);
  EXPECT_EQ(pool.queued(), 2U);
  release.count_down();
  std::latch last(1);
  while (submit(pool, 1, [&] { last.count_down(); }) != 0) {
  }
  last.wait();
  EXPECT_EQ(later, 2);
}

TEST(WorkerPool, StopFinishesRunningJobsAndDropsQueuedOnes) {
  std::atomic<int> finished = 0;
  std::latch running(1);
  std::latch release(1);
  WorkerPool pool(1, 10);
  submit(pool, 1, [&] {
    running.count_down();
    release.wait();
    ++finished;
  });
  running.wait();
  submit(pool, 3, [&] { ++finished; });
  std::thread stopper([&] { pool.stop(); });
  while (pool.queued() != 0) std::this_thread::yield();
  release.count_down();
  stopper.join();
  EXPECT_EQ(finished, 1);
  EXPECT_EQ(submit(pool, 1, [] {}), 1U);
}

}  // namespace
}  // namespace authplane::http_beast
