#include <authplane/http_httplib/protect.h>

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/testing/testing.h>

// A plain cpp-httplib server behind protect(), over loopback.

namespace authplane {
namespace {

using ::testing::HasSubstr;

class AnyHost final : public net::Resolver {
 public:
  Result<std::vector<std::string>> resolve(const std::string&, std::chrono::milliseconds) override {
    return std::vector<std::string>{"93.184.216.34"};
  }
};

class Protect : public ::testing::Test {
 protected:
  Protect() {
    transport->on_json("https://as.example/.well-known/oauth-authorization-server",
                       R"({"issuer":"https://as.example","jwks_uri":"https://as.example/jwks"})");
    transport->on_json("https://as.example/jwks", testing::jwks_document({testing::test_key()}));
  }
  ~Protect() override {
    server.stop();
    if (thread.joinable()) thread.join();
  }

  ProtectOptions options() {
    ProtectOptions made;
    made.issuer = "https://as.example";
    made.resource = "https://rs.example/mcp";
    made.dev_mode = false;
    made.public_paths = {"/health"};
    made.client.startup_timeout = std::chrono::seconds(0);
    made.client.seams.clock = clock;
    made.client.seams.transport = transport;
    made.client.seams.resolver = std::make_shared<AnyHost>();
    made.client.seams.logger = std::make_shared<NullLogger>();
    return made;
  }
  // Registers handlers, then serves on a free port.
  void start(ProtectOptions wanted) {
    const HttplibProtection protection = protect(server, std::move(wanted)).value();
    const auto whoami = [](const ::httplib::Request& request, ::httplib::Response& response) {
      const Authenticated* caller = authenticated(request);
      response.set_content(caller ? caller->claims.sub() : "nobody", "text/plain");
    };
    server.Get("/whoami", whoami);
    server.Post("/whoami", whoami);
    server.Get("/health", whoami);
    server.Get("/admin", protection.require({"mcp:admin"}, whoami));
    port = server.bind_to_any_port("127.0.0.1");
    ASSERT_GT(port, 0);
    thread = std::thread([this] { server.listen_after_bind(); });
  }
  ::httplib::Client client() {
    ::httplib::Client made("127.0.0.1", port);
    made.set_keep_alive(true);
    made.set_tcp_nodelay(true);
    return made;
  }
  static ::httplib::Headers bearer(const std::string& text) { return {{"Authorization", "Bearer " + text}}; }
  testing::TokenBuilder token() { return testing::TokenBuilder(clock->now_seconds()).scope("mcp:echo"); }

  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::shared_ptr<testing::ScriptedTransport> transport = std::make_shared<testing::ScriptedTransport>();
  ::httplib::Server server;
  std::thread thread;
  int port = 0;
};

TEST_F(Protect, EverythingNeedsATokenButWhatIsPublic) {
  start(options());
  auto http = client();
  auto refused = http.Get("/whoami");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 401);
  EXPECT_THAT(refused->get_header_value("WWW-Authenticate"), HasSubstr("resource_metadata="));
  EXPECT_EQ(http.Get("/unknown")->status, 401);
  EXPECT_EQ(http.Get("/health")->body, "nobody");
  EXPECT_EQ(http.Get("/%68ealth")->status, 401) << "only the exact spelling is public";
  auto metadata = http.Get("/.well-known/oauth-protected-resource/mcp");
  EXPECT_EQ(metadata->status, 200);
  EXPECT_THAT(metadata->body, HasSubstr("\"resource\":\"https://rs.example/mcp\""));
}

TEST_F(Protect, HandlerSeesItsCallerAndOnlyThat) {
  start(options());
  auto http = client();
  EXPECT_EQ(http.Get("/whoami", bearer(token().build()))->body, "client-1");
  EXPECT_EQ(http.Get("/health", bearer(token().build()))->body, "nobody")
      << "not the caller of the last request";
  EXPECT_EQ(http.Get("/whoami", bearer("garbage"))->status, 401);
}

TEST_F(Protect, RequireAsksForScopes) {
  start(options());
  auto http = client();
  auto refused = http.Get("/admin", bearer(token().build()));
  EXPECT_EQ(refused->status, 403);
  EXPECT_THAT(refused->get_header_value("WWW-Authenticate"), HasSubstr("scope=\"mcp:admin\""));
  EXPECT_EQ(http.Get("/admin", bearer(token().scope("mcp:admin").build()))->body, "client-1");
}

TEST_F(Protect, OwnPreRoutingHandlerRunsAfterTheCheck) {
  int runs = 0;
  ProtectOptions chained = options();
  chained.pre_routing = [&](const ::httplib::Request& request, ::httplib::Response& response) {
    ++runs;
    response.set_content(authenticated(request)->claims.sub() + " seen early", "text/plain");
    return ::httplib::Server::HandlerResponse::Handled;
  };
  start(chained);
  auto http = client();
  EXPECT_EQ(http.Get("/whoami")->status, 401);
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(http.Get("/whoami", bearer(token().build()))->body, "client-1 seen early");
}

TEST_F(Protect, BodyOfARefusedRequestIsNotTheNextRequest) {
  start(options());
  auto http = client();
  // If the connection stayed open, the server would answer this body as a request of its own.
  auto refused = http.Post("/whoami", {}, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", "text/plain");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 401);
  EXPECT_EQ(refused->get_header_value("Connection"), "close");
  auto bad = http.Post("/whoami", bearer("garbage"), "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", "text/plain");
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->status, 401);
  EXPECT_THAT(bad->body, HasSubstr("\"error\":\"invalid_token\""));
  auto fine = http.Post("/whoami", bearer(token().build()), "body", "text/plain");
  ASSERT_TRUE(fine);
  EXPECT_EQ(fine->body, "client-1");
}

TEST_F(Protect, ProofsAreJudgedAgainstTheConfiguredOrigin) {
  const auto nonces = dpop::make_nonce_policy(std::chrono::seconds(60), clock);
  ProtectOptions with_dpop = options();
  with_dpop.dpop = dpop::Inbound{.required = true, .nonce_policy = nonces};
  start(with_dpop);
  auto http = client();
  const PrivateKey& key = testing::test_key(JwsAlgorithm::ES256, 7);
  const std::string text = token().claim("cnf", {{"jkt", key.public_key().thumbprint()}}).build();
  const auto proof = [&](const std::string& url, const std::string& nonce) {
    return testing::ProofBuilder(clock->now_seconds())
        .key(key)
        .method("GET")
        .url(url)
        .access_token(text)
        .nonce(nonce)
        .build();
  };
  const auto ask = [&](const std::string& with) {
    return http.Get("/whoami", ::httplib::Headers{{"Authorization", "DPoP " + text}, {"DPoP", with}});
  };
  EXPECT_EQ(http.Get("/whoami")->get_header_value_count("WWW-Authenticate"), 2u);

  const auto demanded = ask(proof("https://rs.example/whoami", "old"));
  EXPECT_EQ(demanded->status, 401);
  EXPECT_THAT(demanded->get_header_value("WWW-Authenticate"), HasSubstr("error=\"use_dpop_nonce\""));
  const std::string given = demanded->get_header_value("DPoP-Nonce");
  const std::string once = proof("https://rs.example/whoami", given);
  EXPECT_EQ(ask(once)->body, "client-1");
  EXPECT_EQ(ask(once)->status, 401) << "spent";
  EXPECT_EQ(ask(proof("http://127.0.0.1:" + std::to_string(port) + "/whoami", given))->status, 401);
  clock->advance(std::chrono::seconds(60));
  const auto renewed = ask(proof("https://rs.example/whoami", given));
  EXPECT_EQ(renewed->body, "client-1");
  EXPECT_EQ(renewed->get_header_value("DPoP-Nonce"), nonces->current());
}

}  // namespace
}  // namespace authplane
