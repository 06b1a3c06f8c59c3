#include "tier03.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/client/client.h>
#include <authplane/http_httplib/server.h>
#include <authplane/http_httplib/transport.h>

// What works in tier 03, and what each scope is good for.

namespace authplane::e2e {
namespace {

const char* const kAgentOutput =
    "[agent] token OK (DPoP)\n[agent] initialize OK (demo-server-tier03)\n"
    "[agent] echo OK: hello from tier-03 cpp agent\n[agent] add_numbers OK: 5\n";
// A reverse proxy in front of an MCP server that keeps what it forwards.
class RecordingProxy {
 public:
  RecordingProxy() : port_(free_port()) {
    mount(server_, {{"/mcp", [this](const HttpRequest& request) { return forward(request); }}});
    thread_ = std::thread([this] { server_.listen("127.0.0.1", port_); });
    EXPECT_TRUE(eventually(std::chrono::seconds(10), [&] { return port_answers(port_); }));
  }
  ~RecordingProxy() {
    server_.stop();
    thread_.join();
  }
  int port() const { return port_; }
  void set_upstream(const std::string& url) {
    std::lock_guard lock(mutex_);
    upstream_ = url;
  }
  std::vector<HttpRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  HttpResponse forward(const HttpRequest& request) {
    std::string upstream;
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
      upstream = upstream_;
    }
    Headers headers;
    for (const auto& [name, value] : request.headers) {
      if (!equals_ignore_case(name, "Host") && !equals_ignore_case(name, "Content-Length") &&
          !equals_ignore_case(name, "Connection"))
        headers.add(name, value);
    }
    const Reply reply = http(request.method, upstream, headers, request.body);
    HttpResponse response;
    response.status = reply.status == 0 ? 502 : reply.status;
    for (const char* name : {"Content-Type", "Mcp-Session-Id", "WWW-Authenticate"}) {
      if (const auto value = reply.headers.get(name)) response.headers.add(name, std::string(*value));
    }
    response.body = reply.body;
    return response;
  }

  const int port_;
  std::string upstream_;
  GuardedServer server_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
};

TEST_F(Tier03Test, P1DiscoveryListsTheAlgorithmsOfProofs) {
  const auto metadata = http("GET", tier->as.url("/.well-known/oauth-authorization-server")).json();
  const auto& algorithms = metadata["dpop_signing_alg_values_supported"];
  EXPECT_NE(std::find(algorithms.begin(), algorithms.end(), "ES256"), algorithms.end()) << metadata;
}

TEST_F(Tier03Test, P2ResourceMetadataDemandsBoundTokens) {
  const auto metadata = http("GET", tier->resource.substr(0, tier->resource.size() - 4) +
                                        "/.well-known/oauth-protected-resource/mcp")
                            .json();
  EXPECT_EQ(metadata["resource"], tier->resource);
  EXPECT_EQ(metadata["dpop_bound_access_tokens_required"], true);
  const auto& algorithms = metadata["dpop_signing_alg_values_supported"];
  EXPECT_NE(std::find(algorithms.begin(), algorithms.end(), "ES256"), algorithms.end()) << metadata;
  EXPECT_EQ(metadata["scopes_supported"], nlohmann::json::array({"mcp:echo", "mcp:add"}));
}

TEST_F(Tier03Test, P3TokenIsBoundToTheKeyOfTheProof) {
  const auto reply = token_reply("mcp:echo", token_proof().build());
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json()["token_type"], "DPoP");
  const auto claims = jwt_part(reply.json()["access_token"], 1);
  EXPECT_EQ(claims["cnf"]["jkt"], key().public_key().thumbprint());
}

TEST_F(Tier03Test, P4TheAgentGetsItsTokenAndCallsBothTools) {
  const auto run = tier->run_agent();
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, kAgentOutput);
  EXPECT_EQ((run.out + run.err).find(tier->client.secret), std::string::npos);
  EXPECT_EQ((run.out + run.err).find("eyJ"), std::string::npos);
}

// Also: the server behind a reverse proxy, which is known by the proxy's URL.
TEST_F(Tier03Test, P4EveryRequestOfTheAgentHasAProofOfItsOwn) {
  RecordingProxy proxy;
  const auto resource = resource_at(proxy.port());
  tier->as.register_resource("behind-proxy", resource, {"mcp:echo", "mcp:add"});
  const auto server = tier->start_server("behind-proxy", free_port(), resource);
  proxy.set_upstream(server->url());

  const auto run = tier->run_agent({{"AUTHPLANE_RESOURCE", resource}, {"MCP_URL", resource}});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, kAgentOutput);
  const auto requests = proxy.requests();
  EXPECT_GE(requests.size(), 4u);
  std::set<std::string> jtis, keys;
  for (const auto& request : requests) {
    ASSERT_EQ(request.headers.count("DPoP"), 1u);
    const std::string authorization(request.headers.get("Authorization").value_or(""));
    ASSERT_TRUE(authorization.starts_with("DPoP "));
    const std::string proof_text(*request.headers.get("DPoP"));
    const auto claims = jwt_part(proof_text, 1);
    EXPECT_EQ(claims["htm"], request.method);
    EXPECT_EQ(claims["htu"], resource);
    EXPECT_EQ(claims["ath"], base64url_encode(as_bytes(sha256(authorization.substr(5)))));
    jtis.insert(claims["jti"].get<std::string>());
    keys.insert(jwt_part(proof_text, 0)["jwk"].dump());
  }
  EXPECT_EQ(jtis.size(), requests.size());
  EXPECT_EQ(keys.size(), 1u);
}

TEST_F(Tier03Test, P4TheHandshakeWorksWithFreshProofs) {
  const auto token = bound_token();
  const auto session = open_session(token);
  EXPECT_EQ(first_text(call(token, echo_call("round-trip"), session)), "round-trip");
  EXPECT_EQ(first_text(call(token, add_call(), session)), "5");
  EXPECT_EQ(first_text(call(token, tool_call("add_numbers", {{"a", 0.5}, {"b", 1}}), session)), "1.5");
}

TEST_F(Tier03Test, P4TheSchemeBearerWillDoWithAProof) {
  const auto token = bound_token();
  EXPECT_EQ(post(presented(token, proof(token).build(), "Bearer"), initialize_call()).status, 200);
}

TEST_F(Tier03Test, P5OtherSpellingsOfTheSameUrlAreTheSame) {
  const auto token = bound_token();
  const auto port = tier->resource.substr(tier->resource.rfind(':'));
  for (const auto& htu : {"http://LOCALHOST" + port, "HTTP://localhost" + port, tier->resource + "?a=b#c"}) {
    EXPECT_EQ(post(presented(token, proof(token).url(htu).build()), initialize_call()).status, 200) << htu;
  }
}

TEST_F(Tier03Test, P5DefaultPortAndEmptyPathMayBeLeftOut) {
  const std::string resource = "http://localhost/";
  tier->as.register_resource("default-port", resource, {"mcp:echo"});
  const int port = free_port();
  const auto server = tier->start_server("default-port", port, resource);
  const auto token = bound_token("mcp:echo", resource);
  for (const char* htu :
       {"http://localhost/", "http://localhost:80/", "http://localhost", "HTTP://LocalHost:80"}) {
    const auto reply = post_mcp("http://127.0.0.1:" + std::to_string(port) + "/", initialize_call(),
                                presented(token, proof(token).url(htu).build()));
    EXPECT_EQ(reply.status, 200) << htu << ": " << reply.body;
  }
}

TEST_F(Tier03Test, P7EchoAloneNeedsTheScopeOfEchoAlone) {
  const auto token = bound_token("mcp:echo");
  EXPECT_EQ(first_text(call(token, echo_call("just echo"), open_session(token))), "just echo");
}

TEST_F(Tier03Test, P8RsaKeysDoAsWell) {
  for (const auto algorithm : {JwsAlgorithm::RS256, JwsAlgorithm::PS256}) {
    const auto rsa = testing::test_key(JwsAlgorithm::RS256).with_algorithm(algorithm).value();
    const auto reply = token_reply("mcp:echo", token_proof().key(rsa).build());
    ASSERT_EQ(reply.status, 200) << reply.body;
    const auto token = reply.json().value("access_token", "");
    EXPECT_EQ(post(presented(token, proof(token).key(rsa).build()), initialize_call()).status, 200);
  }
}

TEST_F(Tier03Test, S1AddNumbersNeedsItsScope) {
  const auto token = bound_token("mcp:echo");
  const auto session = open_session(token);
  const auto list = call(token, {{"jsonrpc", "2.0"}, {"id", 3}, {"method", "tools/list"}}, session).json();
  EXPECT_EQ(list["result"]["tools"].size(), 2u) << list;
  const auto reply = call(token, add_call(), session);
  expect_refused(reply, "DPoP", "insufficient_scope", 403);
  EXPECT_NE(reply.header("WWW-Authenticate").find("scope=\"mcp:add\""), std::string::npos);
  EXPECT_NE(reply.header("WWW-Authenticate").find("resource_metadata="), std::string::npos);
}

TEST_F(Tier03Test, S2EchoNeedsItsScope) {
  const auto token = bound_token("mcp:add");
  const auto session = open_session(token);
  EXPECT_EQ(first_text(call(token, add_call(), session)), "5");
  const auto reply = call(token, echo_call(kCanary), session);
  expect_refused(reply, "DPoP", "insufficient_scope", 403);
  EXPECT_NE(reply.header("WWW-Authenticate").find("scope=\"mcp:echo\""), std::string::npos);
}

TEST_F(Tier03Test, S3WithoutAScopeNoToolRuns) {
  for (const auto& token :
       {forged_token().scope("").build(), forged_token().without_claim("scope").build()}) {
    const auto session = open_session(token);
    expect_refused(call(token, echo_call(kCanary), session), "DPoP", "insufficient_scope", 403);
    expect_refused(call(token, add_call(), session), "DPoP", "insufficient_scope", 403);
  }
}

// Counts the requests to one path.
class CountingTransport : public HttpTransport {
 public:
  explicit CountingTransport(std::string path) : path_(std::move(path)) {}
  Result<HttpResponse> send(const OutboundRequest& request) override {
    if (request.url.path() == path_) ++count_;
    return real_->send(request);
  }
  int count() const { return count_; }

 private:
  const std::string path_;
  const std::shared_ptr<HttpTransport> real_ = make_httplib_transport();
  std::atomic<int> count_{0};
};

// An authorization server that demands nonces, in a stack of its own.
TEST(Tier03Nonce, P6TheDemandIsMetOnceAndTheNonceRemembered) {
  Tier03 tier(Environment{{"AUTHPLANE_DPOP_REQUIRE_NONCE", "true"}});
  const auto proof = [&] { return ProofBuilder(now()).url(tier.token_endpoint()); };
  const auto refused = tier.as.token(tier.client, "mcp:echo", tier.resource, {{"DPoP", proof().build()}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.json()["error"], "use_dpop_nonce") << refused.body;
  const auto nonce = refused.header("DPoP-Nonce");
  ASSERT_FALSE(nonce.empty());
  const auto accepted =
      tier.as.token(tier.client, "mcp:echo", tier.resource, {{"DPoP", proof().nonce(nonce).build()}});
  EXPECT_EQ(accepted.status, 200) << accepted.body;
  const auto invented =
      tier.as.token(tier.client, "mcp:echo", tier.resource, {{"DPoP", proof().nonce("invented").build()}});
  EXPECT_EQ(invented.json()["error"], "use_dpop_nonce") << invented.body;

  const auto transport = std::make_shared<CountingTransport>("/oauth/token");
  auto client = Client::create({.issuer = tier.as.issuer(),
                                .auth = ClientCredentials{tier.client.id, tier.client.secret},
                                .dpop = dpop::Provider::generate().value(),
                                .dev_mode = true,
                                .seams = {.transport = transport}});
  ASSERT_TRUE(client) << client.error().message;
  const auto first = client->client_credentials({"mcp:echo"}, {tier.resource});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->token_type, "DPoP");
  EXPECT_EQ(transport->count(), 2);
  const auto second = client->client_credentials({"mcp:add"}, {tier.resource});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(transport->count(), 3);
}

TEST(Tier03Nonce, P6TheAgentDoesNotNotice) {
  Tier03 tier(Environment{{"AUTHPLANE_DPOP_REQUIRE_NONCE", "true"}});
  const auto run = tier.run_agent();
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, kAgentOutput);
}

}  // namespace
}  // namespace authplane::e2e
