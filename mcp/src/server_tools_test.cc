// tools/list, tools/call, policies.

#include <gmock/gmock.h>

#include <authplane/base/encoding.h>

#include "test_server.h"

namespace authplane::mcp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ServerToolsTest : public ServerTest {
 protected:
  void SetUp() override { start(); }
  void add(std::string name, ToolHandler handler) {
    server->add_tool({.name = std::move(name)}, std::move(handler));
  }

  HttpResponse call(std::string_view tool, std::string_view arguments = "{}",
                    std::string_view version = "2025-11-25") {
    return post(call_body(tool, arguments), open(version));
  }
  Json result(std::string_view tool, std::string_view arguments = "{}",
              std::string_view version = "2025-11-25") {
    return json(call(tool, arguments, version)).at("result");
  }
  Json list(const std::string& session, const std::string& params = "{}",
            const RequestContext& context = {}) {
    return json(
        post(R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":)" + params + "}", session, context));
  }
  static std::vector<std::string> names(const Json& listed) {
    std::vector<std::string> out;
    for (const auto& tool : listed.at("result").at("tools")) out.push_back(tool.at("name"));
    return out;
  }
};

ToolResult nothing(const ToolCall&) {
  return {};
}

TEST_F(ServerToolsTest, ToolsAreListedInTheOrderTheyWereAdded) {
  add("zebra", nothing);
  add("ant", nothing);
  EXPECT_THAT(names(list(open())), ElementsAre("echo", "zebra", "ant"));
}

TEST_F(ServerToolsTest, SchemasGoOutUntouched) {
  const std::string schema = R"({ "type":"object","$schema":"https://json-schema.org/draft/2020-12/schema",
    "$defs":{"z":{"$anchor":"q"},"a":{}},"allOf":[{"if":{},"then":{}}], "additionalProperties": false })";
  server->add_tool(
      {.name = "strict", .title = "T", .input_schema = schema, .annotations = {.read_only_hint = true}},
      nothing);
  const auto body = post(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})", open()).body;
  EXPECT_THAT(body, HasSubstr(schema));
  EXPECT_THAT(body, HasSubstr(R"("annotations":{"readOnlyHint":true})"));
  EXPECT_THAT(body, HasSubstr(R"("title":"T")"));
}

TEST_F(ServerToolsTest, PagesCoverEveryToolOnce) {
  auto options = plain_options();
  options.tools_page_size = 2;
  start(std::move(options));
  for (const char* name : {"a", "b", "c", "d"}) add(name, nothing);
  const auto session = open();
  std::vector<std::string> all;
  std::string params = "{}";
  for (int page = 0; page < 3; ++page) {
    const auto listed = list(session, params);
    for (auto& name : names(listed)) all.push_back(name);
    ASSERT_EQ(listed["result"].contains("nextCursor"), page < 2);
    if (page < 2) params = R"({"cursor":)" + listed["result"]["nextCursor"].dump() + '}';
  }
  EXPECT_THAT(all, ElementsAre("echo", "a", "b", "c", "d"));
}

TEST_F(ServerToolsTest, ABadCursorIsInvalidParams) {
  const auto session = open();
  for (const std::string cursor : {R"("x")", R"("")", "1", "null", R"("dG9vbHM6OTk5")", R"("dG9vbHM6LTE")"}) {
    EXPECT_EQ(list(session, R"({"cursor":)" + cursor + '}')["error"]["code"], kInvalidParams) << cursor;
  }
}

class BadTool : public ServerToolsTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(BadTool, NameIsRefused) {
  EXPECT_THROW(add(GetParam(), nothing), Exception);
}

INSTANTIATE_TEST_SUITE_P(ServerTools, BadTool,
                         ::testing::Values("", "a b", "a/b", "\xC3\xA4", "a\n", "echo"));

TEST_F(ServerToolsTest, UnusableToolsAreRefused) {
  EXPECT_THROW(add(std::string(129, 'a'), nothing), Exception);
  EXPECT_NO_THROW(add(std::string(128, 'a'), nothing));
  EXPECT_THROW(add("t", ToolHandler()), Exception);
  EXPECT_THROW(server->add_tool({.name = "t", .input_schema = "[]"}, nothing), Exception);
  EXPECT_THROW(server->add_tool({.name = "t", .input_schema = "{"}, nothing), Exception);
  EXPECT_THROW(server->add_tool({.name = "t", .input_schema = "{}"}, nothing), Exception);
  EXPECT_THROW(server->add_tool({.name = "t", .output_schema = R"({"type":"string"})"}, nothing), Exception);
  EXPECT_FALSE(server->has_tool("t"));
  EXPECT_TRUE(server->has_tool("echo"));
}

TEST_F(ServerToolsTest, AnUnknownToolIsInvalidParams) {
  const auto response = call("nope");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(error_code(response), kInvalidParams);
}

TEST_F(ServerToolsTest, CallsWithoutANameOrWithOtherArgumentsAreInvalidParams) {
  const auto session = open();
  EXPECT_EQ(error_code(post(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", session)), kInvalidParams);
  EXPECT_EQ(
      error_code(post(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":1}})", session)),
      kInvalidParams);
  EXPECT_EQ(error_code(post(call_body("echo", "[]"), session)), kInvalidParams);
  EXPECT_EQ(error_code(post(call_body("echo", "null"), session)), kInvalidParams);
}

TEST_F(ServerToolsTest, AbsentArgumentsAreAnEmptyObject) {
  add("dump", [](const ToolCall& call) { return ToolResult::text(to_json_text(call.arguments())); });
  EXPECT_EQ(
      first_text(post(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"dump"}})", open())),
      "{}");
}

TEST_F(ServerToolsTest, WrongArgumentsAreAnErrorResultAndTheHandlerDoesNotRun) {
  const auto missing = result("echo", R"({"txt":"x"})");
  EXPECT_EQ(missing["isError"], true);
  EXPECT_EQ(missing["content"][0]["text"], "Invalid arguments: 'text' is required");
  EXPECT_EQ(result("echo", R"({"text":7})")["content"][0]["text"],
            "Invalid arguments: 'text' must be string");
}

TEST_F(ServerToolsTest, TypedHelpersReportWhatTheSchemaLeftOpen) {
  add("typed", [](const ToolCall& call) {
    return ToolResult::text(std::to_string(call.integer_argument("i")) + " " +
                            std::to_string(call.bool_argument("b")) + " " +
                            std::to_string(call.number_argument("n")));
  });
  EXPECT_EQ(result("typed", R"({"i":-3,"b":true,"n":2})")["content"][0]["text"], "-3 1 2.000000");
  EXPECT_EQ(result("typed", R"({"i":4.0,"b":true,"n":2})")["content"][0]["text"], "4 1 2.000000");
  for (const char* broken :
       {R"({"i":1.5,"b":true,"n":2})", R"({"i":18446744073709551615,"b":true,"n":2})",
        R"({"i":1e300,"b":true,"n":2})", R"({"i":"1","b":true,"n":2})", R"({"b":true,"n":2})",
        R"({"i":1,"b":1,"n":2})", R"({"i":1,"b":true,"n":"2"})"}) {
    EXPECT_EQ(result("typed", broken)["isError"], true) << broken;
  }
}

TEST_F(ServerToolsTest, AFailingHandlerTellsTheClientNothingAndTheLogEverything) {
  add("boom", [](const ToolCall&) -> ToolResult { throw std::runtime_error("db at 10.0.0.1 is down"); });
  add("odd", [](const ToolCall&) -> ToolResult { throw 7; });
  const auto response = call("boom");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json(response)["result"]["isError"], true);
  EXPECT_THAT(response.body, Not(HasSubstr("10.0.0.1")));
  EXPECT_TRUE(logger->contains("db at 10.0.0.1 is down"));
  EXPECT_EQ(result("odd")["isError"], true);
}

TEST_F(ServerToolsTest, DeliberateErrorsKeepTheirText) {
  add("no", [](const ToolCall&) { return ToolResult::error("out of stock"); });
  EXPECT_EQ(result("no"),
            Json::parse(R"({"content":[{"type":"text","text":"out of stock"}],"isError":true})"));
}

TEST_F(ServerToolsTest, EveryKindOfContentHasItsShape) {
  add("all", [](const ToolCall&) {
    auto out = ToolResult::text("t");
    out.add(ImageContent{"\x89PNG", "image/png"}).add(AudioContent{"RIFF", "audio/wav"});
    out.add(ResourceLink{.uri = "file:///a", .name = "a", .mime_type = "text/plain"});
    out.add(EmbeddedResource{.uri = "test://r", .mime_type = "text/plain", .text = "body"});
    out.add(EmbeddedResource{
        .uri = "test://b", .mime_type = "application/octet-stream", .text = {}, .blob = "\x01"});
    return out;
  });
  const auto expected =
      Json::parse(R"([{"type":"text","text":"t"},{"type":"image","data":"iVBORw==","mimeType":"image/png"},
    {"type":"audio","data":"UklGRg==","mimeType":"audio/wav"},
    {"type":"resource_link","uri":"file:///a","name":"a","mimeType":"text/plain"},
    {"type":"resource","resource":{"uri":"test://r","mimeType":"text/plain","text":"body"}},
    {"type":"resource","resource":{"uri":"test://b","mimeType":"application/octet-stream","blob":"AQ=="}}])");
  EXPECT_EQ(result("all")["content"], expected);
  EXPECT_EQ(result("all", "{}", "2025-03-26")["content"][3],
            Json::parse(R"({"type":"text","text":"file:///a"})"));
}

TEST_F(ServerToolsTest, StructuredContentHasATextCopyAndFitsTheRevision) {
  add("s", [](const ToolCall&) { return ToolResult::structured(R"({"n":1})"); });
  EXPECT_EQ(result("s"),
            Json::parse(R"({"content":[{"type":"text","text":"{\"n\":1}"}],"structuredContent":{"n":1}})"));
  EXPECT_FALSE(result("s", "{}", "2025-03-26").contains("structuredContent"));
}

TEST_F(ServerToolsTest, StructuredContentIsHeldAgainstTheOutputSchema) {
  const auto schema = R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]})";
  const auto add_out = [&](std::string name, ToolResult out) {
    server->add_tool({.name = std::move(name), .output_schema = schema},
                     [out](const ToolCall&) { return out; });
  };
  add_out("good", ToolResult::structured(R"({"n":1})"));
  add_out("wrong", ToolResult::structured(R"({"n":"1"})"));
  add_out("none", ToolResult::text("x"));
  add_out("broken", ToolResult::structured("{"));
  add_out("failed", ToolResult::error("x"));
  EXPECT_FALSE(result("good").contains("isError"));
  for (const char* tool : {"wrong", "none", "broken"}) {
    EXPECT_EQ(result(tool)["isError"], true) << tool;
    EXPECT_FALSE(result(tool).contains("structuredContent")) << tool;
  }
  EXPECT_EQ(result("failed")["content"][0]["text"], "x");
}

TEST_F(ServerToolsTest, FieldsOfLaterRevisionsAreKeptFromOlderClients) {
  server->add_tool({.name = "new", .title = "New", .output_schema = R"({"type":"object"})"}, nothing);
  const auto old_tool = list(open("2025-03-26"))["result"]["tools"][1];
  EXPECT_FALSE(old_tool.contains("title") || old_tool.contains("outputSchema"));
  const auto new_tool = list(open("2025-06-18"))["result"]["tools"][1];
  EXPECT_TRUE(new_tool.contains("title") && new_tool.contains("outputSchema"));
}

TEST_F(ServerToolsTest, HandlersSeeTheContext) {
  add("who", [](const ToolCall& call) {
    return ToolResult::text(call.context().principal + " " + std::any_cast<std::string>(call.context().user));
  });
  const RequestContext alice{.principal = "alice", .user = std::string("claims")};
  EXPECT_EQ(first_text(post(call_body("who"), open("2025-11-25", alice), alice)), "alice claims");
}

TEST_F(ServerToolsTest, LogLevelsAreChecked) {
  const auto session = open();
  const auto set = [&](const char* params) {
    return post(
        R"({"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":)" + std::string(params) + "}",
        session);
  };
  EXPECT_EQ(set(R"({"level":"emergency"})").body, R"({"jsonrpc":"2.0","id":1,"result":{}})");
  EXPECT_EQ(error_code(set(R"({"level":"loud"})")), kInvalidParams);
  EXPECT_EQ(error_code(set(R"({"level":""})")), kInvalidParams);
  EXPECT_EQ(error_code(set("{}")), kInvalidParams);
}

// Refuses every call of `secret` and hides it.
class NoSecrets final : public RequestPolicy {
 public:
  std::optional<HttpResponse> before_dispatch(const HttpRequest&, const RequestContext&,
                                              std::span<const Invocation> invocations) const override {
    for (const auto& invocation : invocations) {
      seen.push_back(std::string(invocation.method) + ":" + std::string(invocation.tool_name));
      if (invocation.tool_name == "secret") {
        HttpResponse refused;
        refused.status = 403;
        return refused;
      }
    }
    return std::nullopt;
  }
  bool tool_visible(const RequestContext&, std::string_view tool) const override { return tool != "secret"; }
  mutable std::vector<std::string> seen;
};

class ServerPolicyTest : public ServerToolsTest {
 protected:
  void SetUp() override {
    ServerToolsTest::SetUp();
    add("secret", [this](const ToolCall&) {
      ++secret_runs;
      return ToolResult::text("s");
    });
    add("last", nothing);
    context.policy = policy;
  }
  int secret_runs = 0;
  std::shared_ptr<NoSecrets> policy = std::make_shared<NoSecrets>();
  RequestContext context;
};

TEST_F(ServerPolicyTest, ARefusalIsAnsweredAndNothingRuns) {
  const auto session = open();
  EXPECT_EQ(post(call_body("secret"), session, context).status, 403);
  EXPECT_EQ(secret_runs, 0);
  EXPECT_EQ(post(call_body("echo", R"({"text":"x"})"), session, context).status, 200);
  EXPECT_THAT(policy->seen, ElementsAre("tools/call:secret", "tools/call:echo"));
}

TEST_F(ServerPolicyTest, OneBadElementRefusesTheWholeBatch) {
  const auto session = open("2025-03-26");
  const auto body =
      '[' + call_body("last") + R"(,3,{"jsonrpc":"2.0","method":"n"},)" + call_body("secret") + ']';
  EXPECT_EQ(post(body, session, context).status, 403);
  EXPECT_EQ(secret_runs, 0);
  EXPECT_THAT(policy->seen, ElementsAre("tools/call:last", ":", "n:", "tools/call:secret"));
}

TEST_F(ServerPolicyTest, HiddenToolsAreNotListedAndLeaveNoEmptyPage) {
  EXPECT_THAT(names(list(open(), "{}", context)), ElementsAre("echo", "last"));
  auto options = plain_options();
  options.tools_page_size = 1;
  start(std::move(options));
  add("secret", nothing);
  const auto page = list(open(), "{}", context);
  EXPECT_THAT(names(page), ElementsAre("echo"));
  EXPECT_FALSE(page["result"].contains("nextCursor"));
}

}  // namespace
}  // namespace authplane::mcp
