#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/http.h>

#include "json_rpc.h"

// HTTP answers that both eras give.

namespace authplane::mcp {

HttpResponse json_response(int status, std::string body);
HttpResponse error_response(int status, std::string_view raw_id, const RpcError& error);
// A refusal by transport rules: JSON-RPC has no code for those, so -32600 stands in for all.
HttpResponse refusal(int status, std::string_view raw_id, std::string message);
HttpResponse method_not_allowed(std::string_view allow);
HttpResponse accepted();  // 202 without a body

// 200 text/event-stream without content yet.
HttpResponse event_stream_head();
HttpResponse event_stream(const std::vector<std::string>& messages);

}  // namespace authplane::mcp
