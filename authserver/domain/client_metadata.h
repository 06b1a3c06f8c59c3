#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

// What a client says about itself: the members of RFC 7591 section 2 that this server reads. Every other
// member is ignored, among them `scope`: what a client may ask for is not its own decision. Absent and null
// are the same.
struct ClientMetadata {
  std::optional<std::string> client_id;  // of client ID metadata documents
  std::optional<std::string> client_name;
  std::vector<std::string> redirect_uris;
  std::optional<std::vector<std::string>> grant_types;     // each once
  std::optional<std::vector<std::string>> response_types;  // each once
  std::optional<std::string> token_endpoint_auth_method;
  std::optional<std::string> application_type;
  bool agent = false;
  std::string agent_description;
  bool has_secret = false;  // there is a client_secret or client_secret_expires_at
};

// Reads types only; whether the values may be registered is judged elsewhere. Errors: invalid_request (no
// JSON object within the limits), invalid_client (members of a wrong type; the description lists every one).
Outcome<ClientMetadata> parse_client_metadata(std::string_view json, std::size_t max_bytes);

}  // namespace authplane::authserver
