#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <authplane/client/client.h>
#include <authplane/dpop/proof.h>
#include <authplane/dpop/target_uri.h>
#include <authplane/http_httplib/headers.h>
#include <authplane/http_httplib/server.h>
#include <authplane/testing/testing.h>

// A client over real sockets, on a port that is not the scheme's default.

namespace authplane {
namespace {

using authplane::testing::jwks_document;
using authplane::testing::RecordingLogger;
using authplane::testing::test_key;
using ::testing::Each;
using ::testing::ElementsAre;

// Knows its own URL only from the Host field of each request, as servers do that were given no public URL.
class ServerBehindHost {
 public:
  ServerBehindHost() {
    mount(http_,
          {{"/.well-known/oauth-authorization-server", [this](const HttpRequest&) { return metadata(); }},
           {"/jwks", [](const HttpRequest&) { return json(jwks_document({test_key()})); }},
           {"/oauth/token", [this](const HttpRequest& request) { return token(request); }},
           {"/data", [this](const HttpRequest& request) { return data(request); }}});
    port_ = http_.bind_to_any_port("127.0.0.1");
    thread_ = std::jthread([this] { http_.listen_after_bind(); });
    while (!http_.is_running()) std::this_thread::yield();
  }
  ~ServerBehindHost() { http_.stop(); }

  std::string url(const std::string& path = "") const {
    return "http://localhost:" + std::to_string(port_) + path;
  }
  std::string host() const { return "localhost:" + std::to_string(port_); }
  std::vector<std::string> hosts() const {
    std::lock_guard lock(mutex_);
    return hosts_;
  }

 private:
  static HttpResponse json(std::string body, int status = 200) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json"}},
            .body = std::move(body),
            .stream = {}};
  }
  HttpResponse metadata() const {
    return json(R"({"issuer":")" + url() + R"(","jwks_uri":")" + url("/jwks") + R"(","token_endpoint":")" +
                url("/oauth/token") + R"("})");
  }
  bool proof_is_good(const HttpRequest& request, std::optional<std::string_view> access_token) {
    const std::string host(request.headers.get("Host").value_or(""));
    {
      std::lock_guard lock(mutex_);
      hosts_.push_back(host);
    }
    const std::string htu = dpop::htu_of("http://" + host, request.path());
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto proof =
        dpop::verify_proof(request.headers.get("DPoP").value_or(""),
                           {.method = request.method, .htu = htu, .access_token = access_token}, {}, now);
    EXPECT_TRUE(proof) << proof.error().message;
    return proof.has_value();
  }
  HttpResponse token(const HttpRequest& request) {
    if (!proof_is_good(request, {})) return json(R"({"error":"invalid_dpop_proof"})", 400);
    return json(R"({"access_token":"bound","token_type":"DPoP","expires_in":60})");
  }
  HttpResponse data(const HttpRequest& request) {
    const bool good = request.headers.get("Authorization") == "DPoP bound" && proof_is_good(request, "bound");
    return json(good ? R"("secret data")" : "null", good ? 200 : 401);
  }

  GuardedServer http_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> hosts_;
  std::jthread thread_;
};

TEST(ClientLoopback, HostHasThePortThatTheProofNames) {
  ServerBehindHost server;
  ClientOptions options{.issuer = server.url(),
                        .auth = ClientCredentials{"id", "secret"},
                        .dpop = dpop::Provider::generate().value(),
                        .dev_mode = true};
  options.seams.logger = std::make_shared<RecordingLogger>();
  const Client client = Client::create(options).value();
  const auto token = client.client_credentials({"read"});
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_THAT(server.hosts(), ElementsAre(server.host()));

  // A signed request with the library's own client.
  ::httplib::Client http(server.url());
  const auto response = http.Get(
      "/data?x=1",
      httplib_headers(client.dpop_headers("GET", server.url("/data?x=1"), token->access_token).value()));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "\"secret data\"");
  EXPECT_THAT(server.hosts(), Each(server.host()));
}

}  // namespace
}  // namespace authplane
