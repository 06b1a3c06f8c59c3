#include <benchmark/benchmark.h>

#include <authplane/mcp_auth/auth.h>
#include <authplane/testing/testing.h>

// A tools/call from request to response without sockets, open and protected. The difference is what
// authorization costs once a token is known.

namespace authplane {
namespace {

constexpr const char* kBody =
    R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}})";

mcp::Server& server() {
  static mcp::Server made({.name = "demo-server", .version = "1.0.0"});
  static const bool once = [] {
    made.add_tool(
        {.name = "echo",
         .input_schema = R"({"type":"object","properties":{"text":{"type":"string"}},"required":["text"]})"},
        [](const mcp::ToolCall& call) { return mcp::ToolResult::text(call.string_argument("text")); });
    return true;
  }();
  (void)once;
  return made;
}

mcp::Auth make_auth() {
  const auto transport = std::make_shared<testing::ScriptedTransport>();
  transport->on_json("https://as.example/.well-known/oauth-authorization-server",
                     R"({"issuer":"https://as.example","jwks_uri":"https://as.example/jwks"})");
  transport->on_json("https://as.example/jwks", testing::jwks_document({testing::test_key()}));
  mcp::AuthOptions options;
  options.issuer = "https://as.example";
  options.resource = "https://rs.example/mcp";
  options.tool_scopes = {{"echo", {"mcp:echo"}}};
  options.dev_mode = false;
  options.client.startup_timeout = std::chrono::seconds(0);
  options.client.seams.transport = transport;
  options.client.seams.resolver = std::make_shared<testing::FixedResolver>();
  return mcp::Auth::create(std::move(options)).value();
}

HttpRequest request(std::string body, const std::string& token, const std::string& session) {
  HttpRequest made;
  made.method = "POST";
  made.target = "/mcp";
  made.headers = {{"Host", "localhost:8080"},
                  {"Content-Type", "application/json"},
                  {"Accept", "application/json, text/event-stream"}};
  if (!token.empty()) made.headers.add("Authorization", "Bearer " + token);
  if (!session.empty()) made.headers.add("Mcp-Session-Id", session);
  made.body = std::move(body);
  return made;
}

template <class Handle>
void call(benchmark::State& state, const std::string& token, const Handle& handle) {
  const HttpResponse opened = handle(
      request(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
              R"("capabilities":{},"clientInfo":{"name":"t","version":"1"}}})",
              token, ""));
  const std::string session(opened.headers.get("Mcp-Session-Id").value_or(""));
  handle(request(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", token, session));
  const HttpRequest asked = request(kBody, token, session);
  for (auto _ : state) {
    if (handle(asked).status != 200) return state.SkipWithError("refused");
  }
  state.SetItemsProcessed(state.iterations());
}

void open_call(benchmark::State& state) {
  call(state, "", [](const HttpRequest& asked) { return server().handle(asked); });
}
BENCHMARK(open_call);

void protected_call(benchmark::State& state) {
  static const mcp::Auth auth = make_auth();
  const std::string token = testing::TokenBuilder(SystemClock().now_seconds())
                                .claim("exp", SystemClock().now_seconds().time_since_epoch().count() + 3600)
                                .claim("sub", "0198c2f4-7d2e-7b6a-9f0e-2f1f6f0f8c11")
                                .claim("client_id", "0198c2f4-7d2e-7b6a-9f0e-2f1f6f0f8c11")
                                .scope("mcp:echo")
                                .build();
  call(state, token, [](const HttpRequest& asked) { return auth.handle(server(), asked); });
}
BENCHMARK(protected_call);

void authenticate(benchmark::State& state) {
  static const mcp::Auth auth = make_auth();
  const auto now = SystemClock().now_seconds();
  const HttpRequest asked =
      request("", testing::TokenBuilder(now).claim("exp", now.time_since_epoch().count() + 3600).build(), "");
  for (auto _ : state) {
    if (!auth.guard().authenticate(asked)) return state.SkipWithError("refused");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(authenticate);

}  // namespace
}  // namespace authplane
