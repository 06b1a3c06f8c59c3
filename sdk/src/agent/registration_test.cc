#include "agent/registration.h"

#include <nlohmann/json.hpp>

#include "agent/client_identity.h"
#include "agent/test_support.h"

namespace authplane::agent {
namespace {

using ::testing::HasSubstr;

class RegistrationTest : public AgentTest {
 protected:
  RegistrationTest() {
    server.issuer = kIssuer;
    server.registration_endpoint = Url::parse("https://as.example/register").value();
  }
  Json body() { return Json::parse(registration_body(server, "n", "http://127.0.0.1:5/callback")); }
  ServerMetadata server;
  net::Fetcher fetcher{net::FetchSettings::production(), network, resolver, clock};
};

TEST_F(RegistrationTest, AsksForAPublicNativeClient) {
  EXPECT_EQ(body()["application_type"], "native");
  EXPECT_EQ(body()["redirect_uris"], Json::array({"http://127.0.0.1:5/callback"}));
  EXPECT_EQ(body()["grant_types"], Json::array({"authorization_code", "refresh_token"}));
  EXPECT_EQ(body()["response_types"], Json::array({"code"}));
  EXPECT_EQ(body()["token_endpoint_auth_method"], "none");
  EXPECT_EQ(body()["client_name"], "n");
  server.token_auth.methods = {"client_secret_post", "private_key_jwt"};
  EXPECT_EQ(body()["token_endpoint_auth_method"], "client_secret_post");
}

TEST_F(RegistrationTest, ReadsWhatTheServerMadeOfIt) {
  const auto parse = [](const char* text) { return parse_registration(text, 1000); };
  EXPECT_EQ(parse(R"({"client_id":"c"})").value().id, "c");
  const auto secret = parse(R"({"client_id":"c","client_secret":"s","client_secret_expires_at":7})").value();
  EXPECT_EQ(secret.secret, "s");
  EXPECT_EQ(secret.method, AuthMethod::client_secret_basic);
  EXPECT_EQ(secret.expires_at, std::chrono::sys_seconds(std::chrono::seconds(7)));
  EXPECT_FALSE(
      parse(R"({"client_id":"c","client_secret":"s","client_secret_expires_at":0})").value().expires_at);
  EXPECT_EQ(
      parse(R"({"client_id":"c","client_secret":"s","token_endpoint_auth_method":"client_secret_post"})")
          .value()
          .method,
      AuthMethod::client_secret_post);
  EXPECT_EQ(
      parse(R"({"client_id":"c","client_secret":"s","token_endpoint_auth_method":"none"})").value().secret,
      "");
  for (const char* bad :
       {"{}", "[]", R"({"client_id":""})", R"({"client_id":7})",
        R"({"client_id":"c","client_secret":"s","token_endpoint_auth_method":"private_key_jwt"})"})
    EXPECT_FALSE(parse(bad)) << bad;
}

TEST_F(RegistrationTest, TheServersReasonReachesTheUser) {
  network->on_json("https://as.example/register",
                   R"({"error":"invalid_redirect_uri","error_description":"loopback is not allowed"})", 400);
  const auto client = register_client(fetcher, server, "n", "http://127.0.0.1:5/callback");
  ASSERT_FALSE(client);
  EXPECT_THAT(client.error().message, HasSubstr("loopback is not allowed"));
}

TEST_F(RegistrationTest, IdentitiesInTheSpecifiedOrder) {
  UserSessionOptions options;
  server.takes_metadata_urls = true;
  EXPECT_FALSE(known_identity(options, server).value());
  options.client_metadata_url = "https://agent.example/client.json";
  EXPECT_EQ(known_identity(options, server).value()->id, "https://agent.example/client.json");
  options.client = RegisteredClient{.id = "operators", .secret = "s"};
  EXPECT_EQ(known_identity(options, server).value()->id, "operators");
  EXPECT_EQ(known_identity(options, server).value()->method, AuthMethod::client_secret_basic);
  server.token_auth.methods = {"client_secret_post"};
  EXPECT_EQ(known_identity(options, server).value()->method, AuthMethod::client_secret_post);
  server.token_auth.methods = {"private_key_jwt"};
  EXPECT_FALSE(known_identity(options, server));
  options.client = RegisteredClient{.id = "operators", .key = authplane::testing::test_key()};
  EXPECT_TRUE(known_identity(options, server).value()->key);
  server.token_auth.methods = {"client_secret_basic"};
  EXPECT_FALSE(known_identity(options, server));

  options.client.reset();
  server.takes_metadata_urls = false;
  EXPECT_FALSE(known_identity(options, server).value());
  options.allow_registration = false;
  const auto none = known_identity(options, server);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("set option client"));
}

}  // namespace
}  // namespace authplane::agent
