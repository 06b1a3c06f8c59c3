#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/agent/user_session.h>
#include <authplane/http_httplib/transport.h>
#include <authplane/testing/testing.h>

namespace authplane::agent {

inline constexpr const char* kServer = "https://rs.example/mcp";
inline constexpr const char* kIssuer = "https://as.example";
inline constexpr const char* kServerMetadata = "https://as.example/.well-known/oauth-authorization-server";
inline constexpr const char* kResourceMetadata =
    "https://rs.example/.well-known/oauth-protected-resource/mcp";

// An agent, a protected server, an authorization server and a user who approves of everything; only the way
// back from the browser is a real socket.
class AgentTest : public ::testing::Test {
 protected:
  UserSessionOptions options() {
    UserSessionOptions options;
    options.server_url = kServer;
    options.client_name = "test agent";
    options.store = store;
    options.open_url = [this](const std::string& url) { return browse(url); };
    options.dev_mode = false;
    options.seams.clock = clock;
    options.seams.transport = network;
    options.seams.resolver = resolver;
    options.seams.random = std::make_shared<authplane::testing::SeededRandom>(++seed);
    options.seams.logger = logger;
    return options;
  }
  UserSession session() { return UserSession::create(options()).value(); }

  Result<void> browse(const std::string& url) {
    opened.push_back(url);
    std::string answer = as.approve(url);
    if (tamper) answer = tamper(answer);
    if (!answer.empty()) page = visit(answer);
    return {};
  }

  static HttpResponse visit(const std::string& url) {
    OutboundRequest request;
    request.url = Url::parse(url).value();
    request.pinned_addresses = {"127.0.0.1"};
    return make_httplib_transport()->send(request).value();
  }

  static Refusal unauthorized(const std::string& token, const std::string& challenge = "Bearer") {
    return {.token = token, .status = 401, .headers = {{"WWW-Authenticate", challenge}}};
  }
  static Refusal too_narrow(const std::string& token, const std::string& scope) {
    return {
        .token = token,
        .status = 403,
        .headers = {{"WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"" + scope + "\""}}};
  }
  static std::string get(const Form& form, std::string_view name) {
    return std::string(form.get(name).value_or(""));
  }
  std::string last_authorization(std::string_view name) {
    return get(as.authorization_requests().back(), name);
  }
  std::string last_token_request(std::string_view name) { return get(as.token_requests().back(), name); }

  std::shared_ptr<authplane::testing::FakeClock> clock = std::make_shared<authplane::testing::FakeClock>();
  std::shared_ptr<authplane::testing::RecordingLogger> logger =
      std::make_shared<authplane::testing::RecordingLogger>();
  std::shared_ptr<authplane::testing::ScriptedTransport> network =
      std::make_shared<authplane::testing::ScriptedTransport>();
  std::shared_ptr<authplane::testing::FixedResolver> resolver =
      std::make_shared<authplane::testing::FixedResolver>();
  std::shared_ptr<TokenStore> store = make_memory_token_store();
  authplane::testing::ScriptedAuthorizationServer as{network, kIssuer, kServer};
  std::vector<std::string> opened;
  // What becomes of the browser's way back; an empty URL leaves the agent waiting.
  std::function<std::string(const std::string&)> tamper;
  HttpResponse page;
  std::uint64_t seed = 0;
};

}  // namespace authplane::agent
