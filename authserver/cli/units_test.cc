#include <authplane/testing/testing.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "authserver/cli/command.h"
#include "authserver/cli/healthcheck.h"
#include "authserver/cli/render.h"
#include "authserver/cli/scope_map.h"
#include "authserver/cli/scope_tuple.h"
#include "authserver/cli/since.h"

namespace authplane::authserver::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ScopeTuple, SplitsOnTheFirstTwoBars) {
  EXPECT_EQ(parse_scope_tuple("mcp:echo").value_or(ResourceScope()), (ResourceScope{"mcp:echo", "", ""}));
  EXPECT_EQ(parse_scope_tuple(" a |").value_or(ResourceScope()), (ResourceScope{"a", "", ""}));
  EXPECT_EQ(parse_scope_tuple("a|up").value_or(ResourceScope()), (ResourceScope{"a", "", "up"}));
  EXPECT_EQ(parse_scope_tuple("a||x|y| z").value_or(ResourceScope()), (ResourceScope{"a", "x|y| z", ""}));
  EXPECT_FALSE(parse_scope_tuple(" |up|description"));
  EXPECT_FALSE(parse_scope_tuple(""));
}

TEST(ScopeMapText, ReadsEntriesAndSkipsBlankOnes) {
  const auto read = [](std::string_view text) { return parse_scope_map(text).value_or(ScopeMap()); };
  EXPECT_EQ(read("a:b"), (ScopeMap{{"a", {"b"}}}));
  EXPECT_EQ(read(" a : b + c ,, d:e,"), (ScopeMap{{"a", {"b", "c"}}, {"d", {"e"}}}));
  EXPECT_EQ(read("a:b,a:c+b"), (ScopeMap{{"a", {"b", "c", "b"}}}));
  // Only a target may hold a colon.
  EXPECT_EQ(read("mcp:echo:read"), (ScopeMap{{"mcp", {"echo:read"}}}));
  EXPECT_EQ(read(R"( {"mcp:echo":["a:b","c"]})"), (ScopeMap{{"mcp:echo", {"a:b", "c"}}}));
}

TEST(ScopeMapText, RefusesEverythingElse) {
  const auto problem = [](std::string_view text) {
    CommandResult<ScopeMap> scope_map = parse_scope_map(text);
    return scope_map ? "accepted" : scope_map.error().message;
  };
  EXPECT_THAT(problem(""), HasSubstr("is empty"));
  EXPECT_THAT(problem(" , "), HasSubstr("is empty"));
  EXPECT_THAT(problem("a"), HasSubstr("'a' has no ':'"));
  EXPECT_THAT(problem("a:b,:c"), HasSubstr("':c' has no source"));
  EXPECT_THAT(problem("a:"), HasSubstr("has an empty target"));
  EXPECT_THAT(problem("a:b++c"), HasSubstr("has an empty target"));
  EXPECT_THAT(problem("a:b+"), HasSubstr("has an empty target"));
  EXPECT_THAT(problem("{"), HasSubstr("no JSON object"));
  EXPECT_THAT(problem(R"({"a":"b"})"), HasSubstr("array of scopes"));
  EXPECT_THAT(problem(R"({"a":["b"],"a":["c"]})"), HasSubstr("duplicate"));
}

class ScopesFile : public ::testing::Test {
 protected:
  ScopesFile() {
    char name[] = "/tmp/authserver-scopes-XXXXXX";
    close(mkstemp(name));
    path_ = name;
  }
  ~ScopesFile() override { unlink(path_.c_str()); }
  std::string problem(std::string_view text) {
    std::ofstream(path_) << text;
    CommandResult<std::vector<ResourceScope>> scopes = read_scopes_file(path_);
    return scopes ? "accepted" : scopes.error().message;
  }
  std::string path_;
};

TEST_F(ScopesFile, ReadsAnArrayOfScopes) {
  std::ofstream(path_) << R"([{"name":"a","description":"d","upstream":"u"},{"name":"b"}])";
  EXPECT_THAT(read_scopes_file(path_).value_or(std::vector<ResourceScope>()),
              ElementsAre(ResourceScope{"a", "d", "u"}, ResourceScope{"b", "", ""}));
}

TEST_F(ScopesFile, HoldsAScopeMapAsWell) {
  std::ofstream(path_) << "{\"mcp:echo\": [\"a\"]}\n";
  EXPECT_EQ(read_scope_map_file(path_).value_or(ScopeMap()), (ScopeMap{{"mcp:echo", {"a"}}}));
  std::ofstream(path_) << "mcp:a";
  EXPECT_THAT(read_scope_map_file(path_).error().message, HasSubstr(path_));
}

TEST_F(ScopesFile, RefusesEverythingElse) {
  EXPECT_THAT(problem("{}"), HasSubstr("array of scopes"));
  EXPECT_THAT(problem("[1]"), HasSubstr("must be an object"));
  EXPECT_THAT(problem(R"([{"description":"d"}])"), HasSubstr("has no name"));
  EXPECT_THAT(problem(R"([{"name":1}])"), HasSubstr("must be text"));
  EXPECT_THAT(problem(R"([{"name":"a","scope":"b"}])"), HasSubstr("unknown member 'scope'"));
  EXPECT_THAT(problem("["), HasSubstr(path_));
  EXPECT_THAT(problem(std::string(1024 * 1024 + 1, ' ')), HasSubstr("larger than 1 MiB"));
  EXPECT_FALSE(read_scopes_file("/nonexistent"));
}

TEST(Since, TakesDurationsDaysAndWeeks) {
  EXPECT_EQ(parse_since("90m").value_or(0s), 90min);
  EXPECT_EQ(parse_since("1h30m").value_or(0s), 90min);
  EXPECT_EQ(parse_since("7d").value_or(0s), 168h);
  EXPECT_EQ(parse_since("2w").value_or(0s), 336h);
  EXPECT_EQ(parse_since("30d").value_or(0s), 720h);
  for (const char* text :
       {"", "d", "0", "-1h", "31d", "5w", "1.5d", "1d12h", "2026-01-01T00:00:00Z", "99999999999d"}) {
    EXPECT_FALSE(parse_since(text)) << text;
  }
}

TEST(Render, AStoredValueCannotForgeAColumnOrALine) {
  EXPECT_EQ(Row("created").add("id", "x").add("name", "a b").line(), "created id=x name=\"a b\"\n");
  EXPECT_EQ(Row().add("name", "x\nid=y").line(), "name=\"x\\nid=y\"\n");
  EXPECT_EQ(Row().add("name", "a\"b").line(), "name=\"a\\\"b\"\n");
  EXPECT_EQ(Row().add("name", "").quoted("display_name", "").line(), "name= display_name=\"\"\n");
  EXPECT_EQ(Row().add("name", "\xff").line(), "name=\"(not UTF-8)\"\n");
}

TEST(Render, AStoredValueCannotSteerTheTerminalOrTurnTextAround) {
  EXPECT_EQ(Row().add("name", "a\u202Eb").line(), "name=\"a\\u202eb\"\n");
  EXPECT_EQ(Row().add("name", "a\u2066b\u2069").line(), "name=\"a\\u2066b\\u2069\"\n");
  EXPECT_EQ(Row()
                .add("name",
                     "\xC2\x9B"
                     "31m")
                .line(),
            "name=\"\\u009b31m\"\n");
  EXPECT_EQ(Row().add("name", "\x7F").line(), "name=\"\\u007f\"\n");
  EXPECT_EQ(Row().add("name", "a\u2028id=y").line(), "name=\"a\\u2028id=y\"\n");
  EXPECT_EQ(Row().quoted("display_name", "a\u200Bb\uFEFF").line(), "display_name=\"a\\u200bb\\ufeff\"\n");
  EXPECT_EQ(Row().add("name", "M\u00FCller\u00A0\u65E5\U0001F600").line(),
            "name=M\u00FCller\u00A0\u65E5\U0001F600\n");
}

TEST(Render, UsersOfAProviderWithoutAnAddressDiffer) {
  User user;
  user.id = "u1";
  user.name = "Ada Lovelace";
  user.provider = "oidc";
  EXPECT_EQ(user_row(user), "id=u1 email= role=user status=active name=\"Ada Lovelace\" provider=oidc\n");
}

TEST(Render, ScopesShowTheirUpstreamNameOnlyWhenItDiffers) {
  EXPECT_EQ(scope_summary({}), "[]");
  EXPECT_EQ(scope_summary({{"a", "", ""}, {"b", "", "b"}, {"c", "", "x"}}), "[a,b,c->x]");
}

TEST(SplitList, TrimsAndDropsEmptyItems) {
  EXPECT_THAT(split_list(" a, b ,,c,"), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(split_list("").empty());
}

TEST(HealthUrl, ReachesAllInterfacesOverLoopback) {
  EXPECT_EQ(health_url({"", 9000}).value_or(""), "http://127.0.0.1:9000/health");
  EXPECT_EQ(health_url({"0.0.0.0", 9000}).value_or(""), "http://127.0.0.1:9000/health");
  EXPECT_EQ(health_url({"::", 9000}).value_or(""), "http://[::1]:9000/health");
  EXPECT_EQ(health_url({"10.0.0.7", 80}).value_or(""), "http://10.0.0.7:80/health");
  EXPECT_FALSE(health_url({"", 0}));
}

TEST(Healthcheck, OnlyStatus200IsHealthy) {
  testing::ScriptedTransport transport;
  const std::string url = "http://127.0.0.1:1/health";
  transport.on_json(url, "{}", 200);
  EXPECT_TRUE(check_health(transport, url, 1s));
  transport.on_json(url, "{}", 503);
  EXPECT_FALSE(check_health(transport, url, 1s));
  EXPECT_FALSE(check_health(transport, "http://127.0.0.1:2/health", 1s));
  EXPECT_FALSE(check_health(transport, "not a url", 1s));
}

}  // namespace
}  // namespace authplane::authserver::cli
