#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  bool is_own_issuer = false;  // taken for that, see Discovery::Trust
};

// Finds both documents. Without state of its own; thread-safe.
class Discovery {
 public:
  struct Trust {
    std::string issuer{};                 // the only authorization server that will do, "" for any
    bool allow_server_as_issuer = false;  // see UserSessionOptions
  };

  // `fetcher` must outlive this.
  Discovery(const net::Fetcher& fetcher, Url server, Trust trust)
      : fetcher_(fetcher), server_(std::move(server)), trust_(std::move(trust)) {}

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
  // What a search for a document came to; no error where every URL answered 4xx.
  struct Search {
    std::optional<Document> found;
    std::string tried;  // URLs and their answers
  };
  Result<Search> search(const std::vector<std::string>& urls, const char* what) const;
  // nullopt: the server publishes none, and that is allowed.
  Result<std::optional<ProtectedResource>> find_resource(std::string_view metadata_url) const;
  Result<ServerMetadata> find_server(const std::string& issuer) const;
  Result<Target> own_issuer() const;
  Result<ServerMetadata> parse_server(const Document& document, const std::string& issuer) const;
  Result<std::string> choose_issuer(const ProtectedResource& resource) const;

  const net::Fetcher& fetcher_;
  const Url server_;
  const Trust trust_;
};

}  // namespace authplane::agent
