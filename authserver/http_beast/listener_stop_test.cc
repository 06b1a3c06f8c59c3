#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <string>
#include <thread>

#include "authserver/http_beast/listener_test_server.h"

namespace authplane::http_beast {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;

using StopTest = ListenerTest;

TEST_F(StopTest, ClosesIdleConnectionsAndStopsListening) {
  start();
  TestClient fresh = client();
  TestClient served = client();
  served.send(kGet);
  ASSERT_EQ(served.status(), 200);
  EXPECT_TRUE(listener_->stop(seconds(10)));
  EXPECT_EQ(fresh.until_closed(), "");
  EXPECT_EQ(served.until_closed(), "");
  TestClient late;
  EXPECT_FALSE(late.connect(listener_->port()));
  EXPECT_TRUE(listener_->stop(seconds(10))) << "the second call repeats the outcome";
}

TEST_F(StopTest, LetsRequestsInFlightFinish) {
  std::latch entered(1);
  std::latch go_on(1);
  start([&](const HttpRequest& request) {
    entered.count_down();
    go_on.wait();
    return echo(request);
  });
  TestClient client = this->client();
  client.send(kGet);
  entered.wait();
  TestClient idle = this->client();
  auto stopped = std::async(std::launch::async, [&] { return listener_->stop(seconds(10)); });
  EXPECT_EQ(idle.until_closed(), "");
  go_on.count_down();
  const auto response = client.until_closed();
  EXPECT_THAT(response.value_or(""), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(response.value_or(""), EndsWith("GET /path?query []"));
  EXPECT_TRUE(stopped.get());
}

TEST_F(StopTest, LetsABodyBeingReceivedFinish) {
  start();
  TestClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  client.response();  // 100: the head has been read
  TestClient idle = this->client();
  auto stopped = std::async(std::launch::async, [&] { return listener_->stop(seconds(10)); });
  idle.until_closed();
  client.send("ok");
  EXPECT_THAT(client.until_closed().value_or(""), EndsWith("POST / [ok]"));
  EXPECT_TRUE(stopped.get());
}

TEST_F(StopTest, CutsWhatIsLeftWhenTheWaitIsOver) {
  std::latch entered(1);
  std::latch go_on(1);
  start([&](const HttpRequest& request) {
    entered.count_down();
    go_on.wait();
    return echo(request);
  });
  TestClient client = this->client();
  client.send(kGet);
  entered.wait();
  auto stopped = std::async(std::launch::async, [&] { return listener_->stop(milliseconds(20)); });
  EXPECT_EQ(client.until_closed(), "") << "closed while the handler still runs";
  go_on.count_down();
  EXPECT_FALSE(stopped.get());
}

TEST_F(StopTest, DropsQueuedRequestsWhenTheWaitIsOver) {
  options_.workers = 1;
  std::latch entered(1);
  std::latch go_on(1);
  std::atomic<int> handled = 0;
  start([&](const HttpRequest& request) {
    ++handled;
    entered.count_down();
    go_on.wait();
    return echo(request);
  });
  TestClient running = client();
  running.send(kGet);
  entered.wait();
  TestClient queued = client();
  queued.send(kGet);
  while (listener_->stats().queued_requests == 0) std::this_thread::yield();
  auto stopped = std::async(std::launch::async, [&] { return listener_->stop(milliseconds(20)); });
  EXPECT_EQ(queued.until_closed(), "");
  while (listener_->stats().queued_requests != 0) std::this_thread::yield();
  go_on.count_down();
  EXPECT_FALSE(stopped.get());
  EXPECT_EQ(handled, 1);
}

TEST_F(StopTest, StopUnderLoadAnswersOrCloses) {
  options_.workers = 4;
  start();
  std::vector<std::thread> load;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 4; ++i) {
    load.emplace_back([&] {
      TestClient client = this->client();
      while (true) {
        client.send(kGet);
        const std::string response = client.response();
        if (response.empty()) return;
        ASSERT_THAT(response, EndsWith("GET /path?query []"));
        ++answered;
        if (response.find("Connection: close") != std::string::npos) return;
      }
    });
  }
  while (answered < 200) std::this_thread::yield();
  EXPECT_TRUE(listener_->stop(seconds(10)));
  for (std::thread& thread : load) thread.join();
}

TEST_F(StopTest, DestructionClosesEverything) {
  start();
  TestClient client = this->client();
  client.send("GET / HTTP/1.1\r\nHos");
  listener_.reset();
  EXPECT_TRUE(client.until_closed());
}

TEST(ListenerStart, NamesAddressCauseAndFix) {
  authplane::testing::RecordingLogger logger;
  auto first = Listener::start({}, echo, logger);
  ASSERT_TRUE(first);
  ListenerOptions options;
  options.port = (*first)->port();
  const auto second = Listener::start(options, echo, logger);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::runtime_error);
  EXPECT_THAT(second.error().message, HasSubstr("127.0.0.1:" + std::to_string(options.port)));
  EXPECT_THAT(second.error().message, HasSubstr("in use; stop the program"));
}

TEST(ListenerStart, RefusesBadOptions) {
  authplane::testing::RecordingLogger logger;
  const auto code = [&](auto change) {
    ListenerOptions options;
    change(options);
    const auto started = Listener::start(options, echo, logger);
    return started ? ErrorCode::closed : started.error().code;
  };
  EXPECT_EQ(code([](auto& o) { o.address = "localhost"; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](auto& o) { o.address = "192.0.2.1"; }), ErrorCode::runtime_error);
  EXPECT_EQ(code([](auto& o) { o.workers = 0; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](auto& o) { o.io_threads = 0; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](auto& o) { o.max_connections = 0; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](auto& o) { o.max_head_bytes = 0; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](auto& o) { o.max_fields = 0; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](auto& o) { o.idle_timeout = milliseconds(0); }), ErrorCode::invalid_argument);
}

TEST(ListenerStart, EmptyAddressServesIpv4AsItself) {
  authplane::testing::RecordingLogger logger;
  ListenerOptions options;
  options.address = "";
  auto listener = Listener::start(
      options,
      [](const HttpRequest& request) {
        HttpResponse response;
        response.body = request.remote_address;
        return response;
      },
      logger);
  ASSERT_TRUE(listener);
  TestClient client((*listener)->port());
  client.send(kGet);
  EXPECT_THAT(client.response(), EndsWith("\r\n\r\n127.0.0.1"));
}

}  // namespace
}  // namespace authplane::http_beast
