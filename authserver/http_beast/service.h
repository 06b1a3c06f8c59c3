#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <authplane/base/http.h>
#include <authplane/base/log.h>

#include "authserver/http_beast/connection_count.h"
#include "authserver/http_beast/head_parser.h"
#include "authserver/http_beast/listener.h"
#include "authserver/http_beast/response_writer.h"
#include "authserver/http_beast/worker_pool.h"

namespace authplane::http_beast {

// Streams hold a worker each; this keeps them to a part of the pool. Thread-safe.
class StreamSlots {
 public:
  explicit StreamSlots(std::size_t slots) : slots_(slots) {}

  bool acquire() {
    if (used_.fetch_add(1) < slots_) return true;
    used_.fetch_sub(1);
    return false;
  }
  void release() { used_.fetch_sub(1); }
  std::size_t used() const { return std::min(used_.load(), slots_); }

 private:
  const std::size_t slots_;
  std::atomic<std::size_t> used_{0};
};

// Bytes that requests with large bodies may hold together. Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes) : left_(bytes) {}

  bool acquire(std::size_t bytes) {
    std::size_t left = left_.load();
    while (left >= bytes) {
      if (left_.compare_exchange_weak(left, left - bytes)) return true;
    }
    return false;
  }
  void release(std::size_t bytes) { left_.fetch_add(bytes); }

 private:
  std::atomic<std::size_t> left_;
};

inline OwnAnswer overload(std::string_view description) {
  return {503, "temporarily_unavailable", description};
}

// What the loops and connections of one listener share.
struct Service {
  Service(ListenerOptions o, HttpHandler h, AsyncHttpHandler a, Logger& l)
      : options(std::move(o)),
        head_limits{options.max_head_bytes,      options.max_fields,     options.max_field_value_bytes,
                    options.max_target_bytes,    options.max_body_bytes, &options.large_body_paths,
                    options.max_large_body_bytes},
        handler(std::move(h)),
        async_handler(std::move(a)),
        logger(l),
        connections(options.max_connections, options.max_connections_per_address),
        streams(std::max<std::size_t>(1, options.workers / 4)),
        large_bodies(options.large_body_budget),
        pool(options.workers, options.max_queued) {}

  // To the request, of which only `request` was understood.
  HttpResponse own_answer(const HttpRequest& request, const OwnAnswer& answer) const {
    HttpResponse response = options.own_answers
                                ? options.own_answers(request, answer)
                                : error_response(answer.status, answer.error, answer.description);
    if (answer.status == 503) response.headers.set("Retry-After", "1");
    return response;
  }

  const ListenerOptions options;
  const HeadLimits head_limits;
  const HttpHandler handler;  // exactly one of the two is set
  const AsyncHttpHandler async_handler;
  Logger& logger;  // gone once the listener is: only threads the listener joins may use it
  ConnectionCount connections;
  StreamSlots streams;
  ByteBudget large_bodies;
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> refused_connections{0};
  std::atomic<std::uint64_t> overloaded_requests{0};
  WorkerPool pool;
};

}  // namespace authplane::http_beast
