#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>

namespace authplane::authserver {

// Which sign-ins have come back from the provider, for as long as they could come back again. Bounded: the
// oldest is forgotten first; its code is then all that the provider has to refuse. Thread-safe; the clock
// outlives it.
class UsedSignIns {
 public:
  static constexpr std::size_t kMost = 100'000;

  // `lifetime` is at least that of a sign-in.
  UsedSignIns(std::chrono::seconds lifetime, const Clock& clock) : lifetime_(lifetime), clock_(clock) {}

  // False when this state has been used before. `state` is one of ours.
  bool use(std::string_view state) AUTHPLANE_EXCLUDES(mutex_);

 private:
  struct Used {
    std::string key;
    SteadyTime until;
  };

  const std::chrono::seconds lifetime_;
  const Clock& clock_;
  Mutex mutex_;
  std::deque<Used> by_age_ AUTHPLANE_GUARDED_BY(mutex_);
  std::unordered_set<std::string> keys_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane::authserver
