// Event streams: notifications of a call, streamed calls, GET streams, many callers at once.

#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>

#include "sse.h"
#include "test_server.h"

namespace authplane::mcp {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<Json> events_of(std::string_view stream) {
  std::vector<Json> events;
  SseParser parser([&](const SseEvent& event) { events.push_back(Json::parse(event.data)); });
  parser.feed(stream);
  return events;
}

ToolResult report(const ToolCall& call) {
  call.progress(0, 100);
  call.progress(50, 100, "half");
  call.progress(50, 100);  // not larger: not sent
  call.log(LoggingLevel::debug, "too mild");
  call.log(LoggingLevel::warning, "look \"here\"", "tool");
  return ToolResult::text("done");
}

class ServerStreamTest : public ServerTest {
 protected:
  void SetUp() override { start(); }
  static std::string call_with_token(std::string_view tool, std::string_view token) {
    return R"({"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":")" + std::string(tool) +
           R"(","_meta":{"progressToken":)" + std::string(token) + "}}}";
  }
};

TEST_F(ServerStreamTest, NotificationsComeBeforeTheResultOnAnEventStream) {
  server->add_tool({.name = "report"}, report);
  const auto response = post(call_with_token("report", R"("tok")"), open());
  EXPECT_EQ(response.headers.get("Content-Type"), "text/event-stream");
  const auto events = events_of(response.body);
  ASSERT_THAT(events, SizeIs(4));
  EXPECT_EQ(
      events[0],
      Json::parse(
          R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"tok","progress":0,"total":100}})"));
  EXPECT_EQ(events[1]["params"]["message"], "half");
  EXPECT_EQ(
      events[2],
      Json::parse(
          R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"tool","data":"look \"here\""}})"));
  EXPECT_EQ(events[3]["id"], 5);
  EXPECT_EQ(events[3]["result"]["content"][0]["text"], "done");
}

TEST_F(ServerStreamTest, WithoutAUsableTokenThereIsNoProgress) {
  server->add_tool({.name = "p"}, [](const ToolCall& call) {
    call.progress(1);
    return ToolResult::text("x");
  });
  const auto session = open();
  EXPECT_EQ(post(call_body("p"), session).headers.get("Content-Type"), "application/json");
  for (const char* token : {"null", "{}", "1.5", "true"}) {
    EXPECT_EQ(post(call_with_token("p", token), session).headers.get("Content-Type"), "application/json")
        << token;
  }
  EXPECT_THAT(post(call_with_token("p", "7"), session).body, HasSubstr(R"("progressToken":7,)"));
}

TEST_F(ServerStreamTest, TheLogLevelOfTheSessionHolds) {
  server->add_tool({.name = "report"}, report);
  const auto session = open();
  post(R"({"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}})", session);
  EXPECT_THAT(events_of(post(call_body("report"), session).body), SizeIs(3));
  post(R"({"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"error"}})", session);
  EXPECT_EQ(post(call_body("report"), session).headers.get("Content-Type"), "application/json");
}

TEST_F(ServerStreamTest, AClientThatTakesOnlyJsonGetsTheBareResult) {
  server->add_tool({.name = "report", .streaming = true}, report);
  auto json_only = request(call_with_token("report", "1"), open());
  json_only.headers.set("Accept", "application/json");
  const auto response = server->handle(json_only);
  EXPECT_FALSE(response.stream);
  EXPECT_EQ(first_text(response), "done");
}

TEST_F(ServerStreamTest, StreamingToolsRunWhileTheirEventsAreSent) {
  std::atomic<bool> ran = false;
  server->add_tool({.name = "slow", .streaming = true}, [&ran](const ToolCall& call) {
    call.progress(1, 2);
    ran = true;
    return ToolResult::text(call.string_argument("s"));
  });
  auto response = post(
      R"({"jsonrpc":"2.0","id":"big \u0061","method":"tools/call","params":{"name":"slow","arguments":{"s":"x"},"_meta":{"progressToken":1}}})",
      open());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "text/event-stream");
  ASSERT_TRUE(response.stream);
  EXPECT_FALSE(ran);
  server.reset();  // the answer keeps what it needs
  CollectingSink sink;
  response.stream(sink);
  EXPECT_THAT(sink.text, HasSubstr(R"("id":"big \u0061")"));
  EXPECT_THAT(events_of(sink.text), SizeIs(2));
  EXPECT_EQ(events_of(sink.text)[1]["result"]["content"][0]["text"], "x");
}

TEST_F(ServerStreamTest, AClientThatGoesAwayDoesNotCancelTheCall) {
  bool finished = false;
  server->add_tool({.name = "slow", .streaming = true}, [&finished](const ToolCall& call) {
    for (int i = 0; i < 5; ++i) call.progress(i);
    finished = !call.cancelled();
    return ToolResult::text("x");
  });
  auto response = post(call_with_token("slow", "1"), open());
  CollectingSink gone(1);
  response.stream(gone);
  EXPECT_TRUE(finished);
  EXPECT_THAT(events_of(gone.text), SizeIs(1));
}

TEST_F(ServerStreamTest, StreamedFailuresAreStillAnswered) {
  server->add_tool({.name = "boom", .streaming = true},
                   [](const ToolCall&) -> ToolResult { throw std::runtime_error("x"); });
  auto response = post(call_body("boom"), open());
  CollectingSink sink;
  response.stream(sink);
  EXPECT_EQ(events_of(sink.text).at(0)["result"]["isError"], true);
}

TEST_F(ServerStreamTest, ACancelledNotificationReachesTheRunningCall) {
  std::promise<void> started;
  server->add_tool({.name = "wait"}, [&started](const ToolCall& call) {
    started.set_value();
    while (!call.cancelled()) std::this_thread::yield();
    return ToolResult::text("stopped");
  });
  const auto session = open();
  auto running =
      std::async(std::launch::async, [&] { return post(call_body("wait", "{}", R"("job")"), session); });
  started.get_future().wait();
  EXPECT_EQ(
      post(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"job"}})", session)
          .status,
      202);
  EXPECT_EQ(first_text(running.get()), "stopped");
}

TEST_F(ServerStreamTest, AnotherSessionCannotCancelTheCall) {
  std::promise<void> started;
  std::promise<void> go;
  bool cancelled = true;
  server->add_tool({.name = "wait"}, [&](const ToolCall& call) {
    started.set_value();
    go.get_future().wait();
    cancelled = call.cancelled();
    return ToolResult::text("x");
  });
  const auto mine = open(), other = open();
  auto running = std::async(std::launch::async, [&] { return post(call_body("wait", "{}", "1"), mine); });
  started.get_future().wait();
  post(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})", other);
  go.set_value();
  running.get();
  EXPECT_FALSE(cancelled);
}

class GetStreamTest : public ServerStreamTest {
 protected:
  void SetUp() override {
    auto options = plain_options();
    options.get_stream = true;
    options.max_get_streams = 1;
    options.keep_alive_interval = 1ms;
    start(std::move(options));
  }
  HttpResponse get(const std::string& session) {
    auto out = request("", session);
    out.method = "GET";
    return server->handle(out);
  }
};

TEST_F(GetStreamTest, ToolChangesAreAnnounced) {
  const auto opened = json(post(initialize_body()));
  EXPECT_EQ(opened["result"]["capabilities"]["tools"]["listChanged"], true);
  const auto session = open();
  auto stream = get(session);
  ASSERT_TRUE(stream.stream);
  server->add_tool({.name = "late"}, report);
  server->add_tool({.name = "later"}, report);
  CollectingSink sink(3);
  stream.stream(sink);
  EXPECT_THAT(events_of(sink.text),
              ElementsAre(Json::parse(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})")));
  EXPECT_THAT(sink.text, HasSubstr(": keep-alive\n\n"));
}

TEST_F(GetStreamTest, StreamsAreBoundedAndTheirPlaceIsGivenBack) {
  const auto first = open(), second = open();
  {
    const auto held = get(first);
    EXPECT_EQ(held.status, 200);
    EXPECT_EQ(get(second).status, 503);
  }
  EXPECT_EQ(get(second).status, 200);
}

TEST_F(GetStreamTest, ASecondStreamOfASessionIs409) {
  auto options = plain_options();
  options.get_stream = true;
  start(std::move(options));
  const auto session = open();
  const auto held = get(session);
  EXPECT_EQ(held.status, 200);
  EXPECT_EQ(get(session).status, 409);
}

TEST_F(GetStreamTest, GetObeysTheRulesOfSessionsAndAccept) {
  EXPECT_EQ(get("").status, 400);
  EXPECT_EQ(get("unknown").status, 404);
  auto broken = request("", open());
  broken.method = "GET";
  broken.headers.set("Accept", "application/json");
  EXPECT_EQ(server->handle(broken).status, 406);
  broken.method = "PUT";
  EXPECT_EQ(server->handle(broken).headers.get("Allow"), "GET, POST, DELETE");
}

TEST_F(GetStreamTest, DeleteAndTheEndOfTheServerEndTheStream) {
  const auto session = open();
  auto stream = get(session);
  auto running = std::async(std::launch::async, [&] {
    CollectingSink sink;
    stream.stream(sink);
  });
  auto end = request("", session);
  end.method = "DELETE";
  EXPECT_EQ(server->handle(end).status, 204);
  running.get();
  stream = {};

  auto other = get(open());
  running = std::async(std::launch::async, [&] {
    CollectingSink sink;
    other.stream(sink);
  });
  server.reset();
  running.get();
}

TEST_F(ServerStreamTest, ManyCallersAtOnceGetTheirOwnAnswers) {
  const auto session = open();
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([this, t, &session, &wrong] {
        for (int i = 0; i < 250; ++i) {
          const auto text = std::to_string(t) + "-" + std::to_string(i);
          const auto response = server->handle(
              request(call_body("echo", R"({"text":")" + text + "\"}", "\"" + text + "\""), session));
          const auto body = Json::parse(response.body);
          if (body["id"] != text || body["result"]["content"][0]["text"] != text) ++wrong;
        }
      });
    }
    threads.emplace_back([this] {
      for (int i = 0; i < 50; ++i) server->add_tool({.name = "tool" + std::to_string(i)}, report);
    });
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(server->has_tool("tool49"));
}

}  // namespace
}  // namespace authplane::mcp
