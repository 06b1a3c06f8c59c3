#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "authserver/http_beast/listener_test_server.h"

// Answers that come later (Responder) and answers that come in pieces (streams).

namespace authplane::http_beast {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

HttpResponse text(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

HttpResponse streamed(BodyWriter writer) {
  HttpResponse response;
  response.stream = std::move(writer);
  return response;
}

using AsyncTest = ListenerTest;

TEST_F(AsyncTest, AnswersFromAnotherThreadWithoutHoldingAWorker) {
  options_.workers = 1;
  std::mutex mutex;
  std::vector<Responder> waiting;
  std::latch all(50);
  start_async([&](const HttpRequest&, Responder responder) {
    const std::lock_guard lock(mutex);
    waiting.push_back(std::move(responder));
    all.count_down();
  });
  std::vector<TestClient> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(client());
    clients.back().send(kGet);
  }
  all.wait();
  std::thread committer([&] {
    for (Responder& responder : waiting) responder.send(text("committed"));
  });
  for (TestClient& each : clients) EXPECT_THAT(each.response(), EndsWith("committed"));
  committer.join();
  listener_.reset();
}

TEST_F(AsyncTest, RequestStaysValidUntilTheAnswer) {
  std::thread later;
  start_async([&](const HttpRequest& request, Responder responder) {
    later = std::thread([&request, r = std::move(responder)]() mutable { r.send(echo(request)); });
  });
  TestClient client = this->client();
  client.send(post(std::string(500, 'x')));
  EXPECT_THAT(client.response(), EndsWith(std::string(500, 'x') + "]"));
  listener_.reset();  // the handler may still be storing the thread
  later.join();
}

TEST_F(AsyncTest, ServesPipelinedRequestsAnsweredAtOnce) {
  start_async([](const HttpRequest& request, Responder responder) { responder.send(echo(request)); });
  TestClient client = this->client();
  std::string all;
  for (int i = 0; i < 100; ++i) all += post(std::to_string(i));
  client.send(all);
  for (int i = 0; i < 100; ++i) ASSERT_THAT(client.response(), EndsWith("[" + std::to_string(i) + "]"));
}

TEST_F(AsyncTest, FirstAnswerCounts) {
  start_async([](const HttpRequest&, Responder responder) {
    responder.send(text("first"));
    responder.send(text("second"));
  });
  TestClient client = this->client();
  client.send(kGet + kGet);
  EXPECT_THAT(client.response(), EndsWith("first"));
  EXPECT_THAT(client.response(), EndsWith("first"));
}

TEST_F(AsyncTest, DroppedResponderIsAnInternalError) {
  start_async([](const HttpRequest&, const Responder&) {});
  TestClient client = this->client();
  client.send(kGet);
  EXPECT_EQ(client.status(), 500);
}

TEST_F(AsyncTest, ThrowingHandlerIsAnInternalError) {
  start_async([](const HttpRequest&, const Responder&) { throw std::runtime_error("x"); });
  TestClient client = this->client();
  client.send(kGet);
  EXPECT_EQ(client.status(), 500);
}

TEST_F(AsyncTest, AnswerAfterTheListenerIsGoneDoesNothing) {
  std::mutex mutex;
  std::vector<Responder> waiting;
  std::latch entered(1);
  start_async([&](const HttpRequest&, Responder responder) {
    const std::lock_guard lock(mutex);
    waiting.push_back(std::move(responder));
    entered.count_down();
  });
  TestClient client = this->client();
  client.send(kGet);
  entered.wait();
  EXPECT_FALSE(listener_->stop(milliseconds(10)));
  listener_.reset();
  EXPECT_EQ(client.until_closed(), "");
  waiting.front().send(text("late"));
}

TEST_F(AsyncTest, StopWaitsForAnswersToCome) {
  Responder* pending = nullptr;
  std::latch entered(1);
  start_async([&](const HttpRequest&, Responder responder) {
    pending = new Responder(std::move(responder));
    entered.count_down();
  });
  TestClient client = this->client();
  client.send(kGet);
  entered.wait();
  TestClient idle = this->client();
  std::thread committer([&] {
    idle.until_closed();  // stop() has begun
    pending->send(text("committed"));
  });
  EXPECT_TRUE(listener_->stop(seconds(10)));
  EXPECT_THAT(client.until_closed().value_or(""), EndsWith("committed"));
  committer.join();
  delete pending;
}

using StreamTest = ListenerTest;

TEST_F(StreamTest, IsChunkedAndKeepsTheConnection) {
  start([](const HttpRequest&) {
    return streamed([](BodySink& sink) {
      sink.write("one");
      sink.write("two");
    });
  });
  TestClient client = this->client();
  client.send(kGet + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string all = client.until_closed().value_or("");
  EXPECT_THAT(
      all,
      HasSubstr("Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(all, EndsWith("0\r\n\r\n"));
}

TEST_F(StreamTest, FromAResponderRunsOnAWorker) {
  start_async([](const HttpRequest&, Responder responder) {
    responder.send(streamed([](BodySink& sink) { sink.write("later"); }));
  });
  TestClient client = this->client();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.until_closed().value_or(""), EndsWith("\r\n\r\n5\r\nlater\r\n0\r\n\r\n"));
}

TEST_F(StreamTest, Http10GetsPlainBytesUntilClose) {
  start([](const HttpRequest&) { return streamed([](BodySink& sink) { sink.write("plain"); }); });
  TestClient client = this->client();
  client.send("GET / HTTP/1.0\r\n\r\n");
  const std::string all = client.until_closed().value_or("");
  EXPECT_THAT(all, EndsWith("\r\n\r\nplain"));
  EXPECT_THAT(all, Not(HasSubstr("chunked")));
}

TEST_F(StreamTest, HeadDoesNotRunTheWriter) {
  std::atomic<bool> ran = false;
  start([&](const HttpRequest&) { return streamed([&](BodySink&) { ran = true; }); });
  TestClient client = this->client();
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.until_closed().value_or(""), EndsWith("Connection: close\r\n\r\n"));
  listener_.reset();
  EXPECT_FALSE(ran);
}

TEST_F(StreamTest, ThrowingWriterLeavesTheBodyUnfinished) {
  start([](const HttpRequest&) {
    return streamed([](BodySink& sink) {
      sink.write("part");
      throw std::runtime_error("x");
    });
  });
  TestClient client = this->client();
  client.send(kGet);
  EXPECT_THAT(client.until_closed().value_or(""), EndsWith("4\r\npart\r\n"));
}

TEST_F(StreamTest, WaitsForASlowReaderAndDeliversEverything) {
  constexpr int kChunks = 400;
  start([](const HttpRequest&) {
    return streamed([](BodySink& sink) {
      const std::string chunk(65'536, 's');
      for (int i = 0; i < kChunks; ++i) ASSERT_TRUE(sink.write(chunk));
    });
  });
  TestClient client = this->client();
  client.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_GT(client.until_closed().value_or("").size(), std::size_t{65'536} * kChunks);
}

TEST_F(StreamTest, WriteFailsWhenThePeerDoesNotRead) {
  options_.write_timeout = milliseconds(30);
  std::latch failed(1);
  start([&](const HttpRequest&) {
    return streamed([&](BodySink& sink) {
      const std::string chunk(1'000'000, 's');
      while (sink.write(chunk)) {
      }
      failed.count_down();
    });
  });
  TestClient client = this->client();
  client.send(kGet);
  failed.wait();
  listener_.reset();
}

TEST_F(StreamTest, AQuarterOfTheWorkersMayStream) {
  options_.workers = 8;
  std::latch started(2);
  std::latch go_on(1);
  start([&](const HttpRequest& request) {
    if (request.method != "GET") return echo(request);
    return streamed([&](BodySink& sink) {
      started.count_down();
      go_on.wait();
      sink.write("x");
    });
  });
  TestClient first = client();
  TestClient second = client();
  first.send(kGet);
  second.send(kGet);
  started.wait();
  EXPECT_EQ(listener_->stats().active_streams, 2U);
  TestClient third = client();
  third.send(kGet + post("still served"));
  const std::string refused = third.response();
  EXPECT_EQ(TestClient::status_of(refused), 503);
  EXPECT_THAT(refused, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_EQ(third.status(), 200);
  go_on.count_down();
  EXPECT_TRUE(listener_->stop(seconds(10)));
  EXPECT_THAT(first.until_closed().value_or(""), EndsWith("1\r\nx\r\n0\r\n\r\n"));
}

TEST_F(StreamTest, StopCutsAnEndlessStream) {
  std::latch started(1);
  start([&](const HttpRequest&) {
    return streamed([&](BodySink& sink) {
      started.count_down();
      while (sink.write("tick\n")) {
      }
    });
  });
  TestClient client = this->client();
  client.send(kGet);
  started.wait();
  EXPECT_FALSE(listener_->stop(milliseconds(20)));
}

}  // namespace
}  // namespace authplane::http_beast
