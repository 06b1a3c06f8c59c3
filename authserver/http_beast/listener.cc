#include "authserver/http_beast/listener.h"

#include <pthread.h>

#include <csignal>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <authplane/base/mutex.h>

#include "authserver/http_beast/acceptor.h"
#include "authserver/http_beast/loop.h"
#include "authserver/http_beast/response_writer.h"
#include "authserver/http_beast/service.h"

namespace authplane::http_beast {
namespace {

// Threads started while this lives leave every signal to the rest of the program.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// The first option out of range, as a sentence; "" when all are fine.
std::string_view find_mistake(const ListenerOptions& options) {
  constexpr std::chrono::milliseconds kShortest{1};
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);
  const auto in_range = [&](std::chrono::milliseconds value) {
    return value >= kShortest && value <= kLongest;
  };
  if (options.io_threads < 1 || options.io_threads > 64) return "io_threads must be 1 to 64";
  if (options.workers < 1 || options.workers > 1024) return "workers must be 1 to 1024";
  if (options.max_connections < 1) return "max_connections must be at least 1";
  if (options.max_head_bytes < 64) return "max_head_bytes must be at least 64";
  if (options.max_fields < 1) return "max_fields must be at least 1";
  if (!in_range(options.head_timeout) || !in_range(options.body_timeout) ||
      !in_range(options.write_timeout) || !in_range(options.idle_timeout)) {
    return "time-outs must be 1 ms to 24 h";
  }
  return {};
}

class AsioListener final : public Listener {
 public:
  AsioListener(std::shared_ptr<Service> service, std::vector<std::shared_ptr<Loop>> loops,
               std::shared_ptr<Acceptor> acceptor)
      : service_(std::move(service)), loops_(std::move(loops)), acceptor_(std::move(acceptor)) {}
  ~AsioListener() override { stop(std::chrono::milliseconds(0)); }

  void run() {
    for (const auto& loop : loops_) threads_.emplace_back([loop] { loop->run(); });
    acceptor_->start();
  }

  std::uint16_t port() const override { return acceptor_->port(); }
  ListenerStats stats() const override;
  bool stop(std::chrono::milliseconds wait) override;

 private:
  const std::shared_ptr<Service> service_;
  const std::vector<std::shared_ptr<Loop>> loops_;
  const std::shared_ptr<Acceptor> acceptor_;
  std::vector<std::thread> threads_;
  Mutex stop_mutex_;
  bool stopped_ AUTHPLANE_GUARDED_BY(stop_mutex_) = false;
  bool finished_in_time_ AUTHPLANE_GUARDED_BY(stop_mutex_) = false;
};

ListenerStats AsioListener::stats() const {
  return {.open_connections = service_->connections.open(),
          .queued_requests = service_->pool.queued(),
          .active_streams = service_->streams.used(),
          .refused_connections = service_->refused_connections,
          .overloaded_requests = service_->overloaded_requests};
}

bool AsioListener::stop(std::chrono::milliseconds wait) {
  MutexLock lock(stop_mutex_);
  if (std::exchange(stopped_, true)) return finished_in_time_;
  service_->draining = true;
  acceptor_->close();
  for (const auto& loop : loops_) loop->drain();
  finished_in_time_ = service_->connections.wait_until_none(std::chrono::steady_clock::now() + wait);
  if (!finished_in_time_) {
    for (const auto& loop : loops_) loop->abort();
  }
  service_->pool.stop();
  for (const auto& loop : loops_) loop->finish();
  for (std::thread& thread : threads_) thread.join();
  return finished_in_time_;
}

Result<std::unique_ptr<Listener>> start_listener(ListenerOptions options, HttpHandler handler,
                                                 AsyncHttpHandler async_handler, Logger& logger) {
  if (const std::string_view mistake = find_mistake(options); !mistake.empty()) {
    return Err(ErrorCode::invalid_argument, "listener: " + std::string(mistake));
  }
  const SignalsBlocked blocked;
  try {
    auto service =
        std::make_shared<Service>(std::move(options), std::move(handler), std::move(async_handler), logger);
    std::vector<std::shared_ptr<Loop>> loops;
    for (std::size_t i = 0; i < service->options.io_threads; ++i)
      loops.push_back(std::make_shared<Loop>(service));
    auto acceptor = Acceptor::bind(service->options, loops);
    if (!acceptor) return Err(std::move(acceptor).error());
    auto listener = std::make_unique<AsioListener>(service, std::move(loops), *std::move(acceptor));
    listener->run();
    return std::unique_ptr<Listener>(std::move(listener));
  } catch (const std::exception& failure) {
    return Err(ErrorCode::runtime_error, std::string("cannot start the listener: ") + failure.what() +
                                             "; lower workers or raise the limits on threads and memory");
  }
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::start(ListenerOptions options, HttpHandler handler,
                                                  Logger& logger) {
  return start_listener(std::move(options), std::move(handler), nullptr, logger);
}

Result<std::unique_ptr<Listener>> Listener::start_async(ListenerOptions options, AsyncHttpHandler handler,
                                                        Logger& logger) {
  return start_listener(std::move(options), nullptr, std::move(handler), logger);
}

Responder& Responder::operator=(Responder&& other) noexcept {
  std::swap(exchange_, other.exchange_);
  return *this;
}

Responder::~Responder() {
  send(error_response(500, "server_error", "internal error"));
}

void Responder::send(HttpResponse response) {
  if (const auto exchange = std::exchange(exchange_, nullptr)) exchange->respond(std::move(response));
}

}  // namespace authplane::http_beast
