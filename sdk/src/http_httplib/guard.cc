#include <authplane/http_httplib/guard.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <condition_variable>
#include <system_error>
#include <thread>
#include <vector>

#include <authplane/base/mutex.h>

#include "connection.h"
#include "current_exchange.h"

namespace authplane {
namespace {

constexpr std::chrono::milliseconds kSweepInterval{50};
constexpr std::size_t kMaxRefusedConnections =
    256;  // being told 503 beyond max_connections; then just closed

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

OwnedFd checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return OwnedFd(fd);
}

}  // namespace

// Ownership is the lock: a connection is either in a slot (parked, seen by epoll and by the sweeper) or held
// by the one thread that took it out. An event for an empty slot, or for a descriptor that meanwhile belongs
// to a newer connection, is therefore harmless.
struct ConnectionGuard::Impl {
  Impl(const GuardOptions& options, Serve function)
      : ledger{.options = options}, serve(std::move(function)) {}

  void arm(int operation, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll.get(), operation, fd, &event);
  }

  void park(std::unique_ptr<GuardedConnection> connection) AUTHPLANE_EXCLUDES(mutex) {
    const int fd = connection->socket();
    MutexLock lock(mutex);
    if (closing) return;
    const auto slot = static_cast<std::size_t>(fd);
    if (slot >= parked.size()) parked.resize(slot + 1);
    parked[slot] = std::move(connection);
    // Under the lock, or the sweeper could close the descriptor in between.
    arm(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT);
    if (resting) tick.notify_all();
  }

  // Parks it unless its time is up. A peer that drips without a pause is rarely parked when the sweeper
  // looks, so each turn asks too.
  void settle(std::unique_ptr<GuardedConnection> connection, SteadyTime time) {
    if (connection->deadline() <= time) connection->expire(time);
    if (connection->deadline() > time) park(std::move(connection));
  }

  std::unique_ptr<GuardedConnection> take(int fd) AUTHPLANE_EXCLUDES(mutex) {
    MutexLock lock(mutex);
    const auto slot = static_cast<std::size_t>(fd);
    return slot < parked.size() ? std::move(parked[slot]) : nullptr;
  }

  void work() {
    for (;;) {
      epoll_event event{};
      const int count = ::epoll_wait(epoll.get(), &event, 1, -1);
      if (stopping.load()) return;
      if (count != 1) continue;
      if (auto connection = take(event.data.fd)) run(std::move(connection));
    }
  }

  void run(std::unique_ptr<GuardedConnection> connection) {
    for (;;) {
      const SteadyTime time = now();
      switch (connection->advance(time)) {
        case GuardedConnection::Step::closed:
          return;
        case GuardedConnection::Step::wait:
          return settle(std::move(connection), time);
        case GuardedConnection::Step::request:
          break;
      }
      if (!exchange(*connection)) return;
      // Most peers wait for the answer before they go on: reading on now would find nothing.
      if (connection->idle()) return park(std::move(connection));
    }
  }

  // Serves one request. False when the connection is of no more use.
  bool exchange(GuardedConnection& connection) {
    GuardedExchange exchange;
    exchange.request_ = connection.take_request();
    exchange.http_1_0_ = connection.http_1_0();
    exchange.write_timeout_ = ledger.options.write_timeout;
    exchange.stopping_ = &stopping;
    exchange.socket_ = connection.socket();
    exchange.remote_port_ = connection.remote_port();
    exchange.close_after_ = !connection.keep_alive() || stopping.load();
    bool served = false;
    try {
      const CurrentExchange scope(exchange);
      served = serve(exchange);
    } catch (...) {
      // Nothing more can be said on this connection: part of a response may be out already.
    }
    if (!served || !exchange.flush()) return false;
    connection.finish_request(now());
    if (exchange.close_after_) connection.start_draining(now());
    return true;
  }

  void sweep() {
    while (wait_for_tick()) {
      const SteadyTime time = now();
      for (auto& connection : take_expired(time)) settle(std::move(connection), time);
    }
  }

  bool wait_for_tick() AUTHPLANE_EXCLUDES(mutex) {
    MutexLock lock(mutex);
    while (!closing && ledger.connections.load() == 0) {
      resting = true;
      lock.wait(tick);
      resting = false;
    }
    if (!closing) lock.wait_until(tick, now() + kSweepInterval);
    return !closing;
  }

  std::vector<std::unique_ptr<GuardedConnection>> take_expired(SteadyTime time) AUTHPLANE_EXCLUDES(mutex) {
    std::vector<std::unique_ptr<GuardedConnection>> expired;
    MutexLock lock(mutex);
    for (auto& connection : parked) {
      if (connection && connection->deadline() <= time) expired.push_back(std::move(connection));
    }
    return expired;
  }

  void adopt(OwnedFd socket) {
    const std::size_t open = ledger.connections.load();
    if (open >= ledger.options.max_connections + kMaxRefusedConnections) return;
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    arm(EPOLL_CTL_ADD, socket.get(), EPOLLONESHOT);
    auto connection = std::make_unique<GuardedConnection>(std::move(socket), ledger, now());
    if (open >= ledger.options.max_connections) connection->refuse({503, "too many connections"}, now());
    park(std::move(connection));
  }

  void stop() AUTHPLANE_EXCLUDES(mutex) {
    {
      MutexLock lock(mutex);
      closing = true;
    }
    stopping = true;
    ::eventfd_write(wake.get(), 1);
    tick.notify_all();
    for (std::thread& thread : threads) {
      if (thread.joinable()) thread.join();
    }
    MutexLock lock(mutex);
    parked.clear();
  }

  GuardLedger ledger;
  const Serve serve;
  OwnedFd epoll;
  OwnedFd wake;  // stays readable once written, so every worker sees it

  Mutex mutex;
  std::condition_variable tick;
  bool closing AUTHPLANE_GUARDED_BY(mutex) = false;
  bool resting AUTHPLANE_GUARDED_BY(mutex) = false;  // the sweeper, until there is a connection
  std::vector<std::unique_ptr<GuardedConnection>> parked AUTHPLANE_GUARDED_BY(mutex);  // by descriptor
  std::atomic<bool> stopping{false};
  std::vector<std::thread> threads;
};

ConnectionGuard::ConnectionGuard(const GuardOptions& options, Serve serve)
    : impl_(std::make_unique<Impl>(options, std::move(serve))) {
  Impl& impl = *impl_;
  impl.epoll = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  impl.wake = checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
  impl.arm(EPOLL_CTL_ADD, impl.wake.get(), EPOLLIN);
  try {
    for (std::size_t i = 0; i < options.workers; ++i) impl.threads.emplace_back([&impl] { impl.work(); });
    impl.threads.emplace_back([&impl] { impl.sweep(); });
  } catch (...) {
    impl.stop();
    throw;
  }
}

ConnectionGuard::~ConnectionGuard() {
  stop();
}

void ConnectionGuard::adopt(int socket) {
  impl_->adopt(OwnedFd(socket));
}

void ConnectionGuard::stop() {
  impl_->stop();
}

}  // namespace authplane
