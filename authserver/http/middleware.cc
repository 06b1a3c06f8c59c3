#include "authserver/http/middleware.h"

#include <array>
#include <charconv>
#include <mutex>
#include <typeinfo>

#include <authplane/base/encoding.h>
#include <authplane/base/result.h>

#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kLoggedPathBytes = 200;

// A label or log value from a small set whatever the peer sends.
std::string_view known_method(std::string_view method) {
  constexpr std::array<std::string_view, 7> kMethods{"GET",   "POST", "HEAD",  "OPTIONS",
                                                     "PATCH", "PUT",  "DELETE"};
  for (const std::string_view known : kMethods) {
    if (method == known) return known;
  }
  return "other";
}

// Foreign exceptions may quote input in what(); only our own messages are known to be clean.
std::string_view describe(const std::exception& e) {
  if (const auto* ours = dynamic_cast<const Exception*>(&e)) return ours->what();
  return typeid(e).name();
}

}  // namespace

Middleware::Middleware(MiddlewareOptions options, Router router, Clock& clock, Random& random, Logger& logger,
                       Metrics& metrics)
    : options_(std::move(options)),
      router_(std::move(router)),
      cors_(options_.allowed_origins),
      clock_(clock),
      logger_(logger),
      metrics_(metrics),
      request_id_prefix_(hex_encode(random.bytes(8)) + "-") {
  if (options_.rate_limit) limiter_ = std::make_unique<RateLimiter>(*options_.rate_limit);
}

std::string Middleware::next_request_id() const {
  char digits[24];
  const std::uint64_t number = request_count_.fetch_add(1, std::memory_order_relaxed) + 1;
  const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  return request_id_prefix_ + std::string(digits, end);
}

// One request on its way through. Shared by whoever may answer it.
struct Middleware::Exchange {
  const Middleware& middleware;
  const HttpRequest& request;
  const SteadyTime started;
  const std::string request_id;
  const Respond respond;

  void finish(Router::Answer answer) const {
    add_security_headers(answer.response, middleware.options_.strict_transport_security);
    answer.response.headers.add("X-Request-Id", request_id);
    middleware.record(request, answer, started, request_id);
    respond(std::move(answer.response));
  }
};

void Middleware::handle(const HttpRequest& request, Respond respond) const {
  const auto exchange = std::make_shared<const Exchange>(
      Exchange{*this, request, clock_.steady_now(), next_request_id(), std::move(respond)});
  if (auto early = early_answer(request, exchange->started)) return exchange->finish({std::move(*early), ""});
  guarded_dispatch(request, exchange->request_id, [exchange](Router::Answer answer) {
    exchange->middleware.cors_.decorate(exchange->request, answer.response);
    exchange->finish(std::move(answer));
  });
}

std::optional<HttpResponse> Middleware::early_answer(const HttpRequest& request, SteadyTime started) const {
  const auto wait = limiter_ ? limiter_->admit(request.remote_address, started) : std::nullopt;
  if (!wait) return cors_.preflight(request);
  HttpResponse response = options_.too_many_requests();
  response.headers.add("Retry-After", std::to_string(wait->count()));
  cors_.decorate(request, response);
  return response;
}

// A handler throws before it answers or not at all.
void Middleware::guarded_dispatch(const HttpRequest& request, std::string_view request_id,
                                  Router::Done done) const {
  try {
    return router_.dispatch(request, done);
  } catch (const std::exception& e) {
    logger_.error("request failed",
                  {{"listener", options_.listener}, {"request_id", request_id}, {"cause", describe(e)}});
  } catch (...) {
    logger_.error("request failed", {{"listener", options_.listener},
                                     {"request_id", request_id},
                                     {"cause", "an exception that is no std::exception"}});
  }
  done({options_.internal_error(), ""});
}

void add_security_headers(HttpResponse& response, bool strict_transport_security) {
  Headers& headers = response.headers;
  headers.add("Content-Security-Policy",
              "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
  headers.add("X-Content-Type-Options", "nosniff");
  headers.add("X-Frame-Options", "DENY");
  headers.add("Referrer-Policy", "no-referrer");
  if (strict_transport_security) {
    headers.add("Strict-Transport-Security", "max-age=63072000; includeSubDomains");
  }
}

void Middleware::record(const HttpRequest& request, const Router::Answer& answer, SteadyTime started,
                        std::string_view request_id) const {
  const double seconds = std::chrono::duration<double>(clock_.steady_now() - started).count();
  const std::string_view method = known_method(request.method);
  const std::string_view pattern = answer.pattern.empty() ? "unmatched" : answer.pattern;
  const Series series = this->series(method, pattern, answer.response.status);
  series.requests->add();
  series.seconds->observe(seconds);
  logger_.info("request", {{"listener", options_.listener},
                           {"request_id", request_id},
                           {"method", method},
                           {"path", request.path().substr(0, kLoggedPathBytes)},
                           {"status", answer.response.status},
                           {"duration_ms", seconds * 1000},
                           {"remote", request.remote_address}});
}

Middleware::Series Middleware::series(std::string_view method, std::string_view pattern, int status) const {
  std::string key;
  key.reserve(64);
  key.append(pattern).append(" ").append(method).append(" ").append(std::to_string(status));
  {
    const std::shared_lock lock(series_mutex_);
    if (const auto it = series_.find(key); it != series_.end()) return it->second;
  }
  const std::string status_text = std::to_string(status);
  const Metrics::Labels labels{{"method", method}, {"path", pattern}, {"status", status_text}};
  const Series found{&metrics_.counter("authserver_http_requests_total", labels),
                     &metrics_.histogram("authserver_http_request_duration_seconds", labels)};
  const std::unique_lock lock(series_mutex_);
  return series_.emplace(std::move(key), found).first->second;
}

}  // namespace authplane::authserver
