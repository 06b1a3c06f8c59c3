#include "session.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace authplane::mcp {

void EventQueue::push(const std::string& message) {
  MutexLock lock(mutex_);
  if (closed_ || waiting_.size() >= kMaxWaiting) return;
  if (!waiting_.empty() && waiting_.back() == message) return;
  waiting_.push_back(message);
  changed_.notify_one();
}

void EventQueue::close() {
  MutexLock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool EventQueue::wait(std::chrono::milliseconds timeout, std::vector<std::string>& out) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  MutexLock lock(mutex_);
  while (!closed_ && waiting_.empty()) {
    if (lock.wait_until(changed_, deadline) == std::cv_status::timeout) break;
  }
  out.clear();
  std::swap(out, waiting_);
  return !closed_;
}

Session::Call::Call(Session& session, const Json& id) : session_(session), id_(id) {
  MutexLock lock(session_.mutex_);
  session_.calls_.push_back(this);
}

Session::Call::~Call() {
  MutexLock lock(session_.mutex_);
  std::erase(session_.calls_, this);
}

void Session::cancel(const Json& id) {
  MutexLock lock(mutex_);
  for (auto* call : calls_) {
    if (call->id_ == id) call->cancelled_.store(true, std::memory_order_relaxed);
  }
}

std::shared_ptr<EventQueue> Session::open_stream() {
  MutexLock lock(mutex_);
  if (stream_ || ended()) return nullptr;
  stream_ = std::make_shared<EventQueue>();
  return stream_;
}

void Session::close_stream() {
  MutexLock lock(mutex_);
  if (stream_) stream_->close();
  stream_.reset();
}

void Session::announce(const std::string& message) {
  MutexLock lock(mutex_);
  if (stream_) stream_->push(message);
}

void Session::end() {
  MutexLock lock(mutex_);
  ended_.store(true, std::memory_order_relaxed);
  if (stream_) stream_->close();
}

}  // namespace authplane::mcp
