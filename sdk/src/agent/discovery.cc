#include "agent/discovery.h"

#include <algorithm>

#include <authplane/base/encoding.h>

#include "client/settings.h"

namespace authplane::agent {
namespace {

constexpr const char* kServerMetadata = "authorization server metadata";

Unexpected<Error> with_place(const std::string& what, const std::string& url, Error error) {
  error.message = what + " " + url + ": " + error.message;
  return Err(std::move(error));
}

Unexpected<Error> not_found(const std::string& what, const std::string& tried) {
  return Err(ErrorCode::metadata_fetch_error,
             what + " not found: " + tried + "; check that the server is protected by OAuth");
}

}  // namespace

Result<Target> Discovery::find(std::string_view metadata_url) const {
  auto resource = find_resource(metadata_url);
  if (!resource) return Err(std::move(resource).error());
  if (!*resource) return own_issuer();
  const auto issuer = choose_issuer(**resource);
  if (!issuer) return Err(issuer.error());
  auto server = find_server(*issuer);
  if (!server) return Err(std::move(server).error());
  return Target{.resource = std::move(**resource), .server = std::move(*server)};
}

Result<Discovery::Search> Discovery::search(const std::vector<std::string>& urls, const char* what) const {
  Search result;
  for (const std::string& text : urls) {
    const auto url = Url::parse(text);
    if (!url) return Err(ErrorCode::metadata_fetch_error, std::string(what) + ": " + url.error().message);
    OutboundRequest request;
    request.url = *url;
    request.headers.add("Accept", "application/json");
    request.max_response_bytes = fetcher_.settings().max_metadata_bytes;
    auto response = fetcher_.fetch(std::move(request));
    if (!response) return with_place(what, text, std::move(response).error());
    if (response->status == 200) {
      result.found = Document{text, std::move(response->body)};
      return result;
    }
    result.tried +=
        (result.tried.empty() ? "" : ", ") + text + " answered HTTP " + std::to_string(response->status);
    if (response->status < 400 || response->status > 499) return not_found(what, result.tried);
  }
  return result;
}

Result<std::optional<ProtectedResource>> Discovery::find_resource(std::string_view metadata_url) const {
  constexpr const char* kWhat = "protected resource metadata";
  const auto urls = metadata_url.empty() ? resource_metadata_urls(server_)
                                         : std::vector<std::string>{std::string(metadata_url)};
  const auto search_result = search(urls, kWhat);
  if (!search_result) return Err(search_result.error());
  const auto& document = search_result->found;
  if (!document) {
    if (trust_.allow_server_as_issuer && metadata_url.empty()) return std::optional<ProtectedResource>();
    return not_found(kWhat, search_result->tried);
  }
  auto resource = parse_protected_resource(document->body, server_, fetcher_.settings().max_metadata_bytes);
  if (!resource) return with_place(kWhat, document->url, std::move(resource).error());
  return std::optional(std::move(*resource));
}

Result<std::string> Discovery::choose_issuer(const ProtectedResource& resource) const {
  const auto& servers = resource.authorization_servers;
  if (trust_.issuer.empty()) return servers.front();
  if (std::find(servers.begin(), servers.end(), trust_.issuer) != servers.end()) return trust_.issuer;
  return Err(ErrorCode::metadata_fetch_error,
             "the server " + server_.text() + " trusts '" + header_safe(servers.front().substr(0, 200)) +
                 "', not the configured issuer '" + trust_.issuer + "'; make option issuer the same string");
}

Result<ServerMetadata> Discovery::find_server(const std::string& issuer) const {
  const auto url = check_issuer(issuer);
  if (!url) {
    return Err(ErrorCode::metadata_fetch_error, "authorization_servers of " + server_.text() +
                                                    " names no usable issuer: " + url.error().message);
  }
  const auto search_result = search(server_metadata_urls(*url), kServerMetadata);
  if (!search_result) return Err(search_result.error());
  if (!search_result->found) return not_found(kServerMetadata, search_result->tried);
  return parse_server(*search_result->found, issuer);
}

Result<ServerMetadata> Discovery::parse_server(const Document& document, const std::string& issuer) const {
  const net::FetchSettings& settings = fetcher_.settings();
  auto metadata = parse_server_metadata(
      document.body, issuer, settings.allow_http ? SchemePolicy::http_too : SchemePolicy::https_only,
      settings.max_metadata_bytes);
  if (!metadata) return with_place(kServerMetadata, document.url, std::move(metadata).error());
  return metadata;
}

// MCP 2025-03-26, "server metadata discovery" and "fallbacks for servers without metadata discovery".
Result<Target> Discovery::own_issuer() const {
  const std::string issuer = server_.origin();
  Target target{.resource = {.resource = server_.text(), .authorization_servers = {issuer}, .scopes = {}},
                .server = {},
                .is_own_issuer = true};
  if (const auto chosen = choose_issuer(target.resource); !chosen) return Err(chosen.error());
  const auto url = Url::parse(issuer);
  if (!url) return Err(url.error());
  const auto search_result = search(server_metadata_urls(*url), kServerMetadata);
  if (!search_result) return Err(search_result.error());
  auto server = search_result->found ? parse_server(*search_result->found, issuer) : default_endpoints(*url);
  if (!server) return Err(std::move(server).error());
  target.server = std::move(*server);
  return target;
}

}  // namespace authplane::agent
