#include "broker_stack.h"

// Tier 04's own binaries: the agent that exchanges, and the MCP server whose tool does.

namespace authplane::e2e {
namespace {

class Tier04Test : public ::testing::Test {
 protected:
  struct Run {
    std::optional<int> code;
    std::string out, err;
  };

  void SetUp() override {
    stack.start();
    ASSERT_FALSE(HasFatalFailure());
    jane = std::make_unique<Visitor>(stack.visitor("jane"));
  }
  void TearDown() override { EXPECT_EQ(stack.as().stop(), 0) << stack.as().log(); }

  Environment environment() const {
    return {{"AUTHPLANE_ISSUER", stack_issuer()},
            {"AUTHPLANE_CLIENT_ID", stack.acting_client().id},
            {"AUTHPLANE_CLIENT_SECRET", stack.acting_client().secret}};
  }
  std::string stack_issuer() const { return stack.app().issuer(); }

  Run agent(const Environment& changes = {}) {
    Environment variables = environment();
    variables["AUTHPLANE_USER_ACCESS_TOKEN"] = jane->token;
    for (const auto& [name, value] : changes) variables[name] = value;
    ChildProcess process("agent" + std::to_string(runs_++), {TIER04_AGENT_BINARY}, variables, folder.path());
    const auto code = process.wait(std::chrono::seconds(60));
    const Run run{code, process.out(), process.err()};
    for (const char* secret : {"eyJ", "gho_", "ghr_"}) {
      EXPECT_EQ((run.out + run.err).find(secret), std::string::npos) << "it prints a token";
    }
    return run;
  }
  static std::string consent_url(const Run& run) {
    const std::string line = "\nconsent_url=";
    const auto at = run.out.find(line);
    if (at == std::string::npos) return "";
    const auto start = at + line.size();
    return run.out.substr(start, run.out.find('\n', start) - start);
  }

  // The MCP server, and a session in the revision that `version` names.
  std::unique_ptr<ExampleServer> server() {
    Environment variables = environment();
    variables["AUTHPLANE_RESOURCE"] = stack.actor();
    variables["GITHUB_API_URL"] = stack.github().url();
    return std::make_unique<ExampleServer>("mcp-server", TIER04_SERVER_BINARY,
                                           Url::parse(stack.actor()).value().port(), variables,
                                           folder.path());
  }
  struct Session {
    std::string url, token, id;
  };
  static Reply call(const Session& session, const nlohmann::json& body) {
    Headers headers = {{"Authorization", "Bearer " + session.token}};
    if (!session.id.empty()) headers.add("Mcp-Session-Id", session.id);
    return post_mcp(session.url, body, headers);
  }
  static Session open_session(const ExampleServer& to, const std::string& token, const std::string& version,
                              const nlohmann::json& capabilities) {
    auto initialize = initialize_call();
    initialize["params"]["protocolVersion"] = version;
    initialize["params"]["capabilities"] = capabilities;
    Session session{to.url(), token, ""};
    const auto reply = call(session, initialize);
    EXPECT_EQ(reply.status, 200) << reply.body;
    session.id = reply.header("Mcp-Session-Id");
    EXPECT_EQ(call(session, initialized_notification()).status, 202);
    return session;
  }
  static Reply list_repos(const Session& session) {
    return call(session, tool_call("list_repos", nlohmann::json::object()));
  }

  BrokerStack stack;
  TempFolder folder;
  std::unique_ptr<Visitor> jane;
  int runs_ = 0;
};

// F10, F16
TEST_F(Tier04Test, TheAgentSaysWhereToConnectAndThenWorks) {
  const Run before = agent();
  EXPECT_EQ(before.code, 2) << before.err;
  EXPECT_EQ(consent_url(before), stack.connect_url()) << before.out;
  EXPECT_EQ(jane->browser.open(consent_url(before)).left, true);
  stack.connect(*jane);
  const Run after = agent();
  EXPECT_EQ(after.code, 0) << after.err;
  EXPECT_EQ(after.out,
            "[agent] vended: token_type=Bearer expires_in=28800 scope=repo "
            "issued_token_type=urn:ietf:params:oauth:token-type:access_token\n"
            "[agent] access token: 40 characters\n");
}

// F4
TEST_F(Tier04Test, TheAgentSaysWhereToAgree) {
  Visitor joe{create_person(stack.as(), "joe@example.com"), ScriptedBrowser(stack_issuer()), ""};
  const Run run = agent({{"AUTHPLANE_USER_ACCESS_TOKEN", stack.token_for_nobody(joe)}});
  EXPECT_EQ(run.code, 2) << run.err;
  EXPECT_EQ(consent_url(run), stack_issuer() + "/authorize?resource=" + BrokerStack::kActorSlug);
}

TEST_F(Tier04Test, TheAgentFailsWithTheReason) {
  const auto fails = [&](const Environment& changes, const std::string& why) {
    const Run run = agent(changes);
    EXPECT_EQ(run.code, 1) << run.out;
    EXPECT_NE(run.err.find(why), std::string::npos) << run.err;
    EXPECT_EQ(run.out, "");
  };
  fails({{"AUTHPLANE_USER_ACCESS_TOKEN", ""}}, "AUTHPLANE_USER_ACCESS_TOKEN");
  fails({{"AUTHPLANE_CLIENT_SECRET", "wrong"}}, "invalid_client");
  fails({{"BROKER_RESOURCE_SLUG", "gitlab"}}, "invalid_target");
  stack.connect(*jane);
  stack.github().behave("http_500");
  fails({}, "503");
}

// F30
TEST_F(Tier04Test, TheToolAnswersWithThePageAndThenWithTheRepositories) {
  const auto mcp = server();
  const auto none = nlohmann::json::object();
  const nlohmann::json pages = {{"elicitation", {{"url", none}}}};
  const auto session = open_session(*mcp, jane->token, "2025-11-25", pages);
  const auto refused = list_repos(session);
  EXPECT_EQ(refused.status, 200);
  auto error = refused.json().value("error", nlohmann::json::object());
  EXPECT_EQ(error.value("code", 0), -32042) << refused.body;
  ASSERT_EQ(error["data"]["elicitations"].size(), 1U) << refused.body;
  auto page = error["data"]["elicitations"][0];
  EXPECT_EQ(page["mode"], "url");
  EXPECT_EQ(page["url"], stack.connect_url());
  EXPECT_NE(page["message"], "");
  EXPECT_EQ(page.value("elicitationId", "").size(), 36U);

  // A session of an older revision gets the page as text.
  const auto older = open_session(*mcp, jane->token, "2025-06-18", none);
  auto told = list_repos(older).json();
  EXPECT_EQ(told["result"]["isError"], true) << told;
  EXPECT_NE(told["result"]["content"][0].value("text", "").find(stack.connect_url()), std::string::npos)
      << told;

  stack.connect(*jane);
  for (const auto& of : {session, older}) {
    auto listed = list_repos(of).json();
    EXPECT_EQ(listed["result"]["content"][0]["text"], "octocat/hello-world\noctocat/linguist\n") << listed;
  }
  for (const char* secret : {"eyJ", "gho_", "ghr_"}) {
    EXPECT_EQ(mcp->log().find(secret), std::string::npos) << "it logs a token";
  }
}

// What the tool needs is asked for before it runs, and nobody else's token is taken.
TEST_F(Tier04Test, TheToolIsForThoseWhoseTokenSaysSo) {
  const auto mcp = server();
  EXPECT_EQ(post_mcp(mcp->url(), initialize_call()).status, 401);
  const auto machine = stack.as().register_client("machine", "mcp:tools repo");
  const auto narrow = stack.as().access_token(machine, "mcp:tools", stack.actor());
  const auto wide = stack.as().access_token(machine, "mcp:tools repo", stack.actor());
  const auto none = nlohmann::json::object();
  EXPECT_EQ(list_repos(open_session(*mcp, narrow, "2025-11-25", none)).status, 403);
  // A machine may call it, but there is no account it could be for.
  auto refused = list_repos(open_session(*mcp, wide, "2025-11-25", none)).json();
  EXPECT_EQ(refused["result"]["isError"], true) << refused;
  EXPECT_TRUE(stack.github().asked("api").empty());
}

}  // namespace
}  // namespace authplane::e2e
