#include "agent/discovery.h"

#include <nlohmann/json.hpp>

#include "agent/test_support.h"

namespace authplane::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Url url(const std::string& text) {
  return Url::parse(text).value();
}

TEST(ResourceMetadataUrls, PathIsInsertedThenLeftOut) {
  const std::string root = "https://rs.example/.well-known/oauth-protected-resource";
  EXPECT_THAT(resource_metadata_urls(url("https://rs.example/mcp")), ElementsAre(root + "/mcp", root));
  EXPECT_THAT(resource_metadata_urls(url("https://rs.example/a/b/")), ElementsAre(root + "/a/b", root));
  EXPECT_THAT(resource_metadata_urls(url("https://rs.example/a%2Fb?q=1")),
              ElementsAre(root + "/a%2Fb?q=1", root));
  EXPECT_THAT(resource_metadata_urls(url("https://rs.example")), ElementsAre(root));
}

TEST(ServerMetadataUrls, NeverTheRootDocumentForAnIssuerWithAPath) {
  EXPECT_THAT(server_metadata_urls(url("https://as.example")),
              ElementsAre("https://as.example/.well-known/oauth-authorization-server",
                          "https://as.example/.well-known/openid-configuration"));
  EXPECT_THAT(server_metadata_urls(url("https://as.example/t/")),
              ElementsAre("https://as.example/.well-known/oauth-authorization-server/t",
                          "https://as.example/.well-known/openid-configuration/t",
                          "https://as.example/t/.well-known/openid-configuration"));
}

TEST(Covers, SameOriginAndWholeSegments) {
  const Url server = url("https://rs.example/mcp/v1");
  for (const char* good : {"https://rs.example/mcp/v1", "https://rs.example/mcp", "https://rs.example/mcp/",
                           "https://rs.example", "https://RS.example:443/mcp"}) {
    EXPECT_TRUE(covers(url(good), server)) << good;
  }
  for (const char* bad : {"https://rs.example/mc", "https://rs.example/mcp/v1/x", "https://rs.example/other",
                          "http://rs.example/mcp", "https://rs.example:8443/mcp",
                          "https://rs.example.evil/mcp", "https://rs.example/mcp?tenant=2"}) {
    EXPECT_FALSE(covers(url(bad), server)) << bad;
  }
}

class DiscoveryTest : public AgentTest {
 protected:
  Result<Target> find(const std::string& metadata_url = {}, const std::string& issuer = {}) {
    return Discovery(fetcher, url(kServer), {.issuer = issuer, .allow_server_as_issuer = own})
        .find(metadata_url);
  }
  std::string refusal(ErrorCode code = ErrorCode::metadata_fetch_error) {
    const auto found = find();
    EXPECT_FALSE(found);
    if (found) return {};
    EXPECT_EQ(found.error().code, code) << found.error().message;
    return found.error().message;
  }
  // A server of MCP 2025-03-26: no protected resource metadata anywhere.
  void publish_no_resource_metadata(int status = 404) {
    own = true;
    network->on_json(kResourceMetadata, "{}", status);
    network->on_json("https://rs.example/.well-known/oauth-protected-resource", "{}", status);
  }
  bool own = false;
  net::Fetcher fetcher{net::FetchSettings::production(), network, resolver, clock};
};

TEST_F(DiscoveryTest, FindsBothDocuments) {
  const auto target = find().value();
  EXPECT_EQ(target.resource.resource, kServer);
  EXPECT_EQ(target.server.issuer, kIssuer);
  EXPECT_EQ(target.server.token_endpoint.text(), "https://as.example/token");
  EXPECT_TRUE(target.server.announces_iss);
}

TEST_F(DiscoveryTest, TheChallengesUrlIsTheOnlyOneAsked) {
  EXPECT_FALSE(find("https://rs.example/elsewhere"));
  EXPECT_EQ(network->requests().size(), 1U);
  network->on_json("https://rs.example/elsewhere", as.resource_metadata.dump());
  EXPECT_TRUE(find("https://rs.example/elsewhere"));
  EXPECT_EQ(network->count(kResourceMetadata), 0U);
}

TEST_F(DiscoveryTest, TheNextUrlIsTriedOnlyAfterANotFound) {
  network->on_json(kResourceMetadata, "{}", 404);
  network->on_json("https://rs.example/.well-known/oauth-protected-resource", as.resource_metadata.dump());
  EXPECT_TRUE(find());
  network->on_json(kResourceMetadata, "{}", 503);
  EXPECT_THAT(refusal(), HasSubstr("503"));
}

TEST_F(DiscoveryTest, OpenIdConfigurationIsTheFallback) {
  network->on_json(kServerMetadata, "{}", 404);
  network->on_json("https://as.example/.well-known/openid-configuration", as.metadata.dump());
  EXPECT_TRUE(find());
}

TEST_F(DiscoveryTest, ResourceOfAnotherServerStopsBeforeTheAuthorizationServerIsAsked) {
  as.resource_metadata["resource"] = "https://evil.example/mcp";
  EXPECT_THAT(refusal(), HasSubstr("resource mismatch"));
  EXPECT_EQ(network->count(kServerMetadata), 0U);
}

TEST_F(DiscoveryTest, IssuerIsComparedByteForByte) {
  as.metadata["issuer"] = "https://as.example/";
  EXPECT_THAT(refusal(), HasSubstr("issuer mismatch"));
}

TEST_F(DiscoveryTest, OnlyTheConfiguredIssuerWillDo) {
  EXPECT_TRUE(find({}, kIssuer));
  const auto other = find({}, "https://other.example");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("option issuer"));
}

TEST_F(DiscoveryTest, PkceWithS256IsNotOptional) {
  as.metadata["code_challenge_methods_supported"] = {"plain"};
  EXPECT_THAT(refusal(), HasSubstr("S256"));
  as.metadata.erase("code_challenge_methods_supported");
  EXPECT_THAT(refusal(), HasSubstr("S256"));
}

TEST_F(DiscoveryTest, EndpointsAreHttpsUrls) {
  for (const char* bad : {"javascript:alert(1)", "javascript://as.example/%0aalert(1)", "file:///etc/passwd",
                          "http://as.example/authorize", "https://as.example/authorize#x", "/authorize"}) {
    as.metadata["authorization_endpoint"] = bad;
    EXPECT_THAT(refusal(), HasSubstr("authorization_endpoint")) << bad;
  }
  as.metadata.erase("authorization_endpoint");
  EXPECT_THAT(refusal(ErrorCode::missing_metadata_endpoint), HasSubstr("authorization_endpoint"));
}

TEST_F(DiscoveryTest, PrivateAddressesAreNotAsked) {
  resolver->set("as.example", {"10.0.0.7"});
  EXPECT_THAT(refusal(ErrorCode::ssrf_blocked), HasSubstr("10.0.0.7"));
  as.resource_metadata["authorization_servers"] = {"https://169.254.169.254"};
  EXPECT_THAT(refusal(ErrorCode::ssrf_blocked), HasSubstr("169.254.169.254"));
  as.resource_metadata["authorization_servers"] = {"http://as.example"};
  EXPECT_THAT(refusal(ErrorCode::ssrf_blocked), HasSubstr("http"));
}

TEST_F(DiscoveryTest, DocumentsThatAreNotWhatTheyMustBe) {
  as.resource_metadata["authorization_servers"] = nlohmann::json::array();
  EXPECT_THAT(refusal(), HasSubstr("authorization_servers"));
  as.resource_metadata["authorization_servers"] = {"not a url"};
  EXPECT_THAT(refusal(), HasSubstr("no usable issuer"));
  as.resource_metadata["authorization_servers"] = {kIssuer};
  as.resource_metadata["bearer_methods_supported"] = {"query"};
  EXPECT_THAT(refusal(), HasSubstr("header field"));
  network->on_json(kResourceMetadata, "[]");
  EXPECT_THAT(refusal(), HasSubstr("JSON"));
}

constexpr const char* kOwnMetadata = "https://rs.example/.well-known/oauth-authorization-server";
constexpr const char* kOwnOpenId = "https://rs.example/.well-known/openid-configuration";

TEST_F(DiscoveryTest, AServerWithoutMetadataIsItsOwnIssuerOnlyWhereThatIsAllowed) {
  publish_no_resource_metadata();
  network->on_json(kOwnMetadata, "{}", 404);
  network->on_json(kOwnOpenId, "{}", 404);
  own = false;
  EXPECT_THAT(refusal(), HasSubstr("protected resource metadata not found"));
  EXPECT_EQ(network->count(kOwnMetadata), 0U);

  own = true;
  const auto target = find().value();
  EXPECT_TRUE(target.is_own_issuer);
  EXPECT_EQ(target.resource.resource, kServer);
  EXPECT_TRUE(target.resource.scopes.empty());
  EXPECT_EQ(target.server.issuer, "https://rs.example");
  EXPECT_EQ(target.server.authorization_endpoint.text(), "https://rs.example/authorize");
  EXPECT_EQ(target.server.token_endpoint.text(), "https://rs.example/token");
  EXPECT_EQ(target.server.registration_endpoint.value().text(), "https://rs.example/register");
  EXPECT_FALSE(target.server.revocation_endpoint);
}

TEST_F(DiscoveryTest, TheOriginsMetadataAreJudgedLikeAllOthers) {
  publish_no_resource_metadata();
  as.metadata["issuer"] = "https://rs.example";
  network->on_json(kOwnMetadata, as.metadata.dump());
  const auto target = find().value();
  EXPECT_EQ(target.server.token_endpoint.text(), "https://as.example/token");
  EXPECT_TRUE(target.server.announces_iss);

  as.metadata["issuer"] = "https://rs.example/";
  network->on_json(kOwnMetadata, as.metadata.dump());
  EXPECT_THAT(refusal(), HasSubstr("issuer mismatch"));
  as.metadata["issuer"] = "https://rs.example";
  as.metadata.erase("code_challenge_methods_supported");
  network->on_json(kOwnMetadata, as.metadata.dump());
  EXPECT_THAT(refusal(), HasSubstr("S256"));
}

TEST_F(DiscoveryTest, MetadataThatAreUnavailableOrNamedAreNoMissingOnes) {
  publish_no_resource_metadata(503);
  EXPECT_THAT(refusal(), HasSubstr("503"));
  publish_no_resource_metadata();
  network->on_json(kOwnMetadata, "{}", 500);
  EXPECT_THAT(refusal(), HasSubstr("500"));
  network->on_json("https://rs.example/elsewhere", "{}", 404);
  EXPECT_FALSE(find("https://rs.example/elsewhere"));
  EXPECT_EQ(network->count(kOwnMetadata), 1U);
}

TEST_F(DiscoveryTest, TheConfiguredIssuerBindsAServerThatIsItsOwn) {
  publish_no_resource_metadata();
  network->on_json(kOwnMetadata, "{}", 404);
  network->on_json(kOwnOpenId, "{}", 404);
  EXPECT_TRUE(find({}, "https://rs.example"));
  const auto other = find({}, kIssuer);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("option issuer"));
}

}  // namespace
}  // namespace authplane::agent
