#pragma once

#include <string>
#include <string_view>

#include <authplane/agent/token_store.h>

#include "agent/server_metadata.h"
#include "client/net/fetch.h"

namespace authplane::agent {

// Registers this program as a native client (RFC 7591 section 3.1): public where the server lets it choose.
// Errors: those of the server (the description says which redirect URI it did not like), protocol_error.
Result<StoredClient> register_client(const net::Fetcher& fetcher, const ServerMetadata& server,
                                     std::string_view client_name, std::string_view redirect_uri);

// The two halves, for themselves.
std::string registration_body(const ServerMetadata& server, std::string_view client_name,
                              std::string_view redirect_uri);
Result<StoredClient> parse_registration(std::string_view body, std::size_t max_bytes);

}  // namespace authplane::agent
