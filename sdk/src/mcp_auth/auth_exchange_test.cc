#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <authplane/mcp/client.h>
#include <authplane/mcp/testing/server_transport.h>
#include <authplane/mcp_auth/auth.h>
#include <authplane/testing/testing.h>

// A tool that exchanges its caller's token, from the agent's call to the token endpoint, without sockets.

namespace authplane::mcp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr const char* kTokenUrl = "https://as.example/token";
constexpr const char* kConnectUrl = "https://as.example/connect/github?resource=github";
constexpr const char* kVended = R"({"access_token":"gho_vended","token_type":"Bearer","expires_in":3600,
    "issued_token_type":"urn:ietf:params:oauth:token-type:access_token"})";

class AnyHost final : public net::Resolver {
 public:
  Result<std::vector<std::string>> resolve(const std::string&, std::chrono::milliseconds) override {
    return std::vector<std::string>{"93.184.216.34"};
  }
};

// The way of an agent's requests to a server behind Auth.
class AuthTransport final : public HttpTransport {
 public:
  AuthTransport(const Auth& auth, const Server& server) : auth_(auth), server_(server) {}
  Result<HttpResponse> send(const OutboundRequest& request) override {
    HttpRequest received;
    received.method = request.method;
    received.target = request.url.request_target();
    received.headers = request.headers;
    received.headers.set("Host", request.url.authority());
    received.body = request.body;
    return auth_.handle(server_, received);
  }

 private:
  const Auth auth_;
  const Server& server_;
};

class AuthExchange : public ::testing::Test {
 protected:
  AuthExchange() {
    server.add_tool({.name = "list_repos"}, [this](const ToolCall& call) {
      const auto token = auth.exchange(call, {.scopes = {"repo"}, .resources = {"github"}}).value();
      return ToolResult::text(std::to_string(token.access_token.size()));
    });
  }

  Auth make_auth() {
    transport->on_json("https://as.example/.well-known/oauth-authorization-server",
                       R"({"issuer":"https://as.example","jwks_uri":"https://as.example/jwks",
                           "token_endpoint":"https://as.example/token"})");
    transport->on_json("https://as.example/jwks",
                       authplane::testing::jwks_document({authplane::testing::test_key()}));
    AuthOptions options;
    options.issuer = "https://as.example";
    options.resource = "https://rs.example/mcp";
    options.dev_mode = false;
    options.client.auth = ClientCredentials{"server", "secret"};
    options.client.startup_timeout = std::chrono::seconds(0);
    options.client.seams.clock = clock;
    options.client.seams.transport = transport;
    options.client.seams.resolver = std::make_shared<AnyHost>();
    options.client.seams.logger = logger;
    return Auth::create(options).value();
  }

  std::string caller_token() { return authplane::testing::TokenBuilder(clock->now_seconds()).build(); }
  // The outcome of list_repos for a caller with this token.
  Result<ToolResult> list_repos(const std::string& token, const char* version = "2025-11-25") {
    Client agent({.url = "https://rs.example/mcp",
                  .protocol_version = version,
                  .transport = std::make_shared<AuthTransport>(auth, server)});
    agent.set_header("Authorization", "Bearer " + token);
    return agent.call_tool("list_repos");
  }
  void answer(std::string body, int status = 200) { transport->on_json(kTokenUrl, std::move(body), status); }

  std::shared_ptr<authplane::testing::FakeClock> clock = std::make_shared<authplane::testing::FakeClock>();
  std::shared_ptr<authplane::testing::RecordingLogger> logger =
      std::make_shared<authplane::testing::RecordingLogger>();
  std::shared_ptr<authplane::testing::ScriptedTransport> transport =
      std::make_shared<authplane::testing::ScriptedTransport>();
  Server server{{.name = "demo-server", .version = "1.0.0", .clock = clock, .logger = logger}};
  Auth auth = make_auth();
};

TEST_F(AuthExchange, ExchangesTheCallersToken) {
  answer(kVended);
  const std::string token = caller_token();
  const auto result = list_repos(token);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->joined_text(), "10");
  const auto requests = transport->requests();
  EXPECT_EQ(requests.back().url.text(), kTokenUrl);
  EXPECT_THAT(requests.back().body, AllOf(HasSubstr("subject_token=" + token), HasSubstr("resource=github"),
                                          HasSubstr("scope=repo")));
}

TEST_F(AuthExchange, ConsentBecomesAnElicitationThatTheAgentsClientReads) {
  answer(R"({"error":"consent_required","error_description":"Connect GitHub first","service_id":"github",
             "cause":"consent_missing","consent_url":")" +
             std::string(kConnectUrl) + "\"}",
         400);
  const auto first = list_repos(caller_token()), second = list_repos(caller_token());
  ASSERT_FALSE(first);
  ASSERT_EQ(first.error().code, ErrorCode::consent_required) << first.error().message;
  EXPECT_EQ(first.error().consent->consent_url, kConnectUrl);
  ASSERT_EQ(first.error().consent->elicitations.size(), 1U);
  const auto& page = first.error().consent->elicitations[0];
  EXPECT_EQ(page.url, kConnectUrl);
  EXPECT_EQ(page.message, "Connect GitHub first (github: consent_missing)");
  EXPECT_THAT(page.elicitation_id,
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().consent->elicitations.at(0).elicitation_id, page.elicitation_id);
}

TEST_F(AuthExchange, TheCallSucceedsOnceTheUserHasConsented) {
  answer(R"({"error":"consent_required","consent_url":"https://as.example/c"})", 400);
  const std::string token = caller_token();
  EXPECT_FALSE(list_repos(token));
  answer(kVended);
  EXPECT_TRUE(list_repos(token));
}

TEST_F(AuthExchange, OlderSessionsGetTheUrlAsText) {
  answer(R"({"error":"consent_required","consent_url":"https://as.example/c"})", 400);
  const auto result = list_repos(caller_token(), "2025-06-18");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_error());
  EXPECT_THAT(result->joined_text(),
              AllOf(HasSubstr("Consent is required to proceed"), HasSubstr("https://as.example/c")));
}

TEST_F(AuthExchange, OtherErrorsAndUnusableUrlsPassUnchanged) {
  for (const char* body : {R"({"error":"access_denied"})", R"({"error":"consent_required"})",
                           R"({"error":"consent_required","consent_url":"javascript:alert"})
    ",
    R"({"error":"invalid_target","consent_url":"https://as.example/c"})"}) {
    answer(body, 400);
    const auto result = list_repos(caller_token());
    ASSERT_TRUE(result) << body;
    EXPECT_TRUE(result->is_error()) << body;
    EXPECT_THAT(result->joined_text(), Not(HasSubstr("as.example/c"))) << body;
  }
}

TEST_F(AuthExchange, TheTokensAreInNoLogLine) {
  const std::string token = caller_token();
  for (const char* body : {kVended, R"({"error":"invalid_grant","error_description":"expired"})",
                           R"({"error":"consent_required","consent_url":"https://as.example/c"})"}) {
    answer(body, body == kVended ? 200 : 400);
    (void)list_repos(token);
  }
  for (const auto& line : logger->lines()) {
    EXPECT_THAT(line, Not(HasSubstr(token)));
    EXPECT_THAT(line, Not(HasSubstr("gho_vended")));
  }
}

TEST_F(AuthExchange, WithoutAuthThereIsNoTokenToExchange) {
  std::optional<ErrorCode> code;
  Server open({.name = "open", .clock = clock, .logger = logger});
  open.add_tool({.name = "list_repos"}, [&](const ToolCall& call) {
    const auto token = auth.exchange(call, {.resources = {"github"}});
    code = token ? std::nullopt : std::optional(token.error().code);
    return ToolResult::text("done");
  });
  Client agent(
      {.url = "http://127.0.0.1/mcp", .transport = std::make_shared<testing::ServerTransport>(open)});
  ASSERT_TRUE(agent.call_tool("list_repos"));
  EXPECT_EQ(code, ErrorCode::token_missing);
}

TEST(ToUrlElicitation, IsTheErrorOfTheWire) {
  Error error;
  error.code = ErrorCode::consent_required;
  error.message = "Consent is required to proceed (github: consent_missing)";
  error.consent.emplace();
  error.consent->consent_url = kConnectUrl;
  const auto elicitation = to_url_elicitation(error);
  ASSERT_TRUE(elicitation);
  EXPECT_EQ(elicitation->error().code, -32042);
  EXPECT_EQ(elicitation->error().message, "Consent is required to proceed");
  Json data = Json::parse(elicitation->error().data_json);
  EXPECT_EQ(data["elicitations"][0]["elicitationId"], elicitation->elicitations().at(0).elicitation_id);
  data["elicitations"][0].erase("elicitationId");
  EXPECT_EQ(data,
            (Json{{"elicitations", {{{"mode", "url"}, {"url", kConnectUrl}, {"message", error.message}}}}}));
}

TEST(ConsentRequired, IsWhatValueThrows) {
  Error error;
  error.code = ErrorCode::consent_required;
  error.consent.emplace();
  error.consent->consent_url = kConnectUrl;
  error.consent->service_id = "github";
  error.consent->cause = "consent_missing";
  const Result<TokenResponse> failed = Err(error);
  try {
    (void)failed.value();
    FAIL() << "no exception";
  } catch (const ConsentRequired& consent) {
    EXPECT_EQ(consent.consent_url(), kConnectUrl);
    EXPECT_EQ(consent.service_id(), "github");
    EXPECT_EQ(consent.cause(), "consent_missing");
  }
}

}  // namespace
}  // namespace authplane::mcp
