#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/domain/registration_service.h"
#include "authserver/http/test_server.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Json valid() {
  return {{"client_name", "App"}, {"redirect_uris", {"https://app.example/cb"}}};
}

class RegisterTest : public ::testing::Test {
 protected:
  RegisterTest() {
    server.config.registration.rate_limit = {.requests_per_second = 1e6, .burst = 1e6};
    server.start();
  }

  HttpResponse post(std::string body, std::string content_type = "application/json",
                    std::string address = "192.0.2.7") const {
    HttpRequest request{.method = "POST",
                        .target = "/oauth/register",
                        .headers = {},
                        .body = std::move(body),
                        .remote_address = std::move(address)};
    if (!content_type.empty()) request.headers.add("Content-Type", std::move(content_type));
    return server.send(request);
  }
  HttpResponse submit(const Json& body) const { return post(to_json_text(body)); }
  HttpResponse post_with(const char* member, const Json& value) const {
    Json body = valid();
    body[member] = value;
    return submit(body);
  }
  void set_mode(std::string_view mode) {
    server.storage.settings().set("dcr_mode", mode, server.clock.now()).value();
  }
  std::size_t registered() {
    return server.storage.clients().list({}, {.limit = 100'000, .offset = 0}).value().size();
  }

  static void expect_error(const HttpResponse& response, int status, std::string_view error,
                           std::string_view description) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    const Json body = json_of(response);
    EXPECT_EQ(body["error"], error);
    EXPECT_THAT(body["error_description"].get<std::string>(), HasSubstr(description));
  }

  TestServer server;
};

TEST_F(RegisterTest, APublicClientIsTheDefault) {
  server.config.registration.rules.default_scope = "mcp:echo mcp:read";
  server.start();
  const HttpResponse response = submit(valid());
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  const std::string id = json_of(response)["client_id"];
  EXPECT_EQ(response.body,
            R"({"client_id":")" + id +
                R"(","client_id_issued_at":1767225600,"redirect_uris":["https://app.example/cb"],)"
                R"("client_name":"App","grant_types":["authorization_code","refresh_token"],)"
                R"("response_types":["code"],"token_endpoint_auth_method":"none","application_type":"web",)"
                R"("scope":"mcp:echo mcp:read","agent":false})");
  const Client client = **server.storage.clients().get(id);
  EXPECT_TRUE(client.is_public());
  EXPECT_EQ(client.registration_source, RegistrationSource::dcr);
  EXPECT_EQ(client.application_type, std::nullopt);
  EXPECT_EQ(server.metrics.count("authserver_clients_registered_total{source=dcr}"), 1);
  const auto rows = server.audit_rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].action, "client.registered");
  EXPECT_EQ(rows[0].client_id, id);
  EXPECT_EQ(rows[0].detail, "source=dcr");
  EXPECT_EQ(rows[0].ip, "192.0.2.7");
}

TEST_F(RegisterTest, EverythingAClientMaySayComesBack) {
  Json body = valid();
  body["grant_types"] = {"client_credentials"};
  body["redirect_uris"] = Json::array();
  body["response_types"] = {"code"};
  body["token_endpoint_auth_method"] = "client_secret_basic";
  body["application_type"] = "native";
  body["agent"] = true;
  body["agent_description"] = "Books trains";
  const Json answer = json_of(submit(body));
  EXPECT_EQ(answer["application_type"], "native");
  EXPECT_EQ(answer["agent"], true);
  EXPECT_EQ(answer["agent_description"], "Books trains");
  EXPECT_EQ(answer["client_secret_expires_at"], 0);
  EXPECT_EQ(answer["grant_types"], Json::array({"client_credentials"}));
}

TEST_F(RegisterTest, TheSecretIsShownOnceAndWorks) {
  server.add(server.resource_named("demo", std::string(kResource), {"mcp:echo"}));
  Json body = valid();
  body["grant_types"] = {"client_credentials"};
  body["token_endpoint_auth_method"] = "client_secret_post";
  const Json answer = json_of(submit(body));
  const std::string secret = answer["client_secret"], id = answer["client_id"];
  EXPECT_EQ(secret.size(), 43u);
  const Client client = **server.storage.clients().get(id);
  EXPECT_TRUE(client_secret_matches(server.pepper, secret, client.secret_hash));
  EXPECT_THAT(server.logger.text(), Not(HasSubstr(secret)));
  for (const AuditEvent& row : server.audit_rows()) EXPECT_THAT(row.detail, Not(HasSubstr(secret)));
  EXPECT_EQ(client.scope, "");
}

TEST_F(RegisterTest, IdsAndSecretsAreNeverRepeated) {
  std::set<std::string> seen;
  Json body = valid();
  body["token_endpoint_auth_method"] = "client_secret_basic";
  for (int i = 0; i < 50; ++i) {
    const Json answer = json_of(submit(body));
    EXPECT_TRUE(seen.insert(answer["client_id"]).second);
    EXPECT_TRUE(seen.insert(answer["client_secret"]).second);
  }
}

TEST_F(RegisterTest, WhatAClientMayNotDecideIsIgnored) {
  Json body = valid();
  body["client_id"] = "admin";
  body["client_secret"] = "chosen";
  body["client_id_issued_at"] = 1;
  body["scope"] = "admin everything";
  body["status"] = "active";
  body["registration_source"] = "admin";
  body["cimd_url"] = "https://app.example/c";
  body["version"] = 99;
  body["id"] = "x";
  body["software_statement"] = "e30.e30.";
  body["jwks_uri"] = "http://169.254.169.254/";
  body["logo_uri"] = "javascript:alert(1)";
  body["contacts"] = {{"deep", Json::array({1, 2})}};
  const Json answer = json_of(submit(body));
  EXPECT_NE(answer["client_id"], "admin");
  EXPECT_FALSE(answer.contains("client_secret"));
  EXPECT_FALSE(answer.contains("scope"));
  EXPECT_EQ(answer["client_id_issued_at"], 1767225600);
  const Client client = **server.storage.clients().get(answer["client_id"].get<std::string>());
  EXPECT_EQ(client.scope, "");
  EXPECT_EQ(client.cimd_url, "");
  EXPECT_EQ(client.version, 1);
  EXPECT_EQ(client.registration_source, RegistrationSource::dcr);
}

TEST_F(RegisterTest, TokenExchangeIsRegisteredForWhileItIsOn) {
  server.config.registration.rules.default_scope = "mcp:echo";
  server.start();
  const std::string exchange(to_string(GrantKind::token_exchange));
  Json body = valid();
  body["grant_types"] = Json::array({"authorization_code", exchange});
  body["token_endpoint_auth_method"] = "client_secret_basic";
  const Json registered = json_of(submit(body));
  EXPECT_EQ(registered["grant_types"], body["grant_types"]);
  EXPECT_FALSE(registered.contains("scope"));
  server.config.token_exchange.reset();
  server.start();
  expect_error(submit(body), 400, "invalid_client_metadata", "set AUTHPLANE_TOKEN_EXCHANGE_ENABLED=true");
}

TEST_F(RegisterTest, AMachineGrantGetsNoCeilingByDefault) {
  server.config.registration.rules.default_scope = "mcp:echo";
  server.start();
  Json body = valid();
  body["token_endpoint_auth_method"] = "client_secret_basic";
  body["grant_types"] = {"authorization_code", "client_credentials"};
  EXPECT_FALSE(json_of(submit(body)).contains("scope"));
  body["grant_types"] = {"authorization_code"};
  EXPECT_EQ(json_of(submit(body))["scope"], "mcp:echo");
}

struct Refused {
  const char* member;
  Json value;
  const char* description;
};

TEST_F(RegisterTest, MetadataIsCheckedMemberByMember) {
  const Json uri = "https://app.example/cb";
  const std::vector<Refused> rows{
      {"client_name", nullptr, "client_name must not be blank"},
      {"client_name", " \t", "client_name must not be blank"},
      {"client_name", std::string(256, 'n'), "client_name is longer than 255 bytes"},
      {"client_name", "a\nb", "characters that do not show"},
      {"client_name", "a\u202eb", "characters that do not show"},
      {"client_name", "\u200b", "characters that do not show"},
      {"client_name", "\u3164", "characters that do not show"},
      {"client_name", "Goo\u00adgle", "characters that do not show"},
      {"client_name", "a\U000e0041", "characters that do not show"},
      {"client_name", 7, "client_name must be a string"},
      {"redirect_uris", nullptr, "need at least one of redirect_uris"},
      {"redirect_uris", Json::array(), "need at least one of redirect_uris"},
      {"redirect_uris", "https://app.example/cb", "redirect_uris must be an array of strings"},
      {"redirect_uris", Json::array({uri, 1}), "redirect_uris must be an array of strings"},
      {"redirect_uris", Json(11, uri), "more than 10 redirect_uris"},
      {"grant_types", Json::array(), "grant_types must not be empty"},
      {"grant_types", Json::array({"password"}), "a grant this server does not know"},
      {"grant_types", Json::array({"implicit"}), "a grant this server does not know"},
      {"grant_types", "authorization_code", "grant_types must be an array"},
      {"response_types", Json::array({"token"}), "response_types must be"},
      {"response_types", Json::array({"code", "id_token"}), "response_types must be"},
      {"response_types", Json::array(), "response_types must be"},
      {"token_endpoint_auth_method", "private_key_jwt", "token_endpoint_auth_method must be"},
      {"token_endpoint_auth_method", "", "token_endpoint_auth_method must be"},
      {"application_type", "desktop", "application_type must be web or native"},
      {"application_type", 1, "application_type must be a string"},
      {"agent", "true", "agent must be true or false"},
      {"agent_description", std::string(256, 'd'), "agent_description is longer than 255 bytes"},
  };
  for (const Refused& row : rows) {
    SCOPED_TRACE(row.member);
    expect_error(post_with(row.member, row.value), 400, "invalid_client_metadata", row.description);
  }
  EXPECT_EQ(registered(), 0u);
}

TEST_F(RegisterTest, AGrantThatIsOffIsRefusedWithItsSwitch) {
  server.config.client_credentials_enabled = false;
  server.start();
  expect_error(post_with("grant_types", {"client_credentials"}), 400, "invalid_client_metadata",
               "AUTHPLANE_CLIENT_CREDENTIALS_ENABLED=true");
}

TEST_F(RegisterTest, EveryProblemIsToldAtOnce) {
  const HttpResponse response =
      post(R"({"client_name":"","grant_types":["x"],"response_types":["y"],"redirect_uris":["z:"]})");
  for (const char* part : {"client_name", "grant_types", "response_types", "redirect_uri"}) {
    expect_error(response, 400, "invalid_client_metadata", part);
  }
  for (const char* part : {"client_name", "grant_types"}) {
    expect_error(post(R"({"client_name":1,"grant_types":2})"), 400, "invalid_client_metadata", part);
  }
}

TEST_F(RegisterTest, RedirectUrisThatLeadElsewhereAreRefused) {
  for (const char* uri : {"javascript:alert(1)",
                          "JavaScript://x/%0aalert(1)",
                          "data:text/html,x",
                          "vbscript:x",
                          "file:///etc/passwd",
                          "com.example.app:/cb",
                          "http://app.example/cb",
                          "http://localhost.evil.example/cb",
                          "http://127.0.0.1.evil.example/",
                          "http://127.0.0.2/cb",
                          "http://127.1/cb",
                          "http://0x7f000001/cb",
                          "http://[::ffff:127.0.0.1]/cb",
                          "http://0.0.0.0/cb",
                          "http://2130706433/cb",
                          "https://user@app.example/cb",
                          "https://app.example@evil.example/cb",
                          "https://app.example/cb#x",
                          "https://app.example\\@evil.example/",
                          "https://app.example/../cb",
                          "https://app.example/%2e%2e/cb",
                          "https://*.example/cb",
                          "https://",
                          "https:///cb",
                          "//app.example/cb",
                          "/cb",
                          "cb",
                          "",
                          " https://app.example/cb",
                          "https://app.example/\ncb",
                          "https://\u0430pp.example/cb",
                          "urn:ietf:wg:oauth:2.0:oob"}) {
    SCOPED_TRACE(uri);
    expect_error(post_with("redirect_uris", {"https://app.example/cb", uri}), 400, "invalid_client_metadata",
                 "redirect_uri");
  }
  expect_error(post_with("redirect_uris", {"https://app.example/" + std::string(2048, 'a')}), 400,
               "invalid_client_metadata", "2048");
  for (const char* uri :
       {"https://app.example/cb", "https://app.example:8443/cb?x=1", "http://127.0.0.1:33418/cb",
        "http://localhost/cb", "http://[::1]:1/cb", "cursor://no"}) {
    EXPECT_EQ(post_with("redirect_uris", {uri}).status, std::string_view(uri) == "cursor://no" ? 400 : 201)
        << uri;
  }
}

TEST_F(RegisterTest, ABodyThatIsNoJsonObjectIsRefused) {
  for (const char* body :
       {"", "{", "[]", "null", "7", "\"x\"", "{} {}", "{\"client_name\":\"a\",\"client_name\":\"b\"}",
        "client_name=App&redirect_uris=https://app.example/cb", "{\"client_name\":\"\xff\"}"}) {
    SCOPED_TRACE(body);
    expect_error(post(body), 400, "invalid_request", "no JSON object");
  }
  std::string deep = R"({"client_name":)";
  for (int i = 0; i < 100'000; ++i) deep += "[";
  expect_error(post(deep), 400, "invalid_request", "no JSON object");
  expect_error(post(std::string(1024 * 1024 + 1, ' ')), 413, "invalid_request", "1 MiB");
}

TEST_F(RegisterTest, TheContentTypeIsJson) {
  const std::string body = to_json_text(valid());
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                           "application/jsonx", "text/json"}) {
    SCOPED_TRACE(type);
    expect_error(post(body, type), 400, "invalid_request", "application/json");
  }
  EXPECT_EQ(post(body, "Application/JSON; charset=utf-8").status, 201);
}

// --- Modes

TEST_F(RegisterTest, ApprovedRedirectsAreComparedByteForByte) {
  server.config.registration.rules.approved_redirects = {"https://app.example/cb", "http://127.0.0.1/cb"};
  server.start();
  set_mode("approved_redirects");
  EXPECT_EQ(submit(valid()).status, 201);
  for (const char* uri :
       {"https://app.example/cb/", "https://app.example/cb?x", "https://APP.example/cb",
        "https://app.example:443/cb", "http://127.0.0.1:8080/cb", "https://evil.example/cb"}) {
    SCOPED_TRACE(uri);
    expect_error(post_with("redirect_uris", {"https://app.example/cb", uri}), 400, "invalid_redirect_uri",
                 "operator's list");
  }
}

TEST_F(RegisterTest, AdminOnlyRefusesEverybodyAtOnce) {
  EXPECT_EQ(submit(valid()).status, 201);
  set_mode("admin_only");
  expect_error(submit(valid()), 403, "access_denied", "only the operator");
  EXPECT_EQ(registered(), 1u);
  set_mode("open");
  EXPECT_EQ(submit(valid()).status, 201);
}

TEST_F(RegisterTest, TheConfiguredModeHoldsUntilAnotherIsSet) {
  server.config.registration.rules.mode = RegistrationMode::admin_only;
  server.start();
  expect_error(submit(valid()), 403, "access_denied", "only the operator");
  set_mode("open");
  EXPECT_EQ(submit(valid()).status, 201);
}

// --- Floods

TEST_F(RegisterTest, RegistrationsHaveALimitOfTheirOwn) {
  server.config.registration.rate_limit = {.requests_per_second = 1, .burst = 2};
  server.start();
  EXPECT_EQ(submit(valid()).status, 201);
  EXPECT_EQ(post("not json").status, 400);
  const HttpResponse refused = submit(valid());
  expect_error(refused, 429, "slow_down", "too many registrations");
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
  EXPECT_EQ(server.get("/livez").status, 200);
  EXPECT_EQ(post(to_json_text(valid()), "application/json", "192.0.2.8").status, 201);
  server.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(submit(valid()).status, 201);
}

TEST_F(RegisterTest, AFloodOfUnusedClientsIsBoundedAndLeavesTheOthers) {
  Client used = server.client_named("used");
  used.registration_source = RegistrationSource::dcr;
  server.add(used);
  Issuance token;
  token.id = server.ids.next();
  token.client_id = "used";
  token.issued_at = server.clock.now_seconds();
  token.expires_at = token.issued_at + std::chrono::seconds(1);
  AuditEvent audit;
  audit.id = server.ids.next();
  server.storage.issuances().append(token, audit).value();
  server.add(server.client_named("of-the-operator"));
  server.clock.advance(std::chrono::seconds(2));

  const std::string body = to_json_text(valid());
  for (std::size_t i = 0; i < kMaxUnusedClients + 300; ++i) {
    if (post(body).status != 201) FAIL() << i;
  }
  EXPECT_LE(registered(), kMaxUnusedClients + 102);
  EXPECT_TRUE(server.storage.clients().get("used"));
  EXPECT_TRUE(server.storage.clients().get("of-the-operator"));
}

TEST_F(RegisterTest, MetadataNamesTheEndpoint) {
  EXPECT_EQ(json_of(server.get("/.well-known/oauth-authorization-server"))["registration_endpoint"],
            std::string(kIssuer) + "/oauth/register");
}

}  // namespace
}  // namespace authplane::authserver
