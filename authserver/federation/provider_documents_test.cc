#include "authserver/federation/provider_documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/federation/provider_transport.h"
#include "authserver/federation/scripted_provider.h"

namespace authplane::authserver {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

class ProviderDocumentsTest : public ::testing::Test {
 protected:
  const PrivateKey& key(std::size_t index) { return testing::test_key(JwsAlgorithm::ES256, index); }
  bool finds(std::size_t index) {
    return documents.find_key(key(index).public_key().thumbprint(), JwsAlgorithm::ES256).has_value();
  }
  std::size_t fetches() const { return provider.network->count(provider.url("/keys")); }
  // What load() says when a member of the document is `value`.
  std::string refusal(const std::string& member, const nlohmann::json& value) {
    ScriptedProvider other(clock);
    other.metadata[member] = value;
    ProviderDocuments fresh(ScriptedProvider::kIssuer, false, {other.network, clock, logger, metrics});
    const auto loaded = fresh.load();
    return loaded ? "accepted" : loaded.error().message;
  }

  testing::FakeClock clock;
  testing::RecordingLogger logger;
  NullMetrics metrics;
  ScriptedProvider provider{clock};
  ProviderDocuments documents{ScriptedProvider::kIssuer, false, {provider.network, clock, logger, metrics}};
};

TEST_F(ProviderDocumentsTest, AreFetchedOnceForManySignIns) {
  ASSERT_TRUE(documents.load());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(finds(0));
  EXPECT_EQ(provider.network->requests().size(), 2u);
  EXPECT_EQ(documents.metadata()->token_endpoint.text(), provider.url("/token"));
}

TEST_F(ProviderDocumentsTest, ADocumentThatDoesNotFitIsRefusedWithItsReason) {
  EXPECT_THAT(refusal("issuer", "https://evil.example"), HasSubstr("issuer mismatch"));
  EXPECT_THAT(refusal("issuer", ScriptedProvider::url("/")), HasSubstr("issuer mismatch"));
  EXPECT_THAT(refusal("token_endpoint", "http://login.example/token"), HasSubstr("not an https URL"));
  EXPECT_THAT(refusal("authorization_endpoint", "javascript:alert(1)"), HasSubstr("authorization_endpoint"));
  EXPECT_THAT(refusal("jwks_uri", nullptr), HasSubstr("jwks_uri is missing"));
  EXPECT_THAT(refusal("jwks_uri", "https://user@login.example/keys"), HasSubstr("user information"));
  EXPECT_THAT(refusal("token_endpoint_auth_methods_supported", {"private_key_jwt"}), HasSubstr("neither"));
  EXPECT_THAT(refusal("id_token_signing_alg_values_supported", {"HS256", "none"}), HasSubstr("none of"));
  EXPECT_THAT(refusal("jwks_uri", "https://login.example/gone"), HasSubstr("https://login.example/gone"));
  EXPECT_EQ(refusal("scopes_supported", nullptr), "accepted");
}

TEST_F(ProviderDocumentsTest, ANewKeyIsFetchedWhenATokenNamesIt) {
  ASSERT_TRUE(documents.load());
  provider.keys = testing::jwks_document({key(0), key(1)});
  EXPECT_TRUE(finds(1));
  EXPECT_EQ(fetches(), 2u);
}

TEST_F(ProviderDocumentsTest, KeysNobodyHasAreLookedForNowAndThen) {
  ASSERT_TRUE(documents.load());
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(finds(1));
  EXPECT_EQ(fetches(), 2u);
  clock.advance(ProviderDocuments::kPause);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(finds(1));
  EXPECT_EQ(fetches(), 3u);
}

TEST_F(ProviderDocumentsTest, AKeyThatWasTakenBackIsForgotten) {
  ASSERT_TRUE(documents.load());
  provider.keys = testing::jwks_document({key(1)});
  EXPECT_TRUE(finds(0));
  clock.advance(ProviderDocuments::kKeyLifetime);
  EXPECT_FALSE(finds(0));
}

TEST_F(ProviderDocumentsTest, KeysMoveWithTheMetadata) {
  ASSERT_TRUE(documents.load());
  provider.metadata["jwks_uri"] = provider.url("/moved");
  provider.network->on_json(provider.url("/moved"), testing::jwks_document({key(1)}));
  clock.advance(ProviderDocuments::kMetadataLifetime);
  EXPECT_TRUE(finds(1));
  EXPECT_FALSE(finds(0));
}

TEST_F(ProviderDocumentsTest, OldKeysServeForADayWhenTheProviderIsGone) {
  ASSERT_TRUE(documents.load());
  provider.network->on_json(provider.url("/keys"), "", 503);
  provider.network->on_json(provider.url("/.well-known/openid-configuration"), "", 503);
  clock.advance(hours(23));
  EXPECT_TRUE(finds(0));
  EXPECT_TRUE(logger.contains("not renewed"));
  clock.advance(hours(1) + seconds(1));
  const auto found = documents.find_key(key(0).public_key().thumbprint(), JwsAlgorithm::ES256);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::jwks_unavailable);
}

// Where the provider may be

class ProviderTransportTest : public ::testing::Test {
 protected:
  bool reaches(const std::string& issuer, bool development, const std::string& url) {
    const auto transport =
        make_provider_transport(Url::parse(issuer).value(), development, seconds(5), network, resolver,
                                std::shared_ptr<const Clock>(std::shared_ptr<void>(), &clock));
    network->on_json(url, "{}");
    OutboundRequest request;
    request.url = Url::parse(url).value();
    return transport->send(request).has_value();
  }

  testing::FakeClock clock;
  std::shared_ptr<testing::ScriptedTransport> network = std::make_shared<testing::ScriptedTransport>();
  std::shared_ptr<testing::FixedResolver> resolver = std::make_shared<testing::FixedResolver>();
};

TEST_F(ProviderTransportTest, TheHostOfTheIssuerMayBePrivate) {
  resolver->set("login.example", {"10.1.2.3"});
  EXPECT_TRUE(reaches("https://login.example", false, "https://login.example/token"));
  EXPECT_FALSE(reaches("https://login.example", false, "http://login.example/token"));
}

TEST_F(ProviderTransportTest, HostsOfItsDocumentMayNot) {
  resolver->set("inside.example", {"10.1.2.3"});
  resolver->set("metadata.example", {"169.254.169.254"});
  for (const char* url : {"https://inside.example/token", "https://metadata.example/latest",
                          "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest"})
    EXPECT_FALSE(reaches("https://login.example", false, url)) << url;
  EXPECT_TRUE(reaches("https://login.example", false, "https://keys.example/keys"));
}

TEST_F(ProviderTransportTest, InDevelopmentEverythingIsOnThisMachine) {
  resolver->set("localhost", {"127.0.0.1"});
  EXPECT_TRUE(reaches("http://localhost:5556", true, "http://localhost:5556/token"));
  EXPECT_TRUE(reaches("http://localhost:5556", true, "http://127.0.0.1:5556/token"));
}

}  // namespace
}  // namespace authplane::authserver
