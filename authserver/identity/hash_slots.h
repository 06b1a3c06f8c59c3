#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace authplane::authserver {

// How many slow hashes may run at once: what bounds the memory and the processor time that logins can take.
// Never waits, so that a flood of logins cannot hold the workers that answer everything else. Thread-safe;
// the object outlives its slots.
class HashSlots {
 public:
  explicit HashSlots(std::size_t count) : free_(count) {}
  HashSlots(const HashSlots&) = delete;
  HashSlots& operator=(const HashSlots&) = delete;

  // Held until destroyed.
  class Slot {
   public:
    Slot(Slot&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {
      if (owner_ != nullptr) owner_->free_.fetch_add(1, std::memory_order_release);
    }

   private:
    friend class HashSlots;
    explicit Slot(HashSlots* owner) : owner_(owner) {}
    HashSlots* owner_;
  };

  // nullopt: all are taken.
  std::optional<Slot> take() {
    std::size_t free = free_.load(std::memory_order_relaxed);
    while (free > 0) {
      if (free_.compare_exchange_weak(free, free - 1, std::memory_order_acquire)) return Slot(this);
    }
    return std::nullopt;
  }

 private:
  std::atomic<std::size_t> free_;
};

}  // namespace authplane::authserver
