#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>

#include <authplane/base/mutex.h>

namespace authplane::authserver {

// Runs tasks that may take long, each on a thread of its own, and no more than a few at once. Thread-safe.
class FetchThreads {
 public:
  explicit FetchThreads(std::size_t most) : most_(most) {}
  ~FetchThreads() { wait_until_idle(); }
  FetchThreads(const FetchThreads&) = delete;
  FetchThreads& operator=(const FetchThreads&) = delete;

  // False, and `task` will not run, when as many run as may. `task` must not throw.
  bool run(std::function<void()> task) AUTHPLANE_EXCLUDES(mutex_);
  // Must not be called by a task.
  void wait_until_idle() AUTHPLANE_EXCLUDES(mutex_);

 private:
  void ended() AUTHPLANE_EXCLUDES(mutex_);

  const std::size_t most_;
  Mutex mutex_;
  std::condition_variable idle_;
  std::size_t running_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
};

}  // namespace authplane::authserver
