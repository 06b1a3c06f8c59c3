#pragma once

#include <gtest/gtest.h>

#include <functional>

#include <authplane/testing/proof_builder.h>
#include <authplane/testing/token_builder.h>

#include "stack.h"

// Tier 03 through real processes: tokens bound to a key, a proof with every request, a scope for each tool.
// The names of the tests start with the row they are about.

namespace authplane::e2e {

using testing::ProofBuilder;
using testing::TokenBuilder;

inline const char* const kCanary = "this tool must not run";

inline std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}
inline std::int64_t in_seconds(int offset) {
  return now().time_since_epoch().count() + offset;
}

inline nlohmann::json add_call() {
  return tool_call("add_numbers", {{"a", 2}, {"b", 3}});
}

// An authorization server that takes proofs, with tier 03's server and client registered.
struct Tier03 {
  explicit Tier03(Environment as_settings = {}) : as(folder.path(), with_dpop(std::move(as_settings))) {
    as.start();
    if (::testing::Test::HasFatalFailure()) return;
    const int port = free_port();
    resource = resource_at(port);
    as.register_resource("demo-mcp-cpp-tier03", resource, {"mcp:echo", "mcp:add"});
    client = as.register_client("demo-mcp-cpp-tier03-agent", "mcp:echo mcp:add");
    server = start_server("mcp-server", port, resource);
  }
  static Environment with_dpop(Environment settings) {
    settings["AUTHPLANE_DPOP_ENABLED"] = "true";
    return settings;
  }
  std::unique_ptr<ExampleServer> start_server(const std::string& name, int port,
                                              const std::string& its_resource, Environment extra = {}) {
    extra["AUTHPLANE_ISSUER"] = as.issuer();
    extra["AUTHPLANE_RESOURCE"] = its_resource;
    return std::make_unique<ExampleServer>(name, TIER03_SERVER_BINARY, port, extra, folder.path());
  }
  std::string token_endpoint() const { return as.issuer() + "/oauth/token"; }

  struct Run {
    std::optional<int> code;
    std::string out, err;
  };
  Run run_agent(const Environment& extra = {}) const {
    Environment environment = {{"AUTHPLANE_ISSUER", as.issuer()},
                               {"AUTHPLANE_RESOURCE", resource},
                               {"MCP_URL", resource},
                               {"AUTHPLANE_CLIENT_ID", client.id},
                               {"AUTHPLANE_CLIENT_SECRET", client.secret}};
    for (const auto& [name, value] : extra) environment[name] = value;
    TempFolder private_folder;
    ChildProcess agent("agent", {TIER03_AGENT_BINARY}, environment, private_folder.path());
    const auto code = agent.wait(std::chrono::seconds(30));
    return {code, agent.out(), agent.err()};
  }

  TempFolder folder;
  AuthServer as;
  std::string resource;
  Registered client;
  std::unique_ptr<ExampleServer> server;
};

class Tier03Test : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { tier = new Tier03; }
  static void TearDownTestSuite() {
    tier->server->process().stop();
    EXPECT_EQ(tier->as.stop(), 0) << "authserver did not end cleanly:\n" << tier->as.log();
    delete tier;
    tier = nullptr;
  }

  static const PrivateKey& key() { return testing::test_key(); }
  static const PrivateKey& thief() { return testing::test_key(JwsAlgorithm::ES256, 1); }

  // Good as they are: of this key, for the token endpoint and for the MCP server.
  static ProofBuilder token_proof(const Tier03& at = *tier) {
    return ProofBuilder(now()).key(key()).url(at.token_endpoint());
  }
  static ProofBuilder proof(const std::string& token) {
    return ProofBuilder(now()).key(key()).url(tier->resource).access_token(token);
  }

  static Reply token_reply(const std::string& scope, const std::string& token_request_proof,
                           const std::string& resource = tier->resource) {
    return tier->as.token(tier->client, scope, resource, {{"DPoP", token_request_proof}});
  }
  static std::string bound_token(const std::string& scope = "mcp:echo mcp:add",
                                 const std::string& resource = tier->resource) {
    const auto reply = token_reply(scope, token_proof().build(), resource);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.status == 200 ? reply.json().value("access_token", "") : "";
  }
  // A token the server itself could have issued; each test then breaks one thing.
  static TokenBuilder forged_token() {
    TokenBuilder builder(now());
    builder.key(tier->as.signing_key())
        .issuer(tier->as.issuer())
        .audience(tier->resource)
        .scope("mcp:echo mcp:add")
        .claim("cnf", {{"jkt", key().public_key().thumbprint()}});
    return builder;
  }

  static Headers presented(const std::string& token, const std::string& proof_text,
                           const std::string& scheme = "DPoP") {
    Headers headers = {{"Authorization", scheme + " " + token}};
    if (!proof_text.empty()) headers.add("DPoP", proof_text);
    return headers;
  }
  static Reply post(Headers headers, const nlohmann::json& body, const std::string& session = "") {
    if (!session.empty()) headers.add("Mcp-Session-Id", session);
    return post_mcp(tier->server->url(), body, headers);
  }
  // With a fresh, good proof.
  static Reply call(const std::string& token, const nlohmann::json& body, const std::string& session = "") {
    return post(presented(token, proof(token).build()), body, session);
  }
  static std::string open_session(const std::string& token) {
    const auto reply = call(token, initialize_call());
    EXPECT_EQ(reply.status, 200) << reply.body;
    const auto session = reply.header("Mcp-Session-Id");
    EXPECT_EQ(call(token, initialized_notification(), session).status, 202);
    return session;
  }

  static void expect_refused(const Reply& reply, const std::string& scheme, const std::string& error,
                             int status = 401) {
    EXPECT_EQ(reply.status, status) << reply.body;
    const auto challenge = reply.header("WWW-Authenticate");
    EXPECT_TRUE(challenge.starts_with(scheme + " ")) << challenge;
    EXPECT_NE(challenge.find("error=\"" + error + "\""), std::string::npos) << challenge;
    EXPECT_EQ(reply.body.find(kCanary), std::string::npos) << "the tool ran";
    EXPECT_EQ(reply.header("Mcp-Session-Id"), "");
    EXPECT_EQ((challenge + reply.body).find("eyJ"), std::string::npos) << "the answer repeats token or proof";
  }
  // A call of echo with that token and proof, in an open session, so that nothing else can be what is wrong.
  // The server runs in development mode, where its challenge names what it dislikes: `why`.
  static void expect_proof_refused(const std::string& token, const std::string& bad_proof,
                                   const std::string& why, const std::string& error = "invalid_dpop_proof") {
    const auto session = open_session(token);
    const auto reply = post(presented(token, bad_proof), echo_call(kCanary), session);
    expect_refused(reply, "DPoP", error);
    EXPECT_NE(reply.header("WWW-Authenticate").find(why), std::string::npos)
        << reply.header("WWW-Authenticate");
  }
  // One thing is done to an otherwise good proof.
  static void expect_refused_when(const std::string& why, const std::function<void(ProofBuilder&)>& change) {
    const auto token = bound_token();
    auto changed = proof(token);
    change(changed);
    expect_proof_refused(token, changed.build(), why);
  }
  static void expect_token_refused(const std::string& token) {
    expect_refused(call(token, initialize_call()), "DPoP", "invalid_token");
  }
  static void expect_token_request_refused(const std::string& proof_text) {
    const auto reply = token_reply("mcp:echo", proof_text);
    EXPECT_EQ(reply.status, 400) << reply.body;
    EXPECT_EQ(reply.json().value("error", ""), "invalid_dpop_proof") << reply.body;
  }

  static std::string first_text(const Reply& reply) {
    const auto body = reply.json();
    return body.is_object() ? body.value(nlohmann::json::json_pointer("/result/content/0/text"), "") : "";
  }

  static inline Tier03* tier = nullptr;
};

}  // namespace authplane::e2e
