// Tokens for users that an identity provider vouches for: operator, provider and client over real sockets.

#include <gtest/gtest.h>

#include <authplane/base/encoding.h>

#include "authserver/xaa/scripted_idp.h"
#include "journey.h"
#include "scripted_host.h"

namespace authplane::e2e {
namespace {

using authserver::ScriptedIdp;
using nlohmann::json;

const char* const kJwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const char* const kResource = "http://localhost:8080/mcp";

class Idp {
 public:
  Idp() : host_(free_port()), script(clock_, host_.origin()) {
    host_.serve(script.network, {"/.well-known/openid-configuration", "/keys"});
  }
  std::string issuer() const { return host_.origin(); }

 private:
  const SystemClock clock_;
  ScriptedHost host_;

 public:
  ScriptedIdp script;
};

// A provider on this machine is reached only when the operator of a localhost issuer says so.
Environment reaching_this_machine() {
  return {{"AUTHPLANE_CIMD_REQUIRE_HTTPS", "false"}, {"AUTHPLANE_CIMD_ALLOW_PRIVATE_ADDRESSES", "true"}};
}

Environment strict_mode() {
  Environment environment = reaching_this_machine();
  environment["AUTHPLANE_XAA_SUBJECT_MODE"] = "strict";
  return environment;
}

class XaaJourney : public ::testing::Test {
 protected:
  void SetUp() override {
    as.start();
    as.register_resource("demo", kResource, {"mcp:echo"});
    as.register_resource("other", "http://localhost:8081/mcp", {"mcp:echo"});
    agent = create_client(as, client("agent"));
    person = as.admin("POST", "/admin/users", {{"email", "ada@example.com"}, {"password", "a long password"}})
                 .json()
                 .value("id", "");
    idp_id = created("/admin/idps", {{"name", "Example"}, {"issuer", idp.issuer()}})["id"];
    created(
        "/admin/xaa/policies",
        {{"name", "demo only"}, {"idp_id", idp_id}, {"client_ids", {agent.id}}, {"resources", {kResource}}});
    created("/admin/xaa/subject-mappings",
            {{"idp_id", idp_id}, {"idp_subject", "upstream-7"}, {"local_user_id", person}});
  }

  static json client(const std::string& name) {
    return {{"client_name", name},
            {"grant_types", {kJwtBearer}},
            {"token_endpoint_auth_method", "client_secret_basic"},
            {"scope", "mcp:echo"}};
  }
  json created(const std::string& path, const json& body) {
    const Reply reply = as.admin("POST", path, body);
    EXPECT_EQ(reply.status, 201) << reply.body << as.log();
    return reply.json();
  }
  testing::TokenBuilder assertion() const { return idp.script.assertion(as.issuer(), agent.id); }
  Reply present(const std::string& text, const std::string& resource = kResource) const {
    return present_as(agent, text, resource);
  }
  Reply present_as(const Registered& who, const std::string& text, const std::string& resource) const {
    const Form form = form_of({{"grant_type", kJwtBearer}, {"assertion", text}, {"resource", resource}});
    return post_form(as.url("/oauth/token"), form, {{"Authorization", basic(who)}});
  }
  static std::string basic(const Registered& who) {
    return "Basic " + base64_encode(form_encode(who.id) + ":" + form_encode(who.secret));
  }
  json introspect(const std::string& token) const {
    return post_form(as.url("/oauth/introspect"), form_of({{"token", token}}),
                     {{"Authorization", basic(agent)}})
        .json();
  }

  Idp idp;
  TempFolder folder;
  AuthServer as{folder.path(), strict_mode()};
  Registered agent;
  std::string person, idp_id;
};

TEST_F(XaaJourney, J9AnAssertionBecomesATokenOnce) {
  const std::string text = assertion().build();
  const Reply reply = present(text);
  ASSERT_EQ(reply.status, 200) << reply.body << as.log();
  EXPECT_FALSE(reply.json().contains("refresh_token"));
  const std::string token = reply.json()["access_token"];
  const json claims = jwt_part(token, 1);
  EXPECT_EQ(claims["sub"], person);
  EXPECT_EQ(claims["aud"], json::array({kResource}));
  EXPECT_EQ(claims["act"], (json{{"sub", idp.issuer()}}));
  EXPECT_EQ(introspect(token)["active"], true);
  expect_audited(as, {.action = "jwt_bearer.issued", .client_id = agent.id, .detail = idp.issuer()});

  expect_error(present(text), 400, "invalid_grant");
  expect_audited(as, {.action = "jwt_bearer.denied", .client_id = agent.id, .detail = "replayed_assertion"});
  EXPECT_EQ(as.stop(), 0) << as.log();
  as.start();
  expect_error(present(text), 400, "invalid_grant");
  EXPECT_EQ(as.log().find(text), std::string::npos);
  EXPECT_EQ(as.log().find(token), std::string::npos);
}

TEST_F(XaaJourney, J9WhatIsNotAllowedIsRefusedWithItsCode) {
  expect_error(present(assertion().build(), "http://localhost:8081/mcp"), 403, "access_denied");
  expect_error(present(assertion().build(), "http://localhost:8082/mcp"), 400, "invalid_target");
  expect_error(present(assertion().claim("sub", "stranger").build()), 403, "access_denied");
  expect_error(present(assertion().header("typ", "JWT").build()), 400, "invalid_grant");
  expect_error(present(assertion().key(testing::test_key(JwsAlgorithm::ES256, 1)).build()), 400,
               "invalid_grant");
  expect_error(present(assertion().issuer("https://stranger.example").build()), 400, "invalid_grant");
  const Registered other = create_client(as, client("other"));
  expect_error(present_as(other, assertion().build(), kResource), 401, "invalid_client");
}

TEST_F(XaaJourney, J9TheTokensOfADisabledUserAreDeadAndThereAreNoNewOnes) {
  const std::string token = present(assertion().build()).json().value("access_token", "");
  EXPECT_EQ(introspect(token)["active"], true);
  EXPECT_EQ(as.admin("PATCH", "/admin/users/" + person + "/disable").status, 200);
  EXPECT_EQ(introspect(token)["active"], false);
  expect_error(present(assertion().build()), 403, "access_denied");
}

TEST_F(XaaJourney, J9AProviderWithNewKeysOrSwitchedOffOrGone) {
  ASSERT_EQ(present(assertion().build()).status, 200);
  const PrivateKey fresh = testing::test_key(JwsAlgorithm::ES256, 2);
  idp.script.serve({fresh});
  const std::string path = "/admin/idps/" + idp_id;
  const Reply refreshed = as.admin("POST", path + "/refresh-keys");
  EXPECT_EQ(refreshed.body, R"({"status":"refreshed"})");
  expect_error(present(assertion().build()), 400, "invalid_grant");
  EXPECT_EQ(present(assertion().key(fresh).build()).status, 200);

  EXPECT_EQ(as.admin("PUT", path, {{"enabled", false}}).status, 200);
  expect_error(present(assertion().key(fresh).build()), 400, "invalid_grant");
  EXPECT_EQ(as.admin("PUT", path, {{"enabled", true}}).status, 200);
  EXPECT_EQ(present(assertion().key(fresh).build()).status, 200);
  EXPECT_EQ(as.admin("DELETE", path).status, 204);
  expect_error(present(assertion().key(fresh).build()), 400, "invalid_grant");
  EXPECT_EQ(as.admin("GET", "/admin/xaa/policies").body, "[]");
  EXPECT_EQ(as.admin("GET", "/admin/xaa/subject-mappings").body, "[]");
}

TEST(XaaGuard, AProviderOnThisMachineIsNotReachedByDefault) {
  const Idp idp;
  TempFolder folder;
  AuthServer as(folder.path());
  as.start();
  for (const json& body :
       {json{{"name", "n"}, {"issuer", idp.issuer()}}, json{{"name", "n"}, {"issuer", "https://localhost:1"}},
        json{{"name", "n"}, {"issuer", "https://169.254.169.254"}},
        json{{"name", "n"}, {"issuer", "https://[::ffff:127.0.0.1]"}}}) {
    const Reply reply = as.admin("POST", "/admin/idps", body);
    EXPECT_EQ(reply.status, 400) << body << reply.body;
  }
  EXPECT_TRUE(idp.script.network->requests().empty());
  EXPECT_EQ(as.admin("GET", "/admin/idps").body, "[]");
}

TEST(XaaGuard, SwitchedOffThereIsNeitherTheGrantNorItsManagement) {
  TempFolder folder;
  AuthServer as(folder.path(), {{"AUTHPLANE_XAA_ENABLED", "false"}});
  as.start();
  EXPECT_EQ(as.admin("GET", "/admin/idps").status, 404);
  EXPECT_EQ(as.admin("GET", "/admin/xaa/policies").status, 404);
  const Reply refused = as.admin("POST", "/admin/clients",
                                 {{"client_name", "agent"},
                                  {"grant_types", {kJwtBearer}},
                                  {"token_endpoint_auth_method", "client_secret_basic"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("AUTHPLANE_XAA_ENABLED"), std::string::npos) << refused.body;
  EXPECT_FALSE(metadata_of(as).contains("authorization_grant_profiles_supported"));
}

}  // namespace
}  // namespace authplane::e2e
