#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>

#include "authserver/identity/source_network.h"

namespace authplane::authserver {

// Slow tasks of many sources (source_network), run by a few threads of its own, so that who waits holds no
// thread. Sources take turns: what one sends in masses delays its own tasks, and those of others by one turn
// each. Bounded: when all places are taken, the source that holds most of them loses its youngest.
// Thread-safe.
class SourceQueue {
 public:
  struct Limits {
    std::size_t threads = 4;                         // > 0
    std::size_t most_waiting = 256;                  // of all sources, not counting what runs
    std::chrono::milliseconds longest_wait{10'000};  // whoever waited longer is refused
  };
  enum class Turn { come, refused };
  // Called once: with `come` on a thread of the queue; with `refused`, on any thread, when there was no
  // place, the wait was too long or the queue was closed. Must not throw.
  using Task = std::function<void(Turn)>;

  // `clock` outlives the queue.
  SourceQueue(Limits limits, const Clock& clock);
  ~SourceQueue();
  SourceQueue(const SourceQueue&) = delete;
  SourceQueue& operator=(const SourceQueue&) = delete;

  void add(std::string_view address, Task task) AUTHPLANE_EXCLUDES(mutex_);
  // Refuses what waits and whatever is added from now on, and returns when nothing runs. Not to be called by
  // a task.
  void close() AUTHPLANE_EXCLUDES(mutex_);

 private:
  struct Waiting {
    Task task;
    SteadyTime since;
  };
  using Line = std::deque<Waiting>;  // of one source, oldest first

  void work() AUTHPLANE_EXCLUDES(mutex_);
  std::optional<Waiting> take() AUTHPLANE_REQUIRES(mutex_);
  // Makes a place for `source`, unless nobody holds more than it does. The task that lost its place, if any.
  bool make_room(std::uint64_t source, std::optional<Task>& loser) AUTHPLANE_REQUIRES(mutex_);

  const Limits limits_;
  const Clock& clock_;
  Mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<std::uint64_t, Line> lines_ AUTHPLANE_GUARDED_BY(mutex_);  // none is empty
  std::deque<std::uint64_t> turns_ AUTHPLANE_GUARDED_BY(mutex_);                // every line's source once
  std::size_t waiting_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  bool closed_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace authplane::authserver
