#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <authplane/base/mutex.h>

#include "authserver/domain/client.h"

namespace authplane::authserver::sqlite {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

// Clients read lately. A reader that was overtaken by a change cannot put the old row back: find() hands out
// the generation of the shard, and keep() refuses a row read under an earlier one. A refused row must not be
// handed out either: an older one, read under the later generation, may be kept after it, and whoever saw the
// newer would see time run backwards. Look again instead. Thread-safe.
class ClientCache {
 public:
  struct Lookup {
    ClientPtr client;  // null: not cached
    std::uint64_t generation = 0;
  };

  Lookup find(std::string_view id) {
    Shard& shard = shard_of(id);
    MutexLock lock(shard.mutex);
    const auto found = shard.clients.find(id);
    return {found == shard.clients.end() ? nullptr : found->second, shard.generation};
  }

  // False when the shard changed since `generation` was handed out.
  [[nodiscard]] bool keep(const ClientPtr& client, std::uint64_t generation) {
    Shard& shard = shard_of(client->id);
    MutexLock lock(shard.mutex);
    if (shard.generation != generation) return false;
    // Two readers around a commit that is not announced yet: the later state wins.
    const auto found = shard.clients.find(client->id);
    if (found != shard.clients.end() && found->second->version > client->version) return true;
    if (shard.clients.size() >= kMaxPerShard) shard.clients.clear();
    shard.clients.insert_or_assign(client->id, client);
    return true;
  }

  void forget(std::string_view id) {
    Shard& shard = shard_of(id);
    MutexLock lock(shard.mutex);
    ++shard.generation;
    if (const auto found = shard.clients.find(id); found != shard.clients.end()) shard.clients.erase(found);
  }

  void forget_all() {
    for (Shard& shard : shards_) {
      MutexLock lock(shard.mutex);
      ++shard.generation;
      shard.clients.clear();
    }
  }

 private:
  static constexpr std::size_t kMaxPerShard = 4096;
  struct Shard {
    Mutex mutex;
    TextMap<ClientPtr> clients AUTHPLANE_GUARDED_BY(mutex);
    std::uint64_t generation AUTHPLANE_GUARDED_BY(mutex) = 0;
  };
  Shard& shard_of(std::string_view id) { return shards_[TextHash()(id) % shards_.size()]; }

  std::array<Shard, 16> shards_;
};

}  // namespace authplane::authserver::sqlite
