#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/result.h>

// The authorization server's HTTP/1.1 listener: Boost.Asio behind the HttpRequest/HttpResponse seam. The only
// target that sees Boost.Asio.

namespace authplane::http_beast {

// An answer the listener gives by itself. Both texts have static storage and need no JSON escaping.
struct OwnAnswer {
  int status = 500;
  std::string_view error;
  std::string_view description;
};
// Writes it. `request` is what was understood of the request, without its body: all of the head where only
// its size or a coding was refused, else less, "" for a target that was not read. Called on I/O threads and
// workers, many at once; must not block or throw.
using OwnAnswerWriter = std::function<HttpResponse(const HttpRequest& request, const OwnAnswer& answer)>;

// Every limit has a stated consequence. Refusals of a request that cannot be framed also close the
// connection.
struct ListenerOptions {
  std::string address =
      "127.0.0.1";             // IP address to bind, or "" for all interfaces (dual stack where available)
  std::uint16_t port = 0;      // 0 picks a free one
  std::size_t io_threads = 2;  // 1..64
  std::size_t workers = 32;  // threads that run the handler, 1..1024; a quarter of them may stream at a time
  std::size_t max_queued = 1024;         // parsed requests waiting for a worker; beyond it 503 + Retry-After
  std::size_t max_connections = 10'000;  // beyond it 503 and close, without reading
  std::size_t max_connections_per_address =
      0;  // 0 = no such limit; an IPv6 /64 counts as one address; 503 and close
  std::size_t max_head_bytes = 32 * 1024;        // request line, fields and empty line; 431
  std::size_t max_fields = 64;                   // 431
  std::size_t max_field_value_bytes = 8 * 1024;  // 400
  std::size_t max_target_bytes = 8 * 1024;       // 414
  std::size_t max_body_bytes = 64 * 1024;        // 413
  // Paths, compared byte for byte, whose bodies may have max_large_body_bytes. Those over max_body_bytes
  // together may have large_body_budget, counted as declared until they are answered; beyond it 503 +
  // Retry-After and close.
  std::vector<std::string> large_body_paths = {};
  std::size_t max_large_body_bytes = 1024 * 1024;
  std::size_t large_body_budget = 16 * 1024 * 1024;
  std::chrono::milliseconds head_timeout{
      10'000};  // from the first byte to the end of the head, absolute; 408
  std::chrono::milliseconds body_timeout{30'000};  // whole body, absolute; 408
  std::chrono::milliseconds write_timeout{
      30'000};  // whole response, absolute; per write() for streams; close
  std::chrono::milliseconds idle_timeout{120'000};  // before the first byte of a request; close
  OwnAnswerWriter own_answers = {};  // null: JSON `{"error":...,"error_description":...}`, not to be stored
};

// The obligation to answer one request, for handlers that finish later on another thread. Move-only. The
// first send() answers; destroying an unused Responder answers 500. Valid after the Listener is gone: send()
// then does nothing. send() never blocks and never writes to the socket itself.
class Responder {
 public:
  class Exchange {
   public:
    virtual ~Exchange() = default;
    virtual void respond(HttpResponse response) = 0;
  };

  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  void send(HttpResponse response);

 private:
  std::shared_ptr<Exchange> exchange_;
};

// Like HttpHandler, but the answer may come after the call returned and from any thread, so that waiting for
// a commit holds no worker. The request stays valid until the Responder is used.
using AsyncHttpHandler = std::function<void(const HttpRequest&, Responder)>;

// Counters since start, and gauges. Approximate while requests are running.
struct ListenerStats {
  std::size_t open_connections = 0;
  std::size_t queued_requests = 0;
  std::size_t active_streams = 0;
  std::uint64_t refused_connections = 0;  // over a connection limit, or no file descriptor left
  std::uint64_t overloaded_requests = 0;  // answered 503: queue full, or too many streams
};

// Accepts and serves until stop(). Handlers run on the worker pool, never on an I/O thread.
class Listener {
 public:
  // Binds, listens and starts the threads, which block all signals. `logger` outlives the listener.
  // Errors: invalid_argument (address, option out of range), runtime_error (bind: the message names address,
  // port, cause and fix).
  static Result<std::unique_ptr<Listener>> start(ListenerOptions options, HttpHandler handler,
                                                 Logger& logger);
  static Result<std::unique_ptr<Listener>> start_async(ListenerOptions options, AsyncHttpHandler handler,
                                                       Logger& logger);

  // Closes every connection, whatever runs on it, and returns when running handlers have. Requests still
  // queued are dropped.
  virtual ~Listener() = default;
  virtual std::uint16_t port() const = 0;
  virtual ListenerStats stats() const = 0;
  // Graceful: stops accepting, closes connections without a complete request, lets requests in flight finish
  // until `wait` is over, then closes what is left and joins the threads. Handlers cannot be interrupted: one
  // that runs longer than `wait` delays the return. Idempotent; not to be called from a handler. Returns true
  // when everything finished in time.
  virtual bool stop(std::chrono::milliseconds wait) = 0;
};

}  // namespace authplane::http_beast
