#include "eviction_warning.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <authplane/base/mutex.h>

namespace authplane::detail {
namespace {

constexpr std::chrono::minutes kPause{1};

template <class Store>
class WatchedStore final : public dpop::ReplayStore {
 public:
  WatchedStore(std::shared_ptr<Store> store, std::string_view remedy, EvictionWarning warning)
      : store_(std::move(store)), remedy_(remedy), warning_(std::move(warning)) {}

  Result<bool> check_and_store(std::string_view key, std::chrono::sys_seconds expires_at) override {
    auto fresh = store_->check_and_store(key, expires_at);
    if (store_->evicted() != reported_.load(std::memory_order_relaxed)) warn();
    return fresh;
  }

 private:
  void warn() {
    const SteadyTime now = warning_.clock->steady_now();
    std::uint64_t since = 0;
    {
      MutexLock lock(mutex_);
      if (warned_ && now - *warned_ < kPause) return;
      const std::uint64_t evicted = store_->evicted();
      since = evicted - reported_.exchange(evicted, std::memory_order_relaxed);
      if (since == 0) return;  // another thread was faster
      warned_ = now;
    }
    warning_.logger->warn("DPoP replay store is full and forgets proofs that can still be used again",
                          {{"evicted", since}, {"remedy", remedy_}, {"resource", warning_.resource}});
  }

  const std::shared_ptr<Store> store_;
  const std::string_view remedy_;
  const EvictionWarning warning_;
  std::atomic<std::uint64_t> reported_{0};  // of the store's evicted(), what a warning has told
  Mutex mutex_;
  std::optional<SteadyTime> warned_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<dpop::ReplayStore> warn_of_evictions(std::shared_ptr<dpop::MemoryReplayStore> store,
                                                     EvictionWarning warning) {
  constexpr std::string_view kRemedy =
      "set option dpop.replay_store to a MemoryReplayStore whose max_entries is at least peak requests per "
      "second times (max_proof_age + clock_skew), or lower max_proof_age";
  return std::make_shared<WatchedStore<dpop::MemoryReplayStore>>(std::move(store), kRemedy,
                                                                 std::move(warning));
}

std::shared_ptr<dpop::ReplayStore> warn_of_evictions(std::shared_ptr<dpop::FileReplayStore> store,
                                                     EvictionWarning warning) {
  constexpr std::string_view kRemedy =
      "set option dpop.replay_store to a FileReplayStore on a new file whose max_entries is at least peak "
      "requests per second times (max_proof_age + clock_skew), or lower max_proof_age";
  return std::make_shared<WatchedStore<dpop::FileReplayStore>>(std::move(store), kRemedy, std::move(warning));
}

}  // namespace authplane::detail
