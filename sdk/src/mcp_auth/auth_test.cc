#include <authplane/mcp_auth/auth.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <authplane/testing/testing.h>

// An MCP server behind Auth, end to end but without sockets: a real client on a scripted transport, real
// tokens.

namespace authplane::mcp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kIssuer = "https://as.example";
constexpr const char* kResource = "https://rs.example/mcp";
constexpr const char* kMetadataUrl = "https://as.example/.well-known/oauth-authorization-server";

class AnyHost final : public net::Resolver {
 public:
  Result<std::vector<std::string>> resolve(const std::string&, std::chrono::milliseconds) override {
    return std::vector<std::string>{"93.184.216.34"};
  }
};

class McpAuth : public ::testing::Test {
 protected:
  McpAuth() {
    transport->on_json(kMetadataUrl,
                       R"({"issuer":"https://as.example","jwks_uri":"https://as.example/jwks"})");
    transport->on_json("https://as.example/jwks",
                       authplane::testing::jwks_document({authplane::testing::test_key()}));
    for (const char* name : {"echo", "admin"}) {
      server.add_tool({.name = name}, [this](const ToolCall& call) {
        ++calls;
        const Authenticated* caller = authenticated(call);
        return ToolResult::text(caller ? caller->claims.sub() + "/" + caller->token : "nobody");
      });
    }
    server.add_tool({.name = "guarded"}, [](const ToolCall& call) {
      require_scope(call, "inner");
      return ToolResult::text("inside");
    });
  }

  ClientOptions client_options() {
    ClientOptions options;
    options.startup_timeout = std::chrono::seconds(0);
    options.seams.clock = clock;
    options.seams.transport = transport;
    options.seams.resolver = std::make_shared<AnyHost>();
    options.seams.logger = logger;
    return options;
  }
  AuthOptions options() {
    AuthOptions made;
    made.issuer = kIssuer;
    made.resource = kResource;
    made.scopes = {"mcp:echo"};
    made.dev_mode = false;
    made.client = client_options();
    return made;
  }
  authplane::testing::TokenBuilder token() {
    return authplane::testing::TokenBuilder(clock->now_seconds()).scope("mcp:echo");
  }

  HttpResponse post(const Auth& auth, const std::string& text, const std::string& body, Headers extra = {}) {
    HttpRequest request;
    request.method = "POST";
    request.target = "/mcp";
    request.headers = std::move(extra);
    request.headers.add("Host", "rs.example");
    request.headers.add("Content-Type", "application/json");
    request.headers.add("Accept", "application/json, text/event-stream");
    if (!text.empty()) request.headers.add("Authorization", "Bearer " + text);
    request.body = body;
    return auth.routes(server)[1].handler(request);
  }
  static std::string initialize_body(const std::string& version = "2025-11-25") {
    return R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":")" + version +
           R"(","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})";
  }
  static std::string call_body(const std::string& tool, int id = 2) {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":"tools/call","params":{"name":")" +
           tool + R"(","arguments":{}}})";
  }
  // The id of a session opened by that token's caller.
  std::string open_session(const Auth& auth, const std::string& text,
                           const std::string& version = "2025-11-25") {
    const HttpResponse opened = post(auth, text, initialize_body(version));
    EXPECT_EQ(opened.status, 200) << opened.body;
    const std::string id(opened.headers.get("Mcp-Session-Id").value_or(""));
    EXPECT_EQ(post(auth, text, R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
                   {{"Mcp-Session-Id", id}})
                  .status,
              202);
    return id;
  }
  HttpResponse call(const Auth& auth, const std::string& text, const std::string& session,
                    const std::string& tool) {
    return post(auth, text, call_body(tool), {{"Mcp-Session-Id", session}});
  }
  static std::string challenge_of(const HttpResponse& response) {
    return std::string(response.headers.get("WWW-Authenticate").value_or("none"));
  }

  std::shared_ptr<authplane::testing::FakeClock> clock = std::make_shared<authplane::testing::FakeClock>();
  std::shared_ptr<authplane::testing::RecordingLogger> logger =
      std::make_shared<authplane::testing::RecordingLogger>();
  std::shared_ptr<authplane::testing::ScriptedTransport> transport =
      std::make_shared<authplane::testing::ScriptedTransport>();
  Server server{{.name = "demo-server", .version = "1.0.0", .clock = clock}};
  int calls = 0;
};

TEST_F(McpAuth, RoutesAreTheMetadataAndTheEndpointAndNothingElse) {
  const auto routes = Auth::create(options()).value().routes(server);
  ASSERT_EQ(routes.size(), 2u);
  EXPECT_EQ(routes[0].path, "/.well-known/oauth-protected-resource/mcp");
  EXPECT_EQ(routes[1].path, "/mcp");
}

TEST_F(McpAuth, ResourceWithoutAPathIsServedAtTheRoot) {
  AuthOptions at_root = options();
  at_root.resource = "https://rs.example";
  EXPECT_EQ(Auth::create(at_root).value().routes(server)[1].path, "/");
}

TEST_F(McpAuth, BaseUrlAndPathMakeTheResource) {
  AuthOptions joined = options();
  joined.resource.clear();
  joined.base_url = "https://rs.example/";
  EXPECT_EQ(Auth::create(joined).value().resource().uri(), kResource);
}

TEST_F(McpAuth, NothingRunsWithoutAToken) {
  const Auth auth = Auth::create(options()).value();
  const HttpResponse refused = post(auth, "", initialize_body());
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(challenge_of(refused),
            "Bearer realm=\"https://rs.example/mcp\", "
            "resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"");
  EXPECT_EQ(server.session_count(), 0u);
  EXPECT_EQ(post(auth, "garbage", initialize_body()).status, 401);
}

TEST_F(McpAuth, TwoCredentialsAreABadRequest) {
  const Auth auth = Auth::create(options()).value();
  const std::string text = token().build();
  EXPECT_EQ(post(auth, text, initialize_body(), {{"Authorization", "Bearer " + text}}).status, 400);
}

TEST_F(McpAuth, HandshakeAndCallWithAnyValidToken) {
  const Auth auth = Auth::create(options()).value();
  const std::string text = token().without_claim("scope").build();
  const HttpResponse answer = call(auth, text, open_session(auth, text), "echo");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("client-1/" + text));
  EXPECT_EQ(calls, 1);
}

TEST_F(McpAuth, TokenIsNeededOnEveryRequest) {
  const Auth auth = Auth::create(options()).value();
  const std::string text = token().build();
  const std::string session = open_session(auth, text);
  EXPECT_EQ(call(auth, "", session, "echo").status, 401);
  clock->advance(std::chrono::seconds(400));
  EXPECT_EQ(call(auth, text, session, "echo").status, 401);
  EXPECT_EQ(calls, 0);
}

TEST_F(McpAuth, RequiredScopesHoldForInitializeToo) {
  AuthOptions strict = options();
  strict.required_scopes = {"mcp:base"};
  const Auth auth = Auth::create(strict).value();
  const HttpResponse refused = post(auth, token().build(), initialize_body());
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(challenge_of(refused), HasSubstr("scope=\"mcp:base\""));
  EXPECT_EQ(post(auth, token().scope("mcp:base").build(), initialize_body()).status, 200);
}

// ---- scopes of tools

class ToolScopes : public McpAuth {
 protected:
  Auth with_scopes(bool hide = false) {
    AuthOptions scoped = options();
    scoped.tool_scopes = {{"admin", {"mcp:admin", "mcp:write"}}};
    scoped.hide_tools = hide;
    return Auth::create(scoped).value();
  }
};

TEST_F(ToolScopes, MissingScopeIs403BeforeTheToolRuns) {
  const Auth auth = with_scopes();
  const std::string text = token().scope("mcp:admin").build();
  const std::string session = open_session(auth, text);
  const HttpResponse refused = call(auth, text, session, "admin");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(challenge_of(refused),
            "Bearer realm=\"https://rs.example/mcp\", error=\"insufficient_scope\", "
            "error_description=\"The access token lacks a scope that this request needs.\", "
            "scope=\"mcp:admin mcp:write\", "
            "resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"");
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(call(auth, text, session, "echo").status, 200) << "other tools are not concerned";
}

TEST_F(ToolScopes, AllScopesLetTheCallThrough) {
  const Auth auth = with_scopes();
  const std::string text = token().scope("mcp:write mcp:admin").build();
  EXPECT_EQ(call(auth, text, open_session(auth, text), "admin").status, 200);
  EXPECT_EQ(calls, 1);
}

TEST_F(ToolScopes, OneForbiddenElementStopsTheWholeBatch) {
  const Auth auth = with_scopes();
  const std::string text = token().build();
  const std::string session = open_session(auth, text, "2025-03-26");
  const std::string batch = "[" + call_body("echo", 2) + "," + call_body("admin", 3) + "]";
  EXPECT_EQ(post(auth, text, batch, {{"Mcp-Session-Id", session}}).status, 403);
  EXPECT_EQ(calls, 0);
}

TEST_F(ToolScopes, EscapedToolNameIsTheSameTool) {
  const Auth auth = with_scopes();
  const std::string text = token().build();
  const std::string session = open_session(auth, text);
  EXPECT_EQ(call(auth, text, session, "\\u0061dmin").status, 403);
  EXPECT_EQ(calls, 0);
}

TEST_F(ToolScopes, ForbiddenToolsAreListedUnlessHidden) {
  const std::string list = R"({"jsonrpc":"2.0","id":5,"method":"tools/list"})";
  const std::string text = token().build();
  const Auth open = with_scopes();
  EXPECT_THAT(post(open, text, list, {{"Mcp-Session-Id", open_session(open, text)}}).body,
              HasSubstr("\"admin\""));
  const Auth hiding = with_scopes(true);
  const std::string seen = post(hiding, text, list, {{"Mcp-Session-Id", open_session(hiding, text)}}).body;
  EXPECT_THAT(seen, Not(HasSubstr("\"admin\"")));
  EXPECT_THAT(seen, HasSubstr("\"echo\""));
}

TEST_F(ToolScopes, BadScopeNameIsRefusedAtCreation) {
  AuthOptions wrong = options();
  wrong.tool_scopes = {{"echo", {"two words"}}};
  const auto result = Auth::create(wrong);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
}

TEST_F(McpAuth, RequireScopeInAHandlerIsAToolError) {
  const Auth auth = Auth::create(options()).value();
  const std::string poor = token().build();
  const HttpResponse refused = call(auth, poor, open_session(auth, poor), "guarded");
  EXPECT_EQ(refused.status, 200);
  EXPECT_THAT(refused.body, HasSubstr("\"isError\":true"));
  EXPECT_THAT(refused.body, HasSubstr("'inner'"));
  const std::string rich = token().scope("inner").build();
  EXPECT_THAT(call(auth, rich, open_session(auth, rich), "guarded").body, HasSubstr("inside"));
}

TEST_F(McpAuth, RequireScopeFailsClosedWithoutAuth) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/mcp";
  request.headers = {{"Host", "localhost"},
                     {"Content-Type", "application/json"},
                     {"Accept", "application/json, text/event-stream"}};
  request.body = initialize_body();
  const std::string session(server.handle(request).headers.get("Mcp-Session-Id").value_or(""));
  request.headers.add("Mcp-Session-Id", session);
  request.body = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
  ASSERT_EQ(server.handle(request).status, 202);
  request.body = call_body("guarded");
  EXPECT_THAT(server.handle(request).body, HasSubstr("\"isError\":true"));
  request.body = call_body("echo");
  EXPECT_THAT(server.handle(request).body, HasSubstr("nobody"));
}

// ---- pages of other origins

class McpAuthCors : public McpAuth {
 protected:
  static constexpr const char* kPage = "https://app.example";

  HttpResponse answer(const std::string& method, const std::string& text, Headers headers,
                      std::string body = initialize_body()) {
    return answer(auth, method, text, std::move(headers), std::move(body));
  }
  HttpResponse answer(const Auth& by, const std::string& method, const std::string& text, Headers headers,
                      std::string body = initialize_body()) {
    HttpRequest request;
    request.method = method;
    request.target = "/mcp";
    request.headers = std::move(headers);
    request.headers.add("Host", "rs.example");
    request.headers.add("Content-Type", "application/json");
    if (!text.empty()) request.headers.add("Authorization", "Bearer " + text);
    request.body = std::move(body);
    return by.routes(open_server)[1].handler(request);
  }

  const Auth auth = Auth::create(options()).value();
  Server open_server{{.name = "demo-server", .allowed_origins = {{kPage}}, .max_body_bytes = 1000}};
};

TEST_F(McpAuthCors, PreflightNeedsNoToken) {
  const Headers question{{"Origin", kPage}, {"Access-Control-Request-Method", "POST"}};
  const HttpResponse response = answer("OPTIONS", "", question);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), kPage);
  EXPECT_EQ(answer("OPTIONS", "", {{"Origin", kPage}}).status, 401) << "a preflight names a method";
}

TEST_F(McpAuthCors, AnswersCanBeReadByThePage) {
  AuthOptions strict = options();
  strict.required_scopes = {"mcp:base"};
  const Headers page{{"Origin", kPage}};
  const std::pair<HttpResponse, int> answers[] = {
      {answer("POST", "", page), 401},
      {answer("POST", token().build(), page), 200},
      {answer("POST", token().build(), page, std::string(2000, ' ')), 413},
      {answer(Auth::create(strict).value(), "POST", token().build(), page), 403},
  };
  for (const auto& [response, status] : answers) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), kPage) << status;
    EXPECT_EQ(response.headers.get("Access-Control-Expose-Headers"),
              "WWW-Authenticate, DPoP-Nonce, Mcp-Session-Id");
    EXPECT_EQ(response.headers.get("Vary"), "Origin");
  }
}

TEST_F(McpAuthCors, OtherPagesCanNot) {
  for (const char* origin : {"https://evil.example", "http://localhost:6274", "null"}) {
    const HttpResponse response = answer("POST", "", {{"Origin", origin}});
    EXPECT_EQ(response.status, 401);
    EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Origin")) << origin;
    EXPECT_EQ(answer("OPTIONS", "", {{"Origin", origin}, {"Access-Control-Request-Method", "POST"}}).status,
              401);
    EXPECT_EQ(answer("POST", token().build(), {{"Origin", origin}}).status, 403) << origin;
  }
}

// ---- sessions belong to their callers

TEST_F(McpAuth, SessionOfAnotherSubjectOrClientDoesNotExist) {
  const Auth auth = Auth::create(options()).value();
  const std::string owner = token().claim("sub", "ab").claim("client_id", "c").build();
  const std::string session = open_session(auth, owner);
  const std::string other_sub = token().claim("sub", "x").claim("client_id", "c").build();
  const std::string other_client = token().claim("sub", "ab").claim("client_id", "d").build();
  const std::string shifted = token().claim("sub", "a").claim("client_id", "bc").build();
  EXPECT_EQ(call(auth, other_sub, session, "echo").status, 404);
  EXPECT_EQ(call(auth, other_client, session, "echo").status, 404);
  EXPECT_EQ(call(auth, shifted, session, "echo").status, 404) << "the pair has one spelling only";
  EXPECT_EQ(calls, 0);
  const std::string renewed =
      token().claim("sub", "ab").claim("client_id", "c").claim("jti", "later").build();
  EXPECT_EQ(call(auth, renewed, session, "echo").status, 200) << "a fresh token of the owner";
}

// ---- development, creation and end

TEST_F(McpAuth, DevModeNamesTheMismatchAndProductionDoesNot) {
  const std::string foreign = token().audience("https://rs.example/mcp/").build();
  EXPECT_THAT(challenge_of(post(Auth::create(options()).value(), foreign, initialize_body())),
              Not(HasSubstr("aud 'https://rs.example/mcp/'")));
  EXPECT_TRUE(logger->contains("audience mismatch"));
  AuthOptions dev = options();
  dev.dev_mode = true;
  const std::string told = challenge_of(post(Auth::create(dev).value(), foreign, initialize_body()));
  EXPECT_THAT(told, HasSubstr("aud 'https://rs.example/mcp/', this resource is 'https://rs.example/mcp'"));
  EXPECT_THAT(told, Not(HasSubstr(foreign)));
}

TEST_F(McpAuth, ExistingClientIsUsedAndNotClosed) {
  ClientOptions wanted = client_options();
  wanted.issuer = kIssuer;
  wanted.dev_mode = false;
  const Client existing = Client::create(wanted).value();
  AuthOptions shared = options();
  shared.client = {};
  shared.existing_client = existing;
  Auth auth = Auth::create(shared).value();
  auth.close();
  EXPECT_EQ(post(auth, token().build(), initialize_body()).status, 200);
}

TEST_F(McpAuth, ClosedAuthLetsNobodyIn) {
  Auth auth = Auth::create(options()).value();
  const std::string text = token().build();
  ASSERT_EQ(post(auth, text, initialize_body()).status, 200);
  auth.close();
  auth.close();
  EXPECT_EQ(post(auth, text, initialize_body()).status, 500) << "a cached token too";
}

TEST_F(McpAuth, IssuerMismatchIsAnErrorAtCreation) {
  AuthOptions wrong = options();
  wrong.issuer = "https://as.example/";
  const auto result = Auth::create(wrong);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::metadata_fetch_error);
}

}  // namespace
}  // namespace authplane::mcp
