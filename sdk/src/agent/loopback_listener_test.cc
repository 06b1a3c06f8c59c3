#include "agent/loopback_listener.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/base/url.h>

#include "http_httplib/socket_test_util.h"

namespace authplane::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class LoopbackListenerTest : public ::testing::Test {
 protected:
  void start() {
    listener = LoopbackListener::open(0).value();
    port = Url::parse(listener->redirect_uri()).value().port();
    listener->start([this](const Form& answer) -> Result<std::string> {
      ++judged;
      if (const auto code = answer.get("code")) return std::string(*code);
      return Err(ErrorCode::access_denied, "no code");
    });
  }
  std::string send(const std::string& target, const std::string& host = {},
                   const std::string& method = "GET") const {
    RawClient client(port);
    client.send(method + " " + target + " HTTP/1.1\r\nHost: " +
                (host.empty() ? "127.0.0.1:" + std::to_string(port) : host) + "\r\n\r\n");
    return client.read_response();
  }

  std::atomic<int> judged = 0;
  int port = 0;
  std::unique_ptr<LoopbackListener> listener;
};

TEST_F(LoopbackListenerTest, TakesOneAnswer) {
  start();
  EXPECT_EQ(listener->redirect_uri(), "http://127.0.0.1:" + std::to_string(port) + "/callback");
  const std::string page = send("/callback?code=c-1&state=s");
  EXPECT_EQ(status_of(page), 200);
  EXPECT_THAT(page, HasSubstr("no-store"));
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy: default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("c-1")));
  EXPECT_EQ(listener->wait(60s).value().value(), "c-1");
  EXPECT_EQ(status_of(send("/callback?code=c-2&state=s")), 410);
  EXPECT_EQ(judged, 1);
}

TEST_F(LoopbackListenerTest, OtherPathsAndMethodsChangeNothing) {
  start();
  for (const char* target : {"/", "/favicon.ico", "/callback/", "/%63allback?code=x", "/callbackx?code=x"})
    EXPECT_EQ(status_of(send(target)), 404) << target;
  EXPECT_EQ(status_of(send("/callback?code=x", {}, "DELETE")), 405);
  EXPECT_EQ(judged, 0);
  EXPECT_EQ(status_of(send("/callback?code=good")), 200);
  EXPECT_EQ(listener->wait(60s).value().value(), "good");
}

// A page under the attacker's name that resolves to 127.0.0.1 by now.
TEST_F(LoopbackListenerTest, OtherHostsAreTurnedAway) {
  start();
  for (const std::string& host : {std::string("evil.example"), "evil.example:" + std::to_string(port),
                                  "localhost:" + std::to_string(port), std::string("127.0.0.1")}) {
    EXPECT_EQ(status_of(send("/callback?code=x", host)), 403) << host;
  }
  EXPECT_EQ(judged, 0);
}

TEST_F(LoopbackListenerTest, ARefusedAnswerIsTheAnswer) {
  start();
  EXPECT_EQ(status_of(send("/callback?error=access_denied")), 400);
  EXPECT_EQ(listener->wait(60s).value().error().message, "no code");
}

TEST_F(LoopbackListenerTest, MalformedAnswersAreRefused) {
  start();
  EXPECT_EQ(status_of(send("/callback?code=%FF")), 400);
  EXPECT_FALSE(listener->wait(60s).value());
  EXPECT_EQ(judged, 0);
}

TEST_F(LoopbackListenerTest, WaitingHasAnEnd) {
  start();
  EXPECT_FALSE(listener->wait(10ms));
}

TEST_F(LoopbackListenerTest, WaitReturnsWhenTheAnswerComes) {
  start();
  auto outcome = std::async(std::launch::async, [this] { return listener->wait(60s); });
  EXPECT_EQ(status_of(send("/callback?code=late")), 200);
  EXPECT_EQ(outcome.get().value().value(), "late");
}

TEST_F(LoopbackListenerTest, ListensOnLoopbackOnlyAndOnAPortOfItsOwn) {
  start();
  const auto other = LoopbackListener::open(0).value();
  EXPECT_NE(other->redirect_uri(), listener->redirect_uri());
  const auto taken = LoopbackListener::open(static_cast<std::uint16_t>(port));
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("127.0.0.1:" + std::to_string(port)));
}

}  // namespace
}  // namespace authplane::agent
