// Tokens of upstream providers.

#include <thread>

#include "authserver/http/exchange_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;
using Reason = UpstreamRefusal::Reason;

constexpr std::string_view kConnect =
    "https://as.example/connect/github?resource=upstream&return_url=https%3A%2F%2Fas.example%2Fconnections";

// "agent" acts for the resource "actor", where "user-1" allowed "app" the scope "repo", and which fronts
// "upstream".
class BrokerExchangeTest : public ExchangeTest {
 protected:
  BrokerExchangeTest() {
    Resource actor = server.resource_named("actor", "https://actor.example/mcp", {"repo", "user", "tools"});
    actor.policy.runtime_client_ids = {"agent"};
    server.add(actor);
  }
  void link_actor() {
    link("actor", "upstream", {{"repo", {"repo"}}, {"tools", {"user"}}, {"user", {"user"}}});
  }
  // A token that is for no resource; what it is good for follows from consent at the actor.
  std::string free_subject(std::string_view scopes = "repo user") {
    return tokens_of(token(code_form("app", code_for("app", scopes, "", "")))).access;
  }
  HttpResponse vend(std::string_view subject_token, Fields fields = {}, std::string_view client_id = "agent",
                    const std::string& dpop = "") const {
    fields.insert({"resource", "upstream"});
    return exchange(subject_token, fields, client_id, dpop);
  }
  HttpResponse vend_fronted(Fields fields = {}) {
    return vend(subject_at("actor", "repo user"), std::move(fields));
  }
  void expect_connect(const HttpResponse& response, std::string_view reason, std::string_view cause) {
    expect_refused(response, 400, "consent_required", reason, "allow access to upstream");
    EXPECT_EQ(json_of(response)["consent_url"], kConnect);
    EXPECT_EQ(json_of(response)["cause"], cause);
  }
  Issuance vended_row() {
    const auto rows = server.storage.issuances()
                          .query({.subject_user_id = {}, .client_id = {}, .resource_id = "id-upstream"})
                          .value();
    EXPECT_EQ(rows.size(), 1u);
    return rows.empty() ? Issuance() : rows.front();
  }
};

TEST_F(BrokerExchangeTest, AnswersWithTheTokenOfTheProviderAndRecordsThatItDid) {
  link_actor();
  const std::string old = subject_at("actor", "repo user");
  const HttpResponse response = vend(old, {{"scope", "repo"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(response.body, R"({"access_token":"gho_upstream","issued_token_type":)"
                           R"("urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer",)"
                           R"("expires_in":28800,"scope":"repo"})");
  ASSERT_EQ(upstream_tokens->requests.size(), 1u);
  EXPECT_EQ(upstream_tokens->requests[0].user_id, "user-1");
  EXPECT_EQ(upstream_tokens->requests[0].resource->slug, "upstream");
  EXPECT_EQ(upstream_tokens->requests[0].scopes.to_string(), "repo");

  const Issuance row = vended_row();
  EXPECT_EQ(row.backend_kind, BackendKind::broker);
  EXPECT_FALSE(row.revocable);
  EXPECT_EQ(row.jti(), "");
  EXPECT_EQ(row.grant, GrantKind::token_exchange);
  EXPECT_EQ(row.client_id, "agent");
  EXPECT_EQ(row.subject_user_id, "user-1");
  EXPECT_EQ(row.scopes.to_string(), "repo");
  EXPECT_EQ(row.expires_at - row.issued_at, 28800s);
  EXPECT_EQ(row.parent_jti, row_of(old).id);
  EXPECT_EQ(last_exchange().detail,
            "sub=user-1 subject_client=app actor_client=agent type=broker_dispatch chain_kind=fronted "
            "target_kind=broker via_link=actor->upstream resource=upstream scopes=repo issuance_id=" +
                row.id.text() + " provider=github");
  EXPECT_EQ(server.metrics.count("authplane_token_exchange_total{kind=fronted,source=actor,target=upstream}"),
            1);
  EXPECT_THAT(audit_lines(), Contains("upstream.token.issued actor=user-1 client=agent provider=github "
                                      "resource=upstream scopes=repo"));
  // It is no token of this server.
  EXPECT_EQ(json_of(introspect("gho_upstream", secret_of("agent")))["active"], false);
  EXPECT_EQ(json_of(introspect(row.id.text(), secret_of("agent")))["active"], false);
  for (const std::string& line : audit_lines()) EXPECT_THAT(line, Not(HasSubstr("gho_upstream")));
  EXPECT_FALSE(server.logger.contains("gho_upstream"));
}

TEST_F(BrokerExchangeTest, LifetimeIsTheProvidersAndMayBeUnknown) {
  link_actor();
  upstream_tokens->expires_in.reset();
  const Json body = json_of(vend_fronted());
  EXPECT_FALSE(body.contains("expires_in"));
  EXPECT_EQ(body["scope"], "repo user");
}

// --- C-F: behind a gateway

TEST_F(BrokerExchangeTest, FrontedScopesAreThoseTheTokensScopesStandFor) {
  link_actor();
  EXPECT_EQ(json_of(vend(subject_at("actor", "repo")))["scope"], "repo");
  expect_connect(vend(subject_at("actor", "repo"), {{"scope", "user"}}),
                 "fronting_subject_scope_insufficient", "scope_insufficient");
  // C0 is not asked where a link leads.
  expect_connect(vend_fronted({{"scope", "nonsense"}}), "fronting_scope_unmapped", "scope_insufficient");
}

// "user" stands behind "tools" and "user": any of them will do, not only the first.
TEST_F(BrokerExchangeTest, D21_AnyScopeThatMapsToItWillDo) {
  link_actor();
  EXPECT_EQ(json_of(vend(subject_at("actor", "user"), {{"scope", "user"}}))["scope"], "user");
  EXPECT_EQ(json_of(vend(subject_at("actor", "tools"), {{"scope", "user"}}))["scope"], "user");
}

TEST_F(BrokerExchangeTest, D26_FrontedWayReadsNoConsent) {
  link_actor();
  const std::string old = subject_at("actor", "repo");
  allow("app", "actor", "tools");
  EXPECT_EQ(vend(old).status, 200);
}

TEST_F(BrokerExchangeTest, T17_OnlyTheGatewayUsesTheLink) {
  link_actor();
  const std::string old = subject_at("actor", "repo");
  expect_refused(vend(old, {}, "second"), 403, "access_denied", "fronting_caller_not_authorized", "actor");
  EXPECT_TRUE(upstream_tokens->requests.empty());
}

// --- C3: a token for another resource

TEST_F(BrokerExchangeTest, J8_WithoutALinkTheMissingLinkIsNamedAndNoConsentAskedFor) {
  expect_refused(vend_fronted(), 400, "invalid_request", "fronting_link_missing",
                 "no fronting link leads from actor to upstream");
  // Nor is it a way around that several resources have the URI.
  const std::string old = subject_at("actor", "repo");
  server.add(server.resource_named("actor-twin", "https://actor.example/mcp", {"repo"}));
  change_resource("actor", [](Resource& actor) { actor.uri = "https://actor.example/other"; });
  server.add(server.resource_named("actor-third", "https://actor.example/mcp", {"repo"}));
  expect_refused(vend(old), 400, "invalid_request", "fronting_link_missing");
  EXPECT_TRUE(upstream_tokens->requests.empty());
}

// The record says whose token it is, not what the URI is by now.
TEST_F(BrokerExchangeTest, TokenStaysThatOfItsResourceWhateverTheUriBecomes) {
  allow("app", "actor", "repo user");
  const std::string old = subject_at("actor", "repo user");
  change_resource("actor", [](Resource& actor) { actor.uri = "https://moved.example/mcp"; });
  expect_refused(vend(old), 400, "invalid_request", "fronting_link_missing", "from actor to upstream");
  // Nor does it become the token of who has the URI now.
  server.add(server.resource_named("heir", "https://actor.example/mcp", {"repo"}));
  link("heir", "upstream", {{"repo", {"repo"}}});
  expect_refused(vend(old), 400, "invalid_request", "fronting_link_missing", "from actor to upstream");
  EXPECT_TRUE(upstream_tokens->requests.empty());
  link_actor();
  expect_refused(vend(old, {}, "second"), 403, "access_denied", "fronting_caller_not_authorized");
  EXPECT_EQ(json_of(vend(old, {{"scope", "repo"}}))["scope"], "repo");
}

// Its tokens live on; a resource with such tokens is not removed.
TEST_F(BrokerExchangeTest, TokenOfAResourceThatSignsNoneNowIsForNoProvider) {
  allow("app", "actor", "repo user");
  server.add(server.resource_named("former", "https://former.example/mcp", {"repo"}));
  const std::string old = subject_at("former", "repo");
  change_resource("former", [](Resource& former) {
    former.backend_kind = BackendKind::broker;
    former.broker_provider_id = "id-github";
  });
  expect_refused(vend(old), 400, "invalid_request", "fronting_link_missing", "from former to upstream");
  EXPECT_TRUE(upstream_tokens->requests.empty());
}

// Its copy has the audience only.
TEST_F(BrokerExchangeTest, CopyOfATokenWhoseAudienceIsUnknownIsForNoProvider) {
  configure({.allow_self_exchange = true});
  allow("app", "actor", "repo user");
  change_client("agent", [](Client& client) { client.grant_types.emplace_back("authorization_code"); });
  const std::string code = code_for("agent", "repo", "id-actor", "https://actor.example/mcp");
  const std::string own = tokens_of(token(code_form("agent", code), secret_of("agent"))).access;
  const std::string copy = access_of(exchange(own, {{"resource", ""}}));
  change_resource("actor", [](Resource& actor) { actor.uri = "https://moved.example/mcp"; });
  expect_refused(vend(copy), 400, "invalid_request", "fronting_link_missing", "is gone");
  EXPECT_TRUE(upstream_tokens->requests.empty());
}

// --- C0 to C6: a token for no resource

TEST_F(BrokerExchangeTest, ConsentAtTheActorBoundsATokenForNoResource) {
  allow("app", "actor", "repo tools");
  const HttpResponse response = vend(free_subject(), {{"scope", "repo"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(vended_row().consent_client_id, "app");
  EXPECT_THAT(last_exchange().detail, HasSubstr("type=broker_dispatch chain_kind=direct target_kind=broker "
                                                "resource=upstream scopes=repo issuance_id="));
  EXPECT_EQ(json_of(vend(free_subject()))["scope"], "repo");
}

TEST_F(BrokerExchangeTest, ConsentAtTheActorIsAskedForThere) {
  const std::string old = free_subject();
  HttpResponse response = vend(old, {{"scope", "repo"}});
  expect_refused(response, 400, "consent_required", "broker_consent_required", "allow access to upstream");
  EXPECT_EQ(json_of(response)["consent_url"], "https://as.example/authorize?resource=actor");
  EXPECT_EQ(json_of(response)["cause"], "consent_missing");
  allow("app", "actor", "user tools");
  response = vend(old, {{"scope", "repo user"}});
  expect_refused(response, 400, "consent_required", "broker_scope_not_consented");
  EXPECT_EQ(json_of(response)["consent_url"], "https://as.example/authorize?resource=actor&scope=repo");
  EXPECT_EQ(json_of(response)["cause"], "scope_insufficient");
  allow("app", "actor", "tools");
  expect_refused(vend(old), 400, "invalid_scope", "subject_scope_ceiling");
}

// Not skipped for a client's own token either.
TEST_F(BrokerExchangeTest, ConsentIsNeededForAClientsOwnTokenToo) {
  configure({.allow_self_exchange = true});
  change_client("agent", [](Client& client) { client.grant_types.emplace_back("authorization_code"); });
  const std::string own =
      tokens_of(token(code_form("agent", code_for("agent", "repo", "", "")), secret_of("agent"))).access;
  expect_refused(vend(own), 400, "consent_required", "broker_consent_required");
}

struct Gate {
  const char* name;
  std::map<std::string, std::string> fields;
  std::vector<std::string> listed_at;  // slugs of resources that list the client
  std::vector<std::string> allowed;    // at the target
  int status;
  const char *error, *reason;
};
void PrintTo(const Gate& gate, std::ostream* out) {
  *out << gate.name;
}

class BrokerGates : public BrokerExchangeTest, public ::testing::WithParamInterface<Gate> {};

TEST_P(BrokerGates, RefuseBeforeTheProviderIsAsked) {
  allow("app", "actor", "repo user");
  const std::string old = free_subject();
  change_resource("actor", [](Resource& actor) { actor.policy.runtime_client_ids.clear(); });
  for (const std::string& slug : GetParam().listed_at) {
    change_resource(slug,
                    [](Resource& resource) { resource.policy.runtime_client_ids.emplace_back("agent"); });
  }
  change_resource("upstream", [](Resource& upstream) {
    upstream.policy.exchange_allowed_client_ids = GetParam().allowed;
  });
  const Fields fields = GetParam().fields.count("actor_token") != 0
                            ? with_actor(machine_token("web"), GetParam().fields)
                            : GetParam().fields;
  expect_refused(vend(old, fields), GetParam().status, GetParam().error, GetParam().reason);
  EXPECT_TRUE(upstream_tokens->requests.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Exchange, BrokerGates,
    ::testing::Values(
        Gate{"C0_ScopeNotInCatalog",
             {{"scope", "repo tools"}},
             {"actor"},
             {},
             400,
             "invalid_scope",
             "scope_not_in_catalog"},
        Gate{"C1_ActorToken",
             {{"actor_token", "some"}},
             {"actor"},
             {},
             400,
             "invalid_request",
             "broker_actor_not_allowed"},
        Gate{"C2_OperatorGate", {}, {"actor"}, {"second"}, 403, "access_denied", "operator_gate_denied"},
        Gate{"C5_NoActor", {}, {}, {}, 403, "access_denied", "agent_attestation_unknown_actor"},
        Gate{"C5_SeveralActors",
             {},
             {"actor", "demo"},
             {},
             403,
             "access_denied",
             "agent_attestation_ambiguous_actor"},
        Gate{"C5_ActorNotMint",
             {},
             {"upstream"},
             {},
             403,
             "access_denied",
             "agent_attestation_actor_not_mint"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(BrokerExchangeTest, C4_ScopesOfTheTokenBound) {
  allow("app", "actor", "repo user");
  expect_refused(vend(free_subject("repo"), {{"scope", "repo user"}}), 400, "invalid_scope",
                 "subject_scope_ceiling");
}

TEST_F(BrokerExchangeTest, D10_MachineHasNoAccountAndIsToldSoAtOnce) {
  for (const std::string& resource : {std::string(), std::string(kResource)}) {
    expect_refused(vend(machine_token("agent", "mcp:echo", resource)), 400, "invalid_grant",
                   "invalid_subject_token", "no user stands behind");
  }
}

TEST_F(BrokerExchangeTest, D23_EmptyListOfTheTargetLetsEverybodyPassThatGate) {
  link_actor();
  change_resource("upstream",
                  [](Resource& upstream) { upstream.policy.exchange_allowed_client_ids = {"agent"}; });
  EXPECT_EQ(vend_fronted().status, 200);
  change_resource("upstream",
                  [](Resource& upstream) { upstream.policy.exchange_allowed_client_ids.clear(); });
  EXPECT_EQ(vend_fronted().status, 200);
}

TEST_F(BrokerExchangeTest, C7_ProviderThatDoesNotExistIsAFaultOfTheServer) {
  link_actor();
  const std::string old = subject_at("actor", "repo");
  server.storage.providers_vanish = true;
  expect_refused(vend(old), 500, "server_error", "provider_missing");
  EXPECT_TRUE(server.logger.contains("names the provider id-github, which does not exist"));
}

// --- C8: possession

TEST_F(BrokerExchangeTest, C8_ProofIsJudgedAndRecordedButTheTokenIsABearerToken) {
  link_actor();
  const std::string old = subject_at("actor", "repo");
  expect_error(vend(old, {}, "agent", "canary"), 400, "invalid_dpop_proof");
  EXPECT_TRUE(upstream_tokens->requests.empty());
  EXPECT_EQ(json_of(vend(old, {}, "agent", proof(5)))["token_type"], "Bearer");
  EXPECT_EQ(vended_row().dpop_jkt, testing::test_key(JwsAlgorithm::ES256, 5).public_key().thumbprint());
}

TEST_F(BrokerExchangeTest, C8_WithoutAProofTheKeyOfTheTokenIsOnRecord) {
  link_actor();
  const std::string code = code_for("app", "repo", "id-actor", "https://actor.example/mcp");
  ASSERT_EQ(vend(tokens_of(token(code_form("app", code), "", proof(5))).access).status, 200);
  EXPECT_EQ(vended_row().dpop_jkt, testing::test_key(JwsAlgorithm::ES256, 5).public_key().thumbprint());
}

// --- C9, C10: what the provider says

TEST_F(BrokerExchangeTest, UserConnectsOrWidensWhatIsConnected) {
  link_actor();
  upstream_tokens->refusal = UpstreamRefusal{Reason::not_connected, "github", "no grant"};
  expect_connect(vend_fronted(), "broker_consent_required", "consent_missing");
  upstream_tokens->refusal = UpstreamRefusal{Reason::scope_insufficient, "github", "narrower"};
  expect_connect(vend_fronted(), "broker_scope_not_consented", "scope_insufficient");
  EXPECT_TRUE(server.logger.contains("narrower"));
}

TEST_F(BrokerExchangeTest, D19_ProviderThatFailsAsksNobodyForConsent) {
  link_actor();
  upstream_tokens->refusal = UpstreamRefusal{Reason::unavailable, "github", "status 502"};
  const HttpResponse response = vend_fronted();
  expect_refused(response, 503, "temporarily_unavailable", "broker_vend_failed", "try again");
  EXPECT_EQ(response.headers.get("Retry-After"), "1");
  EXPECT_TRUE(server.logger.contains("status 502"));
  upstream_tokens->refusal = UpstreamRefusal{Reason::misconfigured, "github", "no secret"};
  expect_refused(vend_fronted(), 500, "server_error", "broker_vend_failed");
  EXPECT_TRUE(server.logger.contains("no secret"));
}

TEST_F(BrokerExchangeTest, ProviderThatIsNotKnownLeavesTheUrlOut) {
  link_actor();
  upstream_tokens->refusal = UpstreamRefusal{Reason::not_connected, "", ""};
  const Json body = json_of(vend_fronted());
  EXPECT_EQ(body["error"], "consent_required");
  EXPECT_FALSE(body.contains("consent_url"));
  EXPECT_EQ(body["cause"], "consent_missing");
}

TEST_F(BrokerExchangeTest, SwitchedOffItSaysWhichSettingIsMissing) {
  link_actor();
  server.upstream_tokens = nullptr;
  server.start();
  const HttpResponse response = vend_fronted();
  expect_refused(response, 503, "service_unavailable", "broker_vend_failed", "set data_encryption.driver");
  EXPECT_FALSE(response.headers.contains("Retry-After"));
}

// --- meanwhile

TEST_F(BrokerExchangeTest, ProviderThatTakesItsTimeHoldsNoThread) {
  link_actor();
  const std::string old = subject_at("actor", "repo");
  upstream_tokens->answers_later = true;
  const HttpRequest request =
      request_to("/oauth/token", exchange_form(old, {{"resource", "upstream"}}), secret_of("agent"));
  std::vector<HttpResponse> answers;
  for (int i = 0; i < 100; ++i) {
    server.deferred(request, [&](HttpResponse response) { answers.push_back(std::move(response)); });
  }
  EXPECT_EQ(upstream_tokens->requests.size(), 100u);
  EXPECT_TRUE(answers.empty());
  std::thread([&] { upstream_tokens->answer(); }).join();
  ASSERT_EQ(answers.size(), 100u);
  for (const HttpResponse& answer : answers) EXPECT_EQ(answer.status, 200);
}

TEST_F(BrokerExchangeTest, T26_WhatIsRevokedMeanwhileIsNotHandedOut) {
  link_actor();
  const std::string old = subject_at("actor", "repo");
  upstream_tokens->meanwhile = [&] { EXPECT_EQ(revoke(old, "app").status, 200); };
  const HttpResponse response = vend(old);
  expect_refused(response, 400, "invalid_grant", "subject_token_revoked_during_mint");
  EXPECT_THAT(response.body, Not(HasSubstr("gho_upstream")));

  allow("app", "actor", "repo");
  upstream_tokens->meanwhile = [&] { revoke_consent("app", "actor"); };
  const HttpResponse second = vend(free_subject());
  expect_refused(second, 400, "consent_required", "consent_revoked_during_mint", "access to upstream");
  EXPECT_EQ(json_of(second)["consent_url"], "https://as.example/authorize?resource=actor");

  allow("app", "actor", "repo");
  upstream_tokens->meanwhile = [&] { suspend("agent"); };
  expect_error(vend(free_subject()), 401, "invalid_client");
}

struct Change {
  const char* name;
  void (*change)(BrokerExchangeTest&);
  int status;
  const char *error, *reason;
};
void PrintTo(const Change& change, std::ostream* out) {
  *out << change.name;
}

class ChangesMeanwhile : public BrokerExchangeTest, public ::testing::WithParamInterface<Change> {
 public:
  using BrokerExchangeTest::change_resource;
  using BrokerExchangeTest::server;
};

ChangesMeanwhile& changes(BrokerExchangeTest& test) {
  return static_cast<ChangesMeanwhile&>(test);
}

// T26: what an operator takes away while the provider is asked is not handed out.
TEST_P(ChangesMeanwhile, AreSeenBeforeTheTokenIsRecorded) {
  link_actor();
  const std::string old = subject_at("actor", "repo user");
  upstream_tokens->answers_later = true;
  const HttpRequest request =
      request_to("/oauth/token", exchange_form(old, {{"resource", "upstream"}}), secret_of("agent"));
  HttpResponse response;
  server.deferred(request, [&](HttpResponse answer) { response = std::move(answer); });
  ASSERT_EQ(upstream_tokens->requests.size(), 1u);
  GetParam().change(*this);
  upstream_tokens->answer();
  expect_refused(response, GetParam().status, GetParam().error, GetParam().reason);
  EXPECT_THAT(response.body, Not(HasSubstr("gho_upstream")));
  EXPECT_EQ(last_exchange().action, "");
  EXPECT_TRUE(server.storage.issuances()
                  .query({.subject_user_id = {}, .client_id = {}, .resource_id = "id-upstream"})
                  .value()
                  .empty());
}

INSTANTIATE_TEST_SUITE_P(
    Exchange, ChangesMeanwhile,
    ::testing::Values(
        Change{"LinkRemoved",
               [](BrokerExchangeTest& test) {
                 changes(test).server.storage.fronting_links().remove("actor", "upstream").value();
               },
               400, "invalid_request", "fronting_link_missing"},
        Change{"CallerUnlisted",
               [](BrokerExchangeTest& test) {
                 changes(test).change_resource(
                     "actor", [](Resource& actor) { actor.policy.runtime_client_ids.clear(); });
               },
               403, "access_denied", "fronting_caller_not_authorized"},
        Change{"OperatorGateClosed",
               [](BrokerExchangeTest& test) {
                 changes(test).change_resource("upstream", [](Resource& upstream) {
                   upstream.policy.exchange_allowed_client_ids = {"second"};
                 });
               },
               403, "access_denied", "operator_gate_denied"},
        Change{"ScopesNarrowed",
               [](BrokerExchangeTest& test) {
                 auto& links = changes(test).server.storage.fronting_links();
                 FrontingLink link = links.find("actor", "upstream").value().value();
                 link.scope_map = {{"repo", {"repo"}}};
                 links.remove("actor", "upstream").value();
                 links.insert(link, false).value();
               },
               503, "temporarily_unavailable", "exchange_changed_during_mint"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace authplane::authserver
