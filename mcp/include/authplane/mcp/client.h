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

// Makes the header fields of each request of a client: credentials that hold for one request only. Called by
// the thread that uses the client.
class RequestAuthorizer {
 public:
  virtual ~RequestAuthorizer() = default;
  // Before every HTTP request, repeated ones included. The fields replace all others of their names. An error
  // ends the call, and nothing is sent.
  virtual Result<Headers> headers(std::string_view method, std::string_view url) = 0;
  // With every HTTP response. True sends that request once more, with new fields, max_retries() times at
  // most; after that the answer does not matter. Only for responses that say the request was not acted upon.
  virtual bool should_retry(std::string_view url, int status, const Headers& response) = 0;
  virtual int max_retries() const { return 1; }
};

// An MCP client over streamable HTTP (2025-03-26 to 2025-11-25). One thread at a time. Every function blocks.
//
// Errors of all functions: transport_error; protocol_error for answers that are no MCP and for JSON-RPC
// errors (the message has the number and the server's text), but consent_required for -32042 with at least
// one page of http or https: the user has to visit Error::consent's `elicitations`, and the same call is made
// again after that; insufficient_scope and access_denied for HTTP 401 and 403, with `oauth.http_status`,
// `oauth.error` and the WWW-Authenticate challenge in the message; closed when the server no longer knows the
// session and opening a new one did not help; those of the authorizer. Messages never hold request headers.
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
  // Asked for fields of every request from now on, those that open and end sessions included; null: none.
  void set_authorizer(std::shared_ptr<RequestAuthorizer> authorizer);
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
