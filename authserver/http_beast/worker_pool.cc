#include "authserver/http_beast/worker_pool.h"

#include <algorithm>
#include <utility>

namespace authplane::http_beast {

WorkerPool::WorkerPool(std::size_t workers, std::size_t max_queued) : max_queued_(max_queued) {
  sleepers_.reserve(workers);
  threads_.reserve(workers);
  try {
    for (std::size_t i = 0; i < workers; ++i) {
      Sleeper& seat = seats_.emplace_back();
      threads_.emplace_back([this, &seat] { work(seat); });
    }
  } catch (...) {  // the system refused a thread: leave none behind
    stop();
    throw;
  }
}

void WorkerPool::submit(std::vector<std::shared_ptr<Job>>& batch) {
  Sleeper* sleeper = nullptr;
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    const std::size_t room = max_queued_ - std::min(max_queued_, queue_.size());
    // A job for which a worker sleeps does not wait, so it needs no room.
    const std::size_t taken = std::min(batch.size(), room + sleepers_.size());
    const auto last = batch.begin() + static_cast<std::ptrdiff_t>(taken);
    queue_.insert(queue_.end(), std::make_move_iterator(batch.begin()), std::make_move_iterator(last));
    batch.erase(batch.begin(), last);
    sleeper = choose_sleeper();
  }
  if (sleeper != nullptr) sleeper->wake.notify_one();
}

void WorkerPool::stop() {
  std::deque<std::shared_ptr<Job>> dropped;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    dropped.swap(queue_);
    for (Sleeper* sleeper : sleepers_) {
      sleeper->woken = true;
      sleeper->wake.notify_one();
    }
    sleepers_.clear();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t WorkerPool::queued() const {
  MutexLock lock(mutex_);
  return queue_.size();
}

void WorkerPool::work(Sleeper& self) {
  while (std::shared_ptr<Job> job = next(self)) {
    job->run();
  }
}

std::shared_ptr<Job> WorkerPool::next(Sleeper& self) {
  std::shared_ptr<Job> job;
  Sleeper* sleeper = nullptr;
  {
    MutexLock lock(mutex_);
    while (queue_.empty() && !stopping_) {
      self.woken = false;
      sleepers_.push_back(&self);
      while (!self.woken) lock.wait(self.wake);
      waking_ = false;
    }
    if (stopping_) return nullptr;
    job = std::move(queue_.front());
    queue_.pop_front();
    sleeper = choose_sleeper();
  }
  if (sleeper != nullptr) sleeper->wake.notify_one();
  return job;
}

WorkerPool::Sleeper* WorkerPool::choose_sleeper() {
  if (waking_ || queue_.empty() || sleepers_.empty()) return nullptr;
  Sleeper* sleeper = sleepers_.back();
  sleepers_.pop_back();
  sleeper->woken = true;
  waking_ = true;
  return sleeper;
}

}  // namespace authplane::http_beast
