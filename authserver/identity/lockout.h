#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string_view>
#include <unordered_map>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>

namespace authplane::authserver {

struct LockoutPolicy {
  std::size_t max_failures = 10;                            // 0: no lockout at all
  std::chrono::seconds window = std::chrono::minutes(10);   // > 0, counted from the first failure
  std::chrono::seconds lockout = std::chrono::minutes(15);  // > 0
  std::size_t max_tracked = 250'000;                        // pairs, about 150 bytes each
};

// Counts failed logins per pair of submitted identity (ASCII case ignored) and source network, so that nobody
// can lock a user out from elsewhere. Memory is bounded: the unlocked pair that began to fail first is
// forgotten to make room, a locked one never is. Identities are kept as hashes only. Thread-safe; the clock
// outlives it.
class LoginLockout {
 public:
  LoginLockout(LockoutPolicy policy, Clock& clock) : policy_(policy), clock_(clock) {}

  // How long the pair is still locked, at least one second; nullopt: go on and check the password.
  std::optional<std::chrono::seconds> locked_for(std::string_view identity, std::string_view address);

  enum class Outcome {
    counted,
    locked,     // this very failure locked the pair: the one time to log it
    untracked,  // lockout is off, the pair is locked already, or every tracked pair is
  };
  Outcome record_failure(std::string_view identity, std::string_view address);

  // Forgets the failures of a pair that is not locked.
  void record_success(std::string_view identity, std::string_view address);

  std::size_t tracked() const;

 private:
  using Key = std::array<unsigned char, 32>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    Key key;
    std::size_t failures;
    SteadyTime until;  // end of the window, or of the lock
    bool locked;
  };
  using Entries = std::list<Entry>;

  static Key key_of(std::string_view identity, std::string_view address);
  void forget_expired(SteadyTime now) AUTHPLANE_REQUIRES(mutex_);
  bool make_room() AUTHPLANE_REQUIRES(mutex_);

  const LockoutPolicy policy_;
  Clock& clock_;
  mutable Mutex mutex_;
  // Each in the order of `until`: a window and a lock have fixed lengths, so new ones go to the end.
  Entries unlocked_ AUTHPLANE_GUARDED_BY(mutex_);
  Entries locked_ AUTHPLANE_GUARDED_BY(mutex_);
  std::unordered_map<Key, Entries::iterator, KeyHash> index_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane::authserver
