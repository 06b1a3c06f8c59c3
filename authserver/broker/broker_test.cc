#include "authserver/broker/broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "authserver/broker/broker_fixture.h"
#include "authserver/broker/reencryption.h"

namespace authplane::authserver {
namespace {

using Reason = UpstreamRefusal::Reason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class BrokerTest : public ::testing::Test {
 protected:
  BrokerFixture bench;
};

TEST_F(BrokerTest, HandsOutTheProvidersOwnTokenAndStoresTheRotatedCredential) {
  const BrokerGrant before = bench.connected();
  const Vended vended = bench.vend(bench.request("repo profile"));
  ASSERT_TRUE(vended) << vended.error().detail;
  EXPECT_TRUE(bench.accounts.gave(std::string(vended->access_token.expose())));
  EXPECT_EQ(vended->expires_in, std::chrono::seconds(28800));
  EXPECT_EQ(vended->provider_slug, "hub");
  const Form form = bench.accounts.last_form();
  EXPECT_EQ(form.get("grant_type"), "refresh_token");
  EXPECT_EQ(form.get("scope"), "repo read:user") << "the provider's names";
  EXPECT_EQ(form.get("client_secret"), ScriptedAccounts::kSecret);
  EXPECT_TRUE(bench.accounts.is_live(bench.stored_token()));
  EXPECT_EQ(bench.grants().get(before.id)->version, before.version + 1);
  EXPECT_EQ(bench.refreshes("success"), 1);
  EXPECT_EQ(bench.metrics.count("authserver_upstream_token_issued_total{provider=hub,resource=hub-api}"), 1);
  EXPECT_EQ(bench.metrics.observations("authserver_upstream_token_issuance_duration_seconds{provider=hub}"),
            1);
}

TEST_F(BrokerTest, AsksTheProviderEachTime) {
  bench.connected();
  const auto broker = bench.make_broker();
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(BrokerFixture::vend(*broker, bench.request()));
    EXPECT_EQ(bench.accounts.network->count(ScriptedAccounts::kTokenUrl), static_cast<std::size_t>(i));
  }
}

TEST_F(BrokerTest, ACredentialThatStaysTheSameIsNotWritten) {
  const BrokerGrant before = bench.connected();
  bench.accounts.rotates = false;
  ASSERT_TRUE(bench.vend());
  EXPECT_EQ(bench.grants().get(before.id).value(), before);
  bench.accounts.write = [&](nlohmann::json body) {
    body["refresh_token"] = bench.stored_token();
    return ScriptedAccounts::json(200, body);
  };
  ASSERT_TRUE(bench.vend());
  EXPECT_EQ(bench.grants().get(before.id).value(), before);
}

// T12: a token of the provider takes an account of this very user that is connected and allows the scopes.
TEST_F(BrokerTest, T12NothingIsHandedOutWithoutAConnectedAccountThatAllowsIt) {
  EXPECT_EQ(reason_of(bench.vend()), Reason::not_connected);
  const BrokerGrant grant = bench.connected("repo");
  EXPECT_EQ(reason_of(bench.vend(bench.request("repo", "user-2"))), Reason::not_connected);
  EXPECT_EQ(reason_of(bench.vend(bench.request("profile"))), Reason::scope_insufficient);
  EXPECT_EQ(reason_of(bench.vend(bench.request("repo profile"))), Reason::scope_insufficient);
  EXPECT_EQ(reason_of(bench.vend(bench.request(""))), Reason::misconfigured) << "everything the user allowed";
  EXPECT_EQ(reason_of(bench.vend(bench.request("repo read:user"))), Reason::misconfigured)
      << "the provider's name is none of the resource's";
  ASSERT_TRUE(bench.grants().revoke(grant.id, bench.clock.now()));
  EXPECT_EQ(reason_of(bench.vend()), Reason::not_connected);
  EXPECT_EQ(bench.accounts.network->requests().size(), 0u);
}

TEST_F(BrokerTest, RefusalsNameTheProvider) {
  const Vended refused = bench.vend();
  EXPECT_EQ(refused.error().provider_slug, "hub");
  EXPECT_THAT(refused.error().detail, HasSubstr("provider hub: "));
}

TEST_F(BrokerTest, OtherProtocolsAreRefusedClearly) {
  bench.connected();
  for (const BrokerProtocol protocol : {BrokerProtocol::api_key, BrokerProtocol::service_account}) {
    bench.provider.protocol = protocol;
    bench.configure("client_id", "app");
    const Vended refused = bench.vend();
    EXPECT_EQ(reason_of(refused), Reason::misconfigured);
    EXPECT_THAT(refused.error().detail,
                HasSubstr(std::string(to_string(protocol)) + " is not in this build"));
  }
}

TEST_F(BrokerTest, MistakesOfTheOperatorAreSaidAndTheProviderIsNotAsked) {
  bench.connected();
  UpstreamRequest elsewhere = bench.request();
  Resource resource = *elsewhere.resource;
  resource.broker_provider_id = "gone";
  elsewhere.resource = std::make_shared<const Resource>(resource);
  EXPECT_THAT(bench.vend(elsewhere).error().detail, HasSubstr("no provider gone"));
  bench.configure("client_secret_ref", "CONNECTOR_UNSET");
  const Vended refused = bench.vend();
  EXPECT_EQ(reason_of(refused), Reason::misconfigured);
  EXPECT_THAT(refused.error().detail, HasSubstr("CONNECTOR_UNSET"));
  EXPECT_EQ(bench.accounts.network->requests().size(), 0u);
}

TEST_F(BrokerTest, UsesASecretThatCameInline) {
  bench.connected();
  bench.provider.sealed_secrets =
      bench.sealer
          ->seal(nlohmann::json{{"client_secret", ScriptedAccounts::kSecret}}.dump(),
                 provider_owner("provider-1"))
          .value();
  bench.configure("client_secret_ref", nullptr);
  EXPECT_TRUE(bench.vend());
}

// T11: what lies in the database is of no use without the master key.
TEST_F(BrokerTest, T11TheDatabaseHoldsNoCredentialInClear) {
  const BrokerGrant grant = bench.connected();
  ASSERT_TRUE(bench.vend());
  const std::string stored = bench.grants().get(grant.id)->credential;
  EXPECT_EQ(stored.find("canary"), std::string::npos);
  bench.sealer = make_aes_sealer(BrokerFixture::key('w'), {}, bench.random);
  const Vended refused = bench.vend();
  EXPECT_EQ(reason_of(refused), Reason::misconfigured);
  EXPECT_THAT(refused.error().detail, HasSubstr("master key"));
  EXPECT_EQ(bench.accounts.network->requests().size(), 1u) << "the provider was asked";
  EXPECT_EQ(bench.grants().get(grant.id)->credential, stored) << "the grant was changed";
  bench.sealer = nullptr;
  EXPECT_THAT(bench.vend().error().detail, HasSubstr("data_encryption.driver"));
}

TEST_F(BrokerTest, T11ACredentialMovedToAnotherUserDoesNotOpen) {
  const BrokerGrant grant = bench.connected();
  User thief;
  thief.id = "user-2";
  thief.email = "user-2@example.com";
  ASSERT_TRUE(bench.storage().users().insert(thief));
  BrokerGrant moved = grant;
  moved.id = "grant-2";
  moved.user_id = "user-2";
  ASSERT_TRUE(bench.grants().connect(moved));
  EXPECT_EQ(reason_of(bench.vend(bench.request("repo", "user-2"))), Reason::misconfigured);
  EXPECT_EQ(bench.accounts.network->requests().size(), 0u);
}

// What a provider may answer, and what it means.
struct Answer {
  const char* name;
  Result<HttpResponse> response;
  Reason reason;
};
HttpResponse text(int status, std::string body, const char* type = "application/json") {
  return {.status = status, .headers = {{"Content-Type", type}}, .body = std::move(body), .stream = {}};
}
std::vector<Answer> failures() {
  const auto error = [](int status, const char* name) {
    return ScriptedAccounts::json(status, {{"error", name}, {"error_description", "canary-description"}});
  };
  const auto broken = [](const char* what) -> Result<HttpResponse> {
    return Err(ErrorCode::transport_error, what);
  };
  const std::string gzip("\x1f\x8b\x08\0\0\0\0\0", 8);
  return {
      {"error_400", error(400, "invalid_grant"), Reason::not_connected},
      {"error_401", error(401, "invalid_grant"), Reason::not_connected},
      {"error_200", error(200, "bad_refresh_token"), Reason::not_connected},
      {"error_200_code", error(200, "bad_verification_code"), Reason::not_connected},
      {"invalid_scope", error(400, "invalid_scope"), Reason::scope_insufficient},
      {"invalid_client", error(401, "invalid_client"), Reason::misconfigured},
      {"github_credentials", error(200, "incorrect_client_credentials"), Reason::misconfigured},
      {"another_error", error(400, "canary_error"), Reason::misconfigured},
      {"redirect_hop",
       HttpResponse{.status = 302,
                    .headers = {{"Location", "https://accounts.example/canary"}},
                    .body = "",
                    .stream = {}},
       Reason::misconfigured},
      {"no_bearer", text(200, R"({"access_token":"canary-a","token_type":"mac"})"), Reason::misconfigured},
      // D-19: nothing is wrong with the account.
      {"http_500", text(500, "canary-body"), Reason::unavailable},
      {"http_500_with_error", error(503, "invalid_grant"), Reason::unavailable},
      {"too_many", error(429, "slow"), Reason::unavailable},
      {"temporary", error(400, "temporarily_unavailable"), Reason::unavailable},
      {"slow", broken("timed out after 30000 ms"), Reason::unavailable},
      {"huge_body", broken("the response is larger than 1048576 bytes"), Reason::unavailable},
      {"bad_json", text(200, R"({"access_token":"canary-a)"), Reason::unavailable},
      {"html", text(200, "<html>canary-body</html>", "text/html"), Reason::unavailable},
      {"html_404", text(404, "<html>canary-body</html>", "text/html"), Reason::unavailable},
      {"gzip", text(200, gzip), Reason::unavailable},
      {"array", text(200, "[]"), Reason::unavailable},
      {"no_token", text(200, "{}"), Reason::unavailable},
      {"number", text(200, R"({"access_token":7})"), Reason::unavailable},
      {"control", text(200, R"({"access_token":"canary\u000a-a"})"), Reason::unavailable},
      {"duplicate", text(200, R"({"access_token":"canary-a","access_token":"b"})"), Reason::unavailable},
      {"created", text(204, ""), Reason::unavailable},
  };
}

class UpstreamFailures : public ::testing::TestWithParam<Answer> {};

TEST_P(UpstreamFailures, KeepTheAccountAndRepeatNothing) {
  BrokerFixture bench;
  const BrokerGrant before = bench.connected();
  const auto broker = bench.make_broker({.allow_http = false, .tasks = {}, .patience = {1, {}}});
  bench.accounts.instead = [](const OutboundRequest&) { return GetParam().response; };
  const Vended refused = BrokerFixture::vend(*broker, bench.request());
  EXPECT_EQ(reason_of(refused), GetParam().reason) << refused.error().detail;
  EXPECT_EQ(bench.accounts.network->requests().size(), 1u);
  // T30: what the provider says stays with it.
  EXPECT_THAT(refused.error().detail + bench.logger.text(), Not(HasSubstr("canary")));
  EXPECT_EQ(bench.grants().get(before.id).value(), before);
  bench.accounts.instead = nullptr;
  EXPECT_TRUE(BrokerFixture::vend(*broker, bench.request())) << "a later attempt";
}

INSTANTIATE_TEST_SUITE_P(D19, UpstreamFailures, ::testing::ValuesIn(failures()),
                         [](const auto& answer) { return std::string(answer.param.name); });

TEST_F(BrokerTest, CountsRefreshesByWhatCameOfThem) {
  bench.connected();
  const auto broker = bench.make_broker({.allow_http = false, .tasks = {}, .patience = {1, {}}});
  for (const Answer& answer : failures()) {
    bench.accounts.instead = [&](const OutboundRequest&) { return answer.response; };
    EXPECT_FALSE(BrokerFixture::vend(*broker, bench.request())) << answer.name;
  }
  EXPECT_EQ(bench.refreshes("rejected"), 4);
  EXPECT_EQ(bench.refreshes("scope_insufficient"), 1);
  EXPECT_EQ(bench.refreshes("misconfigured"), 5);
  EXPECT_EQ(bench.refreshes("unavailable"), 16);
  EXPECT_EQ(bench.refreshes("success"), 0);
}

// A provider that gives less than before says so in `scope`; saying nothing means that nothing changed.
TEST_F(BrokerTest, NoticesWhenTheProviderGivesLess) {
  bench.connected();
  struct Row {
    std::optional<nlohmann::json> scope;
    bool is_covered;
  };
  for (const Row& row :
       {Row{"repo", true}, Row{"read:user,repo", true}, Row{"read:user, repo", true},
        Row{"repo read:user", true}, Row{nlohmann::json{"repo", "x"}, true}, Row{std::nullopt, true},
        Row{"", true}, Row{" ", true}, Row{nullptr, true}, Row{"read:user", false}, Row{"repository", false},
        Row{"REPO", false}, Row{"read:user,repo:status", false}, Row{nlohmann::json{"x"}, false}}) {
    bench.accounts.scope = row.scope;
    const Vended vended = bench.vend();
    const std::string shown = row.scope ? row.scope->dump() : "none";
    EXPECT_EQ(bool(vended), row.is_covered) << shown;
    if (!row.is_covered) {
      EXPECT_EQ(reason_of(vended), Reason::scope_insufficient) << shown;
    }
    EXPECT_TRUE(bench.accounts.is_live(bench.stored_token())) << "the rotated credential was lost";
  }
}

TEST_F(BrokerTest, ReadsFormsAndWhatSlackSends) {
  bench.connected();
  const auto form = [](nlohmann::json body) {
    Form fields;
    for (const auto& [name, value] : body.items())
      fields.add(name, value.is_string() ? value.get<std::string>() : value.dump());
    return text(200, fields.encode(), "application/x-www-form-urlencoded");
  };
  bench.accounts.write = form;
  const Vended by_content_type = bench.vend();
  ASSERT_TRUE(by_content_type);
  EXPECT_EQ(by_content_type->expires_in, std::chrono::seconds(28800));
  bench.configure("response_format", "form");
  bench.accounts.write = [&](const nlohmann::json& body) { return text(200, form(body).body, "text/plain"); };
  EXPECT_TRUE(bench.vend());
  bench.accounts.write = [](const nlohmann::json& body) { return ScriptedAccounts::json(200, body); };
  EXPECT_TRUE(bench.vend()) << "a form was asked for and JSON came";
  bench.configure("response_format", "slack");
  bench.accounts.write = [](nlohmann::json body) {
    body["token_type"] = "user";
    return ScriptedAccounts::json(200, {{"ok", true}, {"access_token", "xoxb-bot"}, {"authed_user", body}});
  };
  const Vended of_person = bench.vend();
  ASSERT_TRUE(of_person);
  EXPECT_NE(of_person->access_token.expose(), "xoxb-bot");
  bench.accounts.write = [](const nlohmann::json& body) { return ScriptedAccounts::json(200, body); };
  EXPECT_TRUE(bench.vend());
  bench.accounts.instead = [](const OutboundRequest&) {
    return ScriptedAccounts::json(200, {{"ok", false}, {"error", "invalid_refresh_token"}});
  };
  EXPECT_EQ(reason_of(bench.vend()), Reason::not_connected);
}

TEST_F(BrokerTest, TakesOnlySensibleLifetimes) {
  bench.connected();
  for (const auto& [value, expected] :
       std::initializer_list<std::pair<nlohmann::json, std::optional<int>>>{{60, 60},
                                                                            {"60", 60},
                                                                            {60.5, 60},
                                                                            {0, std::nullopt},
                                                                            {-1, std::nullopt},
                                                                            {1e18, std::nullopt},
                                                                            {"soon", std::nullopt},
                                                                            {nullptr, std::nullopt}}) {
    bench.accounts.write = [&value = value](nlohmann::json body) {
      body["expires_in"] = value;
      return ScriptedAccounts::json(200, body);
    };
    const Vended vended = bench.vend();
    ASSERT_TRUE(vended) << value;
    EXPECT_EQ(vended->expires_in.has_value(), expected.has_value()) << value;
    if (expected && vended->expires_in) {
      EXPECT_EQ(vended->expires_in->count(), *expected) << value;
    }
  }
}

TEST_F(BrokerTest, ARevocationInBetweenWinsAndTheProviderIsTold) {
  const BrokerGrant grant = bench.connected();
  bench.accounts.instead = [&](const OutboundRequest& request) {
    if (request.url.text() == ScriptedAccounts::kTokenUrl) {
      EXPECT_TRUE(bench.grants().revoke(grant.id, bench.clock.now()));
    }
    return std::optional<Result<HttpResponse>>();
  };
  EXPECT_EQ(reason_of(bench.vend()), Reason::not_connected);
  EXPECT_EQ(bench.grants().get(grant.id)->credential, "");
  EXPECT_EQ(bench.accounts.network->count(ScriptedAccounts::kRevokeUrl), 1u);
  EXPECT_FALSE(bench.accounts.is_live(std::string(bench.accounts.last_form().get("token").value())));
}

// The same where nothing is written, since the provider does not replace the credential.
TEST_F(BrokerTest, ARevocationInBetweenWinsAtAProviderThatDoesNotRotate) {
  const BrokerGrant grant = bench.connected();
  bench.accounts.rotates = false;
  bench.accounts.instead = [&](const OutboundRequest& request) {
    if (request.url.text() == ScriptedAccounts::kTokenUrl) {
      EXPECT_TRUE(bench.grants().revoke(grant.id, bench.clock.now()));
    }
    return std::optional<Result<HttpResponse>>();
  };
  const Vended refused = bench.vend();
  EXPECT_EQ(reason_of(refused), Reason::not_connected);
  EXPECT_THAT(refused.error().detail, HasSubstr("disconnected meanwhile"));
  EXPECT_EQ(bench.refreshes("rejected"), 1);
  EXPECT_EQ(bench.refreshes("success"), 0);
  EXPECT_EQ(bench.accounts.network->count(ScriptedAccounts::kRevokeUrl), 1u);
}

// Connected anew with less while the provider was asked: what the user allows now is what counts.
TEST_F(BrokerTest, AConnectionWithLessInBetweenCounts) {
  BrokerGrant grant = bench.connected();
  bench.accounts.rotates = false;
  bench.accounts.instead = [&](const OutboundRequest&) {
    grant.scopes_granted = ScopeSet::split("read:user");
    EXPECT_TRUE(bench.grants().connect(grant));
    return std::optional<Result<HttpResponse>>();
  };
  EXPECT_EQ(reason_of(bench.vend()), Reason::scope_insufficient);
}

TEST_F(BrokerTest, SaysOnceOfAResourceThatTheProviderGivesMoreThanWasAskedFor) {
  bench.connected();
  const auto broker = bench.make_broker();
  bench.accounts.scope = "repo";
  ASSERT_TRUE(BrokerFixture::vend(*broker, bench.request()));
  EXPECT_THAT(bench.logger.lines(), ElementsAre());
  bench.accounts.scope = "repo read:user delete_repo";
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(BrokerFixture::vend(*broker, bench.request()));
  ASSERT_EQ(bench.logger.lines().size(), 1u) << bench.logger.text();
  for (const char* said : {"more scopes than were asked for", "hub", "hub-api", "read:user delete_repo"})
    EXPECT_THAT(bench.logger.text(), HasSubstr(said));
  EXPECT_THAT(bench.logger.text(), Not(HasSubstr("canary")));
}

// Encrypting anew moves the version of the row, and must not cost the credential that is just being renewed.
TEST_F(BrokerTest, AMasterKeyReplacedInBetweenCostsNoCredential) {
  bench.connected();
  bench.sealer = make_aes_sealer(BrokerFixture::key('n'), BrokerFixture::key('k'), bench.random);
  bench.accounts.instead = [&](const OutboundRequest&) {
    const auto done =
        reencrypt_credentials(bench.storage().broker_providers(), bench.grants(), *bench.sealer, bench.clock,
                              [](const std::string& what) { ADD_FAILURE() << what; });
    EXPECT_EQ(done->grants, 1u);
    return std::optional<Result<HttpResponse>>();
  };
  ASSERT_TRUE(bench.vend());
  EXPECT_TRUE(bench.accounts.is_live(bench.stored_token()));
}

TEST_F(BrokerTest, UsingACredentialOfTheOldKeyEncryptsItAnew) {
  const BrokerGrant before = bench.connected();
  bench.accounts.rotates = false;
  bench.sealer = make_aes_sealer(BrokerFixture::key('n'), BrokerFixture::key('k'), bench.random);
  ASSERT_TRUE(bench.vend());
  EXPECT_EQ(bench.grants().get(before.id)->version, before.version + 1);
  bench.sealer = make_aes_sealer(BrokerFixture::key('n'), {}, bench.random);
  EXPECT_TRUE(bench.vend()) << "without the old key";
}

// Another process has used the credential and stored the next one while the provider refused this one.
TEST_F(BrokerTest, LooksAgainWhenTheCredentialIsRefused) {
  const BrokerGrant grant = bench.connected();
  int asked = 0;
  bench.accounts.instead = [&](const OutboundRequest&) -> std::optional<Result<HttpResponse>> {
    if (++asked > 1) return std::nullopt;
    const std::string next = bench.accounts.give_refresh_token();
    const std::string sealed = bench.sealer->seal(next, grant_owner("user-1", "provider-1")).value();
    EXPECT_TRUE(bench.grants().replace_credential(grant.id, grant.version, sealed, "aes_master", {}));
    return ScriptedAccounts::json(400, {{"error", "invalid_grant"}});
  };
  EXPECT_TRUE(bench.vend());
  EXPECT_EQ(asked, 2);
  EXPECT_TRUE(bench.accounts.is_live(bench.stored_token()));
}

TEST_F(BrokerTest, ConnectsAnAccount) {
  const auto broker = bench.make_broker();
  const auto connect = [&](const std::string& code, const std::string& user = "user-1") {
    const auto answer = std::make_shared<std::promise<Result<BrokerGrant, UpstreamRefusal>>>();
    broker->connect(broker->reserve_connection("provider-1", user),
                    {.user_id = user,
                     .provider_id = "provider-1",
                     .code = SecretString(code),
                     .code_verifier = SecretString("canary-verifier"),
                     .redirect_uri = ScriptedAccounts::kCallback,
                     .scopes = ScopeSet::split("repo read:user")},
                    [answer](auto grant) { answer->set_value(std::move(grant)); });
    return answer->get_future().get();
  };
  bench.accounts.scope = "read:user";
  const auto grant = connect(bench.accounts.give_code("canary-verifier"));
  ASSERT_TRUE(grant) << grant.error().detail;
  EXPECT_THAT(grant->scopes_granted.tokens(), ElementsAre("read:user")) << "what the provider gave";
  EXPECT_EQ(grant->enc_backend, "aes_master");
  EXPECT_TRUE(bench.accounts.is_live(bench.stored_token(grant->id)));
  EXPECT_TRUE(BrokerFixture::vend(*broker, bench.request("profile")));

  bench.accounts.scope = "";
  EXPECT_THAT(connect(bench.accounts.give_code("canary-verifier"))->scopes_granted.tokens(),
              ElementsAre("repo", "read:user"))
      << "what was asked for";
  const auto refused = [&](const std::string& code, const std::string& user = "user-1") {
    const auto result = connect(code, user);
    EXPECT_FALSE(result);
    EXPECT_THAT(result.error().detail, Not(HasSubstr("canary")));
    return result.error().reason;
  };
  EXPECT_EQ(refused("canary-made-up"), Reason::not_connected);
  EXPECT_EQ(refused(bench.accounts.give_code("canary-other")), Reason::not_connected);
  EXPECT_EQ(refused(bench.accounts.give_code("canary-verifier"), "nobody"), Reason::not_connected);
  EXPECT_FALSE(bench.accounts.is_live(std::string(bench.accounts.last_form().get("token").value_or(""))))
      << "a credential that nobody has was left alive";
  bench.accounts.gives_refresh_tokens = false;
  EXPECT_EQ(refused(bench.accounts.give_code("canary-verifier")), Reason::misconfigured);
  EXPECT_THAT(bench.logger.text(), Not(HasSubstr("canary")));
  EXPECT_EQ(bench.grants().list_of_user("user-1")->size(), 1u);
}

TEST_F(BrokerTest, TellsTheProviderWhenAnAccountIsDisconnected) {
  const BrokerGrant grant = bench.connected();
  const std::string token = bench.stored_token();
  ASSERT_TRUE(bench.grants().revoke(grant.id, bench.clock.now()));
  {
    const auto broker = bench.make_broker();
    const auto waited = std::make_shared<std::promise<void>>();
    broker->revoke_upstream(grant);
    broker->vend(bench.request(),
                 [waited](const Vended&) { waited->set_value(); });  // has its turn afterwards
    waited->get_future().wait();
  }
  EXPECT_FALSE(bench.accounts.is_live(token));
  EXPECT_EQ(bench.accounts.last_form().get("client_id"), ScriptedAccounts::kClientId);
  EXPECT_THAT(bench.logger.lines(), ElementsAre());
}

TEST_F(BrokerTest, AProviderThatCannotBeToldIsLoggedWithoutWhatItSaid) {
  const BrokerGrant grant = bench.connected();
  for (const int status : {400, 500, 302}) {
    bench.logger.clear();
    bench.accounts.instead = [&](const OutboundRequest&) { return text(status, "canary-body"); };
    const auto broker = bench.make_broker();
    const auto waited = std::make_shared<std::promise<void>>();
    broker->revoke_upstream(grant);
    broker->vend(bench.request(), [waited](const Vended&) { waited->set_value(); });
    waited->get_future().wait();
    EXPECT_THAT(bench.logger.text(), HasSubstr("a provider was not told"));
    EXPECT_THAT(bench.logger.text(), Not(HasSubstr("canary")));
  }
  bench.configure("revoke_url", nullptr);
  bench.accounts.network->on(ScriptedAccounts::kRevokeUrl,
                             [](const OutboundRequest&) -> Result<HttpResponse> {
                               ADD_FAILURE() << "asked although there is no revoke_url";
                               return HttpResponse{};
                             });
  bench.logger.clear();
  const auto broker = bench.make_broker();
  broker->revoke_upstream(grant);
  bench.accounts.instead = nullptr;
  EXPECT_TRUE(BrokerFixture::vend(*broker, bench.request()));
  EXPECT_THAT(bench.logger.text(), Not(HasSubstr("not told")));
}

// A provider that hangs, and one account that asks without end: it costs nobody else anything.
TEST_F(BrokerTest, AFloodForOneAccountLeavesRoomForOtherProvidersConnectionsAndRevocations) {
  const BrokerGrant grant = bench.connected();
  std::latch asked(1), go(1);
  std::atomic<bool> is_first = true;
  bench.accounts.instead = [&](const OutboundRequest&) {
    if (is_first.exchange(false)) {
      asked.count_down();
      go.wait();
    }
    return std::optional<Result<HttpResponse>>();
  };
  BrokerProvider second = bench.provider;
  second.id = "provider-2";
  second.slug = "second";
  ASSERT_TRUE(bench.storage().broker_providers().insert(second));
  UpstreamRequest elsewhere = bench.request();
  Resource resource = *elsewhere.resource;
  resource.broker_provider_id = second.id;
  elsewhere.resource = std::make_shared<const Resource>(std::move(resource));
  BrokerGrant other = grant;
  other.id = "grant-2";
  other.provider_id = second.id;
  other.credential =
      bench.sealer->seal(bench.accounts.give_refresh_token(), grant_owner("user-1", second.id)).value();
  ASSERT_TRUE(bench.grants().connect(other));

  std::atomic<int> answered = 0, refused = 0;
  {
    const auto broker = bench.make_broker();
    const auto count = [&](const Vended& result) {
      if (!result) {
        EXPECT_EQ(reason_of(result), Reason::unavailable);
        ++refused;
      }
      ++answered;
    };
    broker->vend(bench.request(), count);
    asked.wait();
    for (int i = 0; i < 1'100; ++i) broker->vend(bench.request(), count);
    EXPECT_EQ(refused, 1'101 - 32);
    EXPECT_TRUE(BrokerFixture::vend(*broker, elsewhere));
    EXPECT_NE(broker->reserve_connection("provider-1", "user-1"), nullptr);
    BrokerGrant revoked = grant;
    revoked.credential =
        bench.sealer->seal(bench.accounts.give_refresh_token(), grant_owner("user-1", "provider-1")).value();
    broker->revoke_upstream(revoked);
    go.count_down();
    while (answered < 1'101) std::this_thread::yield();
  }
  EXPECT_EQ(bench.accounts.network->count(ScriptedAccounts::kRevokeUrl), 1u);
  EXPECT_THAT(bench.logger.text(), Not(HasSubstr("was not told")));
}

TEST_F(BrokerTest, ATokenThatWaitsTooLongIsRefusedWithoutAskingTheProvider) {
  bench.connected();
  std::latch asked(1), go(1), both(2);
  bench.accounts.instead = [&](const OutboundRequest&) {
    asked.count_down();
    go.wait();
    return std::optional<Result<HttpResponse>>();
  };
  const auto broker = bench.make_broker();
  broker->vend(bench.request(), [&](const Vended& result) {
    EXPECT_TRUE(result);
    both.count_down();
  });
  asked.wait();
  const auto late = std::make_shared<std::promise<Vended>>();
  broker->vend(bench.request(), [late](Vended result) { late->set_value(std::move(result)); });
  bench.clock.advance(std::chrono::seconds(30));
  EXPECT_EQ(reason_of(late->get_future().get()), Reason::unavailable);
  go.count_down();
  both.count_down();
  both.wait();
  EXPECT_EQ(bench.accounts.network->requests().size(), 1u);
}

TEST_F(BrokerTest, ClosingWaitsForCallsUnderWayAndRefusesTheRest) {
  bench.connected();
  std::latch asked(1), go(1);
  bench.accounts.instead = [&](const OutboundRequest&) {
    asked.count_down();
    go.wait();
    return std::optional<Result<HttpResponse>>();
  };
  const auto broker = bench.make_broker();
  std::atomic<int> vended = 0, refused = 0;
  const auto count = [&](const Vended& result) { ++(result ? vended : refused); };
  broker->vend(bench.request(), count);
  asked.wait();
  broker->vend(bench.request(), count);
  std::jthread closing([&] { broker->close(); });
  while (refused == 0) std::this_thread::yield();
  EXPECT_EQ(vended, 0);
  go.count_down();
  closing.join();
  EXPECT_EQ(vended, 1);
  broker->vend(bench.request(), count);
  EXPECT_EQ(refused, 2);
  EXPECT_TRUE(bench.accounts.is_live(bench.stored_token())) << "cut off before the credential was stored";
}

}  // namespace
}  // namespace authplane::authserver
