#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <authplane/jose/jwks.h>

#include "client/document_cache.h"
#include "client/metadata.h"
#include "client/net/fetch.h"

namespace authplane {

// A key set and the URL it came from.
struct KeyDocument {
  JwkSet keys;
  std::string source;
  std::uint64_t fingerprint;  // of source and body
};

// Fetches the two documents a client lives on. Without state of its own; thread-safe.
class Discovery {
 public:
  // `fetcher` must outlive this. `url` is metadata_url() of the issuer.
  Discovery(const net::Fetcher& fetcher, std::string issuer, Url url, std::chrono::seconds metadata_refresh,
            std::chrono::seconds jwks_refresh, KeySet key_set, std::shared_ptr<const Clock> clock,
            std::shared_ptr<Logger> logger);

  // Errors: ssrf_blocked, metadata_fetch_error, missing_metadata_endpoint; each names URL, cause and fix.
  Result<DocumentCache<Metadata>::Fetched> fetch_metadata() const;
  // Errors: ssrf_blocked, jwks_unavailable.
  Result<DocumentCache<KeyDocument>::Fetched> fetch_keys(const Url& jwks_uri) const;

 private:
  Result<HttpResponse> get(const Url& url, std::size_t max_bytes, ErrorCode failure,
                           std::string_view fix) const;

  const net::Fetcher& fetcher_;
  const std::string issuer_;
  const Url url_;
  const std::chrono::seconds metadata_refresh_;
  const std::chrono::seconds jwks_refresh_;
  const KeySet key_set_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Logger> logger_;
};

}  // namespace authplane
