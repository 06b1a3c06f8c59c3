#pragma once

#include <authplane/base/http.h>
#include <authplane/base/result.h>

#include "authserver/broker/upstream_client.h"

namespace authplane::authserver {

// Reads a token response (RFC 6749 sections 5.1 and 5.2) and what providers make of it: errors with status
// 200, scopes separated by commas, no scope or an empty one, form bodies, numbers as text.
Result<UpstreamReply, UpstreamFailure> read_token_reply(const HttpResponse& response,
                                                        TokenResponseFormat format);

}  // namespace authplane::authserver
