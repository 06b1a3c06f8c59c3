#include "authserver/http/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "authserver/identity/source_network.h"

namespace authplane::authserver {
namespace {

std::uint64_t spread(std::uint64_t key) {
  return key * 0x9E3779B97F4A7C15ULL;
}

}  // namespace

RateLimiter::RateLimiter(RateLimit limit, std::size_t max_addresses)
    : limit_(limit), max_per_shard_(std::max<std::size_t>(1, max_addresses / kShards)) {}

double RateLimiter::refilled(const Bucket& bucket, SteadyTime now) const {
  const double elapsed = std::max(0.0, std::chrono::duration<double>(now - bucket.updated).count());
  return std::min(limit_.burst, bucket.tokens + elapsed * limit_.requests_per_second);
}

void RateLimiter::make_room(Shard& shard, SteadyTime now) {
  std::erase_if(shard.buckets,
                [&](const auto& entry) { return refilled(entry.second, now) >= limit_.burst; });
  // An eighth at a time, so that a flood from ever new addresses does not rescan the shard for each of them.
  if (shard.buckets.size() >= max_per_shard_) {
    shard.buckets.erase(
        shard.buckets.begin(),
        std::next(shard.buckets.begin(), static_cast<std::ptrdiff_t>(1 + (max_per_shard_ - 1) / 8)));
  }
}

std::optional<std::chrono::seconds> RateLimiter::admit(std::string_view address, SteadyTime now) {
  const std::uint64_t key = source_network(address);
  Shard& shard = shards_[spread(key) >> 59];
  const MutexLock lock(shard.mutex);
  auto it = shard.buckets.find(key);
  if (it == shard.buckets.end()) {
    if (shard.buckets.size() >= max_per_shard_) make_room(shard, now);
    it = shard.buckets.emplace(key, Bucket{limit_.burst, now}).first;
  }
  Bucket& bucket = it->second;
  bucket.tokens = refilled(bucket, now);
  bucket.updated = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return std::nullopt;
  }
  const double wait = std::ceil((1 - bucket.tokens) / limit_.requests_per_second);
  return std::chrono::seconds(static_cast<std::int64_t>(std::clamp(wait, 1.0, 3600.0)));
}

std::size_t RateLimiter::tracked() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    count += shard.buckets.size();
  }
  return count;
}

}  // namespace authplane::authserver
