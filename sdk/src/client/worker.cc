#include "client/worker.h"

#include <exception>
#include <system_error>
#include <utility>

namespace authplane {

bool Worker::post(Task task) {
  {
    MutexLock lock(mutex_);
    if (stopping_) return false;
    if (!thread_.joinable()) {
      try {
        thread_ = std::thread([this] { run(); });
      } catch (const std::system_error&) {
        return false;
      }
    }
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void Worker::stop() noexcept {
  std::thread thread;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    tasks_.clear();
    if (thread_.get_id() != std::this_thread::get_id()) thread = std::move(thread_);
  }
  wake_.notify_all();
  if (thread.joinable()) thread.join();
}

void Worker::run() {
  for (;;) {
    Task task;
    {
      MutexLock lock(mutex_);
      while (tasks_.empty() && !stopping_) lock.wait(wake_);
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    try {
      task();
    } catch (const std::exception&) {
      // A task reports through its own state; the thread has to go on for the next one.
    }
  }
}

}  // namespace authplane
