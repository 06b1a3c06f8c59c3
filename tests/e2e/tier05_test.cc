#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <authplane/base/form.h>

#include "stack.h"

// Tier 05's agent against tier 01: a user signs in with a scripted browser, over the pages people see.

namespace authplane::e2e {
namespace {

constexpr const char* kEmail = "person@example.com";
constexpr const char* kPassword = "correct-horse-battery-staple";
constexpr const char* kEcho =
    "[agent] initialize OK (demo-server)\n[agent] echo OK: hello from tier-05 cpp agent\n";

class Tier05Test : public ::testing::Test {
 protected:
  struct Run {
    std::optional<int> code;
    std::string out, err;
  };

  static void SetUpTestSuite() {
    tier = new Tier01;
    TempFolder folder;
    ChildProcess create("create-user",
                        {AUTHSERVER_BINARY, "--config", (tier->as().folder() / "as.yaml").string(), "admin",
                         "user", "create", "--email", kEmail, "--password", kPassword},
                        {}, folder.path());
    ASSERT_EQ(create.wait(std::chrono::seconds(60)), 0) << create.err();
  }
  static void TearDownTestSuite() {
    tier->tear_down();
    delete tier;
    tier = nullptr;
  }

  std::string tokens() const { return (folder.path() / "tokens.json").string(); }
  std::string walk() const { return read_file(folder.path() / "walk"); }
  nlohmann::json login() const { return nlohmann::json::parse(read_file(tokens()))["logins"].at(0); }

  std::unique_ptr<ChildProcess> start(const std::string& name, const Environment& changes = {}) {
    Environment environment = {{"MCP_URL", tier->resource()},
                               {"AGENT_TOKEN_FILE", tokens()},
                               {"LOGIN_TIMEOUT", "60"},
                               {"BROWSER", SCRIPTED_BROWSER},
                               {"BROWSER_EMAIL", kEmail},
                               {"BROWSER_PASSWORD", kPassword},
                               {"BROWSER_LOG", (folder.path() / "walk").string()}};
    for (const auto& [key, value] : changes) environment[key] = value;
    return std::make_unique<ChildProcess>(name, std::vector<std::string>{TIER05_BINARY}, environment,
                                          folder.path());
  }
  static Run end(ChildProcess& agent) {
    const auto code = agent.wait(std::chrono::seconds(90));
    return {code, agent.out(), agent.err()};
  }
  Run run(const Environment& changes = {}) { return end(*start("agent" + std::to_string(runs++), changes)); }
  static int issuances() {
    const auto resource = tier->as().admin("GET", "/admin/resources?slug=demo-mcp").json();
    return tier->as()
        .admin("GET", "/admin/issuances?resource=" + resource.value("id", "?"))
        .json()
        .value("count", -1);
  }
  static Reply refresh(const std::string& token, const std::string& client) {
    Form form;
    form.add("grant_type", "refresh_token");
    form.add("refresh_token", token);
    form.add("client_id", client);
    return http("POST", tier->as().url("/oauth/token"),
                {{"Content-Type", "application/x-www-form-urlencoded"}}, form.encode());
  }
  void expect_no_login(const Run& result, const std::string& why) {
    EXPECT_EQ(result.code, 1) << result.out;
    EXPECT_NE(result.err.find(why), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
  }
  static int times(const std::string& text, const std::string& part) {
    int count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
  }

  static Tier01* tier;
  TempFolder folder;
  int runs = 0;
};
Tier01* Tier05Test::tier = nullptr;

TEST_F(Tier05Test, TheUserSignsInOnceAndTheAgentCallsEcho) {
  const int before = issuances();
  const Run first = run();
  EXPECT_EQ(first.code, 0) << first.err << walk();
  EXPECT_EQ(first.out, kEcho);
  EXPECT_NE(first.err.find("Sign in with your browser: " + tier->as().issuer() + "/oauth/authorize?"),
            std::string::npos)
      << first.err;
  EXPECT_EQ(issuances(), before + 1);
  struct stat status {};
  ASSERT_EQ(::stat(tokens().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto claims = jwt_part(login().value("access_token", ""), 1);
  EXPECT_EQ(claims["aud"], nlohmann::json::array({tier->resource()}));
  EXPECT_NE(claims["sub"], claims["client_id"]);

  const Run second = run({{"BROWSER", "/bin/false"}});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(second.out, kEcho);
  EXPECT_EQ(issuances(), before + 1);
}

TEST_F(Tier05Test, ProcessesThatStartTogetherAskTheUserOnce) {
  const int before = issuances();
  auto one = start("one"), two = start("two"), three = start("three");
  for (ChildProcess* agent : {one.get(), two.get(), three.get()}) {
    const Run result = end(*agent);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.out, kEcho);
  }
  EXPECT_EQ(times(walk(), "POST /login"), 1) << walk();
  EXPECT_EQ(issuances(), before + 1);
}

TEST_F(Tier05Test, AnswersThatWereChangedOnTheirWayBackGetNoToken) {
  const int before = issuances();
  expect_no_login(run({{"BROWSER_ATTACK", "state"}}), "does not belong to this login");
  expect_no_login(run({{"BROWSER_ATTACK", "iss"}}), "mix-up");
  expect_no_login(run({{"BROWSER_ATTACK", "no-iss"}}), "mix-up");
  EXPECT_EQ(issuances(), before);
}

TEST_F(Tier05Test, RequestsThatMissTheRedirectUriChangeNothing) {
  for (const auto& [attack, answer] : {std::pair("path", "back 404"), std::pair("host", "back 403")}) {
    std::filesystem::remove(tokens());
    const Run result = run({{"BROWSER_ATTACK", attack}});
    EXPECT_EQ(result.code, 0) << attack << result.err;
    EXPECT_EQ(times(walk(), answer), 1) << walk();
  }
}

TEST_F(Tier05Test, AUserWhoSaysNoIsTakenAtTheirWord) {
  const int before = issuances();
  expect_no_login(run({{"BROWSER_ANSWER", "deny"}}), "access_denied");
  EXPECT_EQ(issuances(), before);
}

TEST_F(Tier05Test, AnEndedGrantBringsTheUserBack) {
  ASSERT_EQ(run().code, 0);
  const std::string client = login()["client_id"], spent = login()["refresh_token"];
  const auto renewed = refresh(spent, client);
  ASSERT_EQ(renewed.status, 200) << renewed.body;
  // Used twice: the family is gone, and with it what the agent holds.
  EXPECT_EQ(refresh(spent, client).json().value("error", ""), "invalid_grant");
  EXPECT_EQ(refresh(renewed.json().value("refresh_token", ""), client).json().value("error", ""),
            "invalid_grant");

  auto book = nlohmann::json::parse(read_file(tokens()));
  book["logins"][0]["expires_at"] = 0;
  {
    std::ofstream file(tokens());
    file << book;
  }
  const Run again = run();
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_NE(login()["refresh_token"], spent);
}

TEST_F(Tier05Test, AnExpiredTokenIsRefreshedWithoutTheUser) {
  ASSERT_EQ(run().code, 0);
  auto book = nlohmann::json::parse(read_file(tokens()));
  const std::string spent = book["logins"][0]["refresh_token"];
  book["logins"][0]["expires_at"] = 0;
  {
    std::ofstream file(tokens());
    file << book;
  }
  const Run again = run({{"BROWSER", "/bin/false"}});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, kEcho);
  EXPECT_NE(login()["refresh_token"], spent);
}

TEST_F(Tier05Test, SigningOutEndsTheLogin) {
  ASSERT_EQ(run().code, 0);
  const std::string client = login()["client_id"], token = login()["refresh_token"];
  const Run out = run({{"AGENT_LOGOUT", "1"}});
  EXPECT_EQ(out.code, 0) << out.err;
  EXPECT_EQ(out.out, "[agent] signed out\n");
  EXPECT_TRUE(nlohmann::json::parse(read_file(tokens()))["logins"].empty());
  EXPECT_EQ(refresh(token, client).json().value("error", ""), "invalid_grant");
}

}  // namespace
}  // namespace authplane::e2e
