// An agent that gets a token for one protected MCP server and calls its echo tool.
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include <authplane/client/client.h>
#include <authplane/mcp/client.h>

std::string env(const char* name, const char* fallback = nullptr) {
  const char* value = std::getenv(name);
  if (value && *value) return value;
  if (fallback) return fallback;
  throw std::runtime_error(std::string(name) + " is not set: make verify registers a client and sets it");
}

int main() try {
  const std::string text = env("ECHO_TEXT", "hello from tier-02 cpp agent");
  authplane::mcp::Client mcp({.url = env("MCP_URL", "http://localhost:8080/mcp"), .name = "demo-agent-cpp"});

  // authplane:begin
  auto client = authplane::Client::create({.issuer = env("AUTHPLANE_ISSUER"),
      .auth = authplane::ClientCredentials{env("AUTHPLANE_CLIENT_ID"), env("AUTHPLANE_CLIENT_SECRET")},
      .dev_mode = true}).value();
  auto token = client.client_credentials({"mcp:echo"}, {env("AUTHPLANE_RESOURCE")}).value();
  mcp.set_header("Authorization", "Bearer " + token.access_token);
  // authplane:end
  std::cout << "[agent] token OK" << std::endl;

  const auto server = mcp.initialize().value();
  std::cout << "[agent] initialize OK (" << server.name << ")" << std::endl;

  const auto result = mcp.call_tool("echo", nlohmann::json{{"text", text}}.dump()).value();
  if (result.is_error()) throw std::runtime_error("echo failed: " + result.joined_text());
  std::cout << "[agent] echo OK: " << result.joined_text() << std::endl;
} catch (const std::exception& e) {
  std::cerr << "[agent] error: " << e.what() << std::endl;
  return 1;
}
