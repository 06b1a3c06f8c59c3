#pragma once

#include <string>
#include <string_view>

#include <authplane/base/result.h>
#include <authplane/base/url.h>

#include "agent/protected_resource.h"
#include "agent/server_metadata.h"
#include "client/net/fetch.h"

namespace authplane::agent {

// A protected server and the authorization server it trusts.
struct Target {
  ProtectedResource resource;
  ServerMetadata server;
};

// Finds both documents. Without state of its own; thread-safe.
class Discovery {
 public:
  // `fetcher` must outlive this. `issuer`: the only authorization server that will do, "" for any.
  Discovery(const net::Fetcher& fetcher, Url server, std::string issuer)
      : fetcher_(fetcher), server_(std::move(server)), issuer_(std::move(issuer)) {}

  // `metadata_url` is the one of a challenge, and then the only one looked at; "" tries the well-known ones.
  // The next URL is tried only after an answer 4xx: a server that is down or refused is not asked elsewhere.
  // Errors: ssrf_blocked, metadata_fetch_error, missing_metadata_endpoint, transport_error; each names the
  // URL.
  Result<Target> find(std::string_view metadata_url) const;

 private:
  struct Document {
    std::string url;
    std::string body;
  };
  Result<Document> first_document(const std::vector<std::string>& urls, const char* what) const;
  Result<ProtectedResource> find_resource(std::string_view metadata_url) const;
  Result<ServerMetadata> find_server(const std::string& issuer) const;
  Result<std::string> choose_issuer(const ProtectedResource& resource) const;

  const net::Fetcher& fetcher_;
  const Url server_;
  const std::string issuer_;
};

}  // namespace authplane::agent
