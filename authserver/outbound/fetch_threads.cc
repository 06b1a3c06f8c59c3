#include "authserver/outbound/fetch_threads.h"

#include <system_error>
#include <thread>
#include <utility>

namespace authplane::authserver {

void FetchThreads::wait_until_idle() {
  MutexLock lock(mutex_);
  while (running_ != 0) lock.wait(idle_);
}

bool FetchThreads::run(std::function<void()> task) {
  {
    MutexLock lock(mutex_);
    if (running_ >= most_) return false;
    ++running_;
  }
  try {
    std::thread([this, task = std::move(task)]() mutable {
      task();
      task = nullptr;  // before others may think that nothing runs
      ended();
    }).detach();
  } catch (const std::system_error&) {  // no thread to be had
    ended();
    return false;
  }
  return true;
}

// Notifies under the lock: the object may go as soon as the lock is free.
void FetchThreads::ended() {
  MutexLock lock(mutex_);
  --running_;
  idle_.notify_all();
}

}  // namespace authplane::authserver
