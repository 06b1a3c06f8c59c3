#pragma once

#include <cstdint>
#include <memory>

#include <authplane/base/mutex.h>

#include "authserver/domain/resource_catalog.h"

namespace authplane::authserver::sqlite {

// The current resource catalog, with the same rule against late readers as ClientCache: what keep() refuses
// is not handed out either. Thread-safe.
class CatalogCache {
 public:
  struct Lookup {
    std::shared_ptr<const ResourceCatalog> catalog;  // null: read it
    std::uint64_t generation = 0;
  };

  Lookup find() {
    MutexLock lock(mutex_);
    return {catalog_, generation_};
  }

  // `changes`: the counter of the table `change_counters` in the state that was read; of two readers around a
  // commit that is not announced yet, the one that saw the later state wins.
  // False when the catalog is refused, because of that or because something changed since `generation` was
  // handed out.
  [[nodiscard]] bool keep(std::shared_ptr<const ResourceCatalog> catalog, std::int64_t changes,
                          std::uint64_t generation) {
    MutexLock lock(mutex_);
    if (generation_ != generation || (catalog_ && changes_ > changes)) return false;
    catalog_ = std::move(catalog);
    changes_ = changes;
    return true;
  }

  void forget() {
    MutexLock lock(mutex_);
    ++generation_;
    catalog_ = nullptr;
  }

 private:
  Mutex mutex_;
  std::shared_ptr<const ResourceCatalog> catalog_ AUTHPLANE_GUARDED_BY(mutex_);
  std::int64_t changes_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  std::uint64_t generation_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
};

}  // namespace authplane::authserver::sqlite
