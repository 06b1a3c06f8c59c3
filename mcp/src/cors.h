#pragma once

#include <optional>

#include <authplane/base/http.h>

#include "request_rules.h"

namespace authplane::mcp {

// Lets pages of the origins that the options name call across origins and read the answers (the CORS protocol
// of WHATWG Fetch). Without credentials of the browser: an MCP client sends its token itself.
class Cors {
 public:
  // `rules` outlives this. `methods`: those of the endpoint, for Access-Control-Allow-Methods.
  Cors(const OriginRules& rules, const char* methods) : rules_(rules), methods_(methods) {}

  // nullopt when the request is no preflight, or one of an origin that is not named.
  std::optional<HttpResponse> preflight(const HttpRequest& request) const;
  void decorate(const HttpRequest& request, HttpResponse& response) const;

 private:
  const OriginRules& rules_;
  const char* methods_;
};

}  // namespace authplane::mcp
