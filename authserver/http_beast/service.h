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

// What the loops and connections of one listener share.
struct Service {
  Service(ListenerOptions o, HttpHandler h, AsyncHttpHandler a, Logger& l)
      : options(std::move(o)),
        head_limits{options.max_head_bytes, options.max_fields, options.max_field_value_bytes,
                    options.max_target_bytes, options.max_body_bytes},
        handler(std::move(h)),
        async_handler(std::move(a)),
        logger(l),
        connections(options.max_connections, options.max_connections_per_address),
        streams(std::max<std::size_t>(1, options.workers / 4)),
        pool(options.workers, options.max_queued) {}

  const ListenerOptions options;
  const HeadLimits head_limits;
  const HttpHandler handler;  // exactly one of the two is set
  const AsyncHttpHandler async_handler;
  Logger& logger;  // gone once the listener is: only threads the listener joins may use it
  ConnectionCount connections;
  StreamSlots streams;
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> refused_connections{0};
  std::atomic<std::uint64_t> overloaded_requests{0};
  WorkerPool pool;
};

}  // namespace authplane::http_beast
