#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <authplane/dpop/provider.h>
#include <authplane/http_httplib/transport.h>
#include <authplane/mcp/client.h>
#include <authplane/mcp/server.h>
#include <authplane/mcp/testing/server_transport.h>
#include <authplane/mcp_auth/authorize_user.h>
#include <authplane/testing/testing.h>

// An MCP client that knows a URL, a server that wants a token, and a user who approves.

namespace authplane::mcp {
namespace {

using authplane::testing::FakeClock;
using authplane::testing::FixedResolver;
using authplane::testing::RecordingLogger;
using authplane::testing::ScriptedAuthorizationServer;
using authplane::testing::ScriptedTransport;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kUrl = "https://rs.example/mcp";

HttpResponse refusal(int status, const std::string& challenge, Headers more = {}) {
  HttpResponse response{.status = status, .headers = std::move(more), .body = {}, .stream = {}};
  response.headers.add("WWW-Authenticate", challenge);
  return response;
}

// Stands before the server: lets live tokens with the scope pass.
class Gate final : public HttpTransport {
 public:
  Gate(const Server& server, const ScriptedAuthorizationServer& as) : server_(server), as_(as) {}

  Result<HttpResponse> send(const OutboundRequest& request) override {
    const std::string field(request.headers.get("Authorization").value_or(""));
    seen.push_back(request.method + " " + field);
    if (extra) {
      if (auto answer = extra(request)) return *answer;
    }
    const std::string token = field.substr(std::min(field.find(' ') + 1, field.size()));
    if (field.empty() || !as_.is_live(token))
      return refusal(401, R"(Bearer resource_metadata="https://rs.example/prm", scope="read")");
    const bool wants_write = request.body.find("tools/call") != std::string::npos;
    if (wants_write && as_.scope_of(token).find("write") == std::string::npos)
      return refusal(403, R"(Bearer error="insufficient_scope", scope="write")");
    return server_.send(request);
  }

  std::vector<std::string> seen;
  std::function<std::optional<HttpResponse>(const OutboundRequest&)> extra;

 private:
  testing::ServerTransport server_;
  const ScriptedAuthorizationServer& as_;
};

class AuthorizeUserTest : public ::testing::Test {
 protected:
  AuthorizeUserTest() {
    network->on("https://rs.example/prm", [this](const OutboundRequest&) -> Result<HttpResponse> {
      return HttpResponse{.status = 200, .headers = {}, .body = as.resource_metadata.dump(), .stream = {}};
    });
    server.add_tool({.name = "write"}, [](const ToolCall&) { return ToolResult::text("written"); });
  }

  agent::UserSession session(dpop::ProviderPtr dpop = {}) {
    agent::UserSessionOptions options;
    options.server_url = kUrl;
    options.open_url = [this](const std::string& url) -> Result<void> {
      ++logins;
      OutboundRequest request;
      request.url = Url::parse(as.approve(url)).value();
      auto page = make_httplib_transport()->send(request);
      if (!page) return Err(page.error());
      return {};
    };
    options.dpop = std::move(dpop);
    options.dev_mode = false;
    options.seams.clock = clock;
    options.seams.transport = network;
    options.seams.resolver = std::make_shared<FixedResolver>();
    options.seams.logger = std::make_shared<RecordingLogger>();
    return agent::UserSession::create(options).value();
  }
  Client client(const agent::UserSession& user) {
    Client mcp({.url = kUrl, .transport = gate});
    authorize(mcp, user);
    return mcp;
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<ScriptedTransport> network = std::make_shared<ScriptedTransport>();
  ScriptedAuthorizationServer as{network, "https://as.example", kUrl};
  Server server{{.name = "s", .version = "1", .allowed_hosts = std::vector<std::string>{"rs.example"}}};
  std::shared_ptr<Gate> gate = std::make_shared<Gate>(server, as);
  int logins = 0;
};

TEST_F(AuthorizeUserTest, TheFirstRefusalBringsTheLogin) {
  auto mcp = client(session());
  const auto info = mcp.initialize();
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(logins, 1);
  EXPECT_EQ(gate->seen.front(), "POST ");
  EXPECT_TRUE(mcp.ping());
  EXPECT_EQ(logins, 1);
}

TEST_F(AuthorizeUserTest, AMissingScopeAsksTheUserForMore) {
  auto mcp = client(session());
  ASSERT_TRUE(mcp.initialize());
  const auto result = mcp.call_tool("write");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->joined_text(), "written");
  EXPECT_EQ(logins, 2);
  EXPECT_EQ(as.authorization_requests().back().get("scope"), "write read");
}

TEST_F(AuthorizeUserTest, ATokenThatEndsIsRefreshedWithoutTheUser) {
  auto mcp = client(session());
  ASSERT_TRUE(mcp.initialize());
  clock->advance(seconds(3600));
  ASSERT_TRUE(mcp.ping());
  EXPECT_EQ(logins, 1);
  EXPECT_EQ(as.token_requests().back().get("grant_type"), "refresh_token");
}

TEST_F(AuthorizeUserTest, SeveralClientsShareASession) {
  const auto user = session();
  auto one = client(user), two = client(user);
  ASSERT_TRUE(one.initialize());
  ASSERT_TRUE(two.initialize());
  EXPECT_EQ(logins, 1);
}

TEST_F(AuthorizeUserTest, WhyALoginFailedIsTheErrorOfTheCall) {
  as.iss = "https://evil.example";
  const auto info = client(session()).initialize();
  ASSERT_FALSE(info);
  EXPECT_THAT(info.error().message, HasSubstr("mix-up"));
  EXPECT_THAT(gate->seen, ElementsAre("POST "));
}

TEST_F(AuthorizeUserTest, AServerThatRefusesEverythingIsNotAskedForEver) {
  gate->extra = [](const OutboundRequest&) { return std::optional(refusal(401, "Bearer")); };
  network->on_json("https://rs.example/.well-known/oauth-protected-resource/mcp",
                   as.resource_metadata.dump());
  const auto info = client(session()).initialize();
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::access_denied);
  EXPECT_EQ(logins, 1);
  EXPECT_THAT(gate->seen, SizeIs(5));
}

TEST_F(AuthorizeUserTest, EndingTheSessionAsksNobody) {
  for (const bool refreshable : {true, false}) {
    as.issues_refresh_tokens = refreshable;
    logins = 0;
    const auto user = session();
    std::size_t asked = 0;
    {
      auto mcp = client(user);
      ASSERT_TRUE(mcp.initialize());
      clock->advance(seconds(3600));
      asked = network->requests().size();
    }
    EXPECT_EQ(logins, 1);
    EXPECT_EQ(network->requests().size(), asked);
    EXPECT_EQ(gate->seen.back(), "DELETE ");
  }
}

TEST_F(AuthorizeUserTest, EndingTheSessionCarriesAFreshToken) {
  { ASSERT_TRUE(client(session()).initialize()); }
  EXPECT_TRUE(gate->seen.back().starts_with("DELETE Bearer "));
}

TEST_F(AuthorizeUserTest, ARefusedEndOfTheSessionAsksNobody) {
  {
    auto mcp = client(session());
    ASSERT_TRUE(mcp.initialize());
    as.revoke_everything();
  }
  EXPECT_EQ(logins, 1);
  EXPECT_TRUE(gate->seen.back().starts_with("DELETE "));
}

TEST_F(AuthorizeUserTest, TheTokenGoesToItsServerOnly) {
  const auto user = session();
  ASSERT_TRUE(client(user).initialize());
  Client other({.url = "https://other.example/mcp", .transport = gate});
  authorize(other, user);
  const auto before = gate->seen.size();
  EXPECT_EQ(other.initialize().error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(gate->seen.size(), before);
}

TEST_F(AuthorizeUserTest, BoundTokensGoWithProofsAndNoncesAreMet) {
  bool demanded = false;
  gate->extra = [&](const OutboundRequest& request) -> std::optional<HttpResponse> {
    const std::string field(request.headers.get("Authorization").value_or(""));
    if (field.empty()) return std::nullopt;
    EXPECT_TRUE(field.starts_with("DPoP ")) << request.method;
    EXPECT_TRUE(request.headers.contains("DPoP"));
    if (std::exchange(demanded, true)) return std::nullopt;
    return refusal(401, R"(DPoP error="use_dpop_nonce")", {{"DPoP-Nonce", "n-1"}});
  };
  auto mcp = client(session(dpop::Provider::generate(JwsAlgorithm::ES256, {.clock = clock}).value()));
  const auto info = mcp.initialize();
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(logins, 1);
  EXPECT_TRUE(demanded);
}

}  // namespace
}  // namespace authplane::mcp
