#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

inline constexpr std::size_t kMaxClientDocumentBytes = 1024 * 1024;

// What a client ID metadata document says, as far as this server reads it.
struct ClientDocument {
  std::string name;
  std::vector<std::string> redirect_uris;  // not yet judged
  // Those of the document that this server knows; what else it lists is for other servers.
  std::vector<std::string> grant_types;
  std::optional<std::string> application_type;
};

// Reads the document that was found at `client_id`. It has to name exactly that client, with a name and
// redirect URIs, and must rely on no secret: what is published is none. Any input is safe. Errors:
// invalid_client; `detail` says why.
Outcome<ClientDocument> parse_client_document(std::string_view json, std::string_view client_id);

}  // namespace authplane::authserver
