#include "authserver/outbound/document.h"

#include <authplane/client/document_lifetime.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxKeyBytes = 64 * 1024;

}  // namespace

Unexpected<Error> document_error(const Url& url, ErrorCode code, const std::string& cause) {
  return Err(code, url.text() + ": " + cause);
}

Result<HttpResponse> fetch_document(HttpTransport& transport, const Url& url, std::size_t max_bytes,
                                    ErrorCode failure) {
  OutboundRequest request;
  request.url = url;
  request.headers.add("Accept", "application/json");
  request.max_response_bytes = max_bytes;
  auto response = transport.send(request);
  if (!response) return document_error(url, failure, response.error().message);
  if (response->status != 200)
    return document_error(url, failure, "the answer has status " + std::to_string(response->status));
  return response;
}

Result<FetchedKeys> fetch_key_set(HttpTransport& transport, const Url& url, std::chrono::seconds max_lifetime,
                                  const Clock& clock) {
  const auto response = fetch_document(transport, url, kMaxKeyBytes, ErrorCode::jwks_unavailable);
  if (!response) return Err(response.error());
  auto keys = JwkSet::parse(response->body, kMaxKeyBytes);
  if (!keys) return document_error(url, ErrorCode::jwks_unavailable, keys.error().message);
  return FetchedKeys{std::move(*keys), document_lifetime(response->headers, clock.now(), max_lifetime)};
}

}  // namespace authplane::authserver
