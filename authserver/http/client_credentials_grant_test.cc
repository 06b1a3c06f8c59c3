#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/jose/jws.h>

#include "authserver/http/token_endpoint_fixture.h"

namespace authplane::authserver {
namespace {

using ClientCredentialsTest = TokenEndpointTest;

// --- resource

TEST_F(ClientCredentialsTest, ResourceMustBeRegisteredByteForByte) {
  for (const char* uri : {"https://rs.example/mcp/", "https://rs.example/", "https://RS.example/mcp", "demo",
                          "https://rs.example:443/mcp", "id-demo", "nonsense"}) {
    expect_error(post(form_with("resource", uri)), 400, "invalid_target",
                 "not registered under exactly this URI");
  }
  EXPECT_TRUE(server.logger.contains("https://rs.example/mcp/"));
}

TEST_F(ClientCredentialsTest, SecondResourceIsInvalidTarget) {
  Form form = valid_form();
  form.add("resource", std::string(kResource));
  expect_error(post(form), 400, "invalid_target", "one resource");
}

TEST_F(ClientCredentialsTest, UriOfTwoResourcesIsInvalidTarget) {
  server.add(server.resource_named("twin", std::string(kResource), {"mcp:echo"}));
  expect_error(post(valid_form()), 400, "invalid_target", "several resources");
}

TEST_F(ClientCredentialsTest, WithoutResourceTheTokenIsForTheIssuerOnly) {
  const HttpResponse response = post(form_with("resource", ""));
  ASSERT_EQ(response.status, 200);
  const Json claims =
      parse_json(parse_unverified_jws(json_of(response)["access_token"].get<std::string>())->payload).value();
  EXPECT_EQ(claims["aud"], Json::array({std::string(kIssuer)}));
}

// --- scope

TEST_F(ClientCredentialsTest, OmittedScopeIsWhatClientAndResourceShare) {
  for (const char* scope : {"", " ", " \t "}) {
    const HttpResponse response = post(form_with("scope", scope));
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(json_of(response)["scope"], "mcp:echo");
  }
}

TEST_F(ClientCredentialsTest, OmittedScopeAndResourceGiveTheWholeCeiling) {
  Form form;
  form.add("grant_type", "client_credentials");
  EXPECT_EQ(json_of(post(form))["scope"], "mcp:echo mcp:other");

  Client bare = server.client_named("bare");
  bare.scope.clear();
  server.add(bare);
  const HttpResponse response = post(form, basic("bare", kSecret));
  ASSERT_EQ(response.status, 200);
  EXPECT_FALSE(json_of(response).contains("scope"));
}

TEST_F(ClientCredentialsTest, EveryScopeRefusalSaysWhichBoundWasCrossed) {
  expect_error(post(form_with("scope", "mcp:echo mcp:admin")), 400, "invalid_scope",
               "exceeds the client's registered scopes: mcp:admin");
  expect_error(post(form_with("scope", "mcp:echo mcp:other")), 400, "invalid_scope",
               "does not declare: mcp:other");
  expect_error(post(form_with("scope", "mcp:echo \"")), 400, "invalid_scope", "malformed");

  Client other = server.client_named("other");
  other.scope = "unrelated";
  server.add(other);
  expect_error(post(form_with("scope", ""), basic("other", kSecret)), 400, "invalid_scope", "declares none");

  Client bare = server.client_named("bare");
  bare.scope.clear();
  server.add(bare);
  expect_error(post(valid_form(), basic("bare", kSecret)), 400, "invalid_scope", "has no registered scopes");
  expect_error(post(form_with("scope", ""), basic("bare", kSecret)), 400, "invalid_scope",
               "has no registered scopes");

  Client self_registered = server.client_named("dcr");
  self_registered.scope.clear();
  self_registered.registration_source = RegistrationSource::dcr;
  server.add(self_registered);
  expect_error(post(valid_form(), basic("dcr", kSecret)), 400, "invalid_scope", "registered itself");
}

TEST_F(ClientCredentialsTest, RepeatedScopeTokensAreGrantedOnce) {
  EXPECT_EQ(json_of(post(form_with("scope", "mcp:echo  mcp:echo")))["scope"], "mcp:echo");
}

}  // namespace
}  // namespace authplane::authserver
