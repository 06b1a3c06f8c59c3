#include <authplane/client/client.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include <authplane/jose/jws.h>
#include <authplane/testing/testing.h>

namespace authplane {
namespace {

using authplane::testing::FakeClock;
using authplane::testing::FixedResolver;
using authplane::testing::jwks_document;
using authplane::testing::RecordingLogger;
using authplane::testing::ScriptedTransport;
using authplane::testing::SeededRandom;
using authplane::testing::test_key;
using authplane::testing::TokenBuilder;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kMetadataUrl = "https://auth.example.com/.well-known/oauth-authorization-server";
constexpr const char* kJwksUrl = "https://auth.example.com/jwks.json";
constexpr const char* kTokenUrl = "https://auth.example.com/oauth/token";
constexpr const char* kIntrospectUrl = "https://auth.example.com/oauth/introspect";
constexpr const char* kRevokeUrl = "https://auth.example.com/oauth/revoke";
constexpr const char* kTokenBody =
    R"({"access_token":"new_token","token_type":"Bearer","expires_in":3600,"scope":"read"})";

struct ClientTest : ::testing::Test {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<RecordingLogger> logger = std::make_shared<RecordingLogger>();
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  std::shared_ptr<FixedResolver> resolver = std::make_shared<FixedResolver>();
  ClientOptions options;

  void SetUp() override {
    options.issuer = "https://auth.example.com";
    options.auth = ClientCredentials{"my-client-id", "my-client-secret"};
    options.dev_mode = false;
    options.startup_timeout = seconds(0);
    options.seams = {.clock = clock,
                     .transport = transport,
                     .resolver = resolver,
                     .random = std::make_shared<SeededRandom>(),
                     .logger = logger,
                     .sleep = [this](milliseconds pause) { clock->advance(pause); }};
    metadata(R"(,"token_endpoint":"https://auth.example.com/oauth/token",
                 "introspection_endpoint":"https://auth.example.com/oauth/introspect",
                 "revocation_endpoint":"https://auth.example.com/oauth/revoke")");
    transport->on_json(kJwksUrl, jwks_document({test_key()}));
    transport->on_json(kTokenUrl, kTokenBody);
    transport->on_json(kIntrospectUrl, R"({"active":true})");
    transport->on_json(kRevokeUrl, "{}");
  }
  void metadata(const std::string& more) {
    transport->on_json(
        kMetadataUrl,
        R"({"issuer":"https://auth.example.com","jwks_uri":"https://auth.example.com/jwks.json")" + more +
            "}");
  }
  Client make() { return Client::create(options).value(); }
  OutboundRequest last() { return transport->requests().back(); }
};

TEST_F(ClientTest, CreationFetchesMetadataAndKeysInThatOrder) {
  const Client client = make();
  const auto requests = transport->requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].url.text(), kMetadataUrl);
  EXPECT_EQ(requests[0].max_response_bytes, 128u * 1024);
  EXPECT_EQ(requests[1].url.text(), kJwksUrl);
  EXPECT_EQ(requests[1].max_response_bytes, 64u * 1024);
  EXPECT_EQ(client.issuer(), "https://auth.example.com");
}

TEST_F(ClientTest, BadOptionsSendNothing) {
  options.breaker.threshold = 0;
  EXPECT_EQ(Client::create(options).error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(transport->requests(), IsEmpty());
}

TEST_F(ClientTest, IssuerWithPathUsesTheInsertedWellKnownUrl) {
  options.issuer = "https://auth.example.com/tenant-a";
  transport->on_json(
      "https://auth.example.com/.well-known/oauth-authorization-server/tenant-a",
      R"({"issuer":"https://auth.example.com/tenant-a","jwks_uri":"https://auth.example.com/jwks.json"})");
  EXPECT_TRUE(Client::create(options));
}

TEST_F(ClientTest, AClientThatOnlyAsksForTokensNeedsNoKeys) {
  transport->on_json(
      kMetadataUrl,
      R"({"issuer":"https://auth.example.com","token_endpoint":"https://auth.example.com/oauth/token"})");
  EXPECT_EQ(Client::create(options).error().code, ErrorCode::missing_metadata_endpoint);
  options.fetch_keys = false;
  const Client client = make();
  EXPECT_TRUE(client.client_credentials({"read"}));
  EXPECT_EQ(transport->count(kJwksUrl), 0u);
  EXPECT_EQ(client.keys()->find_key("k", JwsAlgorithm::ES256).error().code, ErrorCode::jwks_unavailable);
  EXPECT_FALSE(client.keys()->generation());
}

TEST_F(ClientTest, FailedKeyFetchFailsCreation) {
  transport->on_json(kJwksUrl, "", 500);
  EXPECT_EQ(Client::create(options).error().code, ErrorCode::jwks_unavailable);
}

TEST_F(ClientTest, UnreachableServerIsNamedWithCauseAndFix) {
  transport->on(kMetadataUrl, [](const OutboundRequest&) -> Result<HttpResponse> {
    return Err(ErrorCode::transport_error, "connection refused");
  });
  const auto client = Client::create(options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::metadata_fetch_error);
  EXPECT_THAT(client.error().message, HasSubstr(kMetadataUrl));
  EXPECT_THAT(client.error().message, HasSubstr("connection refused"));
  EXPECT_THAT(client.error().message, HasSubstr("check that the authorization server runs"));
}

TEST_F(ClientTest, StartupTimeoutWaitsForALateServer) {
  std::atomic<int> tries = 0;
  transport->on(kMetadataUrl, [&](const OutboundRequest&) -> Result<HttpResponse> {
    if (++tries < 3) return Err(ErrorCode::transport_error, "connection refused");
    return HttpResponse{
        .status = 200,
        .headers = {},
        .body = R"({"issuer":"https://auth.example.com","jwks_uri":"https://auth.example.com/jwks.json"})",
        .stream = {}};
  });
  EXPECT_FALSE(Client::create(options));
  tries = 0;
  options.startup_timeout = seconds(30);
  EXPECT_TRUE(Client::create(options));
  EXPECT_EQ(tries, 3);
}

TEST_F(ClientTest, DevModeIsAnnouncedOnce) {
  options.dev_mode = true;
  make();
  EXPECT_TRUE(logger->contains("dev mode is on"));
  logger->clear();
  options.dev_mode = false;
  make();
  EXPECT_FALSE(logger->contains("dev mode"));
}

TEST_F(ClientTest, ProductionRefusesLoopback) {
  options.issuer = "https://localhost:9000";
  resolver->set("localhost", {"127.0.0.1"});
  const auto client = Client::create(options);
  EXPECT_EQ(client.error().code, ErrorCode::ssrf_blocked);
  EXPECT_THAT(client.error().message, HasSubstr("dev_mode"));
}

TEST_F(ClientTest, ClientCredentialsSendsTheGrantWithBasicAuthentication) {
  const auto token = make().client_credentials({"read", "write"}, {"https://api.example.com"});
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->access_token, "new_token");
  EXPECT_EQ(token->expires_in, seconds(3600));
  EXPECT_EQ(token->scope, "read");
  EXPECT_EQ(token->expires_at, clock->now_seconds() + seconds(3600));
  EXPECT_EQ(last().method, "POST");
  EXPECT_EQ(last().body,
            "grant_type=client_credentials&scope=read+write&resource=https%3A%2F%2Fapi.example.com");
  EXPECT_EQ(last().headers.get("Authorization"), "Basic bXktY2xpZW50LWlkOm15LWNsaWVudC1zZWNyZXQ=");
  EXPECT_THAT(last().pinned_addresses, Not(IsEmpty()));
}

TEST_F(ClientTest, AClientWithAKeySignsEachRequestAndSendsNothingElse) {
  options.auth = ClientKey{.id = "agent", .key = test_key(), .key_id = "k1"};
  const Client client = make();
  std::vector<std::string> ids;
  const auto check_last = [&] {
    const Form form = Form::parse(last().body).value();
    EXPECT_FALSE(last().headers.contains("Authorization"));
    EXPECT_EQ(form.get("client_assertion_type"), "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    const std::string assertion(form.get("client_assertion").value());
    EXPECT_EQ(form.count("client_secret"), 0u);
    const auto jws = parse_unverified_jws(assertion).value();
    EXPECT_TRUE(test_key().public_key().verify(JwsAlgorithm::ES256, jws.signing_input, jws.signature));
    const Json claims = Json::parse(jws.payload);
    EXPECT_EQ(claims["aud"], "https://auth.example.com");
    EXPECT_EQ(claims["iss"], "agent");
    EXPECT_EQ(claims["iat"], clock->now_seconds().time_since_epoch().count());
    ids.push_back(claims["jti"]);
    EXPECT_THAT(logger->text(), Not(HasSubstr(assertion)));
  };
  ASSERT_TRUE(client.client_credentials({"read"}));
  check_last();
  ASSERT_TRUE(client.client_credentials({"write"}));
  check_last();
  ASSERT_TRUE(client.introspect("t"));
  check_last();
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 3u);
}

TEST_F(ClientTest, AServerThatTakesNoAssertionsIsSentNone) {
  options.auth = ClientKey{.id = "agent", .key = test_key()};
  metadata(R"(,"token_endpoint":"https://auth.example.com/oauth/token",
               "token_endpoint_auth_methods_supported":["client_secret_basic"])");
  const auto token = make().client_credentials({"read"});
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(token.error().message, HasSubstr("private_key_jwt"));
  EXPECT_EQ(transport->count(kTokenUrl), 0u);

  // A secret is sent as configured, and a list that is none is nobody's concern.
  options.auth = ClientCredentials{"id", "secret"};
  metadata(R"(,"token_endpoint":"https://auth.example.com/oauth/token",
               "token_endpoint_auth_methods_supported":7)");
  EXPECT_TRUE(make().client_credentials({"read"}));
}

TEST_F(ClientTest, SecondCallIsServedFromTheCacheWhateverTheOrder) {
  const Client client = make();
  (void)client.client_credentials({"b", "a"}, {"https://two.example", "https://one.example"});
  EXPECT_THAT(last().body,
              HasSubstr("scope=b+a&resource=https%3A%2F%2Ftwo.example&resource=https%3A%2F%2Fone.example"));
  (void)client.client_credentials({"a", "b", ""}, {"https://one.example", "https://two.example"});
  EXPECT_EQ(transport->count(kTokenUrl), 1u);
  (void)client.client_credentials({"a"}, {"https://one.example", "https://two.example"});
  EXPECT_EQ(transport->count(kTokenUrl), 2u);
}

TEST_F(ClientTest, ZeroLifetimeIsNotCached) {
  transport->on_json(kTokenUrl, R"({"access_token":"t","token_type":"Bearer","expires_in":0})");
  const Client client = make();
  (void)client.client_credentials({"a"});
  (void)client.client_credentials({"a"});
  EXPECT_EQ(transport->count(kTokenUrl), 2u);
}

TEST_F(ClientTest, BurstOfCallersMakesOneRequest) {
  constexpr int kThreads = 6;
  std::latch all_here(kThreads);
  transport->on(kTokenUrl, [&](const OutboundRequest&) -> Result<HttpResponse> {
    all_here.wait();
    return HttpResponse{.status = 200, .headers = {}, .body = kTokenBody, .stream = {}};
  });
  const Client client = make();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        all_here.count_down();
        good += client.client_credentials({"read"}).has_value();
      });
    }
  }
  EXPECT_EQ(good, kThreads);
  EXPECT_EQ(transport->count(kTokenUrl), 1u);
}

TEST_F(ClientTest, TokensNeedCredentials) {
  options.auth.reset();
  const Client client = make();
  EXPECT_EQ(client.client_credentials({"a"}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(client.exchange({.subject_token = "s"}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(transport->count(kTokenUrl), 0u);
}

TEST_F(ClientTest, WithoutCredentialsNoAuthorizationHeaderIsMadeUp) {
  options.auth.reset();
  const Client client = make();
  EXPECT_TRUE(client.introspect("t"));
  EXPECT_FALSE(last().headers.contains("Authorization"));
  EXPECT_TRUE(client.revoke("t"));
  EXPECT_FALSE(last().headers.contains("Authorization"));
}

TEST_F(ClientTest, IntrospectionAuthenticatesAndParses) {
  const auto result = make().introspect("my.raw.token");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->active);
  EXPECT_EQ(last().body, "token=my.raw.token&token_type_hint=access_token");
  EXPECT_TRUE(last().headers.contains("Authorization"));
}

TEST_F(ClientTest, IntrospectionAcceptsAny2xx) {
  transport->on_json(kIntrospectUrl, R"({"active":true})", 203);
  EXPECT_TRUE(make().introspect("t")->active);
}

TEST_F(ClientTest, BlankTokensAreRefusedLocally) {
  const Client client = make();
  for (const char* blank : {"", " ", "\t\n"}) {
    EXPECT_EQ(client.introspect(blank).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(client.revoke(blank).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(client.exchange({.subject_token = blank}).error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(transport->requests().size(), 2u);
}

TEST_F(ClientTest, RevocationSendsTheHintAndAnyTwoHundredIsSuccess) {
  const Client client = make();
  transport->on_json(kRevokeUrl, "", 200);
  EXPECT_TRUE(client.revoke("t"));
  EXPECT_EQ(last().body, "token=t&token_type_hint=access_token");
  transport->on_json(kRevokeUrl, "", 204);
  EXPECT_TRUE(client.revoke("t", "refresh_token"));
  EXPECT_EQ(last().body, "token=t&token_type_hint=refresh_token");
}

TEST_F(ClientTest, RevocationServerErrorSurfacesAndKeepsTheToken) {
  const Client client = make();
  (void)client.client_credentials({"read"});
  transport->on_json(kRevokeUrl, R"({"error":"server_error"})", 500);
  EXPECT_EQ(client.revoke("new_token").error().code, ErrorCode::server_error);
  (void)client.client_credentials({"read"});
  EXPECT_EQ(transport->count(kTokenUrl), 1u);
}

TEST_F(ClientTest, RevokedTokenLeavesTheCache) {
  const Client client = make();
  (void)client.client_credentials({"read"});
  ASSERT_TRUE(client.revoke("new_token"));
  (void)client.client_credentials({"read"});
  EXPECT_EQ(transport->count(kTokenUrl), 2u);
}

struct MissingEndpoint {
  const char* name;
  ErrorCode (*call)(const Client&);
};
class MissingEndpointTest : public ClientTest, public ::testing::WithParamInterface<MissingEndpoint> {};
INSTANTIATE_TEST_SUITE_P(
    All, MissingEndpointTest,
    ::testing::Values(
        MissingEndpoint{"token_endpoint",
                        [](const Client& c) { return c.client_credentials({}).error().code; }},
        MissingEndpoint{"token_endpoint",
                        [](const Client& c) { return c.exchange({.subject_token = "s"}).error().code; }},
        MissingEndpoint{"introspection_endpoint",
                        [](const Client& c) { return c.introspect("t").error().code; }},
        MissingEndpoint{"revocation_endpoint", [](const Client& c) { return c.revoke("t").error().code; }}));

TEST_P(MissingEndpointTest, IsNamedAndNeverGuessed) {
  metadata("");
  const Client client = make();
  EXPECT_EQ(GetParam().call(client), ErrorCode::missing_metadata_endpoint);
  EXPECT_EQ(transport->requests().size(), 2u);
}

TEST_F(ClientTest, InvalidClientStaysRecognisable) {
  transport->on_json(kTokenUrl, R"({"error":"invalid_client","error_description":"bad creds"})", 401);
  const auto token = make().client_credentials({"read"});
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::invalid_client);
  EXPECT_EQ(token.error().oauth->http_status, 401);
  EXPECT_EQ(token.error().oauth->description, "bad creds");
}

TEST_F(ClientTest, ExchangeIsNotCachedByDefault) {
  transport->on_json(
      kTokenUrl,
      R"({"access_token":"x","token_type":"Bearer","issued_token_type":"urn:x","expires_in":3600})");
  const Client client = make();
  for (int i = 0; i < 2; ++i) {
    const auto token = client.exchange({.subject_token = "s", .resources = {"https://mcp.example.com/"}});
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_EQ(token->issued_token_type, "urn:x");
  }
  EXPECT_EQ(transport->count(kTokenUrl), 2u);
}

TEST_F(ClientTest, CachedExchangeLivesNoLongerThanTheSubjectToken) {
  options.cache_exchanges = true;
  transport->on_json(
      kTokenUrl,
      R"({"access_token":"x","token_type":"Bearer","issued_token_type":"urn:x","expires_in":3600})");
  const Client client = make();
  const std::string subject =
      TokenBuilder(clock->now_seconds())
          .claim("exp", (clock->now_seconds() + seconds(100)).time_since_epoch().count())
          .build();
  (void)client.exchange({.subject_token = subject});
  clock->advance(seconds(69));
  (void)client.exchange({.subject_token = subject});
  EXPECT_EQ(transport->count(kTokenUrl), 1u);
  clock->advance(seconds(1));
  (void)client.exchange({.subject_token = subject});
  EXPECT_EQ(transport->count(kTokenUrl), 2u);
}

TEST_F(ClientTest, CachedExchangeIsAskedForAgainAfterAFewMinutes) {
  options.cache_exchanges = true;
  transport->on_json(
      kTokenUrl,
      R"({"access_token":"gho_x","token_type":"Bearer","issued_token_type":"urn:x","expires_in":28800})");
  const Client client = make();
  for (const int minutes : {0, 4, 2}) {
    clock->advance(std::chrono::minutes(minutes));
    (void)client.exchange({.subject_token = "opaque"});
  }
  EXPECT_EQ(transport->count(kTokenUrl), 2u);
}

TEST_F(ClientTest, CachedExchangesOfOneCallerAreNobodyElses) {
  options.cache_exchanges = true;
  transport->on_json(
      kTokenUrl,
      R"({"access_token":"x","token_type":"Bearer","issued_token_type":"urn:x","expires_in":3600})");
  const Client client = make();
  using Lists = std::vector<std::string>;
  for (int round = 0; round < 2; ++round) {
    (void)client.exchange({.subject_token = "alice", .scopes = {"repo"}, .resources = {"github"}});
    (void)client.exchange({.subject_token = "bob", .scopes = {"repo"}, .resources = {"github"}});
    (void)client.exchange({.subject_token = "alice", .scopes = {"user"}, .resources = {"github"}});
    (void)client.exchange({.subject_token = "alice", .scopes = {"repo"}, .resources = {"gitlab"}});
    (void)client.exchange({.subject_token = "alice", .scopes = Lists{"repo", "github"}, .resources = {}});
  }
  EXPECT_EQ(transport->count(kTokenUrl), 5u);
}

TEST_F(ClientTest, ConsentIsReportedWithItsData) {
  transport->on_json(
      kTokenUrl, R"({"error":"consent_required","consent_url":"https://as/c","service_id":"github"})", 400);
  const auto token = make().exchange({.subject_token = "s"});
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::consent_required);
  EXPECT_EQ(token.error().consent->consent_url, "https://as/c");
}

TEST_F(ClientTest, CircuitOpensAfterServerErrorsAndClosesAfterAProbe) {
  transport->on_json(kTokenUrl, "", 503);
  const Client client = make();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::server_error);
  EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::circuit_open);
  EXPECT_EQ(client.introspect("t").error().code, ErrorCode::circuit_open)
      << "one breaker for the whole server";
  EXPECT_EQ(transport->count(kTokenUrl), 5u);
  clock->advance(seconds(30));
  transport->on_json(kTokenUrl, kTokenBody);
  EXPECT_TRUE(client.client_credentials({}));
  EXPECT_TRUE(client.introspect("t"));
}

TEST_F(ClientTest, TransportErrorsCountForTheCircuit) {
  transport->on(kTokenUrl, [](const OutboundRequest&) -> Result<HttpResponse> {
    return Err(ErrorCode::transport_error, "time-out");
  });
  const Client client = make();
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::transport_error);
  EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::circuit_open);
}

TEST_F(ClientTest, OAuthErrorsNeverOpenTheCircuit) {
  transport->on_json(kTokenUrl, R"({"error":"invalid_client"})", 401);
  const Client client = make();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::invalid_client);
}

TEST_F(ClientTest, ProbeEndingInAnyUncountedWayReleasesItsSlot) {
  metadata(R"(,"token_endpoint":"https://auth.example.com/oauth/token")");  // no introspection endpoint
  transport->on_json(kTokenUrl, "", 503);
  const Client client = make();
  for (int i = 0; i < 5; ++i) (void)client.client_credentials({});
  clock->advance(seconds(30));
  EXPECT_EQ(client.introspect("t").error().code, ErrorCode::missing_metadata_endpoint);
  transport->on_json(kTokenUrl, "not json");
  EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::protocol_error);
  transport->on_json(kTokenUrl, kTokenBody);
  EXPECT_TRUE(client.client_credentials({}));
}

TEST_F(ClientTest, MalformedTokenResponseIsAProtocolError) {
  transport->on_json(kTokenUrl, R"({"token_type":"Bearer"})");
  const auto token = make().client_credentials({});
  EXPECT_EQ(token.error().code, ErrorCode::protocol_error);
  EXPECT_THAT(token.error().message, HasSubstr("access_token"));
}

TEST_F(ClientTest, ClosedClientRefusesEverything) {
  Client client = make();
  const Client copy = client;
  const auto keys = client.keys();
  client.close();
  client.close();
  EXPECT_EQ(copy.client_credentials({}).error().code, ErrorCode::closed);
  EXPECT_EQ(copy.exchange({.subject_token = "s"}).error().code, ErrorCode::closed);
  EXPECT_EQ(copy.introspect("t").error().code, ErrorCode::closed);
  EXPECT_EQ(copy.revoke("t").error().code, ErrorCode::closed);
  EXPECT_EQ(keys->find_key("kid", JwsAlgorithm::ES256).error().code, ErrorCode::closed);
}

TEST_F(ClientTest, KeySourceOutlivesTheHandle) {
  std::shared_ptr<KeySource> keys;
  {
    const Client client = make();
    keys = client.keys();
  }
  EXPECT_TRUE(keys->find_key(test_key().public_key().thumbprint(), JwsAlgorithm::ES256));
}

TEST_F(ClientTest, BackgroundRefreshRunsOnItsOwnThread) {
  const Client client = make();
  std::latch refreshed(1);
  std::atomic<bool> same_thread = true;
  const auto caller = std::this_thread::get_id();
  transport->on(kJwksUrl, [&](const OutboundRequest&) -> Result<HttpResponse> {
    same_thread = std::this_thread::get_id() == caller;
    refreshed.count_down();
    return HttpResponse{.status = 200, .headers = {}, .body = jwks_document({test_key()}), .stream = {}};
  });
  clock->advance(seconds(240));
  EXPECT_TRUE(client.keys()->find_key(test_key().public_key().thumbprint(), JwsAlgorithm::ES256));
  refreshed.wait();
  EXPECT_FALSE(same_thread);
}

TEST_F(ClientTest, SecretsAndTokensStayOutOfLogsAndErrors) {
  const Client client = make();
  (void)client.client_credentials({"read"});
  transport->on_json(kTokenUrl, "", 500);
  transport->on_json(kIntrospectUrl, "", 500);
  transport->on_json(kRevokeUrl, "", 500);
  const std::string text = client.exchange({.subject_token = "subject-secret"}).error().message +
                           client.introspect("subject-secret").error().message +
                           client.revoke("subject-secret").error().message + logger->text();
  EXPECT_THAT(text, Not(HasSubstr("subject-secret")));
  EXPECT_THAT(text, Not(HasSubstr("my-client-secret")));
  EXPECT_THAT(text, Not(HasSubstr("new_token")));
}

}  // namespace
}  // namespace authplane
