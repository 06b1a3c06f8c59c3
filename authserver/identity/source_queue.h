#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include <authplane/base/clock.h>

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
    std::chrono::milliseconds longest_wait{20'000};  // whoever waited longer is refused
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

  void add(std::string_view address, Task task);
  // Refuses what waits and whatever is added from now on, and returns when nothing runs but the task that
  // calls it, if one does. Not thread-safe.
  void close();

 private:
  struct State;

  std::shared_ptr<State> state_;  // shared with the threads: a task may be what ends the queue
  std::vector<std::thread> threads_;
};

}  // namespace authplane::authserver
