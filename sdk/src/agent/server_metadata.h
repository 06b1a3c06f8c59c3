#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/base/url.h>

#include "client/metadata.h"

namespace authplane::agent {

// What a login needs of an authorization server's metadata (RFC 8414 section 2, RFC 9207 section 3).
struct ServerMetadata {
  std::string issuer;
  Url authorization_endpoint;
  Url token_endpoint;
  std::optional<Url> registration_endpoint;
  std::optional<Url> revocation_endpoint;
  TokenEndpointAuth token_auth;
  bool takes_metadata_urls = false;    // client_id_metadata_document_supported
  bool announces_iss = false;          // authorization_response_iss_parameter_supported
  bool offers_offline_access = false;  // scopes_supported names it
};

// Where the document may be, in the order to be tried: for an issuer with a path the three forms that put it
// into or before the well-known part, never the root's document; without one the two of the root.
std::vector<std::string> server_metadata_urls(const Url& issuer);

// Refuses a document whose issuer is another one, and a server without authorization code grant or without
// PKCE by S256. Errors: metadata_fetch_error, missing_metadata_endpoint. Messages do not name the document's
// URL; the caller adds it.
Result<ServerMetadata> parse_server_metadata(std::string_view body, std::string_view expected_issuer,
                                             SchemePolicy schemes, std::size_t max_bytes);

// Of a server without metadata: /authorize, /token and /register (MCP 2025-03-26). `issuer` has no path.
Result<ServerMetadata> default_endpoints(const Url& issuer);

}  // namespace authplane::agent
