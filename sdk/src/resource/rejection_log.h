#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/error.h>
#include <authplane/base/log.h>
#include <authplane/base/mutex.h>

namespace authplane::detail {

// Writes warnings that strangers can provoke. A burst of kBurst lines passes, then one per second; the next
// line that passes tells in `suppressed` how many did not. Thread-safe.
class RejectionLog {
 public:
  static constexpr int kBurst = 10;

  // `clock` and `logger` must not be null.
  RejectionLog(std::shared_ptr<const Clock> clock, std::shared_ptr<Logger> logger);

  void warn(std::string_view event, std::string_view resource, const Error& error);

 private:
  // True when a line may be written now; `suppressed` then is the number of those that were not since the
  // last.
  bool admit(std::uint64_t& suppressed);

  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Logger> logger_;
  Mutex mutex_;
  SteadyTime refilled_ AUTHPLANE_GUARDED_BY(mutex_);
  int allowance_ AUTHPLANE_GUARDED_BY(mutex_) = kBurst;
  std::uint64_t suppressed_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
};

}  // namespace authplane::detail
