#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <authplane/base/mutex.h>

#include "authserver/identity/source_network.h"

namespace authplane::authserver {

// How much of something every source (source_network) may hold at once, so that no single one holds all of
// it. Never waits. Thread-safe; the object outlives its shares.
class SourceShares {
 public:
  explicit SourceShares(std::size_t per_source) : per_source_(per_source) {}
  SourceShares(const SourceShares&) = delete;
  SourceShares& operator=(const SourceShares&) = delete;

  // Held until destroyed.
  class Share {
   public:
    Share(Share&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), source_(other.source_) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() {
      if (owner_ != nullptr) owner_->release(source_);
    }

   private:
    friend class SourceShares;
    Share(SourceShares* owner, std::uint64_t source) : owner_(owner), source_(source) {}
    SourceShares* owner_;
    std::uint64_t source_;
  };

  // nullopt: the source holds all it may.
  std::optional<Share> take(std::string_view address) {
    const std::uint64_t source = source_network(address);
    const MutexLock lock(mutex_);
    std::size_t& held = held_[source];
    if (held < per_source_) {
      ++held;
      return Share(this, source);
    }
    if (held == 0) held_.erase(source);
    return std::nullopt;
  }

 private:
  void release(std::uint64_t source) {
    const MutexLock lock(mutex_);
    const auto it = held_.find(source);
    if (--it->second == 0) held_.erase(it);
  }

  const std::size_t per_source_;
  Mutex mutex_;
  std::unordered_map<std::uint64_t, std::size_t> held_ AUTHPLANE_GUARDED_BY(mutex_);  // none of 0
};

}  // namespace authplane::authserver
