#pragma once

#include <condition_variable>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <authplane/base/mutex.h>
#include <authplane/base/result.h>

namespace authplane {

// One piece of work that several callers wait for. Its leader calls land() exactly once; wait() then gives
// everybody the same result.
template <class T>
class Flight {
 public:
  void land(Result<T> result) AUTHPLANE_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      result_.emplace(std::move(result));
    }
    landed_.notify_all();
  }

  Result<T> wait() AUTHPLANE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!result_) lock.wait(landed_);
    return *result_;
  }

 private:
  Mutex mutex_;
  std::condition_variable landed_;
  std::optional<Result<T>> result_ AUTHPLANE_GUARDED_BY(mutex_);
};

// Runs a leader's work. What it throws becomes an Error, because the other callers must not wait for ever.
template <class F>
auto fly(F&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& e) {
    return Err(ErrorCode::runtime_error, std::string("request failed inside this program: ") + e.what());
  } catch (...) {
    return Err(ErrorCode::runtime_error, "request failed inside this program: unknown exception");
  }
}

}  // namespace authplane
