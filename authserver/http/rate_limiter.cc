#include "authserver/http/rate_limiter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <iterator>

namespace authplane::authserver {
namespace {

// What the bucket is kept under: the address for IPv4 and mapped IPv4, the upper 64 bits for IPv6, a hash of
// the text for anything else.
std::uint64_t bucket_key(std::string_view address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.size() < sizeof text) {
    std::memcpy(text, address.data(), address.size());
    if (std::uint32_t v4 = 0; inet_pton(AF_INET, text, &v4) == 1) return v4;
    if (in6_addr v6{}; inet_pton(AF_INET6, text, &v6) == 1) {
      std::uint64_t upper = 0;
      std::uint32_t lowest = 0;
      std::memcpy(&upper, v6.s6_addr, sizeof upper);
      std::memcpy(&lowest, v6.s6_addr + 12, sizeof lowest);
      return IN6_IS_ADDR_V4MAPPED(&v6) ? lowest : upper;
    }
  }
  return std::hash<std::string_view>{}(address);
}

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
  const std::uint64_t key = bucket_key(address);
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
