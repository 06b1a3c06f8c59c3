#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <thread>

#include <authplane/base/mutex.h>

namespace authplane::authserver::cli {

// Runs `work` again and again in a thread of its own, `every` so often, the first time after that long.
// `work` must not throw.
class PeriodicTask {
 public:
  PeriodicTask(std::chrono::milliseconds every, std::function<void()> work);
  // Waits for a run that is going on.
  ~PeriodicTask();
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

 private:
  void run();
  bool wait_for_turn();

  const std::chrono::milliseconds every_;
  const std::function<void()> work_;
  Mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: uses everything above
};

}  // namespace authplane::authserver::cli
