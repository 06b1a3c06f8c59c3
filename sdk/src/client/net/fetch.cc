#include "client/net/fetch.h"

#include <exception>
#include <string>
#include <utility>

#include "client/net/guard.h"

namespace authplane::net {
namespace {

// Resolver and transport may be the application's own; what they throw ends here.
template <class F>
auto without_exceptions(const Url& url, F&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& e) {
    return Err(ErrorCode::transport_error, "request to " + url.origin() + " failed: " + e.what());
  }
}

}  // namespace

Fetcher::Fetcher(const FetchSettings& settings, std::shared_ptr<HttpTransport> transport,
                 std::shared_ptr<Resolver> resolver, std::shared_ptr<const Clock> clock)
    : settings_(settings),
      transport_(std::move(transport)),
      resolver_(std::move(resolver)),
      clock_(std::move(clock)) {}

Result<HttpResponse> Fetcher::fetch(OutboundRequest request) const {
  const Url& url = request.url;
  if (auto allowed = check_url(url, settings_); !allowed) return Err(std::move(allowed).error());

  const SteadyTime deadline = clock_->steady_now() + settings_.timeout;
  request.pinned_addresses.clear();
  if (settings_.ssrf_protection) {
    auto addresses = without_exceptions(
        url, [&] { return checked_addresses(url, settings_, *resolver_, settings_.timeout); });
    if (!addresses) return Err(std::move(addresses).error());
    request.pinned_addresses = std::move(*addresses);
  }
  request.timeout = std::chrono::floor<std::chrono::milliseconds>(deadline - clock_->steady_now());
  if (request.timeout <= std::chrono::milliseconds::zero()) {
    return Err(ErrorCode::transport_error,
               "request to " + url.origin() + " timed out during name resolution");
  }

  auto response = without_exceptions(url, [&] { return transport_->send(request); });
  if (response && response->body.size() > request.max_response_bytes) {
    return Err(ErrorCode::transport_error, "response of " + url.origin() + " is larger than " +
                                               std::to_string(request.max_response_bytes) + " bytes");
  }
  return response;
}

namespace {

class GuardedTransport final : public HttpTransport {
 public:
  explicit GuardedTransport(Fetcher fetcher) : fetcher_(std::move(fetcher)) {}
  Result<HttpResponse> send(const OutboundRequest& request) override { return fetcher_.fetch(request); }

 private:
  const Fetcher fetcher_;
};

}  // namespace

std::shared_ptr<HttpTransport> make_guarded_transport(const FetchSettings& settings,
                                                      std::shared_ptr<HttpTransport> inner,
                                                      std::shared_ptr<Resolver> resolver,
                                                      std::shared_ptr<const Clock> clock) {
  return std::make_shared<GuardedTransport>(
      Fetcher(settings, std::move(inner), std::move(resolver), std::move(clock)));
}

}  // namespace authplane::net
