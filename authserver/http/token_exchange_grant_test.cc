// Tokens exchanged for those of a resource this server signs for, and what all exchanges have in common.

#include "authserver/http/exchange_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

using TokenExchangeTest = ExchangeTest;

TEST_F(TokenExchangeTest, AnswersWithATokenOfTheUserForTheTarget) {
  const std::string old = subject();
  const HttpResponse response = exchange(old, {{"scope", "mcp:echo"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.get("Pragma"), "no-cache");
  const Json body = json_of(response);
  EXPECT_EQ(body.size(), 5u) << response.body;
  EXPECT_EQ(body["issued_token_type"], kAccessTokenType);
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_EQ(body["expires_in"], 3600);
  EXPECT_EQ(body["scope"], "mcp:echo");
  const std::string access = body["access_token"];
  const Json claims = claims_of(access);
  EXPECT_EQ(claims["iss"], kIssuer);
  EXPECT_EQ(claims["sub"], "user-1");
  EXPECT_EQ(claims["aud"], Json::array({kTarget}));
  EXPECT_EQ(claims["client_id"], "agent");
  EXPECT_EQ(claims["scope"], "mcp:echo");
  EXPECT_EQ(claims["exp"].get<std::int64_t>() - claims["iat"].get<std::int64_t>(), 3600);
  for (const char* absent : {"act", "agent_id", "agent_chain", "cnf", "may_act"})
    EXPECT_FALSE(claims.contains(absent));

  const Issuance row = row_of(access);
  EXPECT_EQ(row.grant, GrantKind::token_exchange);
  EXPECT_EQ(row.subject_user_id, "user-1");
  EXPECT_EQ(row.client_id, "agent");
  EXPECT_EQ(row.resource_id, "id-target");
  EXPECT_EQ(row.consent_client_id, "app");
  EXPECT_EQ(row.parent_jti, row_of(old).id);
  const AuditEvent audited = last_exchange();
  EXPECT_EQ(audited.actor_id, "user-1");
  EXPECT_EQ(audited.client_id, "agent");
  EXPECT_EQ(audited.ip, "192.0.2.7");
  EXPECT_EQ(audited.detail, "jti=" + row.id.text() +
                                " sub=user-1 subject_client=app actor_client=agent type=mint_dispatch "
                                "chain_kind=direct target_kind=mint resource=target scopes=mcp:echo");
  EXPECT_EQ(server.metrics.count("authplane_token_exchange_total{kind=direct,source=demo,target=target}"), 1);
  EXPECT_EQ(server.metrics.count("authserver_tokens_issued_total{grant_type=" + std::string(kExchange) + "}"),
            1);
}

TEST_F(TokenExchangeTest, TargetIsNamedBySlugOrUriAndBothTokenTypesMeanTheSame) {
  const std::string old = subject();
  for (const Fields& fields : {Fields{{"resource", "target"}}, Fields{{"resource", std::string(kTarget)}},
                               Fields{{"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"}},
                               Fields{{"audience", "nowhere"},
                                      {"requested_token_type", "urn:ietf:params:oauth:token-type:saml2"}}}) {
    EXPECT_EQ(claims_of(access_of(exchange(old, fields)))["aud"], Json::array({kTarget}));
  }
}

TEST_F(TokenExchangeTest, OmittedScopeIsWhatUserTokenAndTargetShare) {
  EXPECT_EQ(json_of(exchange(subject()))["scope"], "mcp:echo mcp:add");
  EXPECT_EQ(json_of(exchange(subject("mcp:add"), {{"scope", "  "}}))["scope"], "mcp:add");
  allow("app", "target", "mcp:echo");
  EXPECT_EQ(json_of(exchange(subject()))["scope"], "mcp:echo");
}

// --- who may, and with what

// What is wrong with one request, and how it is refused: everything else about it is in order.
struct Gate {
  const char* name;
  std::map<std::string, std::string> fields;
  void (*prepare)(ExchangeTest&);
  int status;
  const char *error, *reason, *description;
};
void PrintTo(const Gate& gate, std::ostream* out) {
  *out << gate.name;
}

class Gates : public ExchangeTest, public ::testing::WithParamInterface<Gate> {
 public:
  // For what a gate prepares.
  using ExchangeTest::allow;
  using ExchangeTest::change_client;
  using ExchangeTest::change_resource;
  using ExchangeTest::server;
};

Gates& gates(ExchangeTest& test) {
  return static_cast<Gates&>(test);
}
void nothing(ExchangeTest&) {}

TEST_P(Gates, RefuseWithTheirOwnWord) {
  const std::string old = subject();
  GetParam().prepare(*this);
  expect_refused(exchange(old, GetParam().fields), GetParam().status, GetParam().error, GetParam().reason,
                 GetParam().description);
  EXPECT_EQ(last_exchange().action, "");
}

INSTANTIATE_TEST_SUITE_P(
    Exchange, Gates,
    ::testing::Values(Gate{"D08_SubjectTokenMissing",
                           {{"subject_token", ""}},
                           &nothing,
                           400,
                           "invalid_request",
                           "invalid_request",
                           "subject_token is missing"},
                      Gate{"D08_TypeMissing",
                           {{"subject_token_type", ""}},
                           &nothing,
                           400,
                           "invalid_request",
                           "invalid_request",
                           "subject_token_type is missing"},
                      Gate{"D08_TypeUnknown",
                           {{"subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"}},
                           &nothing,
                           400,
                           "invalid_request",
                           "invalid_request",
                           "subject_token_type has to be"},
                      Gate{"SubjectTokenIsNoToken",
                           {{"subject_token", "canary"}},
                           &nothing,
                           400,
                           "invalid_grant",
                           "invalid_subject_token",
                           "the subject_token is not valid"},
                      Gate{"UnknownResource",
                           {{"resource", "elsewhere"}},
                           &nothing,
                           400,
                           "invalid_target",
                           "resource_not_found",
                           "not registered"},
                      Gate{"TrailingSlash",
                           {{"resource", "https://target.example/mcp/"}},
                           &nothing,
                           400,
                           "invalid_target",
                           "resource_not_found",
                           "not registered"},
                      Gate{"AmbiguousResource",
                           {{"resource", "https://target.example/mcp"}},
                           [](ExchangeTest& test) {
                             TestServer& server = gates(test).server;
                             server.add(server.resource_named("twin", std::string(kTarget), {"mcp:echo"}));
                           },
                           400,
                           "invalid_request",
                           "ambiguous_resource",
                           "slug"},
                      Gate{"ResourceWithoutUri",
                           {{"resource", "bare"}},
                           [](ExchangeTest& test) {
                             TestServer& server = gates(test).server;
                             server.add(server.resource_named("bare", "", {"mcp:echo"}));
                           },
                           400,
                           "invalid_target",
                           "resource_not_found",
                           "not registered"},
                      Gate{"MalformedScope",
                           {{"scope", "mcp:echo \""}},
                           &nothing,
                           400,
                           "invalid_scope",
                           "invalid_scope",
                           "malformed"},
                      Gate{"B1_ScopeNotInCatalog",
                           {{"scope", "mcp:echo mcp:other"}},
                           &nothing,
                           400,
                           "invalid_scope",
                           "scope_not_in_catalog",
                           "does not declare: mcp:other"},
                      Gate{"B2_OperatorGate",
                           {},
                           [](ExchangeTest& test) {
                             gates(test).change_resource("target", [](Resource& resource) {
                               resource.policy.exchange_allowed_client_ids = {"second"};
                               resource.policy.runtime_client_ids = {"agent"};
                             });
                           },
                           403,
                           "access_denied",
                           "operator_gate_denied",
                           "may not exchange tokens for this resource"},
                      Gate{"B6_SubjectScopeCeiling",
                           {{"scope", "mcp:echo target:only"}},
                           &nothing,
                           400,
                           "invalid_scope",
                           "subject_scope_ceiling",
                           "exceeds the scopes of the subject_token: target:only"},
                      Gate{"B8_CrossClient",
                           {},
                           [](ExchangeTest& test) {
                             gates(test).change_resource("target", [](Resource& resource) {
                               resource.policy.exchange_allowed_client_ids.clear();
                             });
                           },
                           403,
                           "access_denied",
                           "cross_client_not_authorized",
                           "issued to another client"},
                      Gate{"B9_ConsentMissing",
                           {},
                           [](ExchangeTest& test) {
                             auto& grants = gates(test).server.storage.consent_grants();
                             const auto grant =
                                 grants.find_active("user-1", "app", "id-target").value().value();
                             grants.revoke(grant.id, gates(test).server.clock.now()).value();
                           },
                           400,
                           "consent_required",
                           "consent_required",
                           "the user has to allow access to target first"},
                      Gate{"B9_ConsentTooNarrow",
                           {{"scope", "mcp:add mcp:echo"}},
                           [](ExchangeTest& test) { gates(test).allow("app", "target", "mcp:echo"); },
                           400,
                           "consent_required",
                           "scope_not_consented",
                           "allow access to target"},
                      Gate{"B9_NothingLeftOfOmittedScope",
                           {},
                           [](ExchangeTest& test) { gates(test).allow("app", "target", "target:only"); },
                           400,
                           "invalid_scope",
                           "subject_scope_ceiling",
                           "none of the subject_token's"},
                      Gate{"B10_ActorTokenTypeMissing",
                           {{"actor_token", "canary"}},
                           &nothing,
                           400,
                           "invalid_grant",
                           "invalid_actor_token",
                           "actor_token_type"},
                      Gate{"B10_ActorTokenIsNone",
                           {{"actor_token", "canary"}, {"actor_token_type", std::string(kAccessTokenType)}},
                           &nothing,
                           400,
                           "invalid_grant",
                           "invalid_actor_token",
                           "the actor_token is not valid"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(TokenExchangeTest, SeveralResourcesAreRefused) {
  Form form = exchange_form(subject());
  form.add("resource", "other");
  expect_error(token(form, secret_of("agent")), 400, "invalid_target", "one resource");
}

TEST_F(TokenExchangeTest, ConsentRequiredSaysWhereAndWhyAndNotWhatIsMissing) {
  const std::string old = subject();
  allow("app", "target", "mcp:echo");
  Json body = json_of(exchange(old, {{"scope", "mcp:echo mcp:add"}}));
  EXPECT_EQ(body["cause"], "scope_insufficient");
  EXPECT_EQ(body["consent_url"], "https://as.example/authorize?resource=target&scope=mcp%3Aadd");
  EXPECT_EQ(body.size(), 8u) << body;
  EXPECT_THAT(body["error_description"].get<std::string>(), Not(HasSubstr("mcp:add")));
  revoke_consent("app", "target");
  body = json_of(exchange(old, {{"scope", "mcp:echo mcp:add"}}));
  EXPECT_EQ(body["cause"], "consent_missing");
  EXPECT_EQ(body["consent_url"], "https://as.example/authorize?resource=target");
}

// C3 19: a client cannot use what another one was registered for.
TEST_F(TokenExchangeTest, ClientAuthenticatesAndIsRegisteredForTheGrant) {
  const std::string old = subject();
  expect_error(token(exchange_form(old)), 401, "invalid_client");
  expect_error(token(exchange_form(old), basic("agent", "wrong")), 401, "invalid_client");
  EXPECT_EQ(last_denial(), "invalid_client_secret");
  expect_error(token(exchange_form(old, {{"client_id", "app"}})), 401, "invalid_client");
  expect_error(exchange(old, {}, "stranger"), 400, "unauthorized_client");
  EXPECT_EQ(last_denial(), "unauthorized_client");
  // D-08: who does not authenticate learns nothing of the request.
  expect_error(token(exchange_form("", {{"subject_token_type", ""}}), basic("agent", "wrong")), 401,
               "invalid_client");
  suspend("agent");
  expect_error(exchange(old), 401, "invalid_client", "suspended");
}

// C3 34
TEST_F(TokenExchangeTest, ParametersAreReadOnceAndFromTheBodyOnly) {
  const Form form = exchange_form(subject(), with_actor("x", {{"scope", "mcp:echo"}}));
  for (const auto& [name, value] : form.fields()) {
    if (name == "resource") continue;
    Form twice = form;
    twice.add(name, value);
    expect_error(token(twice, secret_of("agent")), 400, "invalid_request", "more than once");
  }
  HttpRequest request = request_to("/oauth/token?" + form.encode(), Form(), secret_of("agent"));
  expect_error(server.send(request), 400, "unsupported_grant_type");
}

TEST_F(TokenExchangeTest, SwitchedOffItIsUnknownAndSaysHowToSwitchItOn) {
  const std::string old = subject();
  server.config.token_exchange.reset();
  server.start();
  expect_error(exchange(old), 400, "unsupported_grant_type", "set token_exchange.enabled to true");
  EXPECT_THAT(json_of(server.get("/.well-known/oauth-authorization-server"))["grant_types_supported"],
              Not(Contains(kExchange)));
}

TEST_F(TokenExchangeTest, SwitchedOnItIsAnnounced) {
  EXPECT_THAT(json_of(server.get("/.well-known/oauth-authorization-server"))["grant_types_supported"],
              Contains(kExchange));
}

// --- which tokens

// C3 6: nothing but an access token of this server can be exchanged.
TEST_F(TokenExchangeTest, OtherKindsOfTokensAreNoSubjectAndNoActor) {
  const Tokens tokens = first_tokens();
  const PrivateKey& key = testing::test_key(JwsAlgorithm::ES256, 0);
  Json claims = claims_of(tokens.access);
  const auto forged = [&](const std::string& typ, const std::string& kid, const PrivateKey& signer) {
    return JwsSigner(signer, typ, kid).sign(to_json_text(claims)).value();
  };
  const std::string kid = key.public_key().thumbprint();
  std::vector<std::string> wrong = {tokens.refresh,
                                    code_for("app"),
                                    proof(),
                                    forged("JWT", kid, key),
                                    forged("dpop+jwt", kid, key),
                                    forged("oauth-id-jag+jwt", kid, key),
                                    forged("logout+jwt", kid, key),
                                    forged("at+jwt", kid, testing::test_key(JwsAlgorithm::ES256, 7)),
                                    forged("at+jwt", "unknown", testing::test_key(JwsAlgorithm::ES256, 7))};
  claims["jti"] = server.ids.next().text();
  wrong.push_back(forged("at+jwt", kid, key));
  for (const std::string& text : wrong) {
    expect_refused(exchange(text), 400, "invalid_grant", "invalid_subject_token",
                   "the subject_token is not valid");
    expect_refused(exchange(tokens.access, with_actor(text)), 400, "invalid_grant", "invalid_actor_token");
  }
  claims = claims_of(tokens.access);
  claims["iss"] = "https://other.example";
  expect_refused(exchange(forged("at+jwt", kid, key)), 400, "invalid_grant", "invalid_issuer",
                 "the subject_token is not valid");
}

TEST_F(TokenExchangeTest, ExpiredTokenIsNotExchanged) {
  const std::string old = subject();
  server.clock.advance(15min);
  expect_refused(exchange(old), 400, "invalid_grant", "invalid_subject_token");
}

TEST_F(TokenExchangeTest, TokenOfARotatedKeyIsExchangedAsLongAsTheKeyIsPublished) {
  const std::string old = subject();
  ASSERT_TRUE(server.keys.rotate(server.clock.now_seconds()));
  EXPECT_EQ(exchange(old).status, 200);
}

// --- T29: nobody acts who may not

TEST_F(TokenExchangeTest, T29_RevokedTokenIsNeitherSubjectNorActor) {
  const std::string old = subject(), other = subject();
  ASSERT_EQ(revoke(old, "app").status, 200);
  expect_refused(exchange(old), 400, "invalid_grant", "subject_token_revoked",
                 "the subject_token is not valid");
  expect_refused(exchange(other, with_actor(old)), 400, "invalid_grant", "invalid_actor_token");
  EXPECT_EQ(exchange(other).status, 200);
}

TEST_F(TokenExchangeTest, T29_DisabledUserIsNobodysSubject) {
  configure({.allow_self_exchange = true});
  const std::string old = subject(), actor = machine_token("agent");
  disable_user();
  expect_refused(exchange(old), 400, "invalid_grant", "invalid_subject_token",
                 "the subject_token is not valid");
  expect_refused(exchange(actor, with_actor(old)), 400, "invalid_grant", "invalid_actor_token");
}

TEST_F(TokenExchangeTest, T29_TokensOfASuspendedClientAreWorthNothing) {
  const std::string old = subject(), actor = machine_token("web");
  suspend("web");
  expect_refused(exchange(old, with_actor(actor)), 400, "invalid_grant", "invalid_actor_token");
  suspend("app");
  expect_refused(exchange(old), 400, "invalid_grant", "invalid_subject_token");
}

TEST_F(TokenExchangeTest, StoreThatDoesNotAnswerIsNoRefusalOfTheToken) {
  const std::string old = subject();
  server.storage.refuse_users = DomainErrorCode::unavailable;
  expect_error(exchange(old), 503, "temporarily_unavailable");
  server.storage.refuse_users = DomainErrorCode::internal;
  expect_error(exchange(old), 500, "server_error", "failed to exchange the token");
  server.storage.refuse_users.reset();
  server.storage.refuse_issuances = DomainErrorCode::unavailable;
  expect_error(exchange(old), 503, "temporarily_unavailable");
}

// --- T16, C3 23: never more than there was

TEST_F(TokenExchangeTest, T16_NothingIsGainedByAskingForNothing) {
  // A token without scope has none to pass on.
  const std::string bare = machine_token("agent", "", "");
  expect_refused(exchange(bare), 400, "consent_required", "consent_required");
  configure({.allow_self_exchange = true});
  expect_refused(exchange(bare), 400, "invalid_scope", "subject_scope_ceiling");
  expect_refused(exchange(bare, {{"scope", "target:only"}}), 400, "invalid_scope", "subject_scope_ceiling");
  expect_refused(exchange(bare, {{"resource", ""}, {"scope", "target:only"}}), 400, "invalid_scope",
                 "subject_scope_ceiling");
}

TEST_F(TokenExchangeTest, T16_ScopesOnlyShrinkAlongAChain) {
  const std::string first = access_of(exchange(subject(), {{"scope", "mcp:echo"}}));
  allow("agent", "target", "mcp:echo mcp:add target:only");
  expect_refused(exchange(first, {{"scope", "mcp:add"}}, "second"), 400, "invalid_scope",
                 "subject_scope_ceiling");
  EXPECT_EQ(json_of(exchange(first, {}, "second"))["scope"], "mcp:echo");
}

// --- a client's own token

TEST_F(TokenExchangeTest, OwnTokenIsNotExchangedUnlessTheOperatorAllowsIt) {
  const std::string own = machine_token("agent", "mcp:echo mcp:other");
  expect_refused(exchange(own, {{"resource", ""}}), 403, "access_denied", "policy_denied",
                 "token_exchange.allow_self_exchange");
  expect_refused(exchange(own), 400, "consent_required", "consent_required");
}

TEST_F(TokenExchangeTest, OwnTokenWithoutResourceKeepsItsAudienceAndDiesWithTheOldOne) {
  configure({.allow_self_exchange = true, .lifetime = 90s});
  const std::string own = machine_token("agent", "mcp:echo");
  const std::string access = access_of(exchange(own, {{"resource", ""}, {"scope", "mcp:echo"}}));
  const Json claims = claims_of(access);
  EXPECT_EQ(claims["sub"], "agent");
  EXPECT_EQ(claims["client_id"], "agent");
  EXPECT_EQ(claims["aud"], Json::array({kResource}));
  EXPECT_EQ(claims["scope"], "mcp:echo");
  EXPECT_EQ(claims["exp"].get<std::int64_t>() - claims["iat"].get<std::int64_t>(), 90);
  EXPECT_TRUE(row_of(access).is_machine_token());
  EXPECT_EQ(row_of(access).parent_jti, row_of(own).id);
  EXPECT_EQ(last_exchange().detail, "jti=" + row_of(access).id.text() +
                                        " sub=agent subject_client=agent actor_client=agent "
                                        "type=self_exchange scopes=mcp:echo");
  EXPECT_EQ(server.metrics.count("authplane_token_exchange_total{kind=self,source=,target=}"), 1);
  EXPECT_TRUE(is_active(access));
  ASSERT_EQ(revoke(own, "agent", secret_of("agent")).status, 200);
  EXPECT_FALSE(is_active(access));
}

TEST_F(TokenExchangeTest, OwnTokenIsNeverExchangedForOneThatOutlivesIt) {
  configure({.allow_self_exchange = true});
  const std::string own = machine_token("agent", "mcp:echo", "");
  const auto ends = [&](const std::string& access) { return row_of(access).expires_at; };
  const auto end = ends(own);
  server.clock.advance(10min);
  const auto left = (end - server.clock.now_seconds()).count();
  for (const char* resource : {"", "target"}) {
    std::string access = own;
    for (int generation = 0; generation < 2; ++generation) {
      const HttpResponse response = exchange(access, {{"resource", resource}});
      EXPECT_EQ(json_of(response)["expires_in"], left) << resource;
      access = access_of(response);
      EXPECT_EQ(ends(access), end) << resource;
      EXPECT_EQ(claims_of(access)["exp"], end.time_since_epoch().count()) << resource;
    }
  }
}

TEST_F(TokenExchangeTest, OwnTokenWithoutResourceInheritsScopeAndIsNobodyElses) {
  configure({.allow_self_exchange = true});
  const std::string own = machine_token("agent", "mcp:echo", "");
  const HttpResponse response = exchange(own, {{"resource", ""}});
  EXPECT_EQ(json_of(response)["scope"], "mcp:echo");
  EXPECT_EQ(claims_of(access_of(response))["aud"], Json::array({std::string(kIssuer)}));
  expect_refused(exchange(own, {{"resource", ""}}, "second"), 403, "access_denied",
                 "cross_client_not_authorized");
  expect_refused(exchange(own, {{"resource", ""}, {"scope", "mcp:add"}}), 400, "invalid_scope",
                 "subject_scope_ceiling");
}

TEST_F(TokenExchangeTest, B7_OwnTokenForAResourceNeedsNoConsentAndNoList) {
  configure({.allow_self_exchange = true});
  change_resource("target", [](Resource& resource) { resource.policy.exchange_allowed_client_ids.clear(); });
  const std::string own = machine_token("agent", "mcp:echo mcp:other", "");
  EXPECT_EQ(json_of(exchange(own))["scope"], "mcp:echo");
  EXPECT_EQ(row_of(access_of(exchange(own))).consent_client_id, "agent");
  const std::string useless = machine_token("agent", "mcp:other", "");
  expect_refused(exchange(useless), 400, "invalid_scope", "subject_scope_ceiling");
}

// --- T17: consent is the user's, lists are the operator's

TEST_F(TokenExchangeTest, T17_ConsentOfTheClientThatExchangesIsNotTheConsentThatCounts) {
  revoke_consent("app", "target");
  allow("agent", "target", "mcp:echo mcp:add");
  expect_refused(exchange(subject()), 400, "consent_required", "consent_required");
}

TEST_F(TokenExchangeTest, T17_AnUnlistedClientHearsOfNoConsent) {
  change_resource("target", [](Resource& resource) { resource.policy.exchange_allowed_client_ids.clear(); });
  revoke_consent("app", "target");
  expect_refused(exchange(subject()), 403, "access_denied", "cross_client_not_authorized");
  // The target's own client needs no entry of its own.
  change_resource("target", [](Resource& resource) { resource.policy.runtime_client_ids = {"agent"}; });
  expect_refused(exchange(subject()), 400, "consent_required", "consent_required");
  allow("app", "target", "mcp:echo");
  EXPECT_EQ(exchange(subject()).status, 200);
}

TEST_F(TokenExchangeTest, D23_ConsentOfTheSubjectsClientFollowsTheTokenThroughTheChain) {
  const std::string first = access_of(exchange(subject()));
  // Now "agent" is the client of the token that is exchanged.
  expect_refused(exchange(first, {}, "second"), 400, "consent_required", "consent_required");
  allow("agent", "target", "mcp:echo");
  const std::string second = access_of(exchange(first, {}, "second"));
  EXPECT_EQ(claims_of(second)["client_id"], "second");
  EXPECT_EQ(row_of(second).consent_client_id, "agent");
  EXPECT_EQ(row_of(second).parent_jti, row_of(first).id);
}

// --- act

TEST_F(TokenExchangeTest, WithoutActorTokenNobodyIsSeenToAct) {
  const std::string first = access_of(exchange(subject(), with_actor(machine_token("agent"))));
  allow("agent", "target", "mcp:echo");
  const Json claims = claims_of(access_of(exchange(first, {}, "second")));
  EXPECT_EQ(claims["act"], parse_json(R"({"sub":"agent","actor_type":"service"})").value());
  EXPECT_FALSE(claims_of(access_of(exchange(subject()))).contains("act"));
}

TEST_F(TokenExchangeTest, WithActorTokenTheAuthenticatedClientIsTheActor) {
  Client agent = exchanging_client("thinking");
  agent.is_agent = true;
  server.add(agent);
  change_resource("target", [](Resource& resource) {
    resource.policy.exchange_allowed_client_ids.emplace_back("thinking");
  });
  // Whose token the actor_token is does not matter.
  const std::string actor = machine_token("web");
  const std::string first = access_of(exchange(subject(), with_actor(actor), "agent"));
  allow("agent", "target", "mcp:echo");
  const std::string second = access_of(exchange(first, with_actor(actor), "thinking"));
  const Json claims = claims_of(second);
  EXPECT_EQ(
      claims["act"],
      parse_json(R"({"sub":"thinking","actor_type":"agent","act":{"sub":"agent","actor_type":"service"}})")
          .value());
  EXPECT_EQ(claims["agent_id"], "thinking");
  EXPECT_EQ(claims["agent_chain"], Json::array({"agent", "thinking"}));
  EXPECT_EQ(row_of(second).agent_chain, (std::vector<std::string>{"agent", "thinking"}));
  EXPECT_FALSE(claims_of(first).contains("agent_chain"));
  EXPECT_FALSE(claims_of(first).contains("agent_id"));
  EXPECT_EQ(json_of(introspect(second, secret_of("target-rs")))["act"], claims["act"]);
  EXPECT_EQ(json_of(introspect(second, secret_of("target-rs")))["agent_id"], "thinking");
}

TEST_F(TokenExchangeTest, D09_ChainsEndAtTheConfiguredDepth) {
  configure({.max_chain_depth = 3});
  allow("agent", "target", "mcp:echo");
  const std::string actor = machine_token("agent");
  std::string token = access_of(exchange(subject(), with_actor(actor)));
  for (int depth = 2; depth <= 3; ++depth) token = access_of(exchange(token, with_actor(actor)));
  expect_refused(exchange(token, with_actor(actor)), 400, "invalid_request", "chain_too_deep",
                 "more than 3 actors");
  // The actors there are do not count again.
  EXPECT_EQ(exchange(token).status, 200);
  // A limit that was lowered holds for tokens from before, too.
  configure({.max_chain_depth = 2});
  expect_refused(exchange(token), 400, "invalid_request", "chain_too_deep");
}

// --- possession

TEST_F(TokenExchangeTest, B12_ProofBindsTheNewToken) {
  const HttpResponse response = exchange(subject(), {}, "agent", proof(5));
  EXPECT_EQ(json_of(response)["token_type"], "DPoP");
  EXPECT_EQ(claims_of(access_of(response))["cnf"]["jkt"],
            testing::test_key(JwsAlgorithm::ES256, 5).public_key().thumbprint());
}

TEST_F(TokenExchangeTest, D27_FreshProofBindsAnewAndNoneInherits) {
  const std::string bound = tokens_of(token(code_form("app", code_for("app")), "", proof(5))).access;
  const auto key = [](std::size_t index) {
    return testing::test_key(JwsAlgorithm::ES256, index).public_key().thumbprint();
  };
  const HttpResponse inherited = exchange(bound);
  EXPECT_EQ(json_of(inherited)["token_type"], "DPoP");
  EXPECT_EQ(claims_of(access_of(inherited))["cnf"]["jkt"], key(5));
  EXPECT_EQ(row_of(access_of(inherited)).dpop_jkt, key(5));
  EXPECT_EQ(claims_of(access_of(exchange(bound, {}, "agent", proof(6))))["cnf"]["jkt"], key(6));
  configure({.allow_self_exchange = true});
  change_client("agent", [](Client& client) { client.scope = "mcp:echo"; });
  Form form;
  form.add("grant_type", "client_credentials");
  const std::string own = tokens_of(token(form, secret_of("agent"), proof(7))).access;
  EXPECT_EQ(claims_of(access_of(exchange(own, {{"resource", ""}})))["cnf"]["jkt"], key(7));
}

TEST_F(TokenExchangeTest, BadProofIsRefusedAfterEverythingElseAndAUsedOneToo) {
  const std::string old = subject(), used = proof(5);
  ASSERT_EQ(exchange(old, {}, "agent", used).status, 200);
  expect_error(exchange(old, {}, "agent", used), 400, "invalid_dpop_proof");
  expect_error(exchange(old, {}, "agent", "canary"), 400, "invalid_dpop_proof");
  EXPECT_EQ(last_denial(), "invalid_dpop_proof");
  expect_error(exchange(old, {{"scope", "mcp:other"}}, "agent", "canary"), 400, "invalid_scope");
}

// --- T18: machines

TEST_F(TokenExchangeTest, T18_MachineTokenIsNoUsersToken) {
  expect_refused(exchange(machine_token("web"), {{"scope", "mcp:echo"}}), 400, "consent_required",
                 "consent_required");
  EXPECT_FALSE(json_of(exchange(subject())).contains("refresh_token"));
}

// --- T30

TEST_F(TokenExchangeTest, NoTokenIsLogged) {
  const std::string old = subject(), actor = machine_token("web");
  const std::string fresh = access_of(exchange(old, with_actor(actor)));
  revoke_consent("app", "target");
  exchange(old, with_actor(actor));
  exchange(old + "x", with_actor(actor));
  for (const std::string& text : {old, actor, fresh}) {
    EXPECT_FALSE(server.logger.contains(text));
    for (const std::string& line : audit_lines()) EXPECT_THAT(line, Not(HasSubstr(text)));
  }
}

}  // namespace
}  // namespace authplane::authserver
