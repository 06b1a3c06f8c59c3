// An MCP server with two tools, each with a scope of its own. Its tokens work only together with a fresh proof
// of the key they were issued to: whoever steals one cannot use it.
#include <charconv>
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

std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

int main() try {
  using authplane::mcp::ToolCall;
  using authplane::mcp::ToolResult;
  authplane::mcp::Server mcp({.name = "demo-server-tier03", .version = "1.0.0"});
  mcp.add_tool(
      {
          .name = "echo",
          .description = "Echoes the text it is given.",
          .input_schema = R"({"type":"object","properties":{"text":{"type":"string"}},"required":["text"]})",
      },
      [](const ToolCall& call) { return ToolResult::text(call.string_argument("text")); });
  mcp.add_tool(
      {
          .name = "add_numbers",
          .description = "Adds two numbers.",
          .input_schema = R"({"type":"object","required":["a","b"],
                              "properties":{"a":{"type":"number"},"b":{"type":"number"}}})",
      },
      [](const ToolCall& call) {
        return ToolResult::text(number_text(call.number_argument("a") + call.number_argument("b")));
      });

  authplane::GuardedServer http;
  // authplane:begin
  auto auth = authplane::mcp::Auth::create({
      .issuer = env("AUTHPLANE_ISSUER"), .resource = env("AUTHPLANE_RESOURCE"),
      .scopes = {"mcp:echo", "mcp:add"},
      .tool_scopes = {{"echo", {"mcp:echo"}}, {"add_numbers", {"mcp:add"}}}, .dev_mode = true,
      .dpop = authplane::dpop::Inbound{.required = true, .replay_file = env("DPOP_REPLAY_FILE", "")},
  }).value();
  authplane::mount(http, auth.routes(mcp));
  // authplane:end

  const std::string host = env("HOST", "127.0.0.1");
  const int port = std::stoi(env("PORT", "8080"));
  std::cout << "demo-server-tier03 listens on " << host << ":" << port << std::endl;
  if (!http.listen(host, port)) {
    throw std::runtime_error("cannot listen on " + host + ":" + std::to_string(port) + ": is the port in use?");
  }
} catch (const std::exception& e) {
  std::cerr << "error: " << e.what() << std::endl;
  return 1;
}
