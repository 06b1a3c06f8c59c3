#pragma once

#include <string>

#include <authplane/mcp/content.h>

#include "dialect.h"

namespace authplane::mcp {

// The `result` member of a tools/call answer. `structured_content()` must be a JSON object or empty.
std::string result_json(const ToolResult& result, const Dialect& dialect);

// The other direction, for the MCP client. Content of unknown types is skipped. Errors: protocol_error.
Result<ToolResult> parse_result(const Json& result);

}  // namespace authplane::mcp
