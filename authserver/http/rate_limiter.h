#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>

namespace authplane::authserver {

struct RateLimit {
  double requests_per_second = 100;  // > 0
  double burst = 200;                // >= 1, requests that may come at once after a pause
};

// One token bucket per source network (identity/source_network.h). Memory is bounded: when a shard is full,
// buckets that have refilled are forgotten, which changes nothing, and if there are none some arbitrary ones
// are. Thread-safe; addresses are spread over shards.
class RateLimiter {
 public:
  explicit RateLimiter(RateLimit limit, std::size_t max_addresses = 65'536);

  // nullopt: go on. Otherwise how long to wait until a request would pass, at least one second.
  std::optional<std::chrono::seconds> admit(std::string_view address, SteadyTime now);

  std::size_t tracked() const;  // buckets held now, for tests and for the curious

 private:
  struct Bucket {
    double tokens;
    SteadyTime updated;
  };
  struct Shard {
    mutable Mutex mutex;
    std::unordered_map<std::uint64_t, Bucket> buckets AUTHPLANE_GUARDED_BY(mutex);
  };
  static constexpr std::size_t kShards = 32;

  double refilled(const Bucket& bucket, SteadyTime now) const;
  void make_room(Shard& shard, SteadyTime now) AUTHPLANE_REQUIRES(shard.mutex);

  RateLimit limit_;
  std::size_t max_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace authplane::authserver
