#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <authplane/dpop/proof.h>
#include <authplane/mcp/client.h>
#include <authplane/mcp/server.h>
#include <authplane/mcp/testing/server_transport.h>
#include <authplane/mcp_auth/auth.h>
#include <authplane/mcp_auth/authorize.h>
#include <authplane/testing/testing.h>

// An MCP client with a token against an MCP server, without sockets.

namespace authplane::mcp {
namespace {

using authplane::testing::FakeClock;
using authplane::testing::FixedResolver;
using authplane::testing::jwks_document;
using authplane::testing::RecordingLogger;
using authplane::testing::ScriptedTransport;
using authplane::testing::test_key;
using authplane::testing::TokenBuilder;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kResource = "https://rs.example:8443/mcp";
constexpr const char* kTokenUrl = "https://as.example/token";

// The network between client and server: records requests, and lets a test answer in the server's place.
class Wire final : public HttpTransport {
 public:
  explicit Wire(const Server& server) : server_(server) {}

  Result<HttpResponse> send(const OutboundRequest& request) override {
    requests.push_back(request);
    if (intercept) {
      if (auto answer = intercept(request)) return *answer;
    }
    return server_.send(request);
  }

  std::vector<OutboundRequest> requests;
  std::function<std::optional<HttpResponse>(const OutboundRequest&)> intercept;

 private:
  testing::ServerTransport server_;
};

class AuthorizeTest : public ::testing::Test {
 protected:
  AuthorizeTest() {
    transport->on_json(
        "https://as.example/.well-known/oauth-authorization-server",
        R"({"issuer":"https://as.example","jwks_uri":"https://as.example/jwks","token_endpoint":"https://as.example/token"})");
    transport->on_json("https://as.example/jwks", jwks_document({test_key()}));
    server.add_tool({.name = "echo"}, [](const ToolCall&) { return ToolResult::text("hello"); });
  }

  authplane::ClientOptions client_options() {
    authplane::ClientOptions options;
    options.issuer = "https://as.example";
    options.auth = ClientCredentials{"agent", "secret"};
    options.dev_mode = false;
    options.startup_timeout = seconds(0);
    options.seams.clock = clock;
    options.seams.transport = transport;
    options.seams.resolver = std::make_shared<FixedResolver>();
    options.seams.logger = logger;
    return options;
  }
  authplane::Client bearer_client() { return authplane::Client::create(client_options()).value(); }
  authplane::Client dpop_client(JwsAlgorithm algorithm = JwsAlgorithm::ES256) {
    auto options = client_options();
    options.dpop = dpop::Provider::create(test_key(algorithm, 1), {.clock = clock}).value();
    return authplane::Client::create(std::move(options)).value();
  }
  static TokenResponse token_of(std::string type, std::string text = "token-1") {
    TokenResponse token;
    token.access_token = std::move(text);
    token.token_type = std::move(type);
    return token;
  }
  Client mcp_client() { return Client({.url = std::string(kResource) + "?x=1", .transport = wire}); }

  // The proof of a request; fails the test when it is not a good one for it.
  std::optional<dpop::Proof> proof_of(const OutboundRequest& request, std::string_view token) {
    EXPECT_EQ(request.headers.get("Authorization"), "DPoP " + std::string(token));
    const auto proof = dpop::verify_proof(request.headers.get("DPoP").value_or(""),
                                          {.method = request.method, .htu = kResource, .access_token = token},
                                          {}, clock->now_seconds());
    EXPECT_TRUE(proof) << proof.error().message;
    return proof ? std::optional(*proof) : std::nullopt;
  }
  static HttpResponse nonce_challenge(std::string nonce) {
    return {
        .status = 401,
        .headers = {{"WWW-Authenticate", R"(Bearer realm="r", DPoP algs="ES256", error="use_dpop_nonce")"},
                    {"DPoP-Nonce", std::move(nonce)}},
        .body = {},
        .stream = {}};
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<RecordingLogger> logger = std::make_shared<RecordingLogger>();
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  Server server{{.name = "demo-server",
                 .version = "1.0.0",
                 .allowed_hosts = std::vector<std::string>{"rs.example"},
                 .clock = clock}};
  std::shared_ptr<Wire> wire = std::make_shared<Wire>(server);
};

TEST_F(AuthorizeTest, BearerTokensGoOutAsTheyAre) {
  auto mcp = mcp_client();
  authorize(mcp, bearer_client(), token_of("bearer"));
  ASSERT_TRUE(mcp.call_tool("echo"));
  ASSERT_TRUE(mcp.close());
  ASSERT_THAT(wire->requests, SizeIs(4));
  for (const auto& request : wire->requests) {
    EXPECT_EQ(request.headers.get("Authorization"), "Bearer token-1");
    EXPECT_FALSE(request.headers.contains("DPoP"));
  }
}

TEST_F(AuthorizeTest, BoundTokensComeWithANewProofEachTime) {
  const auto client = dpop_client();
  auto mcp = mcp_client();
  authorize(mcp, client, token_of("DPoP"));
  ASSERT_TRUE(mcp.call_tool("echo"));
  ASSERT_TRUE(mcp.call_tool("echo"));
  ASSERT_TRUE(mcp.close());
  ASSERT_THAT(wire->requests, SizeIs(5));
  std::set<std::string> ids;
  for (const auto& request : wire->requests) {
    const auto proof = proof_of(request, "token-1");
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->thumbprint, client.dpop()->thumbprint());
    ids.insert(proof->jti);
  }
  EXPECT_THAT(ids, SizeIs(5));
  EXPECT_EQ(wire->requests.back().method, "DELETE");
}

TEST_F(AuthorizeTest, TheClientNeedNotLive) {
  auto mcp = mcp_client();
  {
    auto client = dpop_client();
    authorize(mcp, client, token_of("dpop"));
    client.close();
  }
  EXPECT_TRUE(mcp.call_tool("echo"));
  EXPECT_TRUE(proof_of(wire->requests.back(), "token-1"));
}

TEST_F(AuthorizeTest, ANonceIsUsedOnceItIsDemanded) {
  auto mcp = mcp_client();
  authorize(mcp, dpop_client(), token_of("DPoP"));
  wire->intercept = [this](const OutboundRequest& request) -> std::optional<HttpResponse> {
    const auto proof = proof_of(request, "token-1");
    if (proof && proof->nonce == "n-1") return std::nullopt;
    return nonce_challenge("n-1");
  };
  const auto result = mcp.call_tool("echo");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(wire->requests, SizeIs(4)) << "initialize twice, initialized, tools/call";
  EXPECT_NE(wire->requests[0].headers.get("DPoP"), wire->requests[1].headers.get("DPoP"));
}

TEST_F(AuthorizeTest, NoncesOfAllAnswersAreKept) {
  int answers = 0;
  std::optional<std::string> nonce;
  auto mcp = mcp_client();  // ends its session when it goes
  authorize(mcp, dpop_client(), token_of("DPoP"));
  wire->intercept = [&](const OutboundRequest& request) -> std::optional<HttpResponse> {
    const auto proof = proof_of(request, "token-1");
    EXPECT_EQ(proof ? proof->nonce : "no proof", nonce);
    nonce = "n-" + std::to_string(++answers);
    // A server that changes its nonce with every answer: demanded, then handed on with successes and
    // failures.
    if (answers == 1) return nonce_challenge(*nonce);
    auto response = testing::ServerTransport(server).send(request).value();
    response.headers.add("dpop-nonce", *nonce);
    if (answers == 4) response.status = 500;
    return response;
  };
  EXPECT_TRUE(mcp.initialize());
  EXPECT_FALSE(mcp.ping());
  EXPECT_TRUE(mcp.ping());
  EXPECT_EQ(answers, 5);
}

TEST_F(AuthorizeTest, AServerThatNeverHasEnoughIsReported) {
  int nonces = 0;
  auto mcp = mcp_client();
  authorize(mcp, dpop_client(), token_of("DPoP"));
  wire->intercept = [&](const OutboundRequest&) {
    return std::optional(nonce_challenge("n-" + std::to_string(++nonces)));
  };
  const auto info = mcp.initialize();
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::access_denied);
  EXPECT_EQ(info.error().oauth->error, "use_dpop_nonce");
  EXPECT_EQ(nonces, 2);
  EXPECT_EQ(proof_of(wire->requests.at(1), "token-1")->nonce, "n-1");
}

TEST_F(AuthorizeTest, OtherRefusalsAreNotRepeated) {
  auto mcp = mcp_client();
  authorize(mcp, dpop_client(), token_of("DPoP"));
  wire->intercept = [](const OutboundRequest&) {
    return std::optional(
        HttpResponse{.status = 401,
                     .headers = {{"WWW-Authenticate", R"(DPoP error="invalid_token")"}, {"DPoP-Nonce", "n"}},
                     .body = {},
                     .stream = {}});
  };
  EXPECT_FALSE(mcp.initialize());
  EXPECT_THAT(wire->requests, SizeIs(1));
}

TEST_F(AuthorizeTest, ADemandForANonceMeansNothingToABearerToken) {
  auto mcp = mcp_client();
  authorize(mcp, dpop_client(), token_of("Bearer"));
  wire->intercept = [](const OutboundRequest&) { return std::optional(nonce_challenge("n")); };
  EXPECT_FALSE(mcp.initialize());
  EXPECT_THAT(wire->requests, SizeIs(1));
}

TEST_F(AuthorizeTest, UnusableTokensAreRefusedAtOnce) {
  auto mcp = mcp_client();
  const auto bearer = bearer_client();
  const auto bound = dpop_client();
  EXPECT_THROW(authorize(mcp, bearer, token_of("DPoP")), Exception) << "no key to prove possession of";
  EXPECT_THROW(authorize(mcp, bound, token_of("MAC")), Exception);
  EXPECT_THROW(authorize(mcp, bound, token_of("")), Exception);
  for (const char* text : {"", "a b", "a\r\nX: y"}) {
    EXPECT_THROW(authorize(mcp, bound, token_of("DPoP", text)), Exception);
    EXPECT_THROW(authorize(mcp, bearer, token_of("Bearer", text)), Exception);
  }
  EXPECT_THROW(authorize(mcp, bearer, TokenSource()), Exception);
}

TEST_F(AuthorizeTest, TheLatestCallCounts) {
  auto mcp = mcp_client();
  mcp.set_header("Authorization", "Bearer by-hand");
  authorize(mcp, dpop_client(), token_of("DPoP"));
  authorize(mcp, bearer_client(), token_of("Bearer", "token-2"));
  ASSERT_TRUE(mcp.ping());
  EXPECT_EQ(wire->requests.back().headers.get("Authorization"), "Bearer token-2");
  EXPECT_FALSE(wire->requests.back().headers.contains("DPoP"));
}

TEST_F(AuthorizeTest, ATokenThatExpiresIsReplaced) {
  int issued = 0;
  transport->on(kTokenUrl, [&](const OutboundRequest&) -> Result<HttpResponse> {
    return HttpResponse{.status = 200,
                        .headers = {},
                        .body = R"({"token_type":"DPoP","expires_in":600,"access_token":"issued-)" +
                                std::to_string(++issued) + "\"}",
                        .stream = {}};
  });
  const auto client = dpop_client();
  auto mcp = mcp_client();
  authorize(mcp, client, [client] { return client.client_credentials({"mcp:echo"}, {kResource}); });
  ASSERT_TRUE(mcp.call_tool("echo"));
  EXPECT_EQ(issued, 1);
  EXPECT_TRUE(proof_of(wire->requests.back(), "issued-1"));
  clock->advance(seconds(600));
  ASSERT_TRUE(mcp.call_tool("echo"));
  EXPECT_EQ(issued, 2);
  EXPECT_TRUE(proof_of(wire->requests.back(), "issued-2"));
}

TEST_F(AuthorizeTest, ErrorsOfTheSourceAreThoseOfTheCall) {
  transport->on_json(kTokenUrl, R"({"error":"invalid_client"})", 401);
  const auto client = bearer_client();
  auto mcp = mcp_client();
  authorize(mcp, client, [client] { return client.client_credentials({"mcp:echo"}, {kResource}); });
  EXPECT_EQ(mcp.call_tool("echo").error().code, ErrorCode::invalid_client);
  authorize(mcp, client, [] { return Result<TokenResponse>(token_of("DPoP")); });
  EXPECT_EQ(mcp.call_tool("echo").error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(wire->requests, SizeIs(0));
}

TEST_F(AuthorizeTest, TokensAndProofsStayOutOfErrors) {
  auto mcp = mcp_client();
  authorize(mcp, dpop_client(), token_of("DPoP", "s3cret-token"));
  wire->intercept = [](const OutboundRequest&) { return std::optional(nonce_challenge("n")); };
  const std::string text = mcp.initialize().error().message + logger->text();
  EXPECT_THAT(text, Not(HasSubstr("s3cret-token")));
  for (const auto& request : wire->requests)
    EXPECT_THAT(text, Not(HasSubstr(std::string(request.headers.get("DPoP").value()).substr(0, 20))));
}

// Both ends are ours: the server demands proofs, with nonces, and spends each once.
class ProtectedServer : public AuthorizeTest, public ::testing::WithParamInterface<JwsAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Algorithms, ProtectedServer,
                         ::testing::Values(JwsAlgorithm::ES256, JwsAlgorithm::RS256, JwsAlgorithm::PS256),
                         [](const auto& param) { return std::string(to_string(param.param)); });

TEST_P(ProtectedServer, LetsTheOwnerOfTheKeyInAndNobodyElse) {
  AuthOptions options;
  options.resource = kResource;
  options.dev_mode = false;
  options.client = client_options();
  options.dpop = dpop::Inbound{.required = true, .nonce_policy = dpop::make_nonce_policy(seconds(60), clock)};
  const Auth auth = Auth::create(std::move(options)).value();
  wire->intercept = [&](const OutboundRequest& request) {
    HttpRequest received{.method = request.method,
                         .target = request.url.request_target(),
                         .headers = request.headers,
                         .body = request.body,
                         .remote_address = "192.0.2.1"};
    received.headers.set("Host", request.url.authority());
    return std::optional(auth.handle(server, received));
  };
  const auto client = dpop_client(GetParam());
  const auto token = token_of("DPoP", TokenBuilder(clock->now_seconds())
                                          .issuer("https://as.example")
                                          .audience(kResource)
                                          .claim("cnf", {{"jkt", client.dpop()->thumbprint()}})
                                          .build());
  auto mcp = mcp_client();
  authorize(mcp, client, token);
  for (int i = 0; i < 3; ++i) {
    const auto result = mcp.call_tool("echo");
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->joined_text(), "hello");
  }
  EXPECT_THAT(wire->requests, SizeIs(6)) << "initialize twice for the nonce, initialized, three calls";

  clock->advance(seconds(200));  // past every nonce handed out so far
  EXPECT_TRUE(mcp.call_tool("echo"));
  EXPECT_TRUE(mcp.close());

  auto thief = mcp_client();
  thief.set_header("Authorization", "Bearer " + token.access_token);
  EXPECT_EQ(thief.initialize().error().oauth->http_status, 401);
  authplane::ClientOptions other = client_options();
  other.dpop = dpop::Provider::generate(JwsAlgorithm::ES256, {.clock = clock}).value();
  authorize(thief, authplane::Client::create(std::move(other)).value(), token);
  EXPECT_EQ(thief.initialize().error().oauth->http_status, 401);
}

}  // namespace
}  // namespace authplane::mcp
