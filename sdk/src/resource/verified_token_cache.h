#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <vector>

#include <authplane/base/hash.h>
#include <authplane/base/mutex.h>

#include "claims_data.h"

namespace authplane::detail {

// Claims of tokens that verified, by the SHA-256 of the token: the token itself is never kept. Bounded; the
// clock algorithm evicts (an entry used since the hand last passed gets a second round), so a hit writes one
// flag and moves nothing. Sharded by the digest. Only verified tokens enter, so strangers cannot fill it.
// Thread-safe.
class VerifiedTokenCache {
 public:
  static constexpr std::size_t kShards = 16;

  // At least one entry per shard.
  explicit VerifiedTokenCache(std::size_t max_entries);

  // nullptr when absent or verified under another generation of keys; such an entry is dropped.
  std::shared_ptr<const ClaimsData> find(const Sha256Digest& key, std::uint64_t generation);
  void insert(const Sha256Digest& key, std::shared_ptr<const ClaimsData> claims, std::uint64_t generation);
  void erase(const Sha256Digest& key);
  std::size_t size() const;

 private:
  struct Slot {
    Sha256Digest key;
    std::shared_ptr<const ClaimsData> claims;
    std::uint64_t generation = 0;
    bool referenced = false;
  };
  struct DigestHash {
    std::size_t operator()(const Sha256Digest& key) const noexcept {
      std::size_t value;  // the digest is uniform; its first byte has chosen the shard
      std::memcpy(&value, key.data() + 8, sizeof value);
      return value;
    }
  };
  // A cache line of its own each, so that neighbours do not slow each other down.
  struct alignas(64) Shard {
    mutable Mutex mutex;
    std::unordered_map<Sha256Digest, std::uint32_t, DigestHash> index AUTHPLANE_GUARDED_BY(mutex);
    std::vector<Slot> slots AUTHPLANE_GUARDED_BY(mutex);
    std::vector<std::uint32_t> free AUTHPLANE_GUARDED_BY(mutex);
    std::size_t hand AUTHPLANE_GUARDED_BY(mutex) = 0;
  };

  Shard& shard_of(const Sha256Digest& key) { return shards_[key[0] % kShards]; }
  std::uint32_t take_slot(Shard& shard) AUTHPLANE_REQUIRES(shard.mutex);
  static std::shared_ptr<const ClaimsData> release(Shard& shard, std::uint32_t slot)
      AUTHPLANE_REQUIRES(shard.mutex);

  const std::size_t slots_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace authplane::detail
