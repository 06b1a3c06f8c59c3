#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>

#include "authserver/domain/metrics.h"
#include "authserver/http/cors.h"
#include "authserver/http/rate_limiter.h"
#include "authserver/http/router.h"

namespace authplane::authserver {

struct MiddlewareOptions {
  std::string listener;                    // "public" or "admin", a member of every access log line
  bool strict_transport_security = false;  // the issuer is https
  std::optional<RateLimit> rate_limit;
  std::vector<std::string> allowed_origins;  // CORS; empty: none
  // Builds the body of 429 and 500; the middleware adds Retry-After to the first.
  std::function<HttpResponse()> too_many_requests;
  std::function<HttpResponse()> internal_error;
};

// Those that no answer of a listener lacks.
void add_security_headers(HttpResponse& response, bool strict_transport_security);

// What every request of a listener passes, outside in: request id, metrics and access log, rate limit,
// security headers, CORS, catching what a handler throws, routing. Nothing of a query string, header or body
// is logged.
class Middleware {
 public:
  // The references outlive the object.
  Middleware(MiddlewareOptions options, Router router, Clock& clock, Random& random, Logger& logger,
             Metrics& metrics);

  // Thread-safe. The object outlives every call of `respond`.
  void handle(const HttpRequest& request, Respond respond) const;

 private:
  struct Series {
    Counter* requests;
    Histogram* seconds;
  };

  struct Exchange;

  std::string next_request_id() const;
  // What is answered before any routing: the rate limit and CORS preflights.
  std::optional<HttpResponse> early_answer(const HttpRequest& request, SteadyTime started) const;
  void guarded_dispatch(const HttpRequest& request, std::string_view request_id, Router::Done done) const;
  void record(const HttpRequest& request, const Router::Answer& answer, SteadyTime started,
              std::string_view request_id) const;
  Series series(std::string_view method, std::string_view pattern, int status) const;

  MiddlewareOptions options_;
  Router router_;
  Cors cors_;
  std::unique_ptr<RateLimiter> limiter_;
  Clock& clock_;
  Logger& logger_;
  Metrics& metrics_;
  std::string request_id_prefix_;
  mutable std::atomic<std::uint64_t> request_count_{0};
  mutable std::shared_mutex series_mutex_;
  mutable std::unordered_map<std::string, Series> series_;  // guarded by series_mutex_
};

}  // namespace authplane::authserver
