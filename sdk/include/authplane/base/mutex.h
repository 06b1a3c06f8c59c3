#pragma once

#include <condition_variable>
#include <mutex>

// Thread-safety annotations, checked by clang (-Wthread-safety); nothing elsewhere.
#if defined(__clang__)
#define AUTHPLANE_TSA(x) __attribute__((x))
#else
#define AUTHPLANE_TSA(x)
#endif
#define AUTHPLANE_GUARDED_BY(m) AUTHPLANE_TSA(guarded_by(m))
#define AUTHPLANE_REQUIRES(m) AUTHPLANE_TSA(requires_capability(m))
#define AUTHPLANE_EXCLUDES(m) AUTHPLANE_TSA(locks_excluded(m))

namespace authplane {

class AUTHPLANE_TSA(capability("mutex")) Mutex {
 public:
  void lock() AUTHPLANE_TSA(acquire_capability()) { mutex_.lock(); }
  void unlock() AUTHPLANE_TSA(release_capability()) { mutex_.unlock(); }
  bool try_lock() AUTHPLANE_TSA(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// Scoped lock. wait() releases while waiting; the predicate form of std::condition_variable is written as a
// loop at the call site, so that the analysis sees the guarded reads.
class AUTHPLANE_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& m) AUTHPLANE_TSA(acquire_capability(m)) : lock_(m.mutex_) {}
  ~MutexLock() AUTHPLANE_TSA(release_capability()) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void wait(std::condition_variable& cv) { cv.wait(lock_); }
  template <class TimePoint>
  std::cv_status wait_until(std::condition_variable& cv, const TimePoint& deadline) {
    return cv.wait_until(lock_, deadline);
  }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace authplane
