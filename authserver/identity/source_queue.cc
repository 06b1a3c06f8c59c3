#include "authserver/identity/source_queue.h"

#include <algorithm>
#include <utility>

namespace authplane::authserver {

SourceQueue::SourceQueue(Limits limits, const Clock& clock) : limits_(limits), clock_(clock) {
  for (std::size_t i = 0; i < limits.threads; ++i) threads_.emplace_back([this] { work(); });
}

SourceQueue::~SourceQueue() {
  close();
}

void SourceQueue::add(std::string_view address, Task task) {
  const std::uint64_t source = source_network(address);
  std::optional<Task> loser;
  bool has_place = false;
  {
    const MutexLock lock(mutex_);
    has_place = !closed_ && make_room(source, loser);
    if (has_place) {
      Line& line = lines_[source];
      if (line.empty()) turns_.push_back(source);
      line.push_back({std::move(task), clock_.steady_now()});
      ++waiting_;
    }
  }
  if (has_place) changed_.notify_one();
  if (!has_place) task(Turn::refused);
  if (loser) (*loser)(Turn::refused);
}

bool SourceQueue::make_room(std::uint64_t source, std::optional<Task>& loser) {
  if (waiting_ < limits_.most_waiting) return true;
  const auto longest = std::max_element(lines_.begin(), lines_.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
  const auto own = lines_.find(source);
  const std::size_t held = own == lines_.end() ? 0 : own->second.size();
  if (longest == lines_.end() || longest->second.size() <= held + 1) return false;
  loser = std::move(longest->second.back().task);
  longest->second.pop_back();
  --waiting_;
  return true;
}

std::optional<SourceQueue::Waiting> SourceQueue::take() {
  if (turns_.empty()) return std::nullopt;
  const std::uint64_t source = turns_.front();
  turns_.pop_front();
  const auto line = lines_.find(source);
  Waiting next = std::move(line->second.front());
  line->second.pop_front();
  --waiting_;
  if (line->second.empty()) {
    lines_.erase(line);
  } else {
    turns_.push_back(source);
  }
  return next;
}

void SourceQueue::work() {
  while (true) {
    std::optional<Waiting> next;
    bool refused = false;
    {
      MutexLock lock(mutex_);
      while (turns_.empty() && !closed_) lock.wait(changed_);
      next = take();
      refused = closed_;
    }
    if (!next) return;
    refused = refused || clock_.steady_now() - next->since > limits_.longest_wait;
    next->task(refused ? Turn::refused : Turn::come);
  }
}

void SourceQueue::close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace authplane::authserver
