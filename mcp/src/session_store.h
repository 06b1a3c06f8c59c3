#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>
#include <authplane/base/random.h>

#include "session.h"

namespace authplane::mcp {

// The open sessions: bounded in number, forgotten when idle, each found only by the principal that opened it.
// Sharded by session id, so that concurrent requests rarely meet on a lock. Thread-safe.
class SessionStore {
 public:
  struct Limits {
    std::size_t max_sessions = 10'000;
    std::chrono::seconds idle_timeout{30 * 60};
  };
  // How long a session must have been idle before a new one may take its place.
  static constexpr std::chrono::seconds kEvictableAfter{60};

  SessionStore(Limits limits, std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random);

  // nullptr when there is no room.
  std::shared_ptr<Session> open(std::string principal, std::string_view protocol_version) {
    return open(std::move(principal), protocol_version, Dialect::of(protocol_version));
  }
  std::shared_ptr<Session> open(std::string principal, std::string_view protocol_version,
                                const Dialect& dialect);
  // nullptr when unknown, expired, or somebody else's. A session that is found counts as used now.
  std::shared_ptr<Session> find(std::string_view id, std::string_view principal);
  // False in the cases where find() answers nullptr.
  bool close(std::string_view id, std::string_view principal);

  std::size_t size() const;
  std::vector<std::shared_ptr<Session>> all() const;

 private:
  struct Entry {
    std::shared_ptr<Session> session;
    SteadyTime last_used;
  };
  using Entries = std::list<Entry>;  // most recently used first
  struct Shard {
    mutable Mutex mutex;
    Entries entries AUTHPLANE_GUARDED_BY(mutex);
    std::unordered_map<std::string_view, Entries::iterator> by_id AUTHPLANE_GUARDED_BY(mutex);
  };

  Shard& shard_of(std::string_view id);
  static void drop(Shard& shard, Entries::iterator entry) AUTHPLANE_REQUIRES(shard.mutex);
  bool make_room(Shard& shard, SteadyTime now) const AUTHPLANE_REQUIRES(shard.mutex);

  const Limits limits_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Random> random_;
  std::vector<Shard> shards_;
  const std::size_t max_per_shard_;
};

}  // namespace authplane::mcp
