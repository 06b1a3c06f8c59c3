// The rules of streamable HTTP: each test starts from a request that works and breaks one thing.

#include <gmock/gmock.h>

#include "test_server.h"

namespace authplane::mcp {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class ServerHttpTest : public ServerTest {
 protected:
  void SetUp() override { start(); }
};

TEST_F(ServerHttpTest, TheHandshakeOpensASession) {
  const auto opened = post(initialize_body());
  EXPECT_EQ(opened.status, 200);
  EXPECT_EQ(opened.headers.get("Content-Type"), "application/json");
  const std::string session(opened.headers.get("mcp-session-id").value_or(""));
  EXPECT_FALSE(session.empty());
  EXPECT_EQ(json(opened)["result"]["serverInfo"], Json::parse(R"({"name":"test-server","version":"1.2.3"})"));

  const auto noted = post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", session);
  EXPECT_EQ(noted.status, 202);
  EXPECT_EQ(noted.body, "");

  const auto called = post(call_body("echo", R"({"text":"round-trip"})"), session);
  EXPECT_EQ(called.status, 200);
  EXPECT_EQ(called.body,
            R"({"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"round-trip"}]}})");
}

using VersionCase = std::pair<const char*, const char*>;
class Negotiation : public ServerHttpTest, public ::testing::WithParamInterface<VersionCase> {};

TEST_P(Negotiation, AnswersWithTheSameVersionOrTheLatest) {
  EXPECT_EQ(json(post(initialize_body(GetParam().first)))["result"]["protocolVersion"], GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(
    ServerHttp, Negotiation,
    ::testing::Values(VersionCase{"2025-11-25", "2025-11-25"}, VersionCase{"2025-06-18", "2025-06-18"},
                      VersionCase{"2025-03-26", "2025-03-26"}, VersionCase{"2024-11-05", "2024-11-05"},
                      VersionCase{"2026-07-28", "2025-11-25"}, VersionCase{"1999-01-01", "2025-11-25"},
                      VersionCase{"", "2025-11-25"}));

TEST_F(ServerHttpTest, InitializeWithoutAVersionOpensNothing) {
  const auto response = post(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(error_code(response), kInvalidParams);
  EXPECT_FALSE(response.headers.contains("Mcp-Session-Id"));
  EXPECT_EQ(server->session_count(), 0U);
}

TEST_F(ServerHttpTest, OtherMethodsAre405WithAllow) {
  for (const char* method : {"GET", "PUT", "HEAD", "OPTIONS", "post"}) {
    auto broken = request(initialize_body());
    broken.method = method;
    const auto response = server->handle(broken);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.headers.get("Allow"), "POST, DELETE");
  }
}

TEST_F(ServerHttpTest, AForeignOriginIs403) {
  auto broken = request(initialize_body());
  broken.headers.add("Origin", "http://evil.example");
  const auto response = server->handle(broken);
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, Not(HasSubstr("\"id\"")));
  EXPECT_EQ(server->session_count(), 0U);
}

// --- pages of other origins

class ServerCorsTest : public ServerTest {
 protected:
  void SetUp() override {
    auto options = plain_options();
    options.allowed_origins = {{"https://app.example"}};
    start(std::move(options));
  }
  HttpResponse preflight(const std::string& origin) const {
    auto question = request({});
    question.method = "OPTIONS";
    question.headers.add("Origin", origin);
    question.headers.add("Access-Control-Request-Method", "POST");
    return server->handle(question);
  }
};

TEST_F(ServerCorsTest, PreflightOfANamedOrigin) {
  const auto response = preflight("https://app.example");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Methods"), "POST, DELETE");
  EXPECT_EQ(response.headers.get("Vary"), "Origin");
  const auto allowed = response.headers.get("Access-Control-Allow-Headers");
  for (const char* name : {"Authorization", "Content-Type", "DPoP", "MCP-Protocol-Version", "Mcp-Method",
                           "Mcp-Name", "Mcp-Session-Id", "Last-Event-ID"}) {
    EXPECT_THAT(std::string(allowed.value_or("")), HasSubstr(name));
  }
}

TEST_F(ServerCorsTest, PreflightOfAnyOtherOriginIsRefused) {
  for (const char* origin : {"https://evil.example", "https://app.example:444", "http://localhost", "null"}) {
    const auto response = preflight(origin);
    EXPECT_EQ(response.status, 405) << origin;
    EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Origin")) << origin;
  }
}

TEST_F(ServerCorsTest, APageReadsTheSessionOfItsAnswer) {
  auto from_page = request(initialize_body());
  from_page.headers.add("Origin", "https://app.example");
  const auto response = server->handle(from_page);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_THAT(std::string(response.headers.get("Access-Control-Expose-Headers").value_or("")),
              HasSubstr("Mcp-Session-Id"));
}

TEST_F(ServerCorsTest, CachesAreToldThatTheOriginMatters) {
  const auto response = post(initialize_body());
  EXPECT_EQ(response.headers.get("Vary"), "Origin");
  EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Origin"));
}

TEST_F(ServerHttpTest, WithoutNamedOriginsThereIsNoCors) {
  auto from_page = request(initialize_body());
  from_page.headers.add("Origin", "http://localhost:6274");
  const auto response = server->handle(from_page);
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Origin"));
  EXPECT_FALSE(response.headers.contains("Vary"));
}

TEST_F(ServerHttpTest, AForeignHostIs403) {
  auto broken = request(initialize_body());
  broken.headers.set("Host", "evil.example");
  EXPECT_EQ(server->handle(broken).status, 403);
  EXPECT_EQ(server->handle(broken, {.principal = "alice"}).status, 200);
}

TEST_F(ServerHttpTest, AnotherContentTypeIs415) {
  auto broken = request(initialize_body());
  broken.headers.set("Content-Type", "text/plain");
  EXPECT_EQ(server->handle(broken).status, 415);
  broken.headers.remove("Content-Type");
  EXPECT_EQ(server->handle(broken).status, 415);
}

TEST_F(ServerHttpTest, AcceptingNeitherTypeIs406) {
  auto broken = request(initialize_body());
  broken.headers.set("Accept", "text/html, image/*");
  EXPECT_EQ(server->handle(broken).status, 406);
}

TEST_F(ServerHttpTest, AcceptingOneTypeGetsThatType) {
  auto json_only = request(initialize_body());
  json_only.headers.set("Accept", "application/json");
  EXPECT_EQ(server->handle(json_only).headers.get("Content-Type"), "application/json");
  auto stream_only = request(initialize_body());
  stream_only.headers.set("Accept", "text/event-stream");
  const auto response = server->handle(stream_only);
  EXPECT_EQ(response.headers.get("Content-Type"), "text/event-stream");
  EXPECT_EQ(response.headers.get("X-Accel-Buffering"), "no");
  EXPECT_THAT(response.body, ::testing::StartsWith("data: {\"jsonrpc\""));
  EXPECT_TRUE(response.headers.contains("Mcp-Session-Id"));
}

TEST_F(ServerHttpTest, ABodyOverTheBoundIs413) {
  auto options = plain_options();
  options.max_body_bytes = 300;
  start(std::move(options));
  EXPECT_EQ(post(initialize_body() + std::string(300, ' ')).status, 413);
  EXPECT_EQ(post(initialize_body()).status, 200);
}

class NotJson : public ServerHttpTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(NotJson, Is400ParseErrorWithoutId) {
  const auto response = post(GetParam());
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(error_code(response), kParseError);
  EXPECT_FALSE(json(response).contains("id"));
}

INSTANTIATE_TEST_SUITE_P(ServerHttp, NotJson,
                         ::testing::Values("", "{", R"({"jsonrpc":"2.0","id":1,"id":2,"method":"ping"})",
                                           "{}x", "\xEF\xBB\xBF{}",
                                           "{\"jsonrpc\":\"2.0\",\"id\":\"\xFF\",\"method\":\"ping\"}"));

TEST_F(ServerHttpTest, NestingOverTheBoundIsAParseError) {
  EXPECT_EQ(error_code(post(std::string(100, '[') + std::string(100, ']'))), kParseError);
}

TEST_F(ServerHttpTest, JsonThatIsNoRequestIs400WithItsIdWhenReadable) {
  const auto response = post(R"({"jsonrpc":"1.0","id":"a\u0042","method":"ping"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(error_code(response), kInvalidRequest);
  EXPECT_THAT(response.body, HasSubstr(R"("id":"a\u0042")"));
  EXPECT_EQ(error_code(post(R"({"jsonrpc":"2.0","id":null,"method":"ping"})")), kInvalidRequest);
  EXPECT_EQ(post("7").status, 400);
}

TEST_F(ServerHttpTest, AMissingSessionIdIs400) {
  const auto response = post(call_body("echo", R"({"text":"x"})"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(json(response)["id"], 2);
  EXPECT_EQ(post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})").status, 400);
}

TEST_F(ServerHttpTest, ARepeatedSessionIdIs400) {
  auto broken = request(call_body("echo", R"({"text":"x"})"), open());
  broken.headers.add("Mcp-Session-Id", std::string(*broken.headers.get("Mcp-Session-Id")));
  EXPECT_EQ(server->handle(broken).status, 400);
}

TEST_F(ServerHttpTest, AnUnknownSessionIs404AndEchoesTheId) {
  const auto response = post(call_body("echo", R"({"text":"x"})", "99"), "no-such-session");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(json(response)["id"], 99);
}

TEST_F(ServerHttpTest, AnotherPrincipalsSessionIs404) {
  const RequestContext alice{.principal = "alice"}, bob{.principal = "bob"};
  const auto session = open("2025-11-25", alice);
  EXPECT_EQ(post(call_body("echo", R"({"text":"x"})"), session, bob).status, 404);
  EXPECT_EQ(post(call_body("echo", R"({"text":"x"})"), session).status, 404);
  EXPECT_EQ(post(call_body("echo", R"({"text":"x"})"), session, alice).status, 200);
}

TEST_F(ServerHttpTest, DeleteEndsTheSession) {
  const auto session = open();
  auto end = request("", session);
  end.method = "DELETE";
  EXPECT_EQ(server->handle(end, {.principal = "mallory"}).status, 404);
  EXPECT_EQ(server->handle(end).status, 204);
  EXPECT_EQ(server->handle(end).status, 404);
  EXPECT_EQ(post(call_body("echo", R"({"text":"x"})"), session).status, 404);
  end.headers.remove("Mcp-Session-Id");
  EXPECT_EQ(server->handle(end).status, 400);
}

TEST_F(ServerHttpTest, AnIdleSessionEnds) {
  const auto session = open();
  clock->advance(30min);
  EXPECT_EQ(post(call_body("echo", R"({"text":"x"})"), session).status, 404);
}

TEST_F(ServerHttpTest, SessionsAreBounded) {
  auto options = plain_options();
  options.max_sessions = 2;
  start(std::move(options));
  open();
  open();
  const auto refused = post(initialize_body());
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.get("Retry-After"), "60");
  EXPECT_EQ(json(refused)["id"], 1);
  EXPECT_EQ(server->session_count(), 2U);
}

TEST_F(ServerHttpTest, CallsBeforeInitializedAre400ButPingIsAnswered) {
  const auto session = half_open();
  const auto early = post(call_body("echo", R"({"text":"x"})"), session);
  EXPECT_EQ(early.status, 400);
  EXPECT_EQ(error_code(early), kInvalidRequest);
  EXPECT_EQ(post(R"({"jsonrpc":"2.0","id":3,"method":"ping"})", session).body,
            R"({"jsonrpc":"2.0","id":3,"result":{}})");
}

TEST_F(ServerHttpTest, AnUnsupportedVersionHeaderIs400) {
  const auto session = open();
  auto broken = request(call_body("echo", R"({"text":"x"})"), session);
  broken.headers.add("MCP-Protocol-Version", "1999-01-01");
  EXPECT_EQ(server->handle(broken).status, 400);
  broken.headers.set("MCP-Protocol-Version", "2025-11-25");
  EXPECT_EQ(server->handle(broken).status, 200);
}

TEST_F(ServerHttpTest, UnknownMethodsAre200WithAnError) {
  const auto response = post(R"({"jsonrpc":"2.0","id":"q","method":"resources/list"})", open());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(error_code(response), kMethodNotFound);
  EXPECT_EQ(json(response)["id"], "q");
}

TEST_F(ServerHttpTest, IdsComeBackByteForByte) {
  const auto session = open();
  for (const char* id : {"123456789012345678901234567890", R"("\u0061")", "-5", R"("")"}) {
    EXPECT_THAT(post(call_body("echo", R"({"text":"x"})", id), session).body,
                HasSubstr("\"id\":" + std::string(id) + ","));
  }
}

TEST_F(ServerHttpTest, ResponsesAndUnknownNotificationsAre202) {
  const auto session = open();
  EXPECT_EQ(post(R"({"jsonrpc":"2.0","id":1,"result":{}})", session).status, 202);
  EXPECT_EQ(post(R"({"jsonrpc":"2.0","method":"notifications/whatever"})", session).status, 202);
}

TEST_F(ServerHttpTest, BatchesAreAnsweredOnlyBeforeJune2025) {
  const auto body =
      '[' + call_body("echo", R"({"text":"a"})", "1") +
      R"(,{"jsonrpc":"2.0","method":"notifications/x"},{"jsonrpc":"2.0","id":"b","method":"ping"},7])";
  const auto response = post(body, open("2025-03-26"));
  EXPECT_EQ(response.status, 200);
  const auto replies = json(response);
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(replies[0]["result"]["content"][0]["text"], "a");
  EXPECT_EQ(replies[1], Json::parse(R"({"jsonrpc":"2.0","id":"b","result":{}})"));
  EXPECT_EQ(replies[2]["error"]["code"], kInvalidRequest);
  EXPECT_EQ(post(body, open("2024-11-05")).status, 200);

  for (const char* version : {"2025-06-18", "2025-11-25"}) {
    const auto refused = post(body, open(version));
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(error_code(refused), kInvalidRequest);
  }
  EXPECT_EQ(post(body).status, 400);
}

TEST_F(ServerHttpTest, BatchesHaveTheirBounds) {
  const auto session = open("2025-03-26");
  EXPECT_EQ(error_code(post("[]", session)), kInvalidRequest);
  EXPECT_EQ(post(R"([{"jsonrpc":"2.0","method":"notifications/x"}])", session).status, 202);
  EXPECT_EQ(json(post('[' + initialize_body() + ']', session))[0]["error"]["code"], kInvalidRequest);
  std::string many = "[1";
  for (int i = 0; i < 100; ++i) many += ",1";
  EXPECT_EQ(post(many + ']', session).status, 400);
}

TEST_F(ServerHttpTest, AModernRequestIsToldTheVersionsServed) {
  const auto meta =
      R"({"jsonrpc":"2.0","id":"m","method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";
  for (const bool by_header : {false, true}) {
    auto modern = request(by_header ? R"({"jsonrpc":"2.0","id":"m","method":"tools/list"})" : meta);
    if (by_header) modern.headers.add("MCP-Protocol-Version", "2026-07-28");
    const auto response = server->handle(modern);
    EXPECT_EQ(response.status, 400);
    const auto body = json(response);
    EXPECT_EQ(body["id"], "m");
    EXPECT_EQ(body["error"]["code"], kUnsupportedProtocolVersion);
    EXPECT_EQ(body["error"]["data"]["requested"], "2026-07-28");
    EXPECT_EQ(body["error"]["data"]["supported"][0], "2025-11-25");
  }
}

TEST_F(ServerHttpTest, EvenAModernInitializeOpensNoSession) {
  auto modern = request(initialize_body());
  modern.headers.add("MCP-Protocol-Version", "2027-01-01");
  EXPECT_EQ(error_code(server->handle(modern)), kUnsupportedProtocolVersion);
  EXPECT_EQ(
      error_code(post(
          R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","_meta":{"io.modelcontextprotocol/protocolVersion":7}}})")),
      kUnsupportedProtocolVersion);
  EXPECT_EQ(server->session_count(), 0U);
}

TEST_F(ServerHttpTest, TheMethodHeaderAloneDoesNotMakeARequestModern) {
  auto probe = request(initialize_body());
  probe.headers.add("Mcp-Method", "initialize");
  EXPECT_EQ(server->handle(probe).status, 200);
}

TEST_F(ServerHttpTest, AModernGetOrDeleteIs405) {
  auto modern = request("", open());
  modern.method = "DELETE";
  modern.headers.add("MCP-Protocol-Version", "2026-07-28");
  const auto response = server->handle(modern);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.get("Allow"), "POST");
}

TEST_F(ServerHttpTest, RoutesServeTheEndpoint) {
  const auto routes = server->routes("/x");
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0].path, "/x");
  EXPECT_EQ(routes[0].handler(request(initialize_body())).status, 200);
}

TEST_F(ServerHttpTest, AServerNeedsAName) {
  EXPECT_THROW(Server({.version = "1"}), Exception);
}

}  // namespace
}  // namespace authplane::mcp
