#include "recent_tokens.h"

#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <authplane/base/mutex.h>
#include <authplane/base/secret.h>

namespace authplane::detail {
namespace {

struct Hit {
  std::uint64_t owner = 0;  // id of the RecentTokens, 0 = empty
  std::uint64_t generation = 0;
  SecretString token;
  std::shared_ptr<const ClaimsData> claims;
  int uses_left = 0;
};
constexpr int kUsesPerHit = 32;

// One thread's hits. Nobody but a RecentTokens that ends takes the lock of another thread.
class ThreadHits {
 public:
  ThreadHits();
  ~ThreadHits();
  ThreadHits(const ThreadHits&) = delete;
  ThreadHits& operator=(const ThreadHits&) = delete;

  // By characters near the end, where the signature is; the last one has few values.
  Hit& place_of(std::string_view token) AUTHPLANE_REQUIRES(mutex) {
    const std::size_t size = token.size();
    return hits_[size < 3 ? 0 : static_cast<unsigned char>(token[size - 2] ^ token[size - 3]) % kHits];
  }
  void drop_all_of(std::uint64_t owner) {
    MutexLock lock(mutex);
    for (Hit& hit : hits_) {
      if (hit.owner == owner) hit = {};
    }
  }

  Mutex mutex;

 private:
  static constexpr std::size_t kHits = 4;
  std::array<Hit, kHits> hits_ AUTHPLANE_GUARDED_BY(mutex);
};

// The threads that have hits. Never destroyed: threads may end after static objects do.
struct Threads {
  Mutex mutex;
  std::vector<ThreadHits*> all AUTHPLANE_GUARDED_BY(mutex);
};
Threads& threads() {
  static Threads& all = *new Threads;
  return all;
}

ThreadHits::ThreadHits() {
  MutexLock lock(threads().mutex);
  threads().all.push_back(this);
}
ThreadHits::~ThreadHits() {
  MutexLock lock(threads().mutex);
  std::erase(threads().all, this);
}

ThreadHits& this_thread() {
  static thread_local ThreadHits hits;
  return hits;
}

// In a time that depends on the length only, like constant_time_equal(), which looks at single bytes and
// takes as long as the digest it is to save.
bool same_token(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const std::size_t words = a.size() / sizeof(std::uint64_t);
  std::uint64_t difference = 0;
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t x, y;
    std::memcpy(&x, a.data() + i * sizeof x, sizeof x);
    std::memcpy(&y, b.data() + i * sizeof y, sizeof y);
    difference |= x ^ y;
  }
  for (std::size_t i = words * sizeof difference; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

std::shared_ptr<const ClaimsData> with_own_count(std::shared_ptr<const ClaimsData> shared) {
  const ClaimsData* claims = shared.get();
  return {std::make_shared<const std::shared_ptr<const ClaimsData>>(std::move(shared)), claims};
}

std::uint64_t next_id() noexcept {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

}  // namespace

RecentTokens::RecentTokens() : id_(next_id()) {}

RecentTokens::~RecentTokens() {
  MutexLock lock(threads().mutex);
  for (ThreadHits* thread : threads().all) thread->drop_all_of(id_);
}

std::shared_ptr<const ClaimsData> RecentTokens::find(std::string_view token, std::uint64_t generation) const {
  ThreadHits& mine = this_thread();
  MutexLock lock(mine.mutex);
  Hit& hit = mine.place_of(token);
  if (hit.owner != id_ || !same_token(hit.token.expose(), token)) return nullptr;
  if (hit.generation != generation || hit.uses_left == 0) {
    hit = {};
    return nullptr;
  }
  --hit.uses_left;
  return hit.claims;
}

void RecentTokens::remember(std::string_view token, std::shared_ptr<const ClaimsData> claims,
                            std::uint64_t generation) const {
  Hit made{id_, generation, SecretString(std::string(token)), with_own_count(std::move(claims)), kUsesPerHit};
  ThreadHits& mine = this_thread();
  MutexLock lock(mine.mutex);
  std::swap(mine.place_of(token), made);  // what was there is destroyed, its token wiped, after the lock
}

void RecentTokens::forget(std::string_view token) const {
  ThreadHits& mine = this_thread();
  MutexLock lock(mine.mutex);
  if (Hit& hit = mine.place_of(token); hit.owner == id_ && same_token(hit.token.expose(), token)) hit = {};
}

}  // namespace authplane::detail
