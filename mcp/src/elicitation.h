#pragma once

#include <string>
#include <vector>

#include <authplane/base/error.h>
#include <authplane/json/json.h>
#include <authplane/mcp/rpc_error.h>

// URL elicitation (2025-11-25, client/elicitation) as it looks on the wire and to those who do not know it.

namespace authplane::mcp {

// `{"elicitations":[…]}`, the `data` of -32042.
std::string elicitation_data(const std::vector<UrlElicitation>& elicitations);

// The other direction: the usable ones of a foreign `error` member, in their order. Empty when there is none
// or the error is another one.
std::vector<UrlElicitation> parse_elicitations(const Json& error);

// The pages in words, for clients that show text only.
std::string elicitation_text(const UrlElicitationRequired& required);

}  // namespace authplane::mcp
