#include "agent/discovery.h"

#include <algorithm>

#include <authplane/base/encoding.h>

#include "client/settings.h"

namespace authplane::agent {
namespace {

Unexpected<Error> with_place(const std::string& what, const std::string& url, Error error) {
  error.message = what + " " + url + ": " + error.message;
  return Err(std::move(error));
}

}  // namespace

Result<Target> Discovery::find(std::string_view metadata_url) const {
  auto resource = find_resource(metadata_url);
  if (!resource) return Err(std::move(resource).error());
  const auto issuer = choose_issuer(*resource);
  if (!issuer) return Err(issuer.error());
  auto server = find_server(*issuer);
  if (!server) return Err(std::move(server).error());
  return Target{.resource = std::move(*resource), .server = std::move(*server)};
}

Result<Discovery::Document> Discovery::first_document(const std::vector<std::string>& urls,
                                                      const char* what) const {
  std::string tried;
  for (const std::string& text : urls) {
    const auto url = Url::parse(text);
    if (!url) return Err(ErrorCode::metadata_fetch_error, std::string(what) + ": " + url.error().message);
    OutboundRequest request;
    request.url = *url;
    request.headers.add("Accept", "application/json");
    request.max_response_bytes = fetcher_.settings().max_metadata_bytes;
    auto response = fetcher_.fetch(std::move(request));
    if (!response) return with_place(what, text, std::move(response).error());
    if (response->status == 200) return Document{text, std::move(response->body)};
    tried += (tried.empty() ? "" : ", ") + text + " answered HTTP " + std::to_string(response->status);
    if (response->status < 400 || response->status > 499) break;
  }
  return Err(ErrorCode::metadata_fetch_error,
             std::string(what) + " not found: " + tried + "; check that the server is protected by OAuth");
}

Result<ProtectedResource> Discovery::find_resource(std::string_view metadata_url) const {
  const auto urls = metadata_url.empty() ? resource_metadata_urls(server_)
                                         : std::vector<std::string>{std::string(metadata_url)};
  const auto document = first_document(urls, "protected resource metadata");
  if (!document) return Err(document.error());
  auto resource = parse_protected_resource(document->body, server_, fetcher_.settings().max_metadata_bytes);
  if (!resource) return with_place("protected resource metadata", document->url, std::move(resource).error());
  return resource;
}

Result<std::string> Discovery::choose_issuer(const ProtectedResource& resource) const {
  const auto& servers = resource.authorization_servers;
  if (issuer_.empty()) return servers.front();
  if (std::find(servers.begin(), servers.end(), issuer_) != servers.end()) return issuer_;
  return Err(ErrorCode::metadata_fetch_error,
             "the server " + server_.text() + " trusts '" + header_safe(servers.front().substr(0, 200)) +
                 "', not the configured issuer '" + issuer_ + "'; make option issuer the same string");
}

Result<ServerMetadata> Discovery::find_server(const std::string& issuer) const {
  constexpr const char* kWhat = "authorization server metadata";
  const auto url = check_issuer(issuer);
  if (!url) {
    return Err(ErrorCode::metadata_fetch_error, "authorization_servers of " + server_.text() +
                                                    " names no usable issuer: " + url.error().message);
  }
  const auto document = first_document(server_metadata_urls(*url), kWhat);
  if (!document) return Err(document.error());
  const net::FetchSettings& settings = fetcher_.settings();
  auto metadata = parse_server_metadata(
      document->body, issuer, settings.allow_http ? SchemePolicy::http_too : SchemePolicy::https_only,
      settings.max_metadata_bytes);
  if (!metadata) return with_place(kWhat, document->url, std::move(metadata).error());
  return metadata;
}

}  // namespace authplane::agent
