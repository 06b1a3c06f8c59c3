#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "authserver/http_beast/listener_test_server.h"

namespace authplane::http_beast {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// A handler that waits until the test lets it go.
class Gate {
 public:
  HttpHandler handler() {
    return [this](const HttpRequest& request) {
      ++entered_;
      entered_.notify_all();
      open_.wait();
      return echo(request);
    };
  }
  void wait_for_entered(int count) {
    for (int now = entered_; now < count; now = entered_) entered_.wait(now);
  }
  void open() { open_.count_down(); }

 private:
  std::atomic<int> entered_ = 0;
  std::latch open_{1};
};

using LimitsTest = ListenerTest;

TEST_F(LimitsTest, FullQueueIsAnsweredAtOnceAndTheConnectionStays) {
  options_.workers = 1;
  options_.max_queued = 1;
  Gate gate;
  start(gate.handler());
  TestClient running = client();
  running.send(kGet);
  gate.wait_for_entered(1);
  TestClient queued = client();
  queued.send(kGet);
  while (listener_->stats().queued_requests == 0) std::this_thread::yield();
  TestClient refused = client();
  refused.send(kGet);
  const std::string response = refused.response();
  EXPECT_EQ(TestClient::status_of(response), 503);
  EXPECT_THAT(response, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(response, HasSubstr("\"temporarily_unavailable\""));
  EXPECT_EQ(listener_->stats().overloaded_requests, 1U);
  gate.open();
  EXPECT_EQ(running.status(), 200);
  EXPECT_EQ(queued.status(), 200);
  refused.send(kGet);
  EXPECT_EQ(refused.status(), 200);
}

std::string post_to(const std::string& path, std::size_t size) {
  return "POST " + path + " HTTP/1.1\r\nHost: as.example\r\nContent-Length: " + std::to_string(size) +
         "\r\n\r\n";
}

TEST_F(LimitsTest, OnlySomePathsTakeLargeBodies) {
  options_.large_body_paths = {"/large"};
  options_.max_large_body_bytes = 10'000;
  start();
  TestClient large = client();
  large.send(post_to("/large?query", 10'000) + std::string(10'000, 'x'));
  EXPECT_THAT(large.response(), HasSubstr("POST /large?query [xxx"));
  for (const char* path : {"/", "/large/", "/larg", "/other?/large", "/LARGE"}) {
    TestClient other = client();
    other.send(post_to(path, 1025));
    EXPECT_EQ(other.status(), 413) << path;
  }
  TestClient too_large = client();
  too_large.send(post_to("/large", 10'001));
  EXPECT_EQ(too_large.status(), 413);
}

TEST_F(LimitsTest, LargeBodiesShareABudgetThatComesBack) {
  options_.large_body_paths = {"/large"};
  options_.max_large_body_bytes = 10'000;
  options_.large_body_budget = 20'000;
  start();
  const std::string half(5'000, 'x');
  TestClient first = client(), second = client();
  for (TestClient* slow : {&first, &second}) slow->send(post_to("/large", 10'000) + half);
  const auto third_is_refused = [&] {
    TestClient third = client();
    third.send(post_to("/large", 10'000) + half + half);
    const std::string response = third.response();
    if (TestClient::status_of(response) != 503) return false;
    EXPECT_THAT(response, HasSubstr("Retry-After: 1\r\n"));
    EXPECT_THAT(response, HasSubstr("\"temporarily_unavailable\""));
    return true;
  };
  while (!third_is_refused()) std::this_thread::yield();
  TestClient small = client();
  small.send(post_to("/large", 1024) + std::string(1024, 'x'));
  EXPECT_EQ(small.status(), 200);
  first.send(half);
  EXPECT_EQ(first.status(), 200);
  second.close();
  const auto both_are_served = [&] {
    TestClient one = client(), two = client();
    one.send(post_to("/large", 10'000) + half);
    two.send(post_to("/large", 10'000) + half + half);
    one.send(half);
    return one.status() == 200 && two.status() == 200;
  };
  while (!both_are_served()) std::this_thread::yield();
}

TEST_F(LimitsTest, OwnAnswersAreWrittenFromWhatWasUnderstood) {
  options_.own_answers = [](const HttpRequest& request, const OwnAnswer& answer) {
    HttpResponse response;
    response.status = answer.status;
    response.body = request.method + " " + request.target + " " +
                    std::string(request.headers.get("Origin").value_or("-")) + " " +
                    std::string(answer.error) + " " + std::string(answer.description);
    return response;
  };
  start();
  const std::string origin = "Origin: https://app.example\r\n\r\n";
  struct Case {
    std::string bytes;
    int status;
    std::string body;
  };
  for (const Case& each : std::vector<Case>{
           {"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1025\r\n" + origin, 413,
            "POST /a https://app.example invalid_request request body too large"},
           {"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n" + origin, 411,
            "POST /a https://app.example invalid_request send Content-Length"},
           {"POST /a HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n" + origin, 415,
            "POST /a https://app.example invalid_request content codings"},
           {"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1025\r\nBad Name: x\r\n" + origin, 400,
            "POST /a - invalid_request malformed header field name"},
           {"GET / HTTP/2.0\r\nHost: h\r\n" + origin, 505, "  - invalid_request this server speaks HTTP/1.1"},
           {"GET /a HTTP/1.1\r\n" + std::string(5'000, 'x'), 431,
            "  - invalid_request request head too large"}}) {
    TestClient refused = client();
    refused.send(each.bytes);
    const std::string response = refused.response();
    EXPECT_EQ(TestClient::status_of(response), each.status) << each.bytes;
    EXPECT_THAT(response, HasSubstr("\r\n\r\n" + each.body));
  }
}

TEST_F(LimitsTest, ConnectionsOverTheTotalAreRefusedAtOnce) {
  options_.max_connections = 2;
  start();
  TestClient first = client();
  TestClient second = client();
  first.send(kGet);
  second.send(kGet);
  ASSERT_EQ(first.status(), 200);
  ASSERT_EQ(second.status(), 200);
  TestClient third = client();
  EXPECT_EQ(third.status(), 503);
  EXPECT_TRUE(third.until_closed());
  EXPECT_EQ(listener_->stats().refused_connections, 1U);
  first.close();
  while (listener_->stats().open_connections == 2) std::this_thread::yield();
  TestClient fourth = client();
  fourth.send(kGet);
  EXPECT_EQ(fourth.status(), 200);
}

TEST_F(LimitsTest, ConnectionsOverTheAddressLimitAreRefusedAtOnce) {
  options_.max_connections_per_address = 1;
  start();
  TestClient first = client();
  first.send(kGet);
  ASSERT_EQ(first.status(), 200);
  TestClient second = client();
  EXPECT_EQ(second.status(), 503);
}

TEST_F(LimitsTest, OutOfDescriptorsRefusesInsteadOfStayingSilent) {
  start();
  std::vector<TestClient> clients(6);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  TestClient probe;  // its descriptor is above all others of the process
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(probe.descriptor()) + 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  int served = 0;
  int refused = 0;
  for (TestClient& each : clients) {
    ASSERT_TRUE(each.connect(listener_->port()));
    each.send(kGet);
    const int status = each.status();
    served += status == 200;
    refused += status != 200;  // 503, or a reset that overtook it
  }
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_GE(served, 1);
  EXPECT_GE(refused, 3);
  EXPECT_EQ(listener_->stats().refused_connections, static_cast<std::uint64_t>(refused));
  // The acceptor may have found itself out of descriptors just before the limit went up again: it turns at
  // most one more away for that.
  int after = 0;
  for (int i = 0; i < 2 && after != 200; ++i) {
    TestClient again = client();
    again.send(kGet);
    after = again.status();
  }
  EXPECT_EQ(after, 200);
}

TEST_F(LimitsTest, SlowHeadIsAnsweredAndClosedHoweverManyBytesDrip) {
  options_.head_timeout = milliseconds(50);
  start();
  TestClient client = this->client();
  client.send("GET / HTTP/1.1\r\n");
  // Each byte would renew a time-out per read; a head has one deadline.
  for (int i = 0; i < 1000 && !client.readable_within(milliseconds(5)); ++i) client.send("X");
  EXPECT_EQ(client.status(), 408);
  EXPECT_TRUE(client.until_closed());
}

TEST_F(LimitsTest, SlowBodyIsAnsweredAndClosed) {
  options_.body_timeout = milliseconds(50);
  start();
  TestClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.status(), 408);
  EXPECT_TRUE(client.until_closed());
}

TEST_F(LimitsTest, IdleConnectionsAreClosedWithoutAWord) {
  options_.idle_timeout = milliseconds(50);
  start();
  TestClient silent = client();
  TestClient served = client();
  served.send(kGet);
  EXPECT_EQ(served.status(), 200);
  EXPECT_EQ(silent.until_closed(), "");
  EXPECT_EQ(served.until_closed(), "");
}

TEST_F(LimitsTest, HandlerMayTakeLongerThanEveryTimeout) {
  options_.head_timeout = options_.body_timeout = options_.write_timeout = options_.idle_timeout =
      milliseconds(20);
  Gate gate;
  start(gate.handler());
  TestClient client = this->client();
  client.send(post("x"));
  gate.wait_for_entered(1);
  TestClient clock = this->client();
  EXPECT_EQ(clock.until_closed(), "");  // an idle time-out has passed meanwhile
  gate.open();
  EXPECT_EQ(client.status(), 200);
}

TEST_F(LimitsTest, ClientThatDoesNotReadIsCutOff) {
  options_.write_timeout = milliseconds(50);
  start([](const HttpRequest&) {
    HttpResponse response;
    response.body.assign(64'000'000, 'r');
    return response;
  });
  TestClient client = this->client();
  client.send(kGet);
  ASSERT_TRUE(client.readable_within(milliseconds(10'000)));
  while (listener_->stats().open_connections != 0) std::this_thread::yield();
  // What the two kernels held at that moment.
  const auto received = client.until_closed();
  ASSERT_TRUE(received);
  EXPECT_EQ(TestClient::status_of(*received), 200);
  EXPECT_LT(received->size(), 64'000'000U);
}

TEST_F(LimitsTest, FourTimesAsManySlowClientsAsWorkersHoldNobodyUp) {
  start();
  std::vector<TestClient> slow;
  for (std::size_t i = 0; i < 4 * options_.workers; ++i) slow.push_back(client());
  for (TestClient& each : slow) each.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Le");
  TestClient client = this->client();
  client.send(kGet);
  EXPECT_EQ(client.status(), 200);
  for (TestClient& each : slow) each.send("ngth: 0\r\n\r\n");
  for (TestClient& each : slow) EXPECT_EQ(each.status(), 200);
}

std::size_t resident_kilobytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * 4;
}

TEST_F(LimitsTest, AThousandConnectionsAreServedAndCostLittleWhenIdle) {
  options_.max_connections = 1100;
  start();
  std::vector<TestClient> clients;
  clients.reserve(1000);
  const std::size_t before = resident_kilobytes();
  for (int i = 0; i < 1000; ++i) clients.push_back(client());
  for (TestClient& each : clients) each.send(post(std::string(1000, 'x')));
  for (TestClient& each : clients) ASSERT_EQ(each.status(), 200);
  EXPECT_EQ(listener_->stats().open_connections, 1000U);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // The clients' own buffers are part of it.
  EXPECT_LT(resident_kilobytes() - before, 16U * 1000U);
#else
  EXPECT_GT(before, 0U);
#endif
}

}  // namespace
}  // namespace authplane::http_beast
