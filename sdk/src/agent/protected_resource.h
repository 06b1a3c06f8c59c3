#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/base/url.h>
#include <authplane/oauth/scope.h>

namespace authplane::agent {

// A checked protected resource metadata document (RFC 9728 section 2).
struct ProtectedResource {
  std::string resource;  // byte for byte
  std::vector<std::string> authorization_servers;
  ScopeSet scopes;
  bool dpop_required = false;
};

// Where the document may be when no challenge names it, in the order to be tried: the well-known URL with the
// server's path, then the one without (RFC 9728 section 3.1).
std::vector<std::string> resource_metadata_urls(const Url& server);

// Whether a document for `resource` speaks for `server`: same origin, and the path equal or a whole-segment
// prefix. A wider notion than RFC 9728 section 3.3, as MCP servers publish one document for several
// endpoints.
bool covers(const Url& resource, const Url& server);

// Errors: metadata_fetch_error. Messages do not name the document's URL; the caller adds it.
Result<ProtectedResource> parse_protected_resource(std::string_view body, const Url& server,
                                                   std::size_t max_bytes);

}  // namespace authplane::agent
