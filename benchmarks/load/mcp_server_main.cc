#include <CLI/CLI.hpp>
#include <iostream>

#include <authplane/http_httplib/server.h>
#include <authplane/mcp/server.h>
#include <authplane/mcp_auth/auth.h>

// Tier 01's server in four forms: without authorization, with it, with it but verifying every token anew, and
// with tokens that are bound to a key. What lies between the figures is what each costs.

int main(int argc, char** argv) try {
  CLI::App app{"Tier 01's MCP server with and without authorization."};
  std::string mode = "cached", issuer, resource;
  int port = 0;
  app.add_option("--mode", mode)->check(CLI::IsMember({"open", "cached", "cold", "dpop"}));
  app.add_option("--issuer", issuer);
  app.add_option("--resource", resource);
  app.add_option("--port", port)->required();
  CLI11_PARSE(app, argc, argv);

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
  authplane::GuardOptions limits;
  limits.max_requests_per_connection = 1'000'000'000;  // a load generator keeps its connections
  authplane::GuardedServer http(limits);
  std::optional<authplane::mcp::Auth> auth;
  if (mode == "open") {
    authplane::mount(http, mcp.routes("/mcp"));
  } else {
    authplane::mcp::AuthOptions options;
    options.issuer = issuer;
    options.resource = resource;
    options.scopes = {"mcp:echo"};
    options.tool_scopes = {{"echo", {"mcp:echo"}}};
    options.dev_mode = true;
    options.resource_options.verified_tokens.enabled = mode != "cold";
    if (mode == "dpop") options.dpop = authplane::dpop::Inbound{.required = true};
    auth = authplane::mcp::Auth::create(std::move(options)).value();
    authplane::mount(http, auth->routes(mcp));
  }
  if (!http.listen("127.0.0.1", port))
    throw std::runtime_error("cannot listen on port " + std::to_string(port));
} catch (const std::exception& e) {
  std::cerr << "error: " << e.what() << std::endl;
  return 1;
}
