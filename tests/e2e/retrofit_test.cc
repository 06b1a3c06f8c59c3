#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "stack.h"

// One server without and one with authorization: the same requests, the same answers, a token the only
// difference.

namespace authplane::e2e {
namespace {

class RetrofitTest : public ::testing::Test {
 protected:
  struct Stack {
    TempFolder folder;
    AuthServer as{folder.path()};
    std::string resource;
    Registered client;
    std::unique_ptr<ExampleServer> before, after;
  };

  static void SetUpTestSuite() {
    stack = new Stack;
    stack->as.start();
    if (HasFatalFailure()) return;
    const int port = free_port();
    stack->resource = resource_at(port);
    stack->as.register_resource("retrofit-after", stack->resource, {"mcp:tools", "mcp:other"});
    stack->client = stack->as.register_client("retrofit-demo-client", "mcp:tools mcp:other");
    const auto& folder = stack->folder.path();
    stack->before =
        std::make_unique<ExampleServer>("before", RETROFIT_BEFORE_BINARY, free_port(), Environment{}, folder);
    stack->after = std::make_unique<ExampleServer>(
        "after", RETROFIT_AFTER_BINARY, port,
        Environment{{"AUTHPLANE_ISSUER", stack->as.issuer()}, {"AUTHPLANE_RESOURCE", stack->resource}},
        folder);
  }
  static void TearDownTestSuite() {
    delete stack;
    stack = nullptr;
  }

  std::string before() { return stack->before->url(); }
  std::string after() { return stack->after->url(); }
  std::string token(const std::string& scope = "mcp:tools") {
    return stack->as.access_token(stack->client, scope, stack->resource);
  }
  static Headers bearer(const std::string& token) { return {{"Authorization", "Bearer " + token}}; }

  // Opens a session and sends these calls; every answer, the one to initialize first.
  static std::vector<Reply> handshake(const std::string& url, Headers headers,
                                      const std::vector<nlohmann::json>& calls) {
    std::vector<Reply> replies = {post_mcp(url, initialize_call(), headers)};
    EXPECT_EQ(replies[0].status, 200) << replies[0].body;
    headers.add("Mcp-Session-Id", replies[0].header("Mcp-Session-Id"));
    EXPECT_EQ(post_mcp(url, initialized_notification(), headers).status, 202);
    for (const auto& call : calls) replies.push_back(post_mcp(url, call, headers));
    return replies;
  }

  static std::vector<std::string> source_lines(const std::string& path) {
    std::vector<std::string> lines;
    std::istringstream text(read_file(std::filesystem::path(RETROFIT_SOURCES) / path));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

  static Stack* stack;
};
RetrofitTest::Stack* RetrofitTest::stack = nullptr;

const nlohmann::json kToolsList = {{"jsonrpc", "2.0"}, {"id", 3}, {"method", "tools/list"}};
const nlohmann::json kAdd = tool_call("add", {{"a", 17}, {"b", 25}});

std::string first_text(const Reply& reply) {
  return reply.json()["result"]["content"][0].value("text", "");
}

TEST_F(RetrofitTest, TheServerBeforeAnswersEverybody) {
  const auto replies = handshake(before(), {}, {kAdd});
  EXPECT_EQ(replies[0].json()["result"]["serverInfo"]["name"], "retrofit-demo");
  EXPECT_EQ(first_text(replies[1]), "42");
}

TEST_F(RetrofitTest, TheServerBeforeDoesNotLookAtAJunkToken) {
  EXPECT_EQ(post_mcp(before(), initialize_call(), bearer("junk")).status, 200);
}

TEST_F(RetrofitTest, TheServerAfterIsThisRunsOwn) {
  const auto reply = http("GET", stack->resource.substr(0, stack->resource.size() - 4) +
                                     "/.well-known/oauth-protected-resource/mcp");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json()["resource"], stack->resource);
  EXPECT_EQ(reply.json()["authorization_servers"], nlohmann::json::array({stack->as.issuer()}));
}

TEST_F(RetrofitTest, TheServerAfterRefusesAndSaysWhereToGetAToken) {
  const auto reply = post_mcp(after(), initialize_call());
  EXPECT_EQ(reply.status, 401);
  const auto challenge = reply.header("WWW-Authenticate");
  EXPECT_TRUE(challenge.starts_with("Bearer ")) << challenge;
  EXPECT_NE(challenge.find("resource_metadata=\"http://localhost:"), std::string::npos) << challenge;
  EXPECT_EQ(reply.header("Mcp-Session-Id"), "");
}

TEST_F(RetrofitTest, TheServerAfterRefusesAJunkToken) {
  EXPECT_EQ(post_mcp(after(), initialize_call(), bearer("junk")).status, 401);
}

TEST_F(RetrofitTest, TheServerAfterWantsItsScopeFromTheFirstRequestOn) {
  const auto reply = post_mcp(after(), initialize_call(), bearer(token("mcp:other")));
  EXPECT_EQ(reply.status, 403) << reply.body;
  EXPECT_NE(reply.header("WWW-Authenticate").find("scope=\"mcp:tools\""), std::string::npos)
      << reply.header("WWW-Authenticate");
}

TEST_F(RetrofitTest, WithATokenTheSameRequestsGetTheSameAnswers) {
  const std::vector<nlohmann::json> calls = {kToolsList, kAdd, echo_call("same"),
                                             tool_call("add", {{"a", "no number"}})};
  const auto open = handshake(before(), {}, calls);
  const auto guarded = handshake(after(), bearer(token()), calls);
  ASSERT_EQ(open.size(), guarded.size());
  for (std::size_t i = 0; i < open.size(); ++i) {
    EXPECT_EQ(open[i].status, guarded[i].status) << i;
    EXPECT_EQ(open[i].body, guarded[i].body) << i;
    EXPECT_EQ(open[i].header("Content-Type"), guarded[i].header("Content-Type")) << i;
  }
  EXPECT_EQ(first_text(guarded[2]), "42");
}

TEST_F(RetrofitTest, TheThreeToolsWork) {
  const auto replies = handshake(
      before(), {},
      {kToolsList, tool_call("now", nlohmann::json::object()), tool_call("add", {{"a", 0.5}, {"b", 1}})});
  std::vector<std::string> names;
  const auto listed = replies[1].json();
  for (const auto& tool : listed["result"]["tools"]) names.push_back(tool["name"]);
  EXPECT_EQ(names, (std::vector<std::string>{"echo", "add", "now"}));
  const auto now = first_text(replies[2]);
  EXPECT_EQ(now.size(), 20u) << now;
  EXPECT_TRUE(now.ends_with('Z')) << now;
  EXPECT_EQ(first_text(replies[3]), "1.5");
}

// The claim of the example: what was added is the marked block and the include it needs, what went is the
// mount.
TEST_F(RetrofitTest, TheSourcesDifferByAuthLinesOnly) {
  const auto old_lines = source_lines("before/main.cpp");
  std::vector<std::string> kept, added;
  bool inside = false;
  for (const auto& line : source_lines("after/main.cpp")) {
    inside = inside || line.find("// authplane:begin") != std::string::npos;
    const bool is_auth = inside || line == "#include <authplane/mcp_auth/auth.h>";
    (is_auth ? added : kept).push_back(line);
    inside = inside && line.find("// authplane:end") == std::string::npos;
  }
  std::vector<std::string> removed;
  auto next = kept.begin();
  for (const auto& line : old_lines) {
    if (next != kept.end() && *next == line) {
      ++next;
    } else {
      removed.push_back(line);
    }
  }
  EXPECT_EQ(next, kept.end()) << "not in before/main.cpp: " << *next;
  EXPECT_EQ(removed, std::vector<std::string>{"  authplane::mount(http, mcp.routes(\"/mcp\"));"});
  EXPECT_LE(removed.size() + added.size(), 10u);
}

TEST_F(RetrofitTest, BothAreCompiledWithTheSameFlags) {
  const auto commands = nlohmann::json::parse(read_file(COMPILE_COMMANDS), nullptr, false);
  ASSERT_TRUE(commands.is_array()) << COMPILE_COMMANDS;
  const auto flags_of = [&](const std::string& source) {
    std::vector<std::string> flags;
    for (const auto& entry : commands) {
      if (!entry.value("file", "").ends_with("retrofit-existing-mcp-server/" + source)) continue;
      std::istringstream words(entry.value("command", ""));
      for (std::string word; words >> word;) {
        if (word.find("retrofit") == std::string::npos) flags.push_back(word);
      }
    }
    std::sort(flags.begin(), flags.end());
    return flags;
  };
  EXPECT_FALSE(flags_of("before/main.cpp").empty());
  EXPECT_EQ(flags_of("before/main.cpp"), flags_of("after/main.cpp"));
}

}  // namespace
}  // namespace authplane::e2e
