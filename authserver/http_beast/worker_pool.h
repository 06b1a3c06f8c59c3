#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include <authplane/base/mutex.h>

namespace authplane::http_beast {

// Work for a WorkerPool. run() does not throw.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run() = 0;
};

// A fixed number of threads behind a bounded queue. Built for many short jobs and for jobs that block: one
// sleeping worker is woken at a time, the last one that went to sleep first, and each worker woken wakes the
// next while jobs wait. So a burst of trivial jobs is drained by few hot threads, and blocked workers are
// still replaced at once. Thread-safe.
class WorkerPool {
 public:
  WorkerPool(std::size_t workers, std::size_t max_queued);
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Takes jobs from the front of `batch` while the queue has room and removes them; what stays was refused.
  void submit(std::vector<std::shared_ptr<Job>>& batch);
  // Lets running jobs finish, drops queued ones, joins the threads. Not to be called from a job. Idempotent.
  void stop();
  std::size_t queued() const;

 private:
  struct Sleeper {
    std::condition_variable wake;
    bool woken = false;
  };

  void work(Sleeper& self);
  std::shared_ptr<Job> next(Sleeper& self);
  // The worker to notify once the lock is released, or nullptr.
  Sleeper* choose_sleeper() AUTHPLANE_REQUIRES(mutex_);

  const std::size_t max_queued_;
  mutable Mutex mutex_;
  std::deque<std::shared_ptr<Job>> queue_ AUTHPLANE_GUARDED_BY(mutex_);
  std::vector<Sleeper*> sleepers_ AUTHPLANE_GUARDED_BY(mutex_);
  bool waking_ AUTHPLANE_GUARDED_BY(mutex_) = false;  // a woken worker has not taken its job yet
  bool stopping_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::deque<Sleeper> seats_;  // one a worker; outlives the threads, so that a late notify finds it
  std::vector<std::thread> threads_;
};

}  // namespace authplane::http_beast
