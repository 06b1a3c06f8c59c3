#pragma once

#include <string>
#include <string_view>
#include <variant>

#include <authplane/json/json.h>
#include <authplane/mcp/rpc_error.h>

// JSON-RPC 2.0 as MCP restricts it: ids are strings or integers, params are objects.

namespace authplane::mcp {

// JSON text of the `result` member, or an error.
using Outcome = std::variant<std::string, RpcError>;

// One classified message. Pointers and views reach into the document and the body it was read from.
struct Message {
  enum class Kind { request, notification, response, invalid };
  Kind kind = Kind::invalid;
  std::string_view method{};
  std::string_view raw_id{};     // as spelled by the client; "" when absent or unusable
  const Json* id = nullptr;      // requests only
  const Json* params = nullptr;  // nullptr when absent
  const char* problem = "";      // invalid: what is wrong with it
};

Message classify_message(const Json& value, std::string_view raw);

// The name a tools/call asks for; "" for every other message.
std::string_view called_tool(const Message& message);

std::string result_message(std::string_view raw_id, std::string_view result_json);
// An empty `raw_id` leaves the member out, as 2025-11-25 asks when the id could not be read.
std::string error_message(std::string_view raw_id, const RpcError& error);
std::string reply_message(std::string_view raw_id, const Outcome& outcome);

}  // namespace authplane::mcp
