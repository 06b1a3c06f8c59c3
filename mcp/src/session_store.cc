#include "session_store.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace authplane::mcp {
namespace {

constexpr std::size_t kMaxShards = 16;
constexpr std::size_t kMinPerShard = 64;  // fewer would make the bound uneven: ids do not spread evenly
constexpr std::size_t kIdBytes = 24;      // 192 random bits, 32 characters of base64url

std::size_t shard_count(std::size_t max_sessions) {
  return std::clamp<std::size_t>(max_sessions / kMinPerShard, 1, kMaxShards);
}

}  // namespace

SessionStore::SessionStore(Limits limits, std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random)
    : limits_(limits),
      clock_(std::move(clock)),
      random_(std::move(random)),
      shards_(shard_count(limits.max_sessions)),
      max_per_shard_(std::max<std::size_t>(1, limits.max_sessions / shards_.size())) {}

SessionStore::Shard& SessionStore::shard_of(std::string_view id) {
  return shards_[std::hash<std::string_view>()(id) % shards_.size()];
}

void SessionStore::drop(Shard& shard, Entries::iterator entry) {
  entry->session->end();
  shard.by_id.erase(entry->session->id());
  shard.entries.erase(entry);
}

bool SessionStore::make_room(Shard& shard, SteadyTime now) const {
  while (!shard.entries.empty() && now - shard.entries.back().last_used >= limits_.idle_timeout) {
    drop(shard, std::prev(shard.entries.end()));
  }
  if (shard.entries.size() < max_per_shard_) return true;
  if (now - shard.entries.back().last_used < kEvictableAfter) return false;
  drop(shard, std::prev(shard.entries.end()));
  return true;
}

std::shared_ptr<Session> SessionStore::open(std::string principal, std::string_view protocol_version,
                                            const Dialect& dialect) {
  auto session =
      std::make_shared<Session>(random_->token(kIdBytes), std::move(principal), protocol_version, dialect);
  auto& shard = shard_of(session->id());
  const auto now = clock_->steady_now();
  MutexLock lock(shard.mutex);
  if (!make_room(shard, now)) return nullptr;
  shard.entries.push_front({session, now});
  shard.by_id.emplace(session->id(), shard.entries.begin());
  return session;
}

std::shared_ptr<Session> SessionStore::find(std::string_view id, std::string_view principal) {
  auto& shard = shard_of(id);
  const auto now = clock_->steady_now();
  MutexLock lock(shard.mutex);
  const auto found = shard.by_id.find(id);
  if (found == shard.by_id.end()) return nullptr;
  const auto entry = found->second;
  if (now - entry->last_used >= limits_.idle_timeout) {
    drop(shard, entry);
    return nullptr;
  }
  if (entry->session->principal() != principal) return nullptr;
  entry->last_used = now;
  shard.entries.splice(shard.entries.begin(), shard.entries, entry);
  return entry->session;
}

bool SessionStore::close(std::string_view id, std::string_view principal) {
  if (find(id, principal) == nullptr) return false;
  auto& shard = shard_of(id);
  MutexLock lock(shard.mutex);
  const auto found = shard.by_id.find(id);
  if (found == shard.by_id.end()) return false;
  drop(shard, found->second);
  return true;
}

std::size_t SessionStore::size() const {
  std::size_t total = 0;
  for (const auto& shard : shards_) {
    MutexLock lock(shard.mutex);
    total += shard.entries.size();
  }
  return total;
}

std::vector<std::shared_ptr<Session>> SessionStore::all() const {
  std::vector<std::shared_ptr<Session>> sessions;
  for (const auto& shard : shards_) {
    MutexLock lock(shard.mutex);
    for (const auto& entry : shard.entries) sessions.push_back(entry.session);
  }
  return sessions;
}

}  // namespace authplane::mcp
