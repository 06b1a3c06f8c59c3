#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>

#include "authserver/http_beast/service.h"
#include "authserver/http_beast/timer_wheel.h"

namespace authplane::http_beast {

class Connection;

// One I/O thread: an io_context, the connections that belong to it, their deadlines, and a read buffer they
// share, so that an idle connection owns none. Functions marked "any thread" are thread-safe, the others run
// on the loop.
class Loop : public std::enable_shared_from_this<Loop> {
 public:
  explicit Loop(std::shared_ptr<Service> service);
  ~Loop();

  // Serves until finish(). The body of the thread.
  void run();

  // Any thread.
  boost::asio::io_context& io() { return io_; }
  Service& service() { return *service_; }
  template <class Function>
  void post(Function function) {
    boost::asio::post(io_, std::move(function));
  }
  // Any thread, also after finish(): the connection's response() is ready to be sent.
  void complete(std::shared_ptr<Connection> connection);
  // Any thread. drain() closes connections without a complete request, abort() cuts all, finish() ends run()
  // and may only be called once no worker runs.
  void drain();
  void abort();
  void finish();

  void add(std::shared_ptr<Connection> connection);
  void remove(Connection& connection);
  // Queues the request for a worker; requests of one round of events are handed over together.
  void dispatch(std::shared_ptr<Connection> connection);
  void wake_by(Connection& connection, SteadyTime time);
  bool aborted() const { return aborted_; }
  std::span<char> read_buffer() { return read_buffer_; }

 private:
  using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

  void hand_over_batch();
  void send_completed();
  void start_ticking();
  void on_tick();

  std::shared_ptr<Service> service_;
  boost::asio::io_context io_;
  WorkGuard work_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                    boost::asio::io_context::executor_type>
      tick_timer_;
  TimerWheel wheel_;
  bool ticking_ = false;
  bool aborted_ = false;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Job>> batch_;
  std::array<char, 16 * 1024> read_buffer_;

  Mutex completed_mutex_;
  bool finished_ AUTHPLANE_GUARDED_BY(completed_mutex_) = false;
  std::vector<std::shared_ptr<Connection>> completed_ AUTHPLANE_GUARDED_BY(completed_mutex_);
};

}  // namespace authplane::http_beast
