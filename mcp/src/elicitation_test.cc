#include "elicitation.h"

#include <gmock/gmock.h>

#include <authplane/mcp/client.h>
#include <authplane/mcp/testing/server_transport.h>
#include <authplane/testing/scripted_transport.h>

#include "test_server.h"

namespace authplane::mcp {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kPage = "https://as.example/connect/github?resource=github";

// A server whose tools throw, and what its clients get.
class ThrowingTools : public ServerTest {
 protected:
  void SetUp() override {
    start();
    add("connect", [](const ToolCall&) -> ToolResult {
      throw UrlElicitationRequired("Connect GitHub", {{kPage, "id-1", "GitHub \"repo\""},
                                                      {"http://localhost:9000/more", "id-2", "More"}});
    });
  }
  void add(const char* name, ToolHandler handler, bool streaming = false) {
    server->add_tool({.name = name, .streaming = streaming}, std::move(handler));
  }
  void add_error(const char* name, RpcError error) {
    add(name, [error](const ToolCall&) -> ToolResult { throw RpcException(error); });
  }
  Json call(const char* tool, std::string_view version = "2025-11-25") {
    return json(post(call_body(tool), open(version)));
  }
  std::string open_with(std::string_view capabilities) {
    std::string body = initialize_body();
    body.replace(body.find("\"capabilities\":{}"), 17, "\"capabilities\":" + std::string(capabilities));
    const std::string session(post(body).headers.get("Mcp-Session-Id").value_or(""));
    (void)post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", session);
    return session;
  }
};

TEST_F(ThrowingTools, AnRpcExceptionIsTheErrorOfTheCall) {
  add_error("busy", {.code = -31000, .message = "Busy \"now\"", .data_json = R"({"retry":[1,2]})"});
  const auto response = post(call_body("busy"), open());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json(response), Json::parse(R"({"jsonrpc":"2.0","id":2,"error":
      {"code":-31000,"message":"Busy \"now\"","data":{"retry":[1,2]}}})"));
}

TEST_F(ThrowingTools, AnRpcExceptionWithoutDataHasNoMemberOfThatName) {
  add_error("plain", {.code = -31000, .message = "No"});
  EXPECT_FALSE(call("plain")["error"].contains("data"));
}

TEST_F(ThrowingTools, ErrorsThatWouldBreakTheProtocolFailTheTool) {
  add_error("parse", {.code = kParseError, .message = "m"});
  add_error("invalid", {.code = kInvalidRequest, .message = "m"});
  add_error("data", {.code = -31000, .message = "m", .data_json = "{\"a\":"});
  for (const char* tool : {"parse", "invalid", "data"}) {
    const Json answer = call(tool);
    ASSERT_TRUE(answer.contains("result")) << tool << answer;
    EXPECT_EQ(answer["result"]["isError"], true) << tool;
  }
}

TEST_F(ThrowingTools, PagesAreTheError32042) {
  EXPECT_EQ(call("connect")["error"], Json::parse(R"({"code":-32042,"message":"Connect GitHub",
      "data":{"elicitations":[
        {"mode":"url","elicitationId":"id-1","url":"https://as.example/connect/github?resource=github",
         "message":"GitHub \"repo\""},
        {"mode":"url","elicitationId":"id-2","url":"http://localhost:9000/more","message":"More"}]}})"));
}

TEST_F(ThrowingTools, PagesReachTheClientOfAStreamedCallToo) {
  add(
      "streamed",
      [](const ToolCall& call) -> ToolResult {
        call.log(LoggingLevel::warning, "soon");
        throw UrlElicitationRequired("Connect", {{kPage, "id", "why"}});
      },
      true);
  Client client(
      {.url = "http://127.0.0.1:8080/mcp", .transport = std::make_shared<testing::ServerTransport>(*server)});
  const auto result = client.call_tool("streamed");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::consent_required);
  EXPECT_EQ(result.error().consent->consent_url, kPage);
}

TEST_F(ThrowingTools, OlderSessionsGetThePagesAsText) {
  for (const char* version : {"2025-06-18", "2025-03-26", "2024-11-05"}) {
    const Json answer = call("connect", version);
    ASSERT_TRUE(answer.contains("result")) << version << answer;
    EXPECT_EQ(answer["result"]["isError"], true);
    const auto text = answer["result"]["content"][0]["text"].get<std::string>();
    EXPECT_THAT(text, HasSubstr("Connect GitHub"));
    EXPECT_THAT(text, HasSubstr(kPage));
    EXPECT_THAT(text, HasSubstr("http://localhost:9000/more"));
  }
}

TEST_F(ThrowingTools, AClientThatListsItsModesWithoutUrlGetsText) {
  for (const char* modes : {R"({"elicitation":{}})", R"({"elicitation":{"form":{}}})"}) {
    EXPECT_TRUE(json(post(call_body("connect"), open_with(modes))).contains("result")) << modes;
  }
  for (const char* modes :
       {R"({"elicitation":{"url":{}}})", R"({"elicitation":{"form":{},"url":{}}})", "{}"}) {
    EXPECT_EQ(error_code(post(call_body("connect"), open_with(modes))), kUrlElicitationRequired) << modes;
  }
}

TEST(UrlElicitationRequired, NeedsPagesAPersonCanVisit) {
  using Pages = std::vector<UrlElicitation>;
  EXPECT_THROW(UrlElicitationRequired("m", Pages{}), Exception);
  EXPECT_THROW(UrlElicitationRequired("m", Pages{{kPage, "", "m"}}), Exception);
  EXPECT_THROW(UrlElicitationRequired("m", (Pages{{kPage, "id", "m"}, {"ftp://as.example/", "id", "m"}})),
               Exception);
}

TEST(IsWebUrl, TakesWhatABrowserMayOpenAndNothingElse) {
  for (const char* url : {"https://as.example", "http://localhost:9000/a?b=c", "HTTPS://as.example/"})
    EXPECT_TRUE(is_web_url(url)) << url;
  for (const char* url :
       {"", "as.example", "/connect", "//as.example/", "javascript:alert(1)", "file:///etc/passwd",
        "data:text/html,x", "https://user@as.example/", "https://as.example/a b",
        "https://as.example/\r\nSet-Cookie: a", "https:///path", "app://open"})
    EXPECT_FALSE(is_web_url(url)) << url;
}

// What a foreign server answers to tools/call, and what our client makes of it.
Error client_error(const std::string& error_json) {
  auto transport = std::make_shared<authplane::testing::ScriptedTransport>();
  transport->on("http://h/mcp", [error_json](const OutboundRequest& request) -> Result<HttpResponse> {
    HttpResponse response;
    response.headers.set("Content-Type", "application/json");
    response.body = R"({"jsonrpc":"2.0","id":2,"error":)" + error_json + "}";
    if (request.body.find("notifications/initialized") != std::string::npos) response.status = 202;
    if (request.body.find("\"initialize\"") != std::string::npos)
      response.body =
          R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}})";
    return response;
  });
  Client client({.url = "http://h/mcp", .transport = transport});
  const auto result = client.call_tool("any");
  return result ? Error() : result.error();
}

TEST(ClientElicitation, IsATypedErrorWithEveryPage) {
  const Error error = client_error(R"({"code":-32042,"message":"Sign in","data":{"elicitations":[
      {"mode":"url","elicitationId":"a","url":"https://one.example/","message":"first"},
      {"mode":"url","elicitationId":"b","url":"https://two.example/","message":"second"}]}})");
  EXPECT_EQ(error.code, ErrorCode::consent_required);
  EXPECT_THAT(error.message, HasSubstr("-32042: Sign in"));
  ASSERT_TRUE(error.consent);
  EXPECT_EQ(error.consent->consent_url, "https://one.example/");
  EXPECT_EQ(error.consent->cause, "first");
  ASSERT_EQ(error.consent->elicitations.size(), 2U);
  EXPECT_EQ(error.consent->elicitations[1].url, "https://two.example/");
  EXPECT_EQ(error.consent->elicitations[1].elicitation_id, "b");
  EXPECT_EQ(error.consent->elicitations[1].message, "second");
}

TEST(ClientElicitation, DropsPagesNobodyShouldBeSentTo) {
  const Error error = client_error(R"({"code":-32042,"message":"m","data":{"elicitations":[
      {"mode":"url","elicitationId":"a","url":"javascript:alert","message":"m"},
      {"mode":"form","elicitationId":"b","url":"https://form.example/","message":"m"},
      {"mode":"url","url":5}, "text", {"mode":"url","elicitationId":"c","url":"https://good.example/"}]
}
})");
  ASSERT_TRUE(error.consent);
  ASSERT_EQ(error.consent->elicitations.size(), 1U);
  EXPECT_EQ(error.consent->elicitations[0].url, "https://good.example/");
  EXPECT_EQ(error.consent->elicitations[0].message, "");
}

TEST(ClientElicitation, WithoutAUsablePageIsAPlainProtocolError) {
  for (const char* error :
       {R"({"code":-32042,"message":"m"})", R"({"code":-32042,"message":"m","data":{}})",
        R"({"code":-32042,"message":"m","data":{"elicitations":[{"mode":"url","url":"file:///x"}]}})",
        R"({"code":-32000,"message":"m","data":{"elicitations":[
                               {"mode":"url","elicitationId":"a","url":"https://h/","message":"m"}]}})"}) {
    const Error failed = client_error(error);
    EXPECT_EQ(failed.code, ErrorCode::protocol_error) << error;
    EXPECT_FALSE(failed.consent) << error;
  }
}

}  // namespace
}  // namespace authplane::mcp
