#include "authserver/identity/lockout.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

#include "authserver/identity/source_network.h"

namespace authplane::authserver {

std::size_t LoginLockout::KeyHash::operator()(const Key& key) const {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

LoginLockout::Key LoginLockout::key_of(std::string_view identity, std::string_view address) {
  return sha256(std::to_string(source_network(address)) + " " + ascii_lower(identity));
}

void LoginLockout::forget_expired(SteadyTime now) {
  for (Entries* entries : {&unlocked_, &locked_}) {
    while (!entries->empty() && entries->front().until <= now) {
      index_.erase(entries->front().key);
      entries->pop_front();
    }
  }
}

bool LoginLockout::make_room() {
  if (index_.size() < policy_.max_tracked) return true;
  if (unlocked_.empty()) return false;
  index_.erase(unlocked_.front().key);
  unlocked_.pop_front();
  return true;
}

std::optional<std::chrono::seconds> LoginLockout::locked_for(std::string_view identity,
                                                             std::string_view address) {
  const Key key = key_of(identity, address);
  const MutexLock lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  forget_expired(now);
  const auto found = index_.find(key);
  if (found == index_.end() || !found->second->locked) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(found->second->until - now);
}

LoginLockout::Outcome LoginLockout::record_failure(std::string_view identity, std::string_view address) {
  if (policy_.max_failures == 0) return Outcome::untracked;
  const Key key = key_of(identity, address);
  const MutexLock lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  forget_expired(now);
  auto found = index_.find(key);
  if (found == index_.end()) {
    if (!make_room()) return Outcome::untracked;
    const auto entry = unlocked_.insert(
        unlocked_.end(), {.key = key, .failures = 0, .until = now + policy_.window, .locked = false});
    found = index_.emplace(key, entry).first;
  }
  Entry& entry = *found->second;
  if (entry.locked) return Outcome::untracked;
  if (++entry.failures < policy_.max_failures) return Outcome::counted;
  entry.locked = true;
  entry.until = now + policy_.lockout;
  locked_.splice(locked_.end(), unlocked_, found->second);
  return Outcome::locked;
}

void LoginLockout::record_success(std::string_view identity, std::string_view address) {
  const Key key = key_of(identity, address);
  const MutexLock lock(mutex_);
  const auto found = index_.find(key);
  if (found == index_.end() || found->second->locked) return;
  unlocked_.erase(found->second);
  index_.erase(found);
}

std::size_t LoginLockout::tracked() const {
  const MutexLock lock(mutex_);
  return index_.size();
}

}  // namespace authplane::authserver
