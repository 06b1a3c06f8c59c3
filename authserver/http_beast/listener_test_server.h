#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include <authplane/testing/recording_logger.h>

#include "authserver/http_beast/listener.h"
#include "authserver/http_beast/test_client.h"

namespace authplane::http_beast {

inline const std::string kGet = "GET /path?query HTTP/1.1\r\nHost: as.example\r\n\r\n";

inline std::string post(const std::string& body) {
  return "POST /form HTTP/1.1\r\nHost: as.example\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

// Answers with what it received: "METHOD target [body]".
inline HttpResponse echo(const HttpRequest& request) {
  HttpResponse response;
  response.body = request.method + " " + request.target + " [" + request.body + "]";
  return response;
}

// A fixture with small limits on two workers; tests change `options_` before start(). The listener outlives
// the test body: a test whose handler may still touch the body's variables stops it first.
class ListenerTest : public ::testing::Test {
 protected:
  ListenerTest() {
    options_.workers = 2;
    options_.max_head_bytes = 4096;
    options_.max_target_bytes = 1024;
    options_.max_body_bytes = 1024;
    options_.max_field_value_bytes = 2048;
  }

  void start(HttpHandler handler = echo) {
    auto started = Listener::start(options_, std::move(handler), logger_);
    ASSERT_TRUE(started) << started.error().message;
    listener_ = std::move(*started);
  }
  void start_async(AsyncHttpHandler handler) {
    auto started = Listener::start_async(options_, std::move(handler), logger_);
    ASSERT_TRUE(started) << started.error().message;
    listener_ = std::move(*started);
  }
  TestClient client() { return TestClient(listener_->port()); }

  ListenerOptions options_;
  authplane::testing::RecordingLogger logger_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace authplane::http_beast
