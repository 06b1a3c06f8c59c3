// interop_elicitation_server <port>: an MCP server on a loopback port. Its tool `connect` wants the user to
// visit a page before the first call of a session succeeds; the second one does.

#include <iostream>
#include <mutex>
#include <set>
#include <string>

#include <authplane/base/random.h>
#include <authplane/http_httplib/server.h>
#include <authplane/mcp/server.h>

int main(int argc, char** argv) {
  using namespace authplane;
  if (argc != 2) return 2;
  mcp::Server server({.name = "elicitation", .version = "1.0.0"});
  std::mutex mutex;
  std::set<std::string> connected;
  server.add_tool(
      {.name = "connect",
       .input_schema = R"({"type":"object","properties":{"as":{"type":"string"}},"required":["as"]})"},
      [&](const mcp::ToolCall& call) {
        const std::lock_guard lock(mutex);
        const std::string& user = call.string_argument("as");
        if (!connected.insert(user).second) return mcp::ToolResult::text("connected as " + user);
        SystemRandom random;
        throw mcp::UrlElicitationRequired("Connect first",
                                          {{.url = "https://as.example/connect/github?resource=github",
                                            .elicitation_id = uuid_v4(random),
                                            .message = "Connect first (github: consent_missing)"}});
      });
  GuardedServer http;
  mount(http, server.routes("/mcp"));
  if (http.listen("127.0.0.1", std::stoi(argv[1]))) return 0;
  std::cerr << "cannot listen on 127.0.0.1:" << argv[1] << ": is the port in use?\n";
  return 1;
}
