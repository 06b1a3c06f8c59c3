#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <authplane/mcp/server.h>
#include <authplane/testing/fake_clock.h>
#include <authplane/testing/recording_logger.h>
#include <authplane/testing/seeded_random.h>

namespace authplane::mcp {

// Runs a streamed body to its end, or until `limit` writes.
class CollectingSink final : public BodySink {
 public:
  explicit CollectingSink(std::size_t limit = 1'000'000) : left_(limit) {}
  bool write(std::string_view bytes) override {
    if (left_ == 0) return false;
    --left_;
    text += bytes;
    return true;
  }
  std::string text;

 private:
  std::size_t left_;
};

// A server with fake surroundings and one tool, `echo`, and requests that are right unless a test breaks
// them.
class ServerTest : public ::testing::Test {
 protected:
  static ServerOptions plain_options() { return {.name = "test-server", .version = "1.2.3"}; }

  void start(ServerOptions options = plain_options()) {
    options.clock = clock;
    options.random = random;
    options.logger = logger;
    server = std::make_unique<Server>(std::move(options));
    server->add_tool(
        {.name = "echo",
         .description = "Returns the text",
         .input_schema = R"({"type":"object","properties":{"text":{"type":"string"}},"required":["text"]})"},
        [](const ToolCall& call) { return ToolResult::text(call.string_argument("text")); });
  }

  static HttpRequest request(std::string body, const std::string& session = {}) {
    HttpRequest out{
        .method = "POST", .target = "/mcp", .headers = {}, .body = std::move(body), .remote_address = {}};
    out.headers.add("Host", "127.0.0.1:8080");
    out.headers.add("Content-Type", "application/json");
    out.headers.add("Accept", "application/json, text/event-stream");
    if (!session.empty()) out.headers.add("Mcp-Session-Id", session);
    return out;
  }

  HttpResponse post(std::string body, const std::string& session = {}, const RequestContext& context = {}) {
    return server->handle(request(std::move(body), session), context);
  }

  static std::string initialize_body(std::string_view version = "2025-11-25") {
    return R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":")" +
           std::string(version) + R"(","capabilities":{},"clientInfo":{"name":"t","version":"0"}}})";
  }
  static std::string call_body(std::string_view tool, std::string_view arguments = "{}",
                               std::string_view id = "2") {
    return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":"tools/call","params":{"name":")" +
           std::string(tool) + R"(","arguments":)" + std::string(arguments) + "}}";
  }

  // initialize only.
  std::string half_open(std::string_view version = "2025-11-25", const RequestContext& context = {}) {
    const auto response = post(initialize_body(version), {}, context);
    EXPECT_EQ(response.status, 200) << response.body;
    return std::string(response.headers.get("Mcp-Session-Id").value_or(""));
  }
  // The whole handshake.
  std::string open(std::string_view version = "2025-11-25", const RequestContext& context = {}) {
    auto session = half_open(version, context);
    EXPECT_EQ(post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", session, context).status,
              202);
    return session;
  }

  static Json json(const HttpResponse& response) {
    auto parsed = parse_json(response.body);
    EXPECT_TRUE(parsed) << response.body;
    return parsed ? *parsed : Json();
  }
  static int error_code(const HttpResponse& response) {
    const auto body = json(response);
    return body.contains("error") ? body["error"]["code"].get<int>() : 0;
  }
  static std::string first_text(const HttpResponse& response) {
    return json(response).at("result").at("content").at(0).at("text").get<std::string>();
  }

  std::shared_ptr<authplane::testing::FakeClock> clock = std::make_shared<authplane::testing::FakeClock>();
  std::shared_ptr<authplane::testing::SeededRandom> random =
      std::make_shared<authplane::testing::SeededRandom>();
  std::shared_ptr<authplane::testing::RecordingLogger> logger =
      std::make_shared<authplane::testing::RecordingLogger>();
  std::unique_ptr<Server> server;
};

}  // namespace authplane::mcp
