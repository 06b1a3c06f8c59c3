// An MCP server with three tools.
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <stdexcept>
#include <string>

#include <authplane/http_httplib/server.h>
#include <authplane/mcp/server.h>

std::string env(const char* name, const char* fallback = "") {
  const char* value = std::getenv(name);
  return value && *value ? value : fallback;
}

std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[sizeof "2000-01-01T00:00:00Z"];
  std::strftime(text, sizeof text, "%FT%TZ", &parts);
  return text;
}

int main() try {
  using authplane::mcp::ToolCall;
  using authplane::mcp::ToolResult;
  authplane::mcp::Server mcp({.name = "retrofit-demo", .version = "1.0.0"});
  mcp.add_tool(
      {
          .name = "echo",
          .description = "Echoes the text it is given.",
          .input_schema = R"({"type":"object","properties":{"text":{"type":"string"}},"required":["text"]})",
      },
      [](const ToolCall& call) { return ToolResult::text(call.string_argument("text")); });
  mcp.add_tool(
      {
          .name = "add",
          .description = "Adds two numbers.",
          .input_schema = R"({"type":"object","required":["a","b"],
                              "properties":{"a":{"type":"number"},"b":{"type":"number"}}})",
      },
      [](const ToolCall& call) {
        return ToolResult::text(number_text(call.number_argument("a") + call.number_argument("b")));
      });
  mcp.add_tool({.name = "now", .description = "The time of day, in UTC."},
               [](const ToolCall&) { return ToolResult::text(utc_now()); });

  authplane::GuardedServer http;
  authplane::mount(http, mcp.routes("/mcp"));

  const std::string host = env("HOST", "127.0.0.1");
  const int port = std::stoi(env("PORT", "8080"));
  std::cout << "retrofit-demo listens on " << host << ":" << port << std::endl;
  if (!http.listen(host, port)) {
    throw std::runtime_error("cannot listen on " + host + ":" + std::to_string(port) + ": is the port in use?");
  }
} catch (const std::exception& e) {
  std::cerr << "error: " << e.what() << std::endl;
  return 1;
}
