#include <authplane/mcp/client.h>

#include <gmock/gmock.h>

#include <authplane/mcp/testing/server_transport.h>
#include <authplane/testing/scripted_transport.h>

#include "test_server.h"

namespace authplane::mcp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kUrl = "http://127.0.0.1:8080/mcp";

// Against our own server, without sockets.
class ClientServerTest : public ServerTest {
 protected:
  void SetUp() override { start(); }
  Client client() {
    return Client({.url = kUrl, .transport = std::make_shared<testing::ServerTransport>(*server)});
  }
};

TEST_F(ClientServerTest, TheWholeConversationWorks) {
  auto mcp = client();
  const auto info = mcp.initialize();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->name, "test-server");
  EXPECT_EQ(info->version, "1.2.3");
  EXPECT_EQ(info->protocol_version, "2025-11-25");
  EXPECT_FALSE(mcp.session_id().empty());
  const auto tools = mcp.list_tools();
  ASSERT_TRUE(tools);
  ASSERT_EQ(tools->size(), 1U);
  EXPECT_EQ(tools->front().name, "echo");
  EXPECT_EQ(tools->front().description, "Returns the text");
  EXPECT_THAT(tools->front().input_schema.text(), HasSubstr("\"required\":[\"text\"]"));
  const auto result = mcp.call_tool("echo", Json{{"text", "hi \"there\"\n"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->joined_text(), "hi \"there\"\n");
  EXPECT_FALSE(result->is_error());
  EXPECT_TRUE(mcp.ping());
  EXPECT_TRUE(mcp.close());
  EXPECT_EQ(server->session_count(), 0U);
  EXPECT_TRUE(mcp.session_id().empty());
}

TEST_F(ClientServerTest, TheFirstCallOpensTheSessionAndTheDestructorEndsIt) {
  {
    auto mcp = client();
    EXPECT_TRUE(mcp.call_tool("echo", R"({"text":"x"})"));
    EXPECT_EQ(server->session_count(), 1U);
  }
  EXPECT_EQ(server->session_count(), 0U);
}

TEST_F(ClientServerTest, ASecondInitializeEndsTheFirstSession) {
  auto mcp = client();
  ASSERT_TRUE(mcp.initialize());
  const std::string first(mcp.session_id());
  ASSERT_TRUE(mcp.initialize());
  EXPECT_NE(mcp.session_id(), first);
  EXPECT_EQ(server->session_count(), 1U);
}

TEST_F(ClientServerTest, AnEndedSessionIsOpenedAnewOnce) {
  auto mcp = client();
  ASSERT_TRUE(mcp.initialize());
  const std::string first(mcp.session_id());
  clock->advance(std::chrono::hours(1));
  const auto result = mcp.call_tool("echo", R"({"text":"again"})");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->joined_text(), "again");
  EXPECT_NE(mcp.session_id(), first);
}

TEST_F(ClientServerTest, PagesAreFollowed) {
  auto options = plain_options();
  options.tools_page_size = 1;
  start(std::move(options));
  for (const char* name : {"a", "b"})
    server->add_tool({.name = name}, [](const ToolCall&) { return ToolResult(); });
  auto mcp = client();
  const auto tools = mcp.list_tools();
  ASSERT_TRUE(tools);
  EXPECT_EQ(tools->size(), 3U);
}

TEST_F(ClientServerTest, NotificationsOfAStreamArriveBeforeTheResult) {
  server->add_tool({.name = "talk", .streaming = true}, [](const ToolCall& call) {
    call.log(LoggingLevel::error, "one");
    return ToolResult::text("done");
  });
  std::vector<std::string> seen;
  auto mcp = client();
  mcp.on_notification([&seen](std::string_view method, const Json& params) {
    seen.push_back(std::string(method) + " " + params.at("data").get<std::string>());
  });
  EXPECT_EQ(mcp.call_tool("talk")->joined_text(), "done");
  EXPECT_THAT(seen, ElementsAre("notifications/message one"));
}

TEST_F(ClientServerTest, EveryKindOfContentIsRead) {
  server->add_tool({.name = "all"}, [](const ToolCall&) {
    auto out = ToolResult::structured(R"({"n":1})");
    out.add(ImageContent{std::string("\0\xFF", 2), "image/png"}).add(AudioContent{"RIFF", "audio/wav"});
    out.add(ResourceLink{.uri = "file:///a", .name = "a"});
    out.add(EmbeddedResource{.uri = "t://b", .mime_type = "x/y", .text = {}, .blob = "B"});
    return out.set_error();
  });
  const auto result = client().call_tool("all");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->is_error());
  EXPECT_EQ(result->structured_content().text(), R"({"n":1})");
  ASSERT_EQ(result->content().size(), 4U);
  EXPECT_EQ(std::get<ImageContent>(result->content()[0]).data, std::string("\0\xFF", 2));
  EXPECT_EQ(std::get<AudioContent>(result->content()[1]).mime_type, "audio/wav");
  EXPECT_EQ(std::get<ResourceLink>(result->content()[2]).uri, "file:///a");
  EXPECT_EQ(std::get<EmbeddedResource>(result->content()[3]).blob, "B");
}

TEST_F(ClientServerTest, JsonRpcErrorsCarryNumberAndText) {
  const auto result = client().call_tool("nope");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::protocol_error);
  EXPECT_THAT(result.error().message, HasSubstr("-32602: Unknown tool"));
}

TEST_F(ClientServerTest, ArgumentsThatAreNoObjectAreRefusedHere) {
  for (const char* broken : {"[]", "{", "", R"({"a":1,"a":2})"}) {
    EXPECT_EQ(client().call_tool("echo", broken).error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(server->session_count(), 0U);
}

// Against scripted answers.
class ClientScriptTest : public ::testing::Test {
 protected:
  using Answer = std::function<Result<HttpResponse>(const OutboundRequest&)>;

  static HttpResponse reply(std::string body, int status = 200,
                            Headers headers = {{"Content-Type", "application/json"}}) {
    HttpResponse out;
    out.status = status;
    out.headers = std::move(headers);
    out.body = std::move(body);
    return out;
  }
  static HttpResponse handshake(const OutboundRequest& request, std::string_view version = "2025-11-25",
                                std::string session = "s-1") {
    if (request.method == "DELETE") return reply("", 204, {});
    if (request.body.find("notifications/initialized") != std::string::npos) return reply("", 202, {});
    return reply(R"({"jsonrpc":"2.0","id":)" + Json::parse(request.body)["id"].dump() +
                     R"(,"result":{"protocolVersion":")" + std::string(version) +
                     R"(","capabilities":{},"serverInfo":{"name":"n","version":"1"}}})",
                 200, {{"Content-Type", "application/json"}, {"mcp-session-id", std::move(session)}});
  }
  // The handshake works; everything else is `answer`.
  void script(Answer answer) {
    transport->on(kUrl, [answer = std::move(answer)](const OutboundRequest& request) -> Result<HttpResponse> {
      const bool shake = request.method == "DELETE" ||
                         request.body.find("\"initialize\"") != std::string::npos ||
                         request.body.find("notifications/initialized") != std::string::npos;
      if (shake) return handshake(request);
      return answer(request);
    });
  }
  Client client() { return Client({.url = kUrl, .transport = transport}); }
  Error failure_of(HttpResponse response) {
    script([response](const OutboundRequest&) { return response; });
    auto result = client().ping();
    EXPECT_FALSE(result);
    return result ? Error{} : result.error();
  }
  std::shared_ptr<authplane::testing::ScriptedTransport> transport =
      std::make_shared<authplane::testing::ScriptedTransport>();
};

TEST_F(ClientScriptTest, HeadersAreThoseOfTheRevision) {
  script([](const OutboundRequest&) { return reply(R"({"jsonrpc":"2.0","id":2,"result":{}})"); });
  auto mcp = client();
  mcp.set_header("Authorization", "Bearer old");
  mcp.set_header("authorization", "Bearer new");
  ASSERT_TRUE(mcp.ping());
  ASSERT_TRUE(mcp.close());
  const auto sent = transport->requests();
  ASSERT_EQ(sent.size(), 4U);
  EXPECT_FALSE(sent[0].headers.contains("MCP-Protocol-Version"));
  EXPECT_FALSE(sent[0].headers.contains("Mcp-Session-Id"));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(sent[i].headers.get("Authorization"), "Bearer new");
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(sent[i].headers.get("MCP-Protocol-Version"), "2025-11-25");
    EXPECT_EQ(sent[i].headers.get("Mcp-Session-Id"), "s-1");
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(sent[i].method, "POST");
    EXPECT_EQ(sent[i].headers.get("Accept"), "application/json, text/event-stream");
    EXPECT_EQ(sent[i].headers.get("Content-Type"), "application/json");
  }
  EXPECT_EQ(sent[3].method, "DELETE");
}

TEST_F(ClientScriptTest, OldRevisionsGetNoVersionHeader) {
  transport->on(kUrl, [](const OutboundRequest& request) { return handshake(request, "2025-03-26"); });
  auto mcp = client();
  ASSERT_TRUE(mcp.initialize());
  EXPECT_FALSE(transport->requests()[1].headers.contains("MCP-Protocol-Version"));
}

TEST_F(ClientScriptTest, AnEventStreamIsReadUpToTheResponse) {
  script([](const OutboundRequest&) {
    return reply(
        "id: 1\ndata:\n\n: hi\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\n\n"
        "data: {\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n\n"
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\ndata: \"id\":2,\"result\":{\"tools\":[]}}\n\n",
        200, {{"Content-Type", "text/event-stream; charset=utf-8"}});
  });
  const auto tools = client().list_tools();
  ASSERT_TRUE(tools) << tools.error().message;
  EXPECT_THAT(*tools, IsEmpty());
}

TEST_F(ClientScriptTest, AStreamWithoutTheResponseIsAProtocolError) {
  EXPECT_EQ(failure_of(reply("data: {\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n\n", 200,
                             {{"Content-Type", "text/event-stream"}}))
                .code,
            ErrorCode::protocol_error);
}

TEST_F(ClientScriptTest, AMissingTokenIsReportedWithTheChallenge) {
  const auto error = failure_of(reply(
      "", 401,
      {{"WWW-Authenticate",
        R"(Bearer resource_metadata="http://rs/.well-known/x", error="invalid_token", error_description="expired")"}}));
  EXPECT_EQ(error.code, ErrorCode::access_denied);
  ASSERT_TRUE(error.oauth);
  EXPECT_EQ(error.oauth->http_status, 401);
  EXPECT_EQ(error.oauth->error, "invalid_token");
  EXPECT_EQ(error.oauth->description, "expired");
  EXPECT_THAT(error.message,
              HasSubstr(R"(WWW-Authenticate: Bearer resource_metadata="http://rs/.well-known/x")"));
}

TEST_F(ClientScriptTest, AMissingScopeIsToldApart) {
  const auto error = failure_of(
      reply("{}", 403, {{"WWW-Authenticate", R"(Bearer error="insufficient_scope", scope="mcp:echo")"}}));
  EXPECT_EQ(error.code, ErrorCode::insufficient_scope);
  EXPECT_EQ(error.oauth->http_status, 403);
  EXPECT_EQ(failure_of(reply("", 403, {})).code, ErrorCode::access_denied);
}

TEST_F(ClientScriptTest, ControlCharactersOfAChallengeDoNotReachTheLog) {
  const auto error = failure_of(reply("", 401, {{"WWW-Authenticate", "Bearer a=\"\x1b[2J\r\nfake\""}}));
  EXPECT_THAT(error.message, Not(HasSubstr("\x1b")));
  EXPECT_THAT(error.message, Not(HasSubstr("\n")));
}

TEST_F(ClientScriptTest, ErrorsNeverHoldTheToken) {
  script([](const OutboundRequest&) { return reply("no", 500, {{"Content-Type", "text/plain"}}); });
  auto mcp = client();
  mcp.set_header("Authorization", "Bearer s3cret");
  EXPECT_THAT(mcp.ping().error().message, Not(HasSubstr("s3cret")));
}

TEST_F(ClientScriptTest, OtherAnswersAreProtocolErrors) {
  EXPECT_THAT(failure_of(reply("", 500, {})).message, HasSubstr("HTTP 500"));
  EXPECT_THAT(
      failure_of(reply(R"({"jsonrpc":"2.0","id":2,"error":{"code":-32022,"message":"old"}})", 400)).message,
      HasSubstr("HTTP 400, mcp ping: JSON-RPC error -32022: old"));
  EXPECT_EQ(failure_of(reply("{}", 200, {{"Content-Type", "text/html"}})).code, ErrorCode::protocol_error);
  EXPECT_EQ(failure_of(reply("", 202, {})).code, ErrorCode::protocol_error);
  EXPECT_EQ(failure_of(reply("{", 200)).code, ErrorCode::protocol_error);
  EXPECT_EQ(failure_of(reply(R"({"jsonrpc":"2.0","id":2})")).code, ErrorCode::protocol_error);
  EXPECT_EQ(failure_of(reply(R"({"jsonrpc":"2.0","id":3,"result":{}})")).code, ErrorCode::protocol_error);
  EXPECT_EQ(failure_of(reply(R"({"jsonrpc":"2.0","id":"2","result":{}})")).code, ErrorCode::protocol_error);
}

TEST_F(ClientScriptTest, ASessionThatKeepsEndingIsReportedAfterOneNewOne) {
  script([](const OutboundRequest&) { return reply("", 404, {}); });
  auto mcp = client();
  ASSERT_TRUE(mcp.initialize());
  EXPECT_EQ(mcp.ping().error().code, ErrorCode::closed);
  // initialize, initialized, ping, initialize, initialized, ping
  EXPECT_EQ(transport->requests().size(), 6U);
}

TEST_F(ClientScriptTest, AServerWithAnUnknownVersionIsRefused) {
  transport->on(kUrl, [](const OutboundRequest& request) { return handshake(request, "2031-01-01"); });
  EXPECT_EQ(client().initialize().error().code, ErrorCode::protocol_error);
}

TEST_F(ClientScriptTest, ASessionIdWithBadCharactersIsRefusedAndNeverSent) {
  transport->on(kUrl, [](const OutboundRequest& request) { return handshake(request, "2025-11-25", "a b"); });
  EXPECT_EQ(client().initialize().error().code, ErrorCode::protocol_error);
  EXPECT_EQ(transport->requests().size(), 1U);
}

TEST_F(ClientScriptTest, AServerWithoutSessionsWorks) {
  transport->on(kUrl, [](const OutboundRequest& request) {
    auto response = request.body.find("ping") != std::string::npos
                        ? reply(R"({"jsonrpc":"2.0","id":2,"result":{}})")
                        : handshake(request);
    response.headers.remove("mcp-session-id");
    return response;
  });
  auto mcp = client();
  EXPECT_TRUE(mcp.initialize());
  EXPECT_TRUE(mcp.ping());
  EXPECT_TRUE(mcp.close());
  EXPECT_EQ(transport->requests().size(), 3U);
}

TEST_F(ClientScriptTest, ClosingToleratesServersThatDoNotEndSessions) {
  for (const int status : {405, 404, 200}) {
    transport->on(kUrl, [status](const OutboundRequest& request) {
      return request.method == "DELETE" ? reply("", status, {}) : handshake(request);
    });
    auto mcp = client();
    ASSERT_TRUE(mcp.initialize());
    EXPECT_TRUE(mcp.close()) << status;
  }
}

TEST_F(ClientScriptTest, ARepeatedCursorEndsTheListing) {
  script([](const OutboundRequest& request) {
    return reply(R"({"jsonrpc":"2.0","id":)" + Json::parse(request.body)["id"].dump() +
                 R"(,"result":{"tools":[],"nextCursor":"c"}})");
  });
  EXPECT_EQ(client().list_tools().error().code, ErrorCode::protocol_error);
}

TEST_F(ClientScriptTest, TransportErrorsAreHandedOn) {
  EXPECT_EQ(client().initialize().error().code, ErrorCode::transport_error);
}

TEST_F(ClientScriptTest, UnusableOptionsAreRefused) {
  for (const char* url : {"", "mcp", "ftp://x/", "http://u:p@x/", "http://x/#f"}) {
    EXPECT_THROW(Client({.url = url, .transport = transport}), Exception) << url;
  }
  auto mcp = client();
  EXPECT_THROW(mcp.set_header("a b", "x"), Exception);
  EXPECT_THROW(mcp.set_header("", "x"), Exception);
  EXPECT_THROW(mcp.set_header("A", "x\r\nB: y"), Exception);
}

// Numbers its fields, and keeps what it was asked and told.
class CountingAuthorizer final : public RequestAuthorizer {
 public:
  Result<Headers> headers(std::string_view method, std::string_view url) override {
    asked.push_back(std::string(method) + " " + std::string(url));
    if (broken) return Err(ErrorCode::runtime_error, "no token to be had");
    const auto number = std::to_string(asked.size());
    return Headers{{"authorization", "DPoP s3cret-" + number}, {"DPoP", "proof-" + number}};
  }
  bool should_retry(std::string_view url, int status, const Headers& response) override {
    EXPECT_EQ(url, kUrl);
    told.push_back(status);
    return retry && status == 401 && response.contains("www-authenticate");
  }
  std::vector<std::string> asked;
  std::vector<int> told;
  bool retry = false, broken = false;
};

class ClientAuthorizerTest : public ClientScriptTest {
 protected:
  Client authorized() {
    auto mcp = client();
    mcp.set_header("Authorization", "Bearer old");
    mcp.set_header("X-Other", "kept");
    mcp.set_authorizer(authorizer);
    return mcp;
  }
  static HttpResponse pong(const OutboundRequest& request) {
    return reply(R"({"jsonrpc":"2.0","id":)" + Json::parse(request.body)["id"].dump() + R"(,"result":{}})");
  }
  static HttpResponse challenge() { return reply("", 401, {{"WWW-Authenticate", "Any"}}); }
  // Whether request number `i` carries the fields that were made `made`-th, counted from one, and nothing
  // older.
  void expect_fields(std::size_t i, std::size_t made) {
    const auto headers = transport->requests().at(i).headers;
    EXPECT_EQ(headers.get("Authorization"), "DPoP s3cret-" + std::to_string(made));
    EXPECT_EQ(headers.get("DPoP"), "proof-" + std::to_string(made));
    EXPECT_EQ(headers.get("X-Other"), "kept");
  }
  std::shared_ptr<CountingAuthorizer> authorizer = std::make_shared<CountingAuthorizer>();
};

TEST_F(ClientAuthorizerTest, EveryRequestGetsFieldsOfItsOwn) {
  script(pong);
  auto mcp = authorized();
  ASSERT_TRUE(mcp.initialize());
  ASSERT_TRUE(mcp.ping());
  ASSERT_TRUE(mcp.close());
  const std::string post = std::string("POST ") + kUrl;
  EXPECT_THAT(authorizer->asked, ElementsAre(post, post, post, std::string("DELETE ") + kUrl));
  EXPECT_THAT(authorizer->told, ElementsAre(200, 202, 200, 204));
  ASSERT_EQ(transport->requests().size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) expect_fields(i, i + 1);
}

TEST_F(ClientAuthorizerTest, ARefusedRequestIsRepeatedOnceWithNewFields) {
  bool challenged = false;
  script([&](const OutboundRequest& request) -> Result<HttpResponse> {
    if (std::exchange(challenged, true)) return pong(request);
    return challenge();
  });
  authorizer->retry = true;
  auto mcp = authorized();
  ASSERT_TRUE(mcp.initialize());
  const auto pinged = mcp.ping();
  ASSERT_TRUE(pinged) << pinged.error().message;
  EXPECT_THAT(authorizer->told, ElementsAre(200, 202, 401, 200));
  const auto sent = transport->requests();
  ASSERT_EQ(sent.size(), 4U);
  expect_fields(2, 3);
  expect_fields(3, 4);
  EXPECT_EQ(sent[2].body, sent[3].body);
  EXPECT_EQ(sent[3].headers.get("Mcp-Session-Id"), "s-1");
}

TEST_F(ClientAuthorizerTest, ASecondRefusalIsTheAnswer) {
  script([](const OutboundRequest&) { return challenge(); });
  authorizer->retry = true;
  auto mcp = authorized();
  ASSERT_TRUE(mcp.initialize());
  const auto refused = mcp.ping();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::access_denied);
  EXPECT_THAT(authorizer->told, ElementsAre(200, 202, 401, 401));
}

TEST_F(ClientAuthorizerTest, OpeningAndEndingASessionAreRepeatedToo) {
  std::size_t seen = 0;
  transport->on(kUrl, [&](const OutboundRequest& request) -> Result<HttpResponse> {
    return seen++ % 2 == 0 ? challenge() : handshake(request);
  });
  authorizer->retry = true;
  auto mcp = authorized();
  ASSERT_TRUE(mcp.initialize());
  ASSERT_TRUE(mcp.close());
  EXPECT_THAT(authorizer->told, ElementsAre(401, 200, 401, 202, 401, 204));
}

TEST_F(ClientAuthorizerTest, NothingIsRepeatedUnlessTheAuthorizerSaysSo) {
  script([](const OutboundRequest&) { return challenge(); });
  auto mcp = authorized();
  EXPECT_FALSE(mcp.ping());
  EXPECT_THAT(authorizer->told, ElementsAre(200, 202, 401));
}

TEST_F(ClientAuthorizerTest, ASessionOpenedAnewIsAuthorized) {
  bool ended = false;
  script([&](const OutboundRequest& request) -> Result<HttpResponse> {
    if (!std::exchange(ended, true)) return reply("", 404, {});
    return pong(request);
  });
  auto mcp = authorized();
  ASSERT_TRUE(mcp.initialize());
  ASSERT_TRUE(mcp.ping());
  EXPECT_THAT(authorizer->told, ElementsAre(200, 202, 404, 200, 202, 200));
  for (std::size_t i = 0; i < 6; ++i) expect_fields(i, i + 1);
}

TEST_F(ClientAuthorizerTest, ItsErrorEndsTheCallAndNothingIsSent) {
  script(pong);
  auto mcp = authorized();
  ASSERT_TRUE(mcp.initialize());
  authorizer->broken = true;
  EXPECT_EQ(mcp.ping().error().message, "no token to be had");
  EXPECT_EQ(transport->requests().size(), 2U);
}

TEST_F(ClientAuthorizerTest, FailuresOfTheTransportAreNoAnswers) {
  transport->on(kUrl, [](const OutboundRequest&) -> Result<HttpResponse> {
    return Err(ErrorCode::transport_error, "connection refused");
  });
  authorizer->retry = true;
  EXPECT_FALSE(authorized().initialize());
  EXPECT_THAT(authorizer->told, IsEmpty());
  EXPECT_EQ(transport->requests().size(), 1U);
}

TEST_F(ClientAuthorizerTest, WithoutItTheHeadersAreThoseThatWereSet) {
  script(pong);
  auto mcp = authorized();
  mcp.set_authorizer(nullptr);
  ASSERT_TRUE(mcp.ping());
  EXPECT_EQ(transport->requests().back().headers.get("Authorization"), "Bearer old");
  EXPECT_FALSE(transport->requests().back().headers.contains("DPoP"));
}

TEST_F(ClientAuthorizerTest, ErrorsNeverHoldItsFields) {
  script([](const OutboundRequest&) { return reply("no", 500, {{"Content-Type", "text/plain"}}); });
  const auto message = authorized().ping().error().message;
  EXPECT_THAT(message, Not(HasSubstr("s3cret")));
  EXPECT_THAT(message, Not(HasSubstr("proof-")));
}

class ThrowingAuthorizer final : public RequestAuthorizer {
 public:
  Result<Headers> headers(std::string_view, std::string_view) override { throw std::runtime_error("lost"); }
  bool should_retry(std::string_view, int, const Headers&) override { return false; }
};

TEST_F(ClientAuthorizerTest, WhatItThrowsReachesTheCallerButNotTheDestructor) {
  script(pong);
  auto mcp = client();
  ASSERT_TRUE(mcp.initialize());
  mcp.set_authorizer(std::make_shared<ThrowingAuthorizer>());
  EXPECT_THROW((void)mcp.ping(), std::runtime_error);
}

}  // namespace
}  // namespace authplane::mcp
