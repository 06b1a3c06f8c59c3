// An agent that knows one URL. The server there says who may sign people in; the user does so in a browser, once.
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <system_error>

#include <authplane/agent/user_session.h>
#include <authplane/mcp/client.h>
#include <authplane/mcp_auth/authorize_user.h>

std::string env(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value && *value ? value : fallback;
}

std::chrono::seconds whole_seconds(const char* name, const char* fallback) {
  const std::string text = env(name, fallback);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return std::chrono::seconds(value);
  throw std::runtime_error(std::string(name) + " must be whole seconds");
}

int main() try {
  const std::string url = env("MCP_URL", "http://localhost:8080/mcp");
  const std::string text = env("ECHO_TEXT", "hello from tier-05 cpp agent");
  const std::chrono::seconds patience = whole_seconds("LOGIN_TIMEOUT", "300");
  authplane::mcp::Client mcp({.url = url, .name = "demo-agent-cpp-user"});

  // authplane:begin
  auto user = authplane::agent::UserSession::create({.server_url = url, .client_name = "Demo agent (C++)",
      .store = authplane::agent::make_file_token_store(env("AGENT_TOKEN_FILE", ".run/tokens.json")),
      .login_timeout = patience, .dev_mode = true}).value();
  authplane::mcp::authorize(mcp, user);
  // authplane:end

  if (env("AGENT_LOGOUT", "0") == "1") {
    user.logout().value();
    std::cout << "[agent] signed out" << std::endl;
    return 0;
  }
  const auto server = mcp.initialize().value();
  std::cout << "[agent] initialize OK (" << server.name << ")" << std::endl;

  const auto result = mcp.call_tool("echo", nlohmann::json{{"text", text}}.dump()).value();
  if (result.is_error()) throw std::runtime_error("echo failed: " + result.joined_text());
  std::cout << "[agent] echo OK: " << result.joined_text() << std::endl;
} catch (const std::exception& e) {
  std::cerr << "[agent] error: " << e.what() << std::endl;
  return 1;
}
