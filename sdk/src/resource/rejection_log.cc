#include "rejection_log.h"

#include <algorithm>
#include <utility>

namespace authplane::detail {

RejectionLog::RejectionLog(std::shared_ptr<const Clock> clock, std::shared_ptr<Logger> logger)
    : clock_(std::move(clock)), logger_(std::move(logger)), refilled_(clock_->steady_now()) {}

void RejectionLog::warn(std::string_view event, std::string_view resource, const Error& error) {
  if (!logger_->enabled(LogLevel::warn)) return;
  std::uint64_t suppressed = 0;
  if (!admit(suppressed)) return;
  logger_->warn(event, {{"code", to_string(error.code)},
                        {"reason", error.message},
                        {"resource", resource},
                        {"suppressed", suppressed}});
}

bool RejectionLog::admit(std::uint64_t& suppressed) {
  const SteadyTime now = clock_->steady_now();
  MutexLock lock(mutex_);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now - refilled_);
  if (seconds.count() > 0) {
    allowance_ = static_cast<int>(std::min<std::int64_t>(kBurst, allowance_ + seconds.count()));
    refilled_ += seconds;
  }
  if (allowance_ == 0) {
    ++suppressed_;
    return false;
  }
  --allowance_;
  suppressed = std::exchange(suppressed_, 0);
  return true;
}

}  // namespace authplane::detail
