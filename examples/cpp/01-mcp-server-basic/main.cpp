// An MCP server with one tool, `echo`, that only callers with a token for this server and the scope mcp:echo reach.
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <authplane/http_httplib/server.h>
#include <authplane/mcp/server.h>
#include <authplane/mcp_auth/auth.h>

std::string env(const char* name, const char* fallback = nullptr) {
  const char* value = std::getenv(name);
  if (value && *value) return value;
  if (fallback) return fallback;
  throw std::runtime_error(std::string(name) + " is not set: copy .env.example to .env, or use make run");
}

int main() try {
  authplane::mcp::Server mcp({.name = "demo-server", .version = "1.0.0"});
  mcp.add_tool(
      {
          .name = "echo",
          .description = "Echoes the text it is given.",
          .input_schema = R"({"type":"object","properties":{"text":{"type":"string"}},"required":["text"]})",
      },
      [](const authplane::mcp::ToolCall& call) {
        return authplane::mcp::ToolResult::text(call.string_argument("text"));
      });

  authplane::GuardedServer http;
  // authplane:begin
  auto auth = authplane::mcp::Auth::create({
      .issuer = env("AUTHPLANE_ISSUER"), .resource = env("AUTHPLANE_RESOURCE"),
      .scopes = {"mcp:echo"}, .tool_scopes = {{"echo", {"mcp:echo"}}}, .dev_mode = true,
  }).value();
  authplane::mount(http, auth.routes(mcp));
  // authplane:end

  const std::string host = env("HOST", "127.0.0.1");
  const int port = std::stoi(env("PORT", "8080"));
  std::cout << "demo-server listens on " << host << ":" << port << std::endl;
  if (!http.listen(host, port)) {
    throw std::runtime_error("cannot listen on " + host + ":" + std::to_string(port) + ": is the port in use?");
  }
} catch (const std::exception& e) {
  std::cerr << "error: " << e.what() << std::endl;
  return 1;
}
