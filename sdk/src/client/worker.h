#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>

#include <authplane/base/mutex.h>

namespace authplane {

// One thread that runs tasks in order, started by the first task. Thread-safe.
class Worker {
 public:
  using Task = std::function<void()>;

  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { stop(); }

  // False when the task will not run: after stop(), or when no thread can be started.
  bool post(Task task) AUTHPLANE_EXCLUDES(mutex_);

  // Drops waiting tasks and waits for the running one, except on the worker's own thread, where it only asks
  // the thread to end. May be called repeatedly.
  void stop() noexcept AUTHPLANE_EXCLUDES(mutex_);

 private:
  void run() AUTHPLANE_EXCLUDES(mutex_);

  Mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_ AUTHPLANE_GUARDED_BY(mutex_);
  std::thread thread_ AUTHPLANE_GUARDED_BY(mutex_);
  bool stopping_ AUTHPLANE_GUARDED_BY(mutex_) = false;
};

}  // namespace authplane
