#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace authplane::bench {

using Clock = std::chrono::steady_clock;

// Milliseconds.
struct LatencySummary {
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
};

// Every single duration is kept: exact quantiles, 4 bytes each.
class Latencies {
 public:
  void add(Clock::duration duration) {
    milliseconds_.push_back(std::chrono::duration<float, std::milli>(duration).count());
  }
  std::size_t count() const { return milliseconds_.size(); }
  // All zero when nothing was added. Nearest-rank quantiles.
  LatencySummary summary() const;

 private:
  std::vector<float> milliseconds_;
};

}  // namespace authplane::bench
