#pragma once

#include <chrono>
#include <memory>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>

#include "authserver/cimd/client_document.h"

namespace authplane::authserver {

// Fetches client ID metadata documents: one GET, status 200, JSON, no redirect. Thread-safe.
class DocumentFetcher {
 public:
  struct Fetched {
    ClientDocument document;
    std::chrono::seconds lifetime;  // how long it may be used without asking again, > 0
  };

  // `transport` refuses addresses that must not be reached (net::make_guarded_transport). `max_lifetime` is
  // at least 1 s. `clock` outlives the object.
  DocumentFetcher(std::shared_ptr<HttpTransport> transport, std::chrono::seconds max_lifetime,
                  const Clock& clock)
      : transport_(std::move(transport)), max_lifetime_(max_lifetime), clock_(clock) {}

  // `url` has passed check_client_url(). Errors: invalid_client; `detail` says why.
  Outcome<Fetched> fetch(const Url& url) const;

 private:
  std::chrono::seconds lifetime(const Headers& headers) const;

  std::shared_ptr<HttpTransport> transport_;
  std::chrono::seconds max_lifetime_;
  const Clock& clock_;
};

}  // namespace authplane::authserver
