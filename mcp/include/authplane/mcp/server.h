#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>
#include <authplane/mcp/tool.h>

namespace authplane::mcp {

struct ServerOptions {
  std::string name{};  // serverInfo, required
  std::string version{};
  std::string title{};
  std::string instructions{};  // for the model, sent in the initialize result; "" = none

  // Origins a browser may call from, exact ("https://app.example"). Unset: http and https on localhost,
  // 127.0.0.1 and [::1], any port. Requests without an Origin header always pass. Only the pages of origins
  // named here can call from another origin than the server's and read the answers (CORS); unset: none.
  std::optional<std::vector<std::string>> allowed_origins{};
  // Values of Host without port ("mcp.example.com", "[::1]"). Unset: localhost, 127.0.0.1 and [::1] for
  // callers that are not authenticated, anything for those that are (a rebinding page has no token).
  std::optional<std::vector<std::string>> allowed_hosts{};

  std::size_t max_body_bytes = 1024 * 1024;  // larger: 413

  // Upper bound on open sessions. When it is reached the longest idle one makes room if it was idle for a
  // minute, else `initialize` gets 503.
  std::size_t max_sessions = 10'000;
  std::chrono::seconds session_idle_timeout{30 * 60};

  std::size_t tools_page_size = 200;  // tools per tools/list page

  // GET on the endpoint: a stream per session for `notifications/tools/list_changed`. Each open stream
  // occupies a worker thread of the HTTP server, hence the bound over all sessions. Off: 405.
  bool get_stream = false;
  std::size_t max_get_streams = 64;
  std::chrono::milliseconds keep_alive_interval{15'000};

  std::shared_ptr<const Clock>
      clock{};  // each: null = the real one; logger: standard error, warnings and worse
  std::shared_ptr<Random> random{};
  std::shared_ptr<Logger> logger{};
};

// An MCP server over streamable HTTP, revisions 2025-03-26, 2025-06-18 and 2025-11-25. Knows no HTTP library:
// mount routes() on one, or call handle() yourself. Requests of the stateless revision 2026-07-28 are told
// apart and refused with -32022. Thread-safe, add_tool() included.
class Server {
 public:
  // Throws Exception (invalid_argument) for an empty name.
  explicit Server(ServerOptions options);
  // Ends GET streams and waits for nothing: responses that are still being streamed keep what they need.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Tools are listed in the order they were added. Throws Exception (invalid_argument) for a bad or duplicate
  // name, a schema that is not a JSON object or nests deeper than 32, or an empty handler. Tools added while
  // clients are connected are announced on GET streams.
  void add_tool(Tool tool, ToolHandler handler);
  bool has_tool(std::string_view name) const;

  // Answers one HTTP request, whatever its path. Does not throw.
  HttpResponse handle(const HttpRequest& request, const RequestContext& context = {}) const;

  // For who answers a request before the server does, such as authorization; handle() does both itself.
  // The answer to the question of a browser whether a page of a named origin may call (a CORS preflight,
  // which brings no token); nullopt: the request is something else.
  std::optional<HttpResponse> preflight(const HttpRequest& request) const;
  // Adds what lets a page of a named origin read the response: 401 with its challenge most of all.
  void share_with_origin(const HttpRequest& request, HttpResponse& response) const;

  // One route at the endpoint path, for callers that need no authorization. The server must outlive its
  // routes' use.
  std::vector<HttpRoute> routes(std::string path = "/mcp") const;

  // Open sessions, expired ones that nobody asked for again included.
  std::size_t session_count() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace authplane::mcp
