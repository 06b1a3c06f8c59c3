#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

#include <authplane/base/hash.h>
#include <authplane/base/mutex.h>
#include <authplane/base/random.h>
#include <authplane/dpop/replay_store.h>

namespace authplane::dpop {
namespace {

using std::chrono::sys_seconds;

constexpr std::size_t kShards = 16;
// Below this one shard holds everything: the spread over shards would be too uneven.
constexpr std::size_t kFewEntries = 4096;
// More than one leaves per entry that comes, so that the store shrinks after a burst; and few enough that no
// call pays for the whole burst.
constexpr std::size_t kExpiredPerCall = 8;

// 128 bits of a hash with a secret seed: nobody can aim at one bucket, or at another client's entry.
using Fingerprint = std::array<unsigned char, 16>;
struct FingerprintHash {
  std::size_t operator()(const Fingerprint& f) const noexcept {
    std::size_t value;
    std::memcpy(&value, f.data(), sizeof value);
    return value;
  }
};

// Entries are never taken out one by one, only in the order of their expiry, so a heap beside the map is all
// the order there has to be.
class alignas(64) Shard {
 public:
  enum class Outcome { stored, refused, full };

  // `used` counts the entries of all shards.
  Outcome store(const Fingerprint& key, sys_seconds expires_at, const Clock& clock, std::size_t capacity,
                std::atomic<std::size_t>& used, std::atomic<std::uint64_t>& evicted) {
    MutexLock lock(mutex_);
    // Read only now. With an older time a call could judge as valid what a faster one has dropped as expired.
    const sys_seconds now = clock.now_seconds();
    if (expires_at < now) return Outcome::refused;
    drop_expired(now, kExpiredPerCall, used);
    if (const auto found = entries_.find(key); found != entries_.end()) {
      if (found->second >= now) return Outcome::refused;
      drop_expired(now, entries_.size(), used);
    }
    if (used.fetch_add(1) >= capacity) {
      if (entries_.empty()) {
        used.fetch_sub(1);
        return Outcome::full;
      }
      if (order_.front().first >= now) evicted.fetch_add(1);
      drop_first(used);
    }
    entries_.emplace(key, expires_at);
    order_.emplace_back(expires_at, key);
    std::push_heap(order_.begin(), order_.end(), std::greater<>());
    return Outcome::stored;
  }

  void drop_expired(sys_seconds now, std::atomic<std::size_t>& used) {
    MutexLock lock(mutex_);
    drop_expired(now, entries_.size(), used);
  }

 private:
  void drop_expired(sys_seconds now, std::size_t at_most, std::atomic<std::size_t>& used)
      AUTHPLANE_REQUIRES(mutex_) {
    while (at_most-- > 0 && !order_.empty() && order_.front().first < now) drop_first(used);
  }
  void drop_first(std::atomic<std::size_t>& used) AUTHPLANE_REQUIRES(mutex_) {
    entries_.erase(order_.front().second);
    std::pop_heap(order_.begin(), order_.end(), std::greater<>());
    order_.pop_back();
    used.fetch_sub(1);
  }

  Mutex mutex_;
  std::unordered_map<Fingerprint, sys_seconds, FingerprintHash> entries_ AUTHPLANE_GUARDED_BY(mutex_);
  std::vector<std::pair<sys_seconds, Fingerprint>> order_
      AUTHPLANE_GUARDED_BY(mutex_);  // next to expire first
};

class ShardedStore final : public MemoryReplayStore {
 public:
  explicit ShardedStore(MemoryReplayStoreOptions options)
      : capacity_(std::max<std::size_t>(options.max_entries, 1)),
        clock_(options.clock ? std::move(options.clock) : std::make_shared<SystemClock>()),
        seed_(SystemRandom().bytes(16)),
        shards_(capacity_ < kFewEntries ? 1 : kShards) {}

  Result<bool> check_and_store(std::string_view key, sys_seconds expires_at) override {
    const Sha256Digest digest = sha256(seed_ + std::string(key));
    Fingerprint fingerprint;
    std::memcpy(fingerprint.data(), digest.data(), fingerprint.size());
    Shard& shard = shards_[digest[31] % shards_.size()];
    switch (shard.store(fingerprint, expires_at, *clock_, capacity_, used_, evicted_)) {
      case Shard::Outcome::stored:
        return true;
      case Shard::Outcome::refused:
        return false;
      case Shard::Outcome::full:
        break;
    }
    return Err(ErrorCode::runtime_error, "DPoP replay store: full; raise max_entries");
  }

  std::size_t size() const override {
    const sys_seconds now = clock_->now_seconds();
    for (Shard& shard : shards_) shard.drop_expired(now, used_);
    return used_;
  }
  std::uint64_t evicted() const override { return evicted_; }

 private:
  const std::size_t capacity_;
  const std::shared_ptr<const Clock> clock_;
  const std::string seed_;
  mutable std::vector<Shard> shards_;
  mutable std::atomic<std::size_t> used_{0};
  std::atomic<std::uint64_t> evicted_{0};
};

}  // namespace

std::shared_ptr<MemoryReplayStore> MemoryReplayStore::create(MemoryReplayStoreOptions options) {
  return std::make_shared<ShardedStore>(std::move(options));
}

}  // namespace authplane::dpop
