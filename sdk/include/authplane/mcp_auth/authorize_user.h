#pragma once

#include <authplane/agent/user_session.h>
#include <authplane/mcp/client.h>

namespace authplane::mcp {

// Sends the user's token with every request of `mcp` from now on. The first 401 brings the login; a token
// that expires is refreshed, and a 403 that asks for more scopes asks the user. Failures of these are the
// errors of the MCP call that needed them. `mcp` must talk to session.server_url(): requests to another URL
// fail with invalid_argument before anything is sent.
//
// A call that needs a login or a refresh blocks as UserSession::token() does: up to login_timeout, 5 minutes
// by default, as long again behind somebody else's login, not to be cancelled and not covered by
// ClientOptions::timeout. Ending an MCP session, in ~Client() as well, does neither: it is sent with the
// token in hand while that is fresh, else without one.
void authorize(Client& mcp, agent::UserSession session);

}  // namespace authplane::mcp
