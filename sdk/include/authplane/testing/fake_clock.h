#pragma once

#include <atomic>
#include <chrono>

#include <authplane/base/clock.h>

namespace authplane::testing {

// Time that moves only by advance() and set(). Starts at 2026-01-01T00:00:00Z. Thread-safe.
class FakeClock final : public Clock {
 public:
  WallTime now() const override { return WallTime(std::chrono::microseconds(wall_.load())); }
  SteadyTime steady_now() const override { return SteadyTime(std::chrono::microseconds(steady_.load())); }

  void advance(std::chrono::microseconds step) {
    wall_ += step.count();
    steady_ += step.count();
  }
  // Calendar time alone: what a corrected system clock does.
  void set_wall(WallTime time) { wall_ = time.time_since_epoch().count(); }

 private:
  std::atomic<std::int64_t> wall_{1'767'225'600'000'000};
  std::atomic<std::int64_t> steady_{1'000'000'000'000};
};

}  // namespace authplane::testing
