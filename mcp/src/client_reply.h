#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <authplane/base/http.h>
#include <authplane/base/result.h>
#include <authplane/json/json.h>
#include <authplane/mcp/client.h>

// Judges what a server answered to one request, from bytes alone.

namespace authplane::mcp {

// The `result` of the answer to request `id`, from a JSON body or an event stream; notifications before it go
// to `on_notification` when set. `what` names the request in errors. Errors: protocol_error,
// insufficient_scope, access_denied (see Client).
Result<Json> read_reply(const HttpResponse& response, std::int64_t id, std::string_view what,
                        std::size_t max_bytes, const Client::NotificationHandler& on_notification);

// 401 and 403 as an Error, everything else as a protocol_error naming the status.
Error http_error(const HttpResponse& response, std::string_view what);

}  // namespace authplane::mcp
