#include "authserver/http_beast/loop.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "authserver/http_beast/connection.h"

namespace authplane::http_beast {
namespace {

using std::chrono::milliseconds;

// Requests handed over at once; more wait for the next round so that workers start early.
constexpr std::size_t kMaxBatch = 16;

// A tenth of the shortest time-out, so that none is exceeded by much; at most 4 wake-ups a second when idle.
milliseconds tick_length(const ListenerOptions& options) {
  const milliseconds shortest =
      std::min({options.head_timeout, options.body_timeout, options.write_timeout, options.idle_timeout});
  return std::clamp(shortest / 10, milliseconds(2), milliseconds(250));
}

}  // namespace

Loop::Loop(std::shared_ptr<Service> service)
    : service_(std::move(service)),
      io_(1),  // one thread runs it: lets Asio skip wake-ups
      work_(io_.get_executor()),
      tick_timer_(io_),
      wheel_(tick_length(service_->options), std::chrono::steady_clock::now()) {}

Loop::~Loop() = default;

void Loop::run() {
  while (true) {
    try {
      if (io_.run_one() == 0) return;
      io_.poll();
      hand_over_batch();
    } catch (const std::exception& failure) {  // out of memory: connections survive, the event is lost
      service_->logger.error("http event failed", {{"cause", failure.what()}});
    }
  }
}

void Loop::add(std::shared_ptr<Connection> connection) {
  connections_.insert(std::move(connection));
}

void Loop::remove(Connection& connection) {
  wheel_.cancel(connection);
  connections_.erase(connection.shared_from_this());
}

void Loop::dispatch(std::shared_ptr<Connection> connection) {
  batch_.push_back(std::move(connection));
  if (batch_.size() >= kMaxBatch) hand_over_batch();
}

void Loop::hand_over_batch() {
  if (batch_.empty()) return;
  service_->pool.submit(batch_);
  for (const std::shared_ptr<Job>& refused : std::exchange(batch_, {})) {
    static_cast<Connection&>(*refused).refuse_overload();
  }
}

void Loop::complete(std::shared_ptr<Connection> connection) {
  MutexLock lock(completed_mutex_);
  if (finished_) return;
  completed_.push_back(std::move(connection));
  if (completed_.size() == 1) post([this] { send_completed(); });
}

void Loop::send_completed() {
  std::vector<std::shared_ptr<Connection>> ready;
  {
    MutexLock lock(completed_mutex_);
    ready.swap(completed_);
  }
  for (const auto& connection : ready) connection->send_response();
}

void Loop::wake_by(Connection& connection, SteadyTime time) {
  wheel_.wake_by(connection, time);
  if (!ticking_) start_ticking();
}

void Loop::start_ticking() {
  ticking_ = true;
  tick_timer_.expires_after(wheel_.tick());
  tick_timer_.async_wait([this](const boost::system::error_code& failure) {
    ticking_ = false;
    if (!failure) on_tick();
  });
}

void Loop::on_tick() {
  const SteadyTime now = std::chrono::steady_clock::now();
  wheel_.advance(now, [now](TimerEntry& entry) { static_cast<Connection&>(entry).on_time(now); });
  if (!wheel_.empty() && !ticking_) start_ticking();
}

void Loop::drain() {
  post([this] {
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all) connection->resume();
  });
}

void Loop::abort() {
  post([this] {
    aborted_ = true;
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all) connection->abort();
  });
}

void Loop::finish() {
  post([this] {
    aborted_ = true;
    {
      MutexLock lock(completed_mutex_);
      finished_ = true;
      completed_.clear();
    }
    batch_.clear();
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all) connection->close();
    tick_timer_.cancel();
    work_.reset();
  });
}

}  // namespace authplane::http_beast
