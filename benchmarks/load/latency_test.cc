#include "benchmarks/load/latency.h"

#include <gtest/gtest.h>

namespace authplane::bench {
namespace {

TEST(Latencies, NearestRankQuantiles) {
  Latencies latencies;
  for (int i = 1000; i >= 1; --i) latencies.add(std::chrono::milliseconds(i));
  const LatencySummary summary = latencies.summary();
  EXPECT_DOUBLE_EQ(summary.p50, 500);
  EXPECT_DOUBLE_EQ(summary.p99, 990);
  EXPECT_DOUBLE_EQ(summary.p999, 999);
  EXPECT_DOUBLE_EQ(summary.max, 1000);
}

TEST(Latencies, NothingAddedIsZero) {
  EXPECT_DOUBLE_EQ(Latencies().summary().max, 0);
}

TEST(Latencies, OneValueIsEveryQuantile) {
  Latencies latencies;
  latencies.add(std::chrono::milliseconds(7));
  EXPECT_DOUBLE_EQ(latencies.summary().p50, 7);
  EXPECT_DOUBLE_EQ(latencies.summary().p999, 7);
}

}  // namespace
}  // namespace authplane::bench
