#pragma once

#include <memory>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/client/network.h>

namespace authplane::net {

// The one way out: guard, deadline and size limit around a transport. Thread-safe.
class Fetcher {
 public:
  Fetcher(const FetchSettings& settings, std::shared_ptr<HttpTransport> transport,
          std::shared_ptr<Resolver> resolver, std::shared_ptr<const Clock> clock);

  // Sends the request; any HTTP status is a success. Fills in timeout and pinned addresses, so that name
  // resolution and everything after it share settings.timeout. The caller sets max_response_bytes. Errors:
  // ssrf_blocked, transport_error.
  Result<HttpResponse> fetch(OutboundRequest request) const;

  const FetchSettings& settings() const { return settings_; }

 private:
  FetchSettings settings_;
  std::shared_ptr<HttpTransport> transport_;
  std::shared_ptr<Resolver> resolver_;
  std::shared_ptr<const Clock> clock_;
};

}  // namespace authplane::net
