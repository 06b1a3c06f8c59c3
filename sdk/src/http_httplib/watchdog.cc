#include "watchdog.h"

#include <algorithm>

namespace authplane {
namespace {

// Far enough for "never", near enough for every implementation of a timed wait.
SteadyTime latest() {
  return std::chrono::steady_clock::now() + std::chrono::hours(24);
}

}  // namespace

Watchdog::Watch::Watch(Watchdog& watchdog, SteadyTime first, Callback callback)
    : watchdog_(watchdog), callback_(std::move(callback)) {
  MutexLock lock(watchdog_.mutex_);
  place_ = watchdog_.due_.emplace(first, this);
  if (place_ == watchdog_.due_.begin()) watchdog_.changed_.notify_one();
}

Watchdog::Watch::~Watch() {
  MutexLock lock(watchdog_.mutex_);
  watchdog_.due_.erase(place_);
}

Watchdog::Watchdog() : thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Watchdog::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (due_.empty()) {
      lock.wait(changed_);
      continue;
    }
    const auto first = due_.begin();
    if (first->first > std::chrono::steady_clock::now()) {
      // A copy: the wait reads its argument again afterwards, when the watch may be gone.
      const SteadyTime wake = std::min(first->first, latest());
      lock.wait_until(changed_, wake);
      continue;
    }
    Watch* watch = first->second;
    const SteadyTime next = watch->callback_();
    due_.erase(first);
    watch->place_ = due_.emplace(next, watch);
  }
}

}  // namespace authplane
