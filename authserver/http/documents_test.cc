#include <gtest/gtest.h>

#include "authserver/http/documents.h"
#include "authserver/http/test_server.h"

namespace authplane::authserver {
namespace {

class DocumentsTest : public ::testing::Test {
 protected:
  DocumentsTest() { server.start(); }
  int status_of_prm(const std::string& ref) const {
    return server.get("/.well-known/oauth-protected-resource" + ref).status;
  }
  TestServer server;
};

TEST_F(DocumentsTest, MetadataNamesOnlyWhatIsServed) {
  server.add(server.resource_named("demo", std::string(kResource), {"b", "a"}));
  server.add(server.resource_named("other", "https://rs.example/other", {"a", "c"}));
  const HttpResponse response = server.get("/.well-known/oauth-authorization-server");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "public, max-age=300");
  EXPECT_EQ(
      response.body,
      R"({"issuer":"https://as.example","authorization_endpoint":"https://as.example/oauth/authorize",)"
      R"("token_endpoint":"https://as.example/oauth/token",)"
      R"("registration_endpoint":"https://as.example/oauth/register",)"
      R"("revocation_endpoint":"https://as.example/oauth/revoke",)"
      R"("introspection_endpoint":"https://as.example/oauth/introspect",)"
      R"("jwks_uri":"https://as.example/.well-known/jwks.json","response_types_supported":["code"],)"
      R"("grant_types_supported":["authorization_code","refresh_token","client_credentials",)"
      R"("urn:ietf:params:oauth:grant-type:token-exchange"],)"
      R"("token_endpoint_auth_methods_supported":["none","client_secret_basic","client_secret_post"],)"
      R"("introspection_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],)"
      R"("revocation_endpoint_auth_methods_supported":["none","client_secret_basic","client_secret_post"],)"
      R"("code_challenge_methods_supported":["S256"],)"
      R"("scopes_supported":["b","a","c"],"resource_indicators_supported":true,)"
      R"("authorization_response_iss_parameter_supported":true,)"
      R"("dpop_signing_alg_values_supported":["ES256","RS256","PS256"]})");
  EXPECT_EQ(server.get("/.well-known/openid-configuration").body, response.body);
}

MetadataFacts everything() {
  return {.issuer = std::string(kIssuer),
          .authorization_endpoint = true,
          .registration_endpoint = true,
          .revocation_endpoint = true,
          .introspection_endpoint = true,
          .authorization_code = true,
          .refresh_token = true,
          .client_credentials = true,
          .token_exchange = true,
          .jwt_bearer = true,
          .client_id_metadata_documents = true,
          .dpop = true,
          .agent_identity = true};
}

TEST(Metadata, EverythingOn) {
  EXPECT_EQ(
      metadata_document(everything(), ScopeSet::parse("a b").value()),
      R"({"issuer":"https://as.example","authorization_endpoint":"https://as.example/oauth/authorize",)"
      R"("token_endpoint":"https://as.example/oauth/token",)"
      R"("registration_endpoint":"https://as.example/oauth/register",)"
      R"("revocation_endpoint":"https://as.example/oauth/revoke",)"
      R"("introspection_endpoint":"https://as.example/oauth/introspect",)"
      R"("jwks_uri":"https://as.example/.well-known/jwks.json","response_types_supported":["code"],)"
      R"("grant_types_supported":["authorization_code","refresh_token","client_credentials",)"
      R"("urn:ietf:params:oauth:grant-type:token-exchange","urn:ietf:params:oauth:grant-type:jwt-bearer"],)"
      R"("token_endpoint_auth_methods_supported":["none","client_secret_basic","client_secret_post"],)"
      R"("introspection_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],)"
      R"("revocation_endpoint_auth_methods_supported":["none","client_secret_basic","client_secret_post"],)"
      R"("code_challenge_methods_supported":["S256"],"scopes_supported":["a","b"],)"
      R"("resource_indicators_supported":true,"client_id_metadata_document_supported":true,)"
      R"("authorization_response_iss_parameter_supported":true,)"
      R"("dpop_signing_alg_values_supported":["ES256","RS256","PS256"],)"
      R"("authplane_agent_identity_supported":true,)"
      R"("authorization_grant_profiles_supported":["urn:ietf:params:oauth:grant-profile:id-jag"],)"
      R"("identity_assertion_supported":true})");
}

TEST(Metadata, EverythingOff) {
  EXPECT_EQ(metadata_document({.issuer = std::string(kIssuer)}, {}),
            R"({"issuer":"https://as.example","token_endpoint":"https://as.example/oauth/token",)"
            R"("jwks_uri":"https://as.example/.well-known/jwks.json","response_types_supported":["code"],)"
            R"("token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],)"
            R"("resource_indicators_supported":true})");
}

TEST(Metadata, EachFeatureBringsItsOwnMembersAndNoOther) {
  using Members = std::vector<std::string>;
  const std::vector<std::pair<bool MetadataFacts::*, Members>> rows{
      {&MetadataFacts::authorization_endpoint,
       {"authorization_endpoint", "authorization_response_iss_parameter_supported",
        "code_challenge_methods_supported"}},
      {&MetadataFacts::registration_endpoint, {"registration_endpoint"}},
      {&MetadataFacts::revocation_endpoint,
       {"revocation_endpoint", "revocation_endpoint_auth_methods_supported"}},
      {&MetadataFacts::introspection_endpoint,
       {"introspection_endpoint", "introspection_endpoint_auth_methods_supported"}},
      {&MetadataFacts::client_id_metadata_documents, {"client_id_metadata_document_supported"}},
      {&MetadataFacts::dpop, {"dpop_signing_alg_values_supported"}},
      {&MetadataFacts::agent_identity, {"authplane_agent_identity_supported"}}};
  const Json bare = parse_json(metadata_document({.issuer = std::string(kIssuer)}, {})).value();
  for (const auto& [feature, expected] : rows) {
    MetadataFacts facts{.issuer = std::string(kIssuer)};
    facts.*feature = true;
    Members added;
    const Json document = parse_json(metadata_document(facts, {})).value();
    for (const auto& [name, value] : document.items()) {
      if (!bare.contains(name)) added.push_back(name);
    }
    EXPECT_EQ(added, expected);
  }
}

TEST(Metadata, PublicClientsAreWelcomeWithTheFirstGrantTheyMayUse) {
  for (bool MetadataFacts::*grant : {&MetadataFacts::authorization_code, &MetadataFacts::refresh_token}) {
    MetadataFacts facts{.issuer = std::string(kIssuer)};
    facts.*grant = true;
    EXPECT_EQ(parse_json(metadata_document(facts, {})).value()["token_endpoint_auth_methods_supported"],
              Json::array({"none", "client_secret_basic", "client_secret_post"}));
  }
}

TEST_F(DocumentsTest, EmptyListsAreLeftOut) {
  server.config.client_credentials_enabled = false;
  server.config.token_exchange.reset();
  server.start();
  const Json body = json_of(server.get("/.well-known/oauth-authorization-server"));
  EXPECT_FALSE(body.contains("scopes_supported"));
  EXPECT_EQ(body["grant_types_supported"], Json::array({"authorization_code", "refresh_token"}));
  const Json bare = parse_json(metadata_document({.issuer = std::string(kIssuer)}, {})).value();
  EXPECT_FALSE(bare.contains("grant_types_supported"));
}

TEST_F(DocumentsTest, DpopIsAdvertisedExactlyWhenItIsOn) {
  server.config.dpop.enabled = false;
  server.start();
  EXPECT_FALSE(json_of(server.get("/.well-known/oauth-authorization-server"))
                   .contains("dpop_signing_alg_values_supported"));
}

TEST_F(DocumentsTest, EveryAdvertisedEndpointIsServed) {
  const Json body = json_of(server.get("/.well-known/oauth-authorization-server"));
  for (const auto& [name, value] : body.items()) {
    if (!name.ends_with("_endpoint") && name != "jwks_uri") continue;
    const std::string target = value.get<std::string>().substr(kIssuer.size());
    EXPECT_NE(server.get(target).status, 404) << name;
  }
}

TEST_F(DocumentsTest, ChangesShowAtOnce) {
  EXPECT_FALSE(json_of(server.get("/.well-known/oauth-authorization-server")).contains("scopes_supported"));
  server.add(server.resource_named("demo", std::string(kResource), {"mcp:echo"}));
  EXPECT_EQ(json_of(server.get("/.well-known/oauth-authorization-server"))["scopes_supported"],
            Json::array({"mcp:echo"}));
}

TEST_F(DocumentsTest, JwksListsTheCurrentKeyFirstAndNoPrivateMember) {
  ASSERT_EQ(json_of(server.get("/.well-known/jwks.json"))["keys"].size(), 1u);
  const std::string old_kid = server.keys.keys()->kid;
  ASSERT_TRUE(server.keys.rotate({}));
  const HttpResponse response = server.get("/.well-known/jwks.json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "public, max-age=300");
  const Json keys = json_of(response)["keys"];
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0]["kid"], server.keys.keys()->kid);
  EXPECT_EQ(keys[1]["kid"], old_kid);
  for (const Json& key : keys) {
    EXPECT_EQ(key["use"], "sig");
    EXPECT_EQ(key["alg"], "ES256");
    EXPECT_FALSE(key.contains("d"));
  }
}

TEST_F(DocumentsTest, ProtectedResourceIsFoundByPathAndBySlug) {
  Resource resource = server.resource_named("demo", "https://rs.example/a/mcp?x=1", {"mcp:echo"});
  resource.display_name = "Demo \"one\"";
  server.add(resource);
  const HttpResponse response = server.get("/.well-known/oauth-protected-resource/demo");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"resource":"https://rs.example/a/mcp?x=1","authorization_servers":["https://as.example"],)"
            R"("scopes_supported":["mcp:echo"],"bearer_methods_supported":["header"],)"
            R"("resource_name":"Demo \"one\""})");
  server.add(server.resource_named("two", "https://rs.example/two/mcp", {}));
  EXPECT_EQ(server.get("/.well-known/oauth-protected-resource/two/mcp").body,
            R"({"resource":"https://rs.example/two/mcp","authorization_servers":["https://as.example"],)"
            R"("bearer_methods_supported":["header"]})");
}

TEST_F(DocumentsTest, TheQueryOfAResourceUriIsPartOfItsName) {
  server.add(server.resource_named("one", "https://rs.example/mcp?tenant=1", {}));
  server.add(server.resource_named("two", "https://rs.example/mcp?tenant=2", {}));
  server.add(server.resource_named("root", "https://rs.example/?tenant=3", {}));
  server.add(server.resource_named("plain", "https://rs.example/plain", {}));
  const auto resource_at = [&](const std::string& ref) {
    return json_of(server.get("/.well-known/oauth-protected-resource" + ref))["resource"];
  };
  EXPECT_EQ(resource_at("/mcp?tenant=1"), "https://rs.example/mcp?tenant=1");
  EXPECT_EQ(resource_at("/mcp?tenant=2"), "https://rs.example/mcp?tenant=2");
  EXPECT_EQ(resource_at("?tenant=3"), "https://rs.example/?tenant=3");
  EXPECT_EQ(resource_at("/plain?unknown=1"), "https://rs.example/plain");
  EXPECT_EQ(status_of_prm("/mcp?tenant=4"), 404);
  EXPECT_EQ(status_of_prm("/mcp"), 404);
}

TEST_F(DocumentsTest, ProtectedResourceAtTheIssuersOriginNeedsNoName) {
  EXPECT_EQ(status_of_prm(""), 404);
  server.add(server.resource_named("elsewhere", "https://other.example/", {}));
  EXPECT_EQ(status_of_prm(""), 404);
  server.add(server.resource_named("self", std::string(kIssuer), {}));
  EXPECT_EQ(json_of(server.get("/.well-known/oauth-protected-resource"))["resource"], kIssuer);
}

TEST_F(DocumentsTest, NamesThatFitNoneOrSeveralAreNotFound) {
  server.add(server.resource_named("one", "https://one.example/mcp", {}));
  server.add(server.resource_named("two", "https://two.example/mcp", {}));
  server.add(server.resource_named("no-uri", "", {}));
  server.add(server.resource_named("three", "https://three.example/four", {}));
  server.add(server.resource_named("four", "https://four.example/five", {}));
  for (const char* ref : {"/mcp", "/nothing", "/no-uri", "/four", "/%ff%fe", "/one/", "/", "/%zz"}) {
    EXPECT_EQ(status_of_prm(ref), 404) << ref;
  }
  EXPECT_EQ(status_of_prm("/one"), 200);
  const HttpResponse missing = server.get("/.well-known/oauth-protected-resource/nothing");
  EXPECT_EQ(missing.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(json_of(missing)["error"], "not_found");
  EXPECT_EQ(json_of(missing)["status"], 404);
  EXPECT_EQ(status_of_prm("/five"), 200);
}

}  // namespace
}  // namespace authplane::authserver
