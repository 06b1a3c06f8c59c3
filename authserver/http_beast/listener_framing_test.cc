#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "authserver/http_beast/listener_test_server.h"

namespace authplane::http_beast {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

using FramingTest = ListenerTest;

TEST_F(FramingTest, ServesManyRequestsOnOneConnection) {
  start();
  TestClient client = this->client();
  for (int i = 0; i < 100; ++i) {
    client.send(kGet);
    ASSERT_THAT(client.response(), EndsWith("\r\n\r\nGET /path?query []"));
  }
}

TEST_F(FramingTest, HandlerSeesPeerAddress) {
  start([](const HttpRequest& request) {
    HttpResponse response;
    response.body = request.remote_address;
    return response;
  });
  TestClient client = this->client();
  client.send(kGet);
  EXPECT_THAT(client.response(), EndsWith("\r\n\r\n127.0.0.1"));
}

TEST_F(FramingTest, ReadsRequestsSentByteByByte) {
  start();
  TestClient client = this->client();
  for (const char c : post("hello")) client.send({&c, 1});
  EXPECT_THAT(client.response(), EndsWith("POST /form [hello]"));
}

TEST_F(FramingTest, AnswersPipelinedRequestsInOrder) {
  options_.workers = 8;
  start();
  TestClient client = this->client();
  std::string all;
  for (int i = 0; i < 200; ++i) all += post(std::to_string(i));
  client.send(all);
  for (int i = 0; i < 200; ++i) {
    ASSERT_THAT(client.response(), EndsWith("POST /form [" + std::to_string(i) + "]"));
  }
}

TEST_F(FramingTest, HandlesOneRequestOfAConnectionAtATime) {
  options_.workers = 8;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  start([&](const HttpRequest&) {
    most = std::max(most.load(), ++running);
    --running;
    return HttpResponse{};
  });
  TestClient client = this->client();
  std::string all;
  for (int i = 0; i < 100; ++i) all += kGet;
  client.send(all);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.status(), 200);
  EXPECT_EQ(most, 1);
}

TEST_F(FramingTest, BodyOfAGetIsNotASecondRequest) {
  std::atomic<int> handled = 0;
  start([&](const HttpRequest& request) {
    ++handled;
    return echo(request);
  });
  TestClient client = this->client();
  const std::string smuggled = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
  client.send("GET / HTTP/1.1\r\nHost: as.example\r\nContent-Length: " + std::to_string(smuggled.size()) +
              "\r\n\r\n");
  client.send(smuggled);
  EXPECT_THAT(client.response(), EndsWith("GET / [" + smuggled + "]"));
  client.send(kGet);
  EXPECT_THAT(client.response(), EndsWith("GET /path?query []"));
  EXPECT_EQ(handled, 2);
}

TEST_F(FramingTest, HeadIsAnsweredWithoutBody) {
  start();
  TestClient client = this->client();
  client.send("HEAD / HTTP/1.1\r\nHost: as.example\r\n\r\n" + kGet);
  EXPECT_THAT(client.response(true), HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(client.response(), EndsWith("GET /path?query []"));
}

TEST_F(FramingTest, ContinueIsSentOnceTheHeadIsAccepted) {
  start();
  TestClient client = this->client();
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ";
  client.send(head + "2\r\n\r\n");
  EXPECT_EQ(client.response(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.response(), EndsWith("POST / [ok]"));
  client.send(head + "2000\r\n\r\n");
  EXPECT_EQ(client.status(), 413);
}

TEST_F(FramingTest, ContinueIsNotSentWhenTheBodyIsAlreadyThere) {
  start();
  TestClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(client.status(), 200);
}

TEST_F(FramingTest, ClosesWhenAskedTo) {
  start();
  TestClient client = this->client();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto all = client.until_closed();
  ASSERT_TRUE(all);
  EXPECT_THAT(*all, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(*all, EndsWith("GET / []"));
}

TEST_F(FramingTest, ClosesWhenTheHandlerAsksTo) {
  start([](const HttpRequest&) {
    HttpResponse response;
    response.headers.add("Connection", "close");
    return response;
  });
  TestClient client = this->client();
  client.send(kGet);
  EXPECT_THAT(client.until_closed().value_or(""), HasSubstr("Connection: close\r\n"));
}

TEST_F(FramingTest, Http10IsAnsweredAndClosed) {
  start();
  TestClient client = this->client();
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto all = client.until_closed();
  ASSERT_TRUE(all);
  EXPECT_THAT(*all, HasSubstr("HTTP/1.1 200 OK\r\n"));
}

TEST_F(FramingTest, AnswersAClientThatStoppedSending) {
  start();
  TestClient client = this->client();
  client.send(kGet);
  client.finish_sending();
  EXPECT_THAT(client.until_closed().value_or(""), EndsWith("GET /path?query []"));
}

struct BadRequest {
  const char* name;
  std::string bytes;
  int status;
};

class RefusalTest : public ListenerTest, public ::testing::WithParamInterface<BadRequest> {};

TEST_P(RefusalTest, IsAnsweredAndClosesWithoutReachingTheHandler) {
  std::atomic<int> handled = 0;
  start([&](const HttpRequest&) {
    ++handled;
    return HttpResponse{};
  });
  TestClient client = this->client();
  client.send(GetParam().bytes);
  const auto all = client.until_closed();
  ASSERT_TRUE(all) << "connection left open";
  EXPECT_THAT(*all, ::testing::StartsWith("HTTP/1.1 " + std::to_string(GetParam().status) + " "));
  EXPECT_THAT(*all, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(*all, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(*all, HasSubstr("{\"error\":\"invalid_request\",\"error_description\":\""));
  EXPECT_THAT(all->substr(9), Not(HasSubstr("HTTP/1.1 "))) << "a second answer";
  EXPECT_EQ(handled, 0);
}

const std::string kStart = "POST / HTTP/1.1\r\nHost: a\r\n";

INSTANTIATE_TEST_SUITE_P(
    , RefusalTest,
    ::testing::Values(
        BadRequest{"Chunked", kStart + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + kGet,
                   411},
        BadRequest{"LengthAndChunked",
                   kStart + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + kGet, 411},
        BadRequest{"LengthTwice", kStart + "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello" + kGet, 400},
        BadRequest{"LengthMalformed", kStart + "Content-Length: 3x\r\n\r\nabc" + kGet, 400},
        BadRequest{"Gzip", kStart + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc" + kGet, 415},
        BadRequest{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        BadRequest{"SpaceBeforeColon", kStart + "X : y\r\n\r\n", 400},
        BadRequest{"ObsFold", kStart + "X: y\r\n z\r\n\r\n", 400},
        BadRequest{"BareLf", "GET / HTTP/1.1\nHost: a\n\n", 400},
        BadRequest{"RemoteAddr", kStart + "REMOTE_ADDR: 10.0.0.1\r\n\r\n", 400},
        BadRequest{"NulInValue", kStart + std::string("X: a\0b\r\n\r\n", 10), 400},
        BadRequest{"LongValue", kStart + "X: " + std::string(3000, 'v') + "\r\n\r\n", 400},
        BadRequest{"Tls", std::string("\x16\x03\x01\x00\xa5\x01\x00", 7), 400},
        BadRequest{"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        BadRequest{"BodyTooLarge", kStart + "Content-Length: 1025\r\n\r\n" + std::string(1025, 'b'), 413},
        BadRequest{"HeadTooLarge",
                   kStart + "A: " + std::string(900, 'a') + "\r\nB: " + std::string(5000, 'b'), 431},
        BadRequest{"TargetTooLong", "GET /" + std::string(5000, 'a'), 414},
        BadRequest{"TooManyFields",
                   [] {
                     std::string head = kStart;
                     for (int i = 0; i < 100; ++i) head += "A: b\r\n";
                     return head;
                   }(),
                   431}),
    [](const auto& test) { return test.param.name; });

TEST_F(FramingTest, RefusalSurvivesAClientThatGoesOnSending) {
  start();
  TestClient client = this->client();
  client.send(kStart + "Content-Length: 500000\r\n\r\n");
  for (int i = 0; i < 50; ++i) client.send(std::string(10'000, 'b'));
  client.finish_sending();
  EXPECT_EQ(client.status(), 413);
}

TEST_F(FramingTest, EndlessHeaderLineIsCut) {
  start();
  TestClient client = this->client();
  client.send(kStart + "X: ");
  for (int i = 0; i < 10'000; ++i)
    client.send(std::string(1000, 'x'));  // returns early once the server closed
  client.until_closed();
  EXPECT_EQ(listener_->stop(std::chrono::seconds(5)), true);
}

TEST_F(FramingTest, HandlerThatThrowsIsAnInternalError) {
  start([](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret detail"); });
  TestClient client = this->client();
  client.send(kGet);
  const std::string response = client.response();
  EXPECT_EQ(TestClient::status_of(response), 500);
  EXPECT_THAT(response, EndsWith("{\"error\":\"server_error\",\"error_description\":\"internal error\"}"));
  EXPECT_TRUE(logger_.contains("http handler threw"));
  EXPECT_FALSE(logger_.contains("secret detail"));
}

TEST_F(FramingTest, HandlerThatThrowsAnythingIsAnInternalError) {
  start([](const HttpRequest&) -> HttpResponse { throw 42; });
  TestClient client = this->client();
  client.send(kGet + kGet);
  EXPECT_EQ(client.status(), 500);
  EXPECT_EQ(client.status(), 500);
}

TEST_F(FramingTest, ResponseThatWouldSplitIsAnInternalError) {
  start([](const HttpRequest&) {
    HttpResponse response;
    response.headers.add("Location", "/\r\nSet-Cookie: stolen=1");
    return response;
  });
  TestClient client = this->client();
  client.send(kGet);
  const std::string response = client.response();
  EXPECT_EQ(TestClient::status_of(response), 500);
  EXPECT_THAT(response, Not(HasSubstr("stolen")));
}

TEST_F(FramingTest, LargeResponseArrivesWhole) {
  const std::string body(8'000'000, 'r');
  start([&](const HttpRequest&) {
    HttpResponse response;
    response.body = body;
    return response;
  });
  TestClient client = this->client();
  for (int i = 0; i < 2; ++i) {
    client.send(kGet);
    EXPECT_THAT(client.response().size(), ::testing::Gt(body.size()));
  }
}

}  // namespace
}  // namespace authplane::http_beast
