#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/http.h>
#include <authplane/base/result.h>
#include <authplane/mcp/content.h>
#include <authplane/mcp/protocol.h>

namespace authplane::mcp {

struct ClientOptions {
  std::string url{};  // the server's endpoint, http or https
  std::string name = "authplane-mcp-client";
  std::string version = "1.0.0";
  std::string protocol_version = std::string(kLatestProtocolVersion);  // what initialize asks for
  std::chrono::milliseconds timeout{30'000};                           // per HTTP request
  std::size_t max_response_bytes = 4 * 1024 * 1024;
  std::shared_ptr<HttpTransport> transport{};  // null = make_httplib_transport()
};

struct ServerInfo {
  std::string name;
  std::string version;
  std::string protocol_version;  // negotiated
  std::string instructions;
};

struct ToolInfo {
  std::string name;
  std::string title;
  std::string description;
  JsonText input_schema;
};

// An MCP client over streamable HTTP (2025-03-26 to 2025-11-25). One thread at a time. Every function blocks.
//
// Errors of all functions: transport_error; protocol_error for answers that are no MCP and for JSON-RPC
// errors (the message has the number and the server's text); insufficient_scope and access_denied for HTTP
// 401 and 403, with `oauth.http_status`, `oauth.error` and the WWW-Authenticate challenge in the message;
// closed when the server no longer knows the session and opening a new one did not help. Messages never hold
// request headers.
class Client {
 public:
  // Called for every notification that comes with an answer; `params` is {} when absent.
  using NotificationHandler = std::function<void(std::string_view method, const Json& params)>;

  // Throws Exception (invalid_argument) when the URL or the options are unusable.
  explicit Client(ClientOptions options);
  // close(), its outcome ignored.
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Sent with every request from now on, replacing an earlier value. Throws Exception (invalid_argument) for
  // a name that is no token or a value with control characters.
  void set_header(std::string name, std::string value);
  void on_notification(NotificationHandler handler);

  // Opens a session: `initialize`, then `notifications/initialized`.
  Result<ServerInfo> initialize();
  // The other calls open a session first when there is none, and once anew when the server ended it.
  Result<std::vector<ToolInfo>> list_tools();  // all pages
  // `arguments` is a JSON object. A failure inside the tool is not an Error: look at is_error().
  Result<ToolResult> call_tool(std::string_view name, const JsonText& arguments = "{}");
  Result<void> ping();
  // Ends the session on the server; without one it does nothing. The client can be used again.
  Result<void> close();

  std::string_view session_id() const;  // "" when there is none

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace authplane::mcp
