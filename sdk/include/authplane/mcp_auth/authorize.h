#pragma once

#include <functional>

#include <authplane/base/result.h>
#include <authplane/client/client.h>
#include <authplane/client/responses.h>
#include <authplane/mcp/client.h>

// Authorization of an MCP client: its requests carry a token, and a proof when the token is bound to a key
// (MCP authorization, RFC 6750 section 2.1, RFC 9449 section 7.1).

namespace authplane::mcp {

// Sends `token` with every request of `mcp` from now on, in place of what an earlier call set. A bound token
// needs the client it was issued to: requests are signed with client.dpop(), which they keep alive, and a
// server's demand for a nonce is met once per request. Throws Exception (invalid_argument): token_type is
// neither Bearer nor DPoP; a bound token and a client without a key; characters that no header may carry.
void authorize(Client& mcp, const authplane::Client& client, const TokenResponse& token);

// Yields the token for one request; called before each, so it should answer from a cache:
//   [client] { return client.client_credentials({"mcp:echo"}, {resource}); }
using TokenSource = std::function<Result<TokenResponse>()>;

// The same for agents that outlive a token. The source's errors, and invalid_argument for a token as above,
// are those of the MCP call that needed it. Throws Exception (invalid_argument) for an empty source.
void authorize(Client& mcp, const authplane::Client& client, TokenSource source);

}  // namespace authplane::mcp
