#include "authserver/identity/source_queue.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include <authplane/base/mutex.h>

#include "authserver/identity/source_network.h"

namespace authplane::authserver {

struct SourceQueue::State {
  State(const Limits& bounds, const Clock& with) : limits(bounds), clock(with) {}

  struct Waiting {
    Task task;
    SteadyTime since;
  };
  using Line = std::deque<Waiting>;  // of one source, oldest first

  void work() AUTHPLANE_EXCLUDES(mutex);
  std::optional<Waiting> take() AUTHPLANE_REQUIRES(mutex);
  // Makes a place for `source`, unless nobody holds more than it does. The task that lost its place, if any.
  bool make_room(std::uint64_t source, std::optional<Task>& loser) AUTHPLANE_REQUIRES(mutex);

  const Limits limits;
  const Clock& clock;
  Mutex mutex;
  std::condition_variable changed;
  std::unordered_map<std::uint64_t, Line> lines AUTHPLANE_GUARDED_BY(mutex);  // none is empty
  std::deque<std::uint64_t> turns AUTHPLANE_GUARDED_BY(mutex);                // every line's source once
  std::size_t waiting AUTHPLANE_GUARDED_BY(mutex) = 0;
  bool closed AUTHPLANE_GUARDED_BY(mutex) = false;
};

SourceQueue::SourceQueue(Limits limits, const Clock& clock) : state_(std::make_shared<State>(limits, clock)) {
  for (std::size_t i = 0; i < limits.threads; ++i) threads_.emplace_back([state = state_] { state->work(); });
}

SourceQueue::~SourceQueue() {
  close();
}

void SourceQueue::add(std::string_view address, Task task) {
  State& state = *state_;
  const std::uint64_t source = source_network(address);
  std::optional<Task> loser;
  bool has_place = false;
  {
    const MutexLock lock(state.mutex);
    has_place = !state.closed && state.make_room(source, loser);
    if (has_place) {
      State::Line& line = state.lines[source];
      if (line.empty()) state.turns.push_back(source);
      line.push_back({std::move(task), state.clock.steady_now()});
      ++state.waiting;
    }
  }
  if (has_place) state.changed.notify_one();
  if (!has_place) task(Turn::refused);
  if (loser) (*loser)(Turn::refused);
}

bool SourceQueue::State::make_room(std::uint64_t source, std::optional<Task>& loser) {
  if (waiting < limits.most_waiting) return true;
  const auto longest = std::max_element(lines.begin(), lines.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
  const auto own = lines.find(source);
  const std::size_t held = own == lines.end() ? 0 : own->second.size();
  if (longest == lines.end() || longest->second.size() <= held + 1) return false;
  loser = std::move(longest->second.back().task);
  longest->second.pop_back();
  --waiting;
  return true;
}

std::optional<SourceQueue::State::Waiting> SourceQueue::State::take() {
  if (turns.empty()) return std::nullopt;
  const std::uint64_t source = turns.front();
  turns.pop_front();
  const auto line = lines.find(source);
  Waiting next = std::move(line->second.front());
  line->second.pop_front();
  --waiting;
  if (line->second.empty()) {
    lines.erase(line);
  } else {
    turns.push_back(source);
  }
  return next;
}

void SourceQueue::State::work() {
  while (true) {
    std::optional<Waiting> next;
    bool refused = false;
    {
      MutexLock lock(mutex);
      while (turns.empty() && !closed) lock.wait(changed);
      next = take();
      refused = closed;
    }
    if (!next) return;
    refused = refused || clock.steady_now() - next->since > limits.longest_wait;
    next->task(refused ? Turn::refused : Turn::come);
  }
}

void SourceQueue::close() {
  {
    const MutexLock lock(state_->mutex);
    state_->closed = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : threads_) {
    if (!thread.joinable()) continue;
    if (thread.get_id() == std::this_thread::get_id()) {
      thread.detach();  // needs nothing but the state from here on
    } else {
      thread.join();
    }
  }
}

}  // namespace authplane::authserver
