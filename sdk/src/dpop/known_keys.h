#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <authplane/base/mutex.h>
#include <authplane/jose/key.h>

namespace authplane::dpop::detail {

// What a protected header comes to once it passed every check of one set of rules.
struct ProofKey {
  JwsAlgorithm algorithm;
  PublicKey key;
};

// By the text of the header, exact to the byte. Only what signed a good proof may enter. Bounded: at most
// kEntries headers of kMaxHeaderBytes each, a longer one is not kept. A header has kWays places it may take;
// the clock algorithm picks one among them (what was used since the hand last passed gets a second round), so
// that keys nobody comes back with leave before those in use. Thread-safe.
class KnownKeys {
 public:
  static constexpr std::size_t kEntries = 1024;
  static constexpr std::size_t kMaxHeaderBytes = 1024;

  std::optional<ProofKey> find(std::string_view header) const {
    if (header.size() > kMaxHeaderBytes) return std::nullopt;
    Set& set = set_of(header);
    MutexLock lock(set.mutex);
    for (Entry& entry : set.entries) {
      if (!entry.key || entry.header != header) continue;
      entry.referenced = true;
      return entry.key;
    }
    return std::nullopt;
  }

  void remember(std::string_view header, ProofKey key) {
    if (header.size() > kMaxHeaderBytes) return;
    Entry made{std::string(header), std::move(key), false};
    Set& set = set_of(header);
    MutexLock lock(set.mutex);
    for (const Entry& entry : set.entries) {
      if (entry.key && entry.header == header) return;  // another thread was faster
    }
    // The second round finds every flag cleared at the latest.
    while (std::exchange(set.entries[set.hand].referenced, false)) set.hand = (set.hand + 1) % kWays;
    std::swap(set.entries[set.hand], made);  // what was there is destroyed after the lock
    set.hand = (set.hand + 1) % kWays;
  }

  std::size_t size() const {
    std::size_t total = 0;
    for (Set& set : sets_) {
      MutexLock lock(set.mutex);
      for (const Entry& entry : set.entries) total += entry.key ? 1 : 0;
    }
    return total;
  }

 private:
  static constexpr std::size_t kWays = 8;
  static constexpr std::size_t kSets = kEntries / kWays;

  struct Entry {
    std::string header;
    std::optional<ProofKey> key{};  // nullopt: the place is free
    bool referenced = false;
  };
  // A cache line of its own each, so that neighbours do not slow each other down.
  struct alignas(64) Set {
    Mutex mutex;
    std::array<Entry, kWays> entries AUTHPLANE_GUARDED_BY(mutex);
    std::size_t hand AUTHPLANE_GUARDED_BY(mutex) = 0;
  };

  Set& set_of(std::string_view header) const { return sets_[std::hash<std::string_view>()(header) % kSets]; }

  mutable std::array<Set, kSets> sets_;
};

}  // namespace authplane::dpop::detail
