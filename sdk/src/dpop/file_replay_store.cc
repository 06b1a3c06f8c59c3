#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include <authplane/base/hash.h>
#include <authplane/base/mutex.h>
#include <authplane/dpop/replay_store.h>

#include "replay_file.h"

namespace authplane::dpop {
namespace {

using std::chrono::sys_seconds;

class RegionLock {
 public:
  RegionLock(const ReplayFile& file, std::uint64_t region)
      : file_(file), region_(region), locked_(file.lock_region(region)) {}
  ~RegionLock() {
    if (locked_) file_.unlock_region(region_);
  }
  RegionLock(const RegionLock&) = delete;
  RegionLock& operator=(const RegionLock&) = delete;
  const Result<void>& locked() const { return locked_; }

 private:
  const ReplayFile& file_;
  const std::uint64_t region_;
  const Result<void> locked_;
};

// What a look through a bucket found: the key itself, or the entry a new key should take.
struct Place {
  bool known = false;
  ReplayEntry* entry = nullptr;  // an empty or expired one, else the one nearest to its expiry
  std::int64_t expires_at = 0;   // its expiry, 0 when empty
};

Place find_place(std::span<ReplayEntry, kBucketEntries> bucket, const Sha256Digest& hash, std::int64_t now) {
  Place place;
  for (ReplayEntry& entry : bucket) {
    const std::int64_t expires_at = entry.expiry();
    const bool live = expires_at >= now && expires_at != 0;
    if (live && std::memcmp(entry.hash, hash.data(), kHashBytes) == 0) return {.known = true};
    if (!place.entry || expires_at < place.expires_at) place = {false, &entry, expires_at};
  }
  return place;
}

class MappedStore final : public FileReplayStore {
 public:
  MappedStore(ReplayFile file, std::shared_ptr<const Clock> clock)
      : file_(std::move(file)),
        clock_(clock ? std::move(clock) : std::make_shared<SystemClock>()),
        owner_(::getpid()) {}

  Result<bool> check_and_store(std::string_view key, sys_seconds expires_at) override {
    // A child shares its parent's locks, so they would not keep the two apart.
    if (::getpid() != owner_) {
      return Err(ErrorCode::runtime_error, "DPoP replay file " + file_.path() +
                                               ": was opened before this process was forked; open it after");
    }
    const Sha256Digest hash = sha256(std::string(file_.seed()).append(key));
    std::uint64_t place;
    std::memcpy(&place, hash.data() + kHashBytes, sizeof place);  // not stored: the bucket says it
    const std::uint64_t bucket = place % file_.buckets();
    const std::uint64_t region = bucket % ReplayFile::kRegions;

    MutexLock threads(mutexes_[region].mutex);
    const RegionLock processes(file_, region);
    if (!processes.locked()) return Err(processes.locked().error());
    // Read only now: time may have passed while waiting for the locks.
    return store(file_.bucket(bucket), hash, expires_at, clock_->now_seconds());
  }

  std::uint64_t evicted() const override { return evicted_; }

 private:
  bool store(std::span<ReplayEntry, kBucketEntries> bucket, const Sha256Digest& hash, sys_seconds expires_at,
             sys_seconds now) {
    const std::int64_t now_count = now.time_since_epoch().count();
    const std::int64_t expiry_count = expires_at.time_since_epoch().count();
    if (expires_at < now || expiry_count <= 0) return false;
    const Place place = find_place(bucket, hash, now_count);
    if (place.known) return false;
    if (place.expires_at != 0 && place.expires_at >= now_count) evicted_.fetch_add(1);
    place.entry->set_expiry(0);
    // Other processes are kept out by the lock. This is for the one that is killed here: no instruction that
    // it did not reach can have had an effect.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::memcpy(place.entry->hash, hash.data(), kHashBytes);
    place.entry->set_expiry(expiry_count);
    return true;
  }

  struct alignas(64) RegionMutex {
    Mutex mutex;
  };
  const ReplayFile file_;
  const std::shared_ptr<const Clock> clock_;
  const pid_t owner_;
  std::array<RegionMutex, ReplayFile::kRegions> mutexes_;
  std::atomic<std::uint64_t> evicted_{0};
};

}  // namespace

Result<std::shared_ptr<FileReplayStore>> FileReplayStore::open(FileReplayStoreOptions options) {
  auto file = ReplayFile::open(options.path, options.max_entries);
  if (!file) return Err(std::move(file.error()));
  return std::shared_ptr<FileReplayStore>(
      std::make_shared<MappedStore>(std::move(*file), std::move(options.clock)));
}

}  // namespace authplane::dpop
