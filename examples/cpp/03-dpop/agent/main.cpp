// An agent with a key of its own: its token is bound to that key, and every request carries a fresh proof.
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include <authplane/client/client.h>
#include <authplane/mcp/client.h>
#include <authplane/mcp_auth/authorize.h>

std::string env(const char* name, const char* fallback = nullptr) {
  const char* value = std::getenv(name);
  if (value && *value) return value;
  if (fallback) return fallback;
  throw std::runtime_error(std::string(name) + " is not set: make verify registers a client and sets it");
}

void call(authplane::mcp::Client& mcp, const std::string& tool, const nlohmann::json& arguments) {
  const auto result = mcp.call_tool(tool, arguments.dump()).value();
  if (result.is_error()) throw std::runtime_error(tool + " failed: " + result.joined_text());
  std::cout << "[agent] " << tool << " OK: " << result.joined_text() << std::endl;
}

int main() try {
  const std::string text = env("ECHO_TEXT", "hello from tier-03 cpp agent");
  const bool drop_proof = env("AGENT_DROP_DPOP_PROOF", "0") == "1";  // like a thief, who has only the token
  const std::string url = env("MCP_URL", "http://localhost:8080/mcp");
  authplane::mcp::Client mcp({.url = url, .name = "demo-mcp-cpp-tier03-agent"});

  // authplane:begin
  auto client = authplane::Client::create({.issuer = env("AUTHPLANE_ISSUER"),
      .auth = authplane::ClientCredentials{env("AUTHPLANE_CLIENT_ID"), env("AUTHPLANE_CLIENT_SECRET")},
      .dpop = authplane::dpop::Provider::generate().value(), .dev_mode = true}).value();
  auto token = client.client_credentials({"mcp:echo", "mcp:add"}, {env("AUTHPLANE_RESOURCE")}).value();
  if (drop_proof) mcp.set_header("Authorization", "Bearer " + token.access_token);
  else authplane::mcp::authorize(mcp, client, token);
  // authplane:end
  std::cout << "[agent] token OK (" << token.token_type << ")" << std::endl;

  const auto server = mcp.initialize().value();
  std::cout << "[agent] initialize OK (" << server.name << ")" << std::endl;
  call(mcp, "echo", {{"text", text}});
  call(mcp, "add_numbers", {{"a", 2}, {"b", 3}});
} catch (const std::exception& e) {
  std::cerr << "[agent] error: " << e.what() << std::endl;
  return 1;
}
