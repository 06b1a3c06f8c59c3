#include "verified_token_cache.h"

#include <algorithm>
#include <utility>

namespace authplane::detail {
VerifiedTokenCache::VerifiedTokenCache(std::size_t max_entries)
    : slots_per_shard_(std::max<std::size_t>(1, max_entries / kShards)) {}

std::shared_ptr<const ClaimsData> VerifiedTokenCache::find(const Sha256Digest& key,
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
