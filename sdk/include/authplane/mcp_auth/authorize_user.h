#pragma once

#include <authplane/agent/user_session.h>
#include <authplane/mcp/client.h>

namespace authplane::mcp {

// Sends the user's token with every request of `mcp` from now on. The first 401 brings the login; a token
// that expires is refreshed, and a 403 that asks for more scopes asks the user. Failures of these are the
// errors of the MCP call that needed them. `mcp` must talk to session.server_url(): requests to another URL
// fail with invalid_argument before anything is sent. Ending an MCP session never asks the user.
void authorize(Client& mcp, agent::UserSession session);

}  // namespace authplane::mcp
