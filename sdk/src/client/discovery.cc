#include "client/discovery.h"

#include <utility>

#include <authplane/client/document_lifetime.h>
#include "client/fingerprint.h"

namespace authplane {

Discovery::Discovery(const net::Fetcher& fetcher, std::string issuer, Url url,
                     std::chrono::seconds metadata_refresh, std::chrono::seconds jwks_refresh, KeySet key_set,
                     std::shared_ptr<const Clock> clock, std::shared_ptr<Logger> logger)
    : fetcher_(fetcher),
      issuer_(std::move(issuer)),
      url_(std::move(url)),
      metadata_refresh_(metadata_refresh),
      jwks_refresh_(jwks_refresh),
      key_set_(key_set),
      clock_(std::move(clock)),
      logger_(std::move(logger)) {}

Result<HttpResponse> Discovery::get(const Url& url, std::size_t max_bytes, ErrorCode failure,
                                    std::string_view fix) const {
  OutboundRequest request;
  request.url = url;
  request.headers.add("Accept", "application/json");
  request.max_response_bytes = max_bytes;
  auto response = fetcher_.fetch(std::move(request));
  const std::string what = "GET " + url.text();
  if (!response) {
    const std::string cause = what + ": " + response.error().message;
    if (response.error().code == ErrorCode::ssrf_blocked) return Err(ErrorCode::ssrf_blocked, cause);
    return Err(failure, cause + "; " + std::string(fix));
  }
  if (response->status != 200) {
    return Err(failure, what + ": answered HTTP " + std::to_string(response->status) + " instead of 200" +
                            (response->status / 100 == 3 ? " (redirects are not followed)" : "") + "; " +
                            std::string(fix));
  }
  return response;
}

Result<DocumentCache<Metadata>::Fetched> Discovery::fetch_metadata() const {
  const net::FetchSettings& settings = fetcher_.settings();
  auto response = get(url_, settings.max_metadata_bytes, ErrorCode::metadata_fetch_error,
                      "check that the authorization server runs and that '" + issuer_ + "' is its issuer");
  if (!response) return Err(std::move(response).error());
  auto metadata = parse_metadata(response->body, issuer_,
                                 settings.allow_http ? SchemePolicy::http_too : SchemePolicy::https_only,
                                 settings.max_metadata_bytes, key_set_);
  if (!metadata) {
    return Err(metadata.error().code,
               "authorization server metadata " + url_.text() + ": " + metadata.error().message);
  }
  const std::uint64_t mark = metadata->fingerprint;
  return DocumentCache<Metadata>::Fetched{
      .document = std::make_shared<const Metadata>(std::move(*metadata)),
      .lifetime = document_lifetime(response->headers, clock_->now(), metadata_refresh_),
      .fingerprint = mark};
}

Result<DocumentCache<KeyDocument>::Fetched> Discovery::fetch_keys(const Url& jwks_uri) const {
  const std::size_t limit = fetcher_.settings().max_jwks_bytes;
  auto response = get(jwks_uri, limit, ErrorCode::jwks_unavailable,
                      "check the jwks_uri in the authorization server's metadata");
  if (!response) return Err(std::move(response).error());
  auto keys = JwkSet::parse(response->body, limit);
  if (!keys) {
    return Err(ErrorCode::jwks_unavailable,
               "key set " + jwks_uri.text() + ": " + keys.error().message +
                   "; the authorization server has to publish a JSON Web Key Set there");
  }
  if (keys->size() == 0) {
    logger_->warn("the key set holds no usable key, every token will be refused", {{"url", jwks_uri.text()}});
  }
  const std::uint64_t mark = fingerprint(jwks_uri.text() + '\n' + response->body);
  return DocumentCache<KeyDocument>::Fetched{
      .document = std::make_shared<const KeyDocument>(KeyDocument{std::move(*keys), jwks_uri.text(), mark}),
      .lifetime = document_lifetime(response->headers, clock_->now(), jwks_refresh_),
      .fingerprint = mark};
}

}  // namespace authplane
