#include <authplane/client/client.h>

#include <authplane/resource/setup.h>

#include "test_support.h"

// A resource on top of a real client: discovery, key rotation and introspection through a scripted transport.

namespace authplane {
namespace {

using resource_test::kIssuer;
using resource_test::kResource;
using resource_test::outcome;
using std::chrono::seconds;

constexpr const char* kMetadataUrl = "https://as.example/.well-known/oauth-authorization-server";
constexpr const char* kJwksUrl = "https://as.example/jwks";
constexpr const char* kIntrospectUrl = "https://as.example/introspect";

class AnyHost final : public net::Resolver {
 public:
  Result<std::vector<std::string>> resolve(const std::string&, std::chrono::milliseconds) override {
    return std::vector<std::string>{"93.184.216.34"};
  }
};

class FromClient : public resource_test::ResourceTest {
 protected:
  FromClient() {
    transport->on_json(kMetadataUrl, R"({"issuer":"https://as.example","jwks_uri":"https://as.example/jwks",)"
                                     R"("introspection_endpoint":"https://as.example/introspect"})");
    transport->on_json(kJwksUrl, resource_test::jwks_of_test_keys());
  }
  ClientOptions client_options() {
    ClientOptions options;
    options.issuer = kIssuer;
    options.dev_mode = false;
    options.startup_timeout = seconds(0);
    options.seams.clock = clock;
    options.seams.transport = transport;
    options.seams.resolver = std::make_shared<AnyHost>();
    options.seams.random = std::make_shared<testing::SeededRandom>();
    options.seams.logger = logger;
    return options;
  }
  Client client() { return Client::create(client_options()).value(); }

  std::shared_ptr<testing::ScriptedTransport> transport = std::make_shared<testing::ScriptedTransport>();
};

TEST_F(FromClient, VerifiesWithTheClientsKeys) {
  const Resource resource = Resource::create(client(), kResource).value();
  EXPECT_EQ(resource.issuer(), kIssuer);
  EXPECT_EQ(outcome(resource.verify(token().build())), "ok") << "the client is gone, the resource is not";
  EXPECT_EQ(transport->count(kJwksUrl), 1u);
}

TEST_F(FromClient, Rfc8725KidMustResolveThroughJwksWithSingleRefreshOnMiss) {
  const Resource resource = Resource::create(client(), kResource).value();
  const PrivateKey& late = testing::test_key(JwsAlgorithm::ES256, 1);
  EXPECT_EQ(outcome(resource.verify(token().header("kid", "nowhere").build())), "invalid_signature");
  EXPECT_EQ(transport->count(kJwksUrl), 2u) << "one refresh";
  EXPECT_EQ(outcome(resource.verify(token().header("kid", "nowhere").build())), "invalid_signature");
  EXPECT_EQ(transport->count(kJwksUrl), 2u) << "and no second one at once";
  transport->on_json(kJwksUrl, testing::jwks_document({testing::test_key(), late}));
  clock->advance(seconds(31));
  EXPECT_EQ(outcome(resource.verify(token().key(late).build())), "ok");
}

TEST_F(FromClient, RefreshForAnUnknownKidEndsCachedTokensOfRemovedKeys) {
  const Resource resource = Resource::create(client(), kResource).value();
  const std::string text = token().build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  const PrivateKey& late = testing::test_key(JwsAlgorithm::ES256, 1);
  transport->on_json(kJwksUrl, testing::jwks_document({late}));
  EXPECT_EQ(outcome(resource.verify(text)), "ok") << "nothing has told of the change yet";
  ASSERT_EQ(outcome(resource.verify(token().key(late).build())), "ok");
  EXPECT_EQ(outcome(resource.verify(text)), "invalid_signature");
}

TEST_F(FromClient, CachedTokenOfARotatedKeyEndsWithTheKeySet) {
  const Resource resource = Resource::create(client(), kResource).value();
  const std::string text =
      token().claim("exp", clock->now_seconds().time_since_epoch().count() + 3600).build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  transport->on_json(kJwksUrl, testing::jwks_document({testing::test_key(JwsAlgorithm::ES256, 1)}));
  clock->advance(seconds(301));
  EXPECT_EQ(outcome(resource.verify(text)), "invalid_signature");
}

TEST_F(FromClient, Rfc8414JwksUriRotationIsNoticedByCachedTraffic) {
  const Resource resource = Resource::create(client(), kResource).value();
  const std::string text =
      token().claim("exp", clock->now_seconds().time_since_epoch().count() + 36'000).build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  transport->on_json(kMetadataUrl,
                     R"({"issuer":"https://as.example","jwks_uri":"https://as.example/keys2"})");
  transport->on_json("https://as.example/keys2",
                     testing::jwks_document({testing::test_key(JwsAlgorithm::ES256, 1)}));
  clock->advance(seconds(3601));
  EXPECT_EQ(outcome(resource.verify(text)), "invalid_signature");
  EXPECT_GE(transport->count("https://as.example/keys2"), 1u);
}

TEST_F(FromClient, ClosedClientVerifiesNothing) {
  Client owner = client();
  const Resource resource = Resource::create(owner, kResource).value();
  const std::string text = token().build();
  ASSERT_EQ(outcome(resource.verify(text)), "ok");
  owner.close();
  EXPECT_EQ(outcome(resource.verify(text)), "closed");
}

TEST_F(FromClient, Rfc7662VerifierActiveFalseMustRejectToken) {
  ResourceOptions options;
  options.revocation = IntrospectTokens{};
  const Resource resource = Resource::create(client(), kResource, options).value();
  transport->on_json(kIntrospectUrl, R"({"active":true})");
  EXPECT_EQ(outcome(resource.verify(token().build())), "ok");
  transport->on_json(kIntrospectUrl, R"({"active":false})");
  EXPECT_EQ(outcome(resource.verify(token().build())), "token_inactive");
}

TEST_F(FromClient, Rfc7662IntrospectionFailOpenPolicyMustBeExplicitlyTested) {
  transport->on_json(kIntrospectUrl, "{}", 500);
  ResourceOptions options;
  options.revocation = IntrospectTokens{};
  EXPECT_EQ(outcome(Resource::create(client(), kResource, options).value().verify(token().build())),
            "revocation_check_failed");
  options.revocation_failure = RevocationFailure::fail_open;
  EXPECT_EQ(outcome(Resource::create(client(), kResource, options).value().verify(token().build())), "ok");
}

// ---- what the adapters' factories share

class Setup : public FromClient {
 protected:
  GuardSetup setup() {
    GuardSetup made;
    made.issuer = kIssuer;
    made.resource = kResource;
    made.client_options = client_options();
    return made;
  }
  void expect_contradiction(GuardSetup wrong) {
    EXPECT_EQ(outcome(make_guarded_resource(std::move(wrong))), "invalid_argument");
    EXPECT_TRUE(transport->requests().empty()) << "found before anything is sent";
  }
};

TEST_F(Setup, MakesClientResourceAndGuard) {
  GuardSetup wanted = setup();
  wanted.scopes = {"mcp:echo"};
  auto guarded = make_guarded_resource(std::move(wanted));
  ASSERT_EQ(outcome(guarded), "ok");
  EXPECT_TRUE(guarded->owns_client);
  EXPECT_EQ(guarded->guard.resource().scopes(), std::vector<std::string>{"mcp:echo"});
  EXPECT_EQ(guarded->guard.options().description, ErrorDescription::fixed);
}

TEST_F(Setup, DevModeTurnsMessagesOn) {
  GuardSetup wanted = setup();
  wanted.dev_mode = true;
  EXPECT_EQ(make_guarded_resource(std::move(wanted)).value().guard.options().description,
            ErrorDescription::message);
}

TEST_F(Setup, JoinsBaseUrlAndPathWithOneSlash) {
  const char* pairs[][2] = {{"https://rs.example", "/mcp"},
                            {"https://rs.example/", "/mcp"},
                            {"https://rs.example/", "mcp"},
                            {"https://rs.example", "mcp"}};
  for (const auto& [base, path] : pairs) {
    GuardSetup wanted = setup();
    wanted.resource.clear();
    wanted.base_url = base;
    wanted.path = path;
    EXPECT_EQ(make_guarded_resource(std::move(wanted)).value().guard.resource().uri(), kResource)
        << base << path;
  }
}

TEST_F(Setup, UsesAnExistingClientAndDoesNotOwnIt) {
  const Client existing = client();
  GuardSetup wanted;
  wanted.resource = kResource;
  wanted.client = existing;
  auto guarded = make_guarded_resource(std::move(wanted));
  ASSERT_EQ(outcome(guarded), "ok");
  EXPECT_FALSE(guarded->owns_client);
  EXPECT_EQ(transport->count(kMetadataUrl), 1u);
}

TEST_F(Setup, ContradictionsAreFoundBeforeAnythingIsSent) {
  GuardSetup none = setup();
  none.resource.clear();
  expect_contradiction(none);
  GuardSetup both = setup();
  both.base_url = "https://rs.example";
  expect_contradiction(both);
  GuardSetup other_issuer = setup();
  other_issuer.client_options.issuer = "https://elsewhere.example";
  expect_contradiction(other_issuer);
  GuardSetup no_issuer = setup();
  no_issuer.issuer.clear();
  no_issuer.client_options.issuer.clear();
  expect_contradiction(no_issuer);
  GuardSetup bad_uri = setup();
  bad_uri.resource = "/mcp";
  expect_contradiction(bad_uri);
  GuardSetup bad_scope = setup();
  bad_scope.required_scopes = {"two words"};
  expect_contradiction(bad_scope);
}

TEST_F(Setup, UnreachableAuthorizationServerIsWaitedForThirtySeconds) {
  transport->on(kMetadataUrl, [](const OutboundRequest&) -> Result<HttpResponse> {
    return Err(ErrorCode::transport_error, "connection refused");
  });
  GuardSetup wanted = setup();
  wanted.client_options.startup_timeout.reset();
  std::chrono::milliseconds waited{0};
  wanted.client_options.seams.sleep = [&](std::chrono::milliseconds pause) {
    waited += pause;
    clock->advance(pause);
  };
  EXPECT_NE(outcome(make_guarded_resource(std::move(wanted))), "ok");
  EXPECT_GE(waited, std::chrono::seconds(25));
  EXPECT_LE(waited, std::chrono::seconds(31));
}

}  // namespace
}  // namespace authplane
