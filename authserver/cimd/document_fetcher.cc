#include "authserver/cimd/document_fetcher.h"

#include <algorithm>

#include <authplane/base/encoding.h>
#include <authplane/base/media_type.h>
#include <authplane/client/document_lifetime.h>

namespace authplane::authserver {
namespace {

// Of a document that must not be stored: the request that asked for it, and those that come with it.
constexpr std::chrono::seconds kUncachedLifetime{5};

Unexpected<DomainError> refuse(std::string detail) {
  return fail(DomainErrorCode::invalid_client, "the client's metadata document cannot be used",
              std::move(detail));
}

Unexpected<DomainError> unreachable(std::string detail) {
  return fail(DomainErrorCode::unavailable, "the client's metadata document cannot be fetched",
              std::move(detail));
}

bool forbids_storing(const Headers& headers) {
  const auto fields = headers.all("Cache-Control");
  return std::any_of(fields.begin(), fields.end(), [](std::string_view field) {
    return ascii_lower(field).find("no-store") != std::string::npos;
  });
}

}  // namespace

Outcome<DocumentFetcher::Fetched> DocumentFetcher::fetch(const Url& url) const {
  OutboundRequest request;
  request.url = url;
  request.headers.add("Accept", "application/json");
  request.max_response_bytes = kMaxClientDocumentBytes;
  const auto response = transport_->send(request);
  if (!response) {
    const bool may_pass = response.error().code == ErrorCode::transport_error;
    return may_pass ? unreachable(response.error().message) : refuse(response.error().message);
  }
  if (response->status >= 500)
    return unreachable("the answer has status " + std::to_string(response->status));
  if (response->status != 200) return refuse("the answer has status " + std::to_string(response->status));
  const std::string type = media_type(response->headers);
  if (type != "application/json" && type != "application/client-id+json") {
    return refuse("the answer has no Content-Type application/json");
  }
  auto document = parse_client_document(response->body, url.text());
  if (!document) return Err(document.error());
  return Fetched{std::move(*document), lifetime(response->headers)};
}

std::chrono::seconds DocumentFetcher::lifetime(const Headers& headers) const {
  if (forbids_storing(headers)) return std::min(kUncachedLifetime, max_lifetime_);
  return document_lifetime(headers, clock_.now(), max_lifetime_);
}

}  // namespace authplane::authserver
