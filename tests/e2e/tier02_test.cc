#include <gtest/gtest.h>

#include <authplane/client/client.h>

#include "stack.h"

// Tier 02's agent against tier 01, and the ways it fails that its users meet.

namespace authplane::e2e {
namespace {

class Tier02Test : public ::testing::Test {
 protected:
  struct Run {
    std::optional<int> code;
    std::string out, err;
  };

  static void SetUpTestSuite() { tier = new Tier01; }
  static void TearDownTestSuite() {
    tier->tear_down();
    delete tier;
    tier = nullptr;
  }

  Environment environment() {
    return {{"AUTHPLANE_ISSUER", tier->as().issuer()},
            {"AUTHPLANE_RESOURCE", tier->resource()},
            {"MCP_URL", tier->mcp_url()},
            {"AUTHPLANE_CLIENT_ID", tier->client().id},
            {"AUTHPLANE_CLIENT_SECRET", tier->client().secret}};
  }
  Run run_agent(const Environment& env) {
    TempFolder folder;
    ChildProcess agent("agent", {TIER02_BINARY}, env, folder.path());
    const auto code = agent.wait(std::chrono::seconds(30));
    return {code, agent.out(), agent.err()};
  }
  Run run_with(const std::string& name, const std::string& value) {
    auto env = environment();
    env[name] = value;
    return run_agent(env);
  }
  int issuances() {
    return tier->as().admin("GET", "/admin/issuances?client=" + tier->client().id).json().value("count", -1);
  }

  static Tier01* tier;
};
Tier01* Tier02Test::tier = nullptr;

TEST_F(Tier02Test, GetsATokenOpensASessionAndCallsEcho) {
  const int before = issuances();
  const auto run = run_agent(environment());
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out,
            "[agent] token OK\n[agent] initialize OK (demo-server)\n[agent] echo OK: hello from tier-02 cpp "
            "agent\n");
  EXPECT_EQ(issuances(), before + 1);
  EXPECT_EQ((run.out + run.err).find(tier->client().secret), std::string::npos);
  EXPECT_EQ((run.out + run.err).find("eyJ"), std::string::npos);
}

TEST_F(Tier02Test, WrongSecretNamesInvalidClient) {
  const auto run = run_with("AUTHPLANE_CLIENT_SECRET", "wrong");
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.err.find("invalid_client"), std::string::npos) << run.err;
}

TEST_F(Tier02Test, UnregisteredResourceNamesInvalidTarget) {
  const auto run = run_with("AUTHPLANE_RESOURCE", tier->resource() + "/x");
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.err.find("invalid_target"), std::string::npos) << run.err;
}

TEST_F(Tier02Test, ScopeTheClientLacksNamesInvalidScope) {
  const auto narrow = tier->as().register_client("narrow", "mcp:other");
  auto env = environment();
  env["AUTHPLANE_CLIENT_ID"] = narrow.id;
  env["AUTHPLANE_CLIENT_SECRET"] = narrow.secret;
  const auto run = run_agent(env);
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.err.find("invalid_scope"), std::string::npos) << run.err;
}

TEST_F(Tier02Test, UnreachableServerFailsWithinTheTimeout) {
  const auto started = std::chrono::steady_clock::now();
  const std::string nobody = "http://localhost:" + std::to_string(free_port());
  const auto run = run_with("AUTHPLANE_ISSUER", nobody);
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.err.find(nobody.substr(7)), std::string::npos) << run.err;
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(12));
}

TEST_F(Tier02Test, IssuerMismatchFailsBeforeAnyTokenCall) {
  const int before = issuances();
  const auto run = run_with("AUTHPLANE_ISSUER", tier->as().issuer() + "/");
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.err.find("issuer"), std::string::npos) << run.err;
  EXPECT_EQ(issuances(), before);
}

TEST_F(Tier02Test, RefusalByTheMcpServerShowsItsChallenge) {
  const auto other = tier->resource() + "-other";
  tier->as().register_resource("demo-mcp-other", other, {"mcp:echo"});
  const auto run = run_with("AUTHPLANE_RESOURCE", other);
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.err.find("invalid_token"), std::string::npos) << run.err;
}

TEST_F(Tier02Test, MissingSettingIsNamed) {
  auto env = environment();
  env.erase("AUTHPLANE_CLIENT_ID");
  const auto run = run_agent(env);
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.err.find("AUTHPLANE_CLIENT_ID"), std::string::npos) << run.err;
}

TEST_F(Tier02Test, SecondTokenRequestIsServedFromTheCache) {
  auto client = Client::create({.issuer = tier->as().issuer(),
                                .auth = ClientCredentials{tier->client().id, tier->client().secret},
                                .dev_mode = true});
  ASSERT_TRUE(client) << client.error().message;
  const int before = issuances();
  const auto first = client->client_credentials({"mcp:echo"}, {tier->resource()});
  const auto second = client->client_credentials({"mcp:echo"}, {tier->resource()});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->access_token, second->access_token);
  EXPECT_EQ(issuances(), before + 1);
}

TEST_F(Tier02Test, RepeatedFailuresOpenTheCircuit) {
  TempFolder folder;
  AuthServer as(folder.path());
  as.start();
  auto client =
      Client::create({.issuer = as.issuer(), .auth = ClientCredentials{"id", "secret"}, .dev_mode = true});
  ASSERT_TRUE(client) << client.error().message;
  as.kill();
  ErrorCode last = ErrorCode::runtime_error;
  for (int i = 0; i < 6; ++i) last = client->client_credentials({"mcp:echo"}, {}).error().code;
  EXPECT_EQ(last, ErrorCode::circuit_open);
}

}  // namespace
}  // namespace authplane::e2e
