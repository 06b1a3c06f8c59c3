#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/mcp_auth/auth.h>
#include <authplane/testing/testing.h>

// An MCP server whose callers prove possession of a key, and the scopes of its tools in that setting.

namespace authplane::mcp {
namespace {

using authplane::testing::ProofBuilder;
using authplane::testing::TokenBuilder;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class McpDpop : public ::testing::Test {
 protected:
  McpDpop() {
    transport->on_json("https://as.example/.well-known/oauth-authorization-server",
                       R"({"issuer":"https://as.example","jwks_uri":"https://as.example/jwks"})");
    transport->on_json("https://as.example/jwks",
                       authplane::testing::jwks_document({authplane::testing::test_key()}));
    for (const char* name : {"echo", "add_numbers"}) {
      server.add_tool({.name = name}, [this, name](const ToolCall&) {
        ++calls;
        return ToolResult::text(std::string("ran ") + name);
      });
    }
  }

  AuthOptions options() {
    AuthOptions made;
    made.issuer = "https://as.example";
    made.resource = "https://rs.example/mcp";
    made.tool_scopes = {{"echo", {"mcp:echo"}}, {"add_numbers", {"mcp:add"}}};
    made.dev_mode = false;
    made.dpop = dpop::Inbound{.required = true};
    made.client.startup_timeout = std::chrono::seconds(0);
    made.client.seams.clock = clock;
    made.client.seams.transport = transport;
    made.client.seams.resolver = std::make_shared<authplane::testing::FixedResolver>();
    made.client.seams.logger = logger;
    return made;
  }
  std::string token(const std::string& scope) {
    const auto& key = authplane::testing::test_key(JwsAlgorithm::ES256, 7);
    return TokenBuilder(clock->now_seconds())
        .scope(scope)
        .claim("cnf", {{"jkt", key.public_key().thumbprint()}})
        .build();
  }
  ProofBuilder proof(const std::string& text) {
    return ProofBuilder(clock->now_seconds())
        .key(authplane::testing::test_key(JwsAlgorithm::ES256, 7))
        .access_token(text);
  }
  // POST with that proof; "" = none.
  HttpResponse post(const Auth& auth, const std::string& text, const std::string& proof_text,
                    const std::string& body, const std::string& scheme = "DPoP") {
    HttpRequest request;
    request.method = "POST";
    request.target = "/mcp";
    request.headers = {{"Host", "evil.example"},
                       {"Content-Type", "application/json"},
                       {"Accept", "application/json, text/event-stream"},
                       {"Authorization", scheme + " " + text}};
    if (!proof_text.empty()) request.headers.add("DPoP", proof_text);
    if (!session.empty()) request.headers.add("Mcp-Session-Id", session);
    request.body = body;
    return auth.handle(server, request);
  }
  HttpResponse post(const Auth& auth, const std::string& text, const std::string& body) {
    return post(auth, text, proof(text).build(), body);
  }
  void open_session(const Auth& auth, const std::string& text) {
    const HttpResponse opened =
        post(auth, text,
             R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26",)"
             R"("capabilities":{},"clientInfo":{"name":"t","version":"1"}}})");
    ASSERT_EQ(opened.status, 200) << opened.body;
    session = opened.headers.get("Mcp-Session-Id").value_or("");
    ASSERT_EQ(post(auth, text, R"({"jsonrpc":"2.0","method":"notifications/initialized"})").status, 202);
  }
  static std::string call(const std::string& tool, int id = 2) {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":"tools/call","params":{"name":")" +
           tool + R"("}})";
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
  std::string session;
  int calls = 0;
};

TEST_F(McpDpop, EveryRequestHasAProofOfItsOwn) {
  const Auth auth = Auth::create(options()).value();
  const std::string text = token("mcp:echo mcp:add");
  open_session(auth, text);
  EXPECT_THAT(post(auth, text, call("echo")).body, HasSubstr("ran echo"));
  const std::string once = proof(text).build();
  EXPECT_THAT(post(auth, text, once, call("add_numbers")).body, HasSubstr("ran add_numbers"));
  EXPECT_EQ(calls, 2);
  const HttpResponse replayed = post(auth, text, once, call("add_numbers"));
  EXPECT_EQ(replayed.status, 401);
  EXPECT_THAT(challenge_of(replayed), StartsWith("DPoP "));
  EXPECT_EQ(post(auth, text, "", call("echo")).status, 401);
  EXPECT_EQ(post(auth, text, "", call("echo"), "Bearer").status, 401);
  EXPECT_EQ(calls, 2);
}

TEST_F(McpDpop, ProofCountsUnderTheBearerSchemeToo) {
  const Auth auth = Auth::create(options()).value();
  const std::string text = token("mcp:echo");
  open_session(auth, text);
  EXPECT_EQ(post(auth, text, proof(text).build(), call("echo"), "Bearer").status, 200);
  EXPECT_EQ(calls, 1);
}

TEST_F(McpDpop, WithoutTheOptionABoundTokenIsRefused) {
  AuthOptions plain = options();
  plain.dpop.reset();
  const Auth auth = Auth::create(plain).value();
  const std::string text = token("mcp:echo");
  const HttpResponse refused = post(auth, text, call("echo"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_THAT(challenge_of(refused), StartsWith("Bearer "));
  EXPECT_EQ(calls, 0);
}

TEST_F(McpDpop, MetadataSaysThatProofsAreRequired) {
  EXPECT_THAT(Auth::create(options()).value().resource().metadata_json(),
              HasSubstr("\"dpop_bound_access_tokens_required\":true"));
}

TEST_F(McpDpop, BadOptionsAreFoundAtCreation) {
  AuthOptions wrong = options();
  wrong.dpop->allowed_algorithms.clear();
  EXPECT_EQ(Auth::create(wrong).error().code, ErrorCode::invalid_argument);
  AuthOptions twice = options();
  twice.resource_options.dpop = dpop::Inbound{};
  const auto result = Auth::create(twice);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(result.error().message, HasSubstr("dpop"));
}

TEST_F(McpDpop, AnswerBringsTheNonceThatIsDue) {
  AuthOptions with_nonces = options();
  const auto nonces = dpop::make_nonce_policy(std::chrono::seconds(60), clock);
  with_nonces.dpop->nonce_policy = nonces;
  const Auth auth = Auth::create(with_nonces).value();
  const std::string text = token("mcp:echo");
  const std::string list = R"({"jsonrpc":"2.0","id":5,"method":"ping"})";
  const HttpResponse demanded = post(auth, text, list);
  EXPECT_EQ(demanded.status, 401);
  EXPECT_THAT(challenge_of(demanded), HasSubstr("error=\"use_dpop_nonce\""));
  const std::string given(demanded.headers.get("DPoP-Nonce").value_or(""));
  EXPECT_FALSE(post(auth, text, proof(text).nonce(given).build(), list).headers.contains("DPoP-Nonce"));
  clock->advance(std::chrono::seconds(60));
  EXPECT_EQ(post(auth, text, proof(text).nonce(given).build(), list).headers.get("DPoP-Nonce"),
            nonces->current());
}

// ---- one scope per tool

TEST_F(McpDpop, TokenReachesTheToolsOfItsScopesOnly) {
  const Auth auth = Auth::create(options()).value();
  struct Row {
    const char *scope, *tool;
    int status;
  };
  for (const Row& row :
       {Row{"mcp:echo", "echo", 200}, Row{"mcp:echo", "add_numbers", 403}, Row{"mcp:add", "add_numbers", 200},
        Row{"mcp:add", "echo", 403}, Row{"", "echo", 403}, Row{"", "add_numbers", 403}}) {
    const std::string text = token(row.scope);
    session.clear();
    open_session(auth, text);
    EXPECT_EQ(post(auth, text, R"({"jsonrpc":"2.0","id":5,"method":"tools/list"})").status, 200);
    const int before = calls;
    const HttpResponse answer = post(auth, text, call(row.tool));
    EXPECT_EQ(answer.status, row.status) << row.scope << " " << row.tool;
    EXPECT_EQ(calls, before + (row.status == 200 ? 1 : 0));
  }
}

TEST_F(McpDpop, RefusalAsksForTheScopeInTheSchemeOfTheToken) {
  const Auth auth = Auth::create(options()).value();
  const std::string text = token("mcp:echo");
  open_session(auth, text);
  EXPECT_EQ(
      challenge_of(post(auth, text, call("add_numbers"))),
      "DPoP realm=\"https://rs.example/mcp\", error=\"insufficient_scope\", "
      "error_description=\"The access token lacks a scope that this request needs.\", scope=\"mcp:add\", "
      "resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"");
  EXPECT_THAT(challenge_of(post(auth, text, proof(text).build(), call("add_numbers"), "Bearer")),
              StartsWith("Bearer "));
}

TEST_F(McpDpop, RefusalCanBeAToolErrorInstead) {
  AuthOptions in_band = options();
  in_band.scope_refusal = ScopeRefusal::tool_error;
  in_band.tool_scopes["both"] = {"mcp:echo", "mcp:more"};
  server.add_tool({.name = "both"},
                  [this](const ToolCall&) { return ++calls, ToolResult::text("ran both"); });
  const Auth auth = Auth::create(in_band).value();
  const std::string text = token("mcp:echo");
  open_session(auth, text);
  const HttpResponse refused = post(auth, text, call("add_numbers"));
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(challenge_of(refused), "none");
  EXPECT_THAT(refused.body, HasSubstr("\"isError\":true"));
  EXPECT_THAT(refused.body, HasSubstr("this tool needs the scope 'mcp:add'"));
  EXPECT_THAT(post(auth, text, call("both")).body, HasSubstr("the scopes 'mcp:echo' 'mcp:more'"));
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(logger->contains("insufficient_scope")) << logger->text();

  const HttpResponse batch =
      post(auth, text, "[" + call("add_numbers", 7) + "," + call("echo", 8) + "," + call("unknown", 9) + "]");
  EXPECT_EQ(batch.status, 200);
  EXPECT_THAT(batch.body, HasSubstr("ran echo"));
  EXPECT_THAT(batch.body, Not(HasSubstr("ran add_numbers")));
  EXPECT_EQ(calls, 1) << "the one that is allowed ran";
}

TEST_F(McpDpop, StreamedToolIsRefusedInBandToo) {
  AuthOptions in_band = options();
  in_band.scope_refusal = ScopeRefusal::tool_error;
  in_band.tool_scopes["slow"] = {"mcp:slow"};
  server.add_tool({.name = "slow", .streaming = true},
                  [this](const ToolCall&) { return ++calls, ToolResult::text("ran slow"); });
  const Auth auth = Auth::create(in_band).value();
  const std::string text = token("mcp:echo");
  open_session(auth, text);
  const HttpResponse answer = post(auth, text, call("slow"));
  ASSERT_TRUE(answer.stream);
  class Collected final : public BodySink {
   public:
    bool write(std::string_view bytes) override { return text.append(bytes), true; }
    std::string text;
  } body;
  answer.stream(body);
  EXPECT_THAT(body.text, HasSubstr("'mcp:slow'"));
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace authplane::mcp
