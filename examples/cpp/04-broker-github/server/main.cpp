// An MCP server with one tool that lists the user's GitHub repositories. It has no GitHub credential: it exchanges
// the caller's token for one of GitHub, call by call. Who has not connected an account yet is told where to.
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include <authplane/http_httplib/server.h>
#include <authplane/http_httplib/transport.h>
#include <authplane/mcp/server.h>
#include <authplane/mcp_auth/auth.h>

std::string env(const char* name, const char* fallback = nullptr) {
  const char* value = std::getenv(name);
  if (value && *value) return value;
  if (fallback) return fallback;
  throw std::runtime_error(std::string(name) + " is not set: copy .env.example to .env, or use make run");
}

// One line for each repository.
std::string list_repositories(const std::string& token) {
  static const auto transport = authplane::make_httplib_transport();
  authplane::OutboundRequest request;
  request.url = authplane::Url::parse(env("GITHUB_API_URL", "https://api.github.com") + "/user/repos").value();
  request.headers = {{"Authorization", "Bearer " + token},
                     {"Accept", "application/vnd.github+json"},
                     {"User-Agent", "authplane-cpp-tier04"}};
  request.max_response_bytes = 4 * 1024 * 1024;
  const auto response = transport->send(request).value();
  if (response.status != 200) throw std::runtime_error("GitHub answered HTTP " + std::to_string(response.status));
  std::string names;
  for (const auto& repository : nlohmann::json::parse(response.body)) {
    names += repository.at("full_name").get<std::string>() + "\n";
  }
  return names;
}

int main() try {
  using authplane::mcp::ToolCall;
  using authplane::mcp::ToolResult;
  authplane::mcp::Server mcp({.name = "demo-server-tier04", .version = "1.0.0"});

  authplane::GuardedServer http;
  // authplane:begin
  auto auth = authplane::mcp::Auth::create({
      .issuer = env("AUTHPLANE_ISSUER"), .resource = env("AUTHPLANE_RESOURCE"),
      .scopes = {"mcp:tools", "repo"}, .tool_scopes = {{"list_repos", {"repo"}}}, .dev_mode = true,
      .client = {.auth = authplane::ClientCredentials{
          env("AUTHPLANE_CLIENT_ID"), env("AUTHPLANE_CLIENT_SECRET")}},
  }).value();
  authplane::mount(http, auth.routes(mcp));
  // authplane:end

  mcp.add_tool({.name = "list_repos", .description = "Lists your GitHub repositories."}, [&](const ToolCall& call) {
    // authplane:begin
    const auto token = auth.exchange(call, {.scopes = {"repo"}, .resources = {"github"}}).value();
    // authplane:end
    return ToolResult::text(list_repositories(token.access_token));
  });

  const std::string host = env("HOST", "127.0.0.1");
  const int port = std::stoi(env("PORT", "8080"));
  std::cout << "demo-server-tier04 listens on " << host << ":" << port << std::endl;
  if (!http.listen(host, port)) {
    throw std::runtime_error("cannot listen on " + host + ":" + std::to_string(port) + ": is the port in use?");
  }
} catch (const std::exception& e) {
  std::cerr << "error: " << e.what() << std::endl;
  return 1;
}
