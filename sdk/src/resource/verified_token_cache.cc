#include "verified_token_cache.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace authplane::detail {
namespace {

// The last few hits of this thread. Threads that work for the same caller would otherwise take turns at one
// lock and one reference count. Claims held here have a count of their own, so that handing them out touches
// nothing shared.
struct RecentHit {
  std::uint64_t cache = 0;  // id of the cache, 0 = empty
  std::uint64_t generation = 0;
  Sha256Digest key{};
  std::shared_ptr<const ClaimsData> claims;
  int uses_left = 0;  // until the shard is asked again, so that it knows the entry is in use
};
constexpr std::size_t kRecentHits = 4;
constexpr int kUsesPerHit = 32;
thread_local std::array<RecentHit, kRecentHits> recent_hits;

std::shared_ptr<const ClaimsData> with_own_count(std::shared_ptr<const ClaimsData> shared) {
  const ClaimsData* claims = shared.get();
  return {std::make_shared<const std::shared_ptr<const ClaimsData>>(std::move(shared)), claims};
}

std::uint64_t next_id() noexcept {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

}  // namespace

VerifiedTokenCache::VerifiedTokenCache(std::size_t max_entries)
    : id_(next_id()), slots_per_shard_(std::max<std::size_t>(1, max_entries / kShards)) {}

std::shared_ptr<const ClaimsData> VerifiedTokenCache::find(const Sha256Digest& key,
                                                           std::uint64_t generation) {
  RecentHit& recent = recent_hits[key[1] % kRecentHits];
  if (recent.uses_left > 0 && recent.cache == id_ && recent.generation == generation && recent.key == key) {
    --recent.uses_left;
    return recent.claims;
  }
  auto claims = find_shared(key, generation);
  if (!claims) return nullptr;
  recent = RecentHit{id_, generation, key, with_own_count(std::move(claims)), kUsesPerHit};
  return recent.claims;
}

std::shared_ptr<const ClaimsData> VerifiedTokenCache::find_shared(const Sha256Digest& key,
                                                                  std::uint64_t generation) {
  Shard& shard = shard_of(key);
  std::shared_ptr<const ClaimsData> dropped;  // destroyed after the lock
  MutexLock lock(shard.mutex);
  const auto found = shard.index.find(key);
  if (found == shard.index.end()) return nullptr;
  Slot& slot = shard.slots[found->second];
  if (slot.generation != generation) {
    const std::uint32_t position = found->second;
    shard.index.erase(found);
    dropped = release(shard, position);
    return nullptr;
  }
  slot.referenced = true;
  return slot.claims;
}

void VerifiedTokenCache::insert(const Sha256Digest& key, std::shared_ptr<const ClaimsData> claims,
                                std::uint64_t generation) {
  Shard& shard = shard_of(key);
  MutexLock lock(shard.mutex);
  const auto found = shard.index.find(key);
  const std::uint32_t position = found != shard.index.end() ? found->second : take_slot(shard);
  Slot& slot = shard.slots[position];
  slot.key = key;
  slot.claims.swap(claims);  // what was there is destroyed with the argument, after the lock
  slot.generation = generation;
  slot.referenced = false;
  if (found == shard.index.end()) shard.index.emplace(key, position);
}

void VerifiedTokenCache::erase(const Sha256Digest& key) {
  if (RecentHit& recent = recent_hits[key[1] % kRecentHits]; recent.key == key) recent = {};
  Shard& shard = shard_of(key);
  std::shared_ptr<const ClaimsData> dropped;
  MutexLock lock(shard.mutex);
  const auto found = shard.index.find(key);
  if (found == shard.index.end()) return;
  const std::uint32_t position = found->second;
  shard.index.erase(found);
  dropped = release(shard, position);
}

std::size_t VerifiedTokenCache::size() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    total += shard.index.size();
  }
  return total;
}

std::shared_ptr<const ClaimsData> VerifiedTokenCache::release(Shard& shard, std::uint32_t slot) {
  shard.free.push_back(slot);
  return std::exchange(shard.slots[slot].claims, nullptr);
}

std::uint32_t VerifiedTokenCache::take_slot(Shard& shard) {
  if (!shard.free.empty()) {
    const std::uint32_t slot = shard.free.back();
    shard.free.pop_back();
    return slot;
  }
  if (shard.slots.size() < slots_per_shard_) {
    shard.slots.emplace_back();
    return static_cast<std::uint32_t>(shard.slots.size() - 1);
  }
  // No slot is free, so all hold an entry; the second round finds every flag cleared at the latest.
  while (std::exchange(shard.slots[shard.hand].referenced, false))
    shard.hand = (shard.hand + 1) % shard.slots.size();
  const auto victim = static_cast<std::uint32_t>(shard.hand);
  shard.hand = (shard.hand + 1) % shard.slots.size();
  shard.index.erase(shard.slots[victim].key);
  return victim;
}

}  // namespace authplane::detail
