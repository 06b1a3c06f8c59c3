#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <authplane/base/mutex.h>

#include "authserver/domain/errors.h"

namespace authplane::authserver::sqlite {

// How often a reader looks again for what a change overtook. Changes are rare: usually once is enough.
inline constexpr int kMostAttempts = 8;

// A table that is kept in memory as a whole, with the same rule against late readers as ClientCache: what
// keep() refuses is not handed out either. Thread-safe.
template <class Value>
class SnapshotCache {
 public:
  // `changes`: the counter of the table `change_counters` in the state that was read.
  struct Snapshot {
    std::shared_ptr<const Value> value;
    std::int64_t changes = 0;
  };
  struct Lookup {
    std::shared_ptr<const Value> value;  // null: read it
    std::uint64_t generation = 0;
  };

  // What is there, or else what `read()` answers, an Outcome<Snapshot>.
  template <class Read>
  Outcome<std::shared_ptr<const Value>> get(Read read) {
    Outcome<Snapshot> fresh = Snapshot();
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      Lookup cached = find();
      if (cached.value) return std::move(cached.value);
      fresh = read();
      if (!fresh) return Err(fresh.error());
      if (keep(*fresh, cached.generation)) break;
    }
    return std::move(fresh->value);
  }

  Lookup find() {
    MutexLock lock(mutex_);
    return {current_.value, generation_};
  }

  // Of two readers around a commit that is not announced yet, the one that saw the later state wins.
  // False when the snapshot is refused, because of that or because something changed since `generation` was
  // handed out.
  [[nodiscard]] bool keep(const Snapshot& snapshot, std::uint64_t generation) {
    MutexLock lock(mutex_);
    if (generation_ != generation || (current_.value && current_.changes > snapshot.changes)) return false;
    current_ = snapshot;
    return true;
  }

  void forget() {
    MutexLock lock(mutex_);
    ++generation_;
    current_.value = nullptr;
  }

 private:
  Mutex mutex_;
  Snapshot current_ AUTHPLANE_GUARDED_BY(mutex_);
  std::uint64_t generation_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
};

}  // namespace authplane::authserver::sqlite
