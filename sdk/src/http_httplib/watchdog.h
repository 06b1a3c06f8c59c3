#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <thread>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>

namespace authplane {

// One thread that calls back when a deadline passes, for any number of them. Thread-safe.
class Watchdog {
 public:
  // Runs on the watchdog's thread, under its lock: it must be quick, not throw, and not call the watchdog.
  // Returns when it wants to be called next; SteadyTime::max() for never again.
  using Callback = std::function<SteadyTime()>;

  // Watches until destroyed. When the destructor returns, the callback is not running and will not run.
  class Watch {
   public:
    Watch(Watchdog& watchdog, SteadyTime first, Callback callback);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    friend class Watchdog;
    Watchdog& watchdog_;
    const Callback callback_;
    std::multimap<SteadyTime, Watch*>::iterator place_;
  };

  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void run() AUTHPLANE_EXCLUDES(mutex_);

  Mutex mutex_;
  std::condition_variable changed_;
  std::multimap<SteadyTime, Watch*> due_ AUTHPLANE_GUARDED_BY(mutex_);
  bool stopping_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace authplane
