#include "benchmarks/load/latency.h"

#include <algorithm>
#include <cmath>

namespace authplane::bench {

LatencySummary Latencies::summary() const {
  if (milliseconds_.empty()) return {};
  std::vector<float> sorted = milliseconds_;
  std::sort(sorted.begin(), sorted.end());
  const auto quantile = [&](double share) {
    const double rank = std::ceil(share * static_cast<double>(sorted.size()));
    return static_cast<double>(sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1]);
  };
  return {.p50 = quantile(0.5), .p99 = quantile(0.99), .p999 = quantile(0.999), .max = sorted.back()};
}

}  // namespace authplane::bench
