#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/http/xaa_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

using JwtBearerTest = XaaTest;

constexpr const char* kJwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

TEST_F(JwtBearerTest, AnAssertionIsGoodForOneTokenOfItsUser) {
  const HttpResponse response = present(assertion().claim("scope", "mcp:echo mcp:other").build());
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  const Json body = json_of(response);
  EXPECT_EQ(body.size(), 4u) << response.body;
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_EQ(body["expires_in"], 3600);
  EXPECT_EQ(body["scope"], "mcp:echo");
  const std::string access = body["access_token"];
  const Json claims = claims_of(access);
  EXPECT_EQ(claims["iss"], kIssuer);
  EXPECT_EQ(claims["sub"], "https://idp.example:upstream-7");
  EXPECT_EQ(claims["aud"], Json::array({std::string(kResource)}));
  EXPECT_EQ(claims["client_id"], "agent");
  EXPECT_EQ(claims["act"], (Json{{"sub", "https://idp.example"}}));
  EXPECT_FALSE(claims.contains("agent_id") || claims.contains("agent_chain") || claims.contains("cnf"));

  const std::string jti = claims["jti"];
  const Issuance issued = server.storage.issuances().find_by_jti(jti).value().value();
  EXPECT_EQ(issued.grant, GrantKind::jwt_bearer);
  EXPECT_EQ(issued.subject_user_id, "");
  EXPECT_EQ(issued.resource_id, "id-demo");
  EXPECT_THAT(audit_lines(), Contains("jwt_bearer.issued actor=agent client=agent jti=" + jti +
                                      " idp=https://idp.example scopes=mcp:echo"));
  EXPECT_TRUE(is_active(access));
  EXPECT_EQ(server.metrics.count("authplane_jwt_bearer_issued_total"), 1);
  EXPECT_EQ(server.metrics.count("authplane_xaa_policy_evaluation_total{outcome=allowed}"), 1);
  EXPECT_EQ(server.metrics.count("authplane_xaa_subject_resolutions_total{outcome=auto_mapped}"), 1);
}

TEST_F(JwtBearerTest, ItsTokensAreListedAsMachineTokens) {
  present(assertion().build());
  Form bare = with(assertion_form(assertion().build()), "resource", "");
  const Json claims = claims_of(tokens_of(present(bare)).access);
  EXPECT_EQ(claims["aud"], Json::array({std::string(kIssuer)}));
  EXPECT_EQ(server.storage.issuances().list_machine_tokens("agent", {100, 0}).value().total, 2u);
}

TEST_F(JwtBearerTest, AMappedSubjectIsTheUserHere) {
  map("upstream-7", "user-1");
  const std::string access = tokens_of(present(assertion().build())).access;
  EXPECT_EQ(claims_of(access)["sub"], "user-1");
  EXPECT_EQ(claims_of(access)["act"], (Json{{"sub", "https://idp.example"}}));
  EXPECT_TRUE(is_active(access));
  EXPECT_THAT(audit_lines(), Contains(HasSubstr("jwt_bearer.issued actor=user-1 client=agent")));
  EXPECT_EQ(server.metrics.count("authplane_xaa_subject_resolutions_total{outcome=mapped}"), 1);
}

// T29: whoever is disabled has no live token any more, however it was had.
TEST_F(JwtBearerTest, T29TokensOfAMappedUserDieWithTheUser) {
  map("upstream-7", "user-1");
  const std::string access = tokens_of(present(assertion().build())).access;
  ASSERT_TRUE(is_active(access));
  server.storage.users().transition("user-1", UserStatus::disabled, server.clock.now()).value();
  EXPECT_FALSE(is_active(access));
  server.storage.users().transition("user-1", UserStatus::active, server.clock.now()).value();
  EXPECT_TRUE(is_active(access));
  server.storage.users().remove("user-1", RemoveUser::revoke_tokens, server.clock.now()).value();
  EXPECT_FALSE(is_active(access));
}

TEST_F(JwtBearerTest, ItsTokensCanBeRevoked) {
  const std::string access = tokens_of(present(assertion().build())).access;
  ASSERT_TRUE(is_active(access));
  EXPECT_EQ(revoke(access, "", secret_of("agent")).status, 200);
  EXPECT_FALSE(is_active(access));
}

TEST_F(JwtBearerTest, AnAgentsTokenNamesTheProviderAsItsOriginator) {
  Client robot = confidential_client("robot");
  robot.grant_types = {kJwtBearer};
  robot.scope = "mcp:echo";
  robot.is_agent = true;
  server.add(robot);
  const Form form = assertion_form(assertion().claim("client_id", "robot").build());
  const Json claims = claims_of(tokens_of(token(form, secret_of("robot"))).access);
  EXPECT_EQ(claims["agent_id"], "robot");
  EXPECT_EQ(claims["agent_chain"], Json::array({"https://idp.example"}));
}

TEST_F(JwtBearerTest, AProofBindsTheToken) {
  const HttpResponse response = present(assertion_form(assertion().build()), proof());
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(json_of(response)["token_type"], "DPoP");
  EXPECT_EQ(claims_of(json_of(response)["access_token"].get<std::string>())["cnf"]["jkt"],
            testing::test_key(JwsAlgorithm::ES256, 5).public_key().thumbprint());
  const std::string once = proof();
  EXPECT_EQ(present(assertion_form(assertion().build()), once).status, 200);
  expect_error(present(assertion_form(assertion().build()), once), 400, "invalid_dpop_proof");
}

// --- the steps, in their order

struct Step {
  const char* name;
  int status;
  const char* error;
  const char* reason;  // in audit row and metrics
  bool reusable;       // whether the same assertion is still good for a request that is right
};

class JwtBearerSteps : public JwtBearerTest {
 protected:
  // Makes the request of the step, mends what was wrong, and looks whether the assertion still works.
  void expect_step(
      const Step& step, const std::string& text, const HttpResponse& response,
      const std::function<void()>& mend = [] {}) {
    SCOPED_TRACE(step.name);
    expect_error(response, step.status, step.error);
    EXPECT_THAT(audit_lines().front(),
                HasSubstr("jwt_bearer.denied actor=agent client=agent reason=" + std::string(step.reason)));
    mend();
    const HttpResponse again = present(text);
    if (step.reusable) {
      EXPECT_EQ(again.status, 200) << again.body;
    } else {
      expect_error(again, 400, "invalid_grant", "used before");
    }
  }
};

TEST_F(JwtBearerSteps, OnlyConfidentialClientsRegisteredForItMayAsk) {
  const std::string text = assertion().build();
  const Form form = assertion_form(text);
  expect_error(token(form), 401, "invalid_client");
  expect_error(token(form, basic("agent", "wrong")), 401, "invalid_client");
  expect_error(token(form, secret_of("nobody")), 401, "invalid_client");
  expect_error(token(with(form, "client_id", "app")), 401, "invalid_client");
  expect_error(token(form, secret_of("web")), 400, "unauthorized_client", kJwtBearer);
  EXPECT_EQ(present(text).status, 200);
}

TEST_F(JwtBearerSteps, WhatIsNoAssertionOfATrustedProviderIsRefusedAlike) {
  expect_error(present(with(assertion_form("x"), "assertion", "")), 400, "invalid_grant", "missing");
  TrustedIdp off = row;
  off.id = "idp-off";
  off.issuer = "https://off.example";
  off.enabled = false;
  xaa().insert_idp(off).value();
  const std::vector<std::string> texts{
      "x",
      "a.b.c",
      assertion().without_claim("iss").build(),
      assertion().issuer("https://stranger.example").build(),
      assertion().issuer("https://idp.example/").build(),
      assertion().issuer(std::string(kIssuer)).build(),
      assertion().issuer("https://off.example").build(),
      assertion().build_unsigned(),
      assertion().key(testing::test_key(JwsAlgorithm::ES256, 3)).build(),
      assertion().header("typ", "JWT").build(),
      assertion().claim("aud", "https://other.example").build(),
      assertion().claim("aud", OrderedJson::array({std::string(kIssuer)})).build(),
      assertion().without_claim("jti").build(),
      assertion().without_claim("sub").build(),
      assertion().claim("padding", std::string(30'000, 'p')).build()};
  std::string first;
  for (const std::string& text : texts) {
    const HttpResponse response = present(text);
    expect_error(response, 400, "invalid_grant", "not accepted");
    if (first.empty()) first = response.body;
    EXPECT_EQ(response.body, first) << text.substr(0, 200);
  }
  EXPECT_TRUE(server.logger.contains("https://stranger.example"));
  EXPECT_TRUE(server.logger.contains("'https://off.example' is disabled"));
  for (const std::string& line : server.logger.lines()) EXPECT_THAT(line, Not(HasSubstr(texts[9])));
}

TEST_F(JwtBearerSteps, AnAssertionOfTheWrongTimeSaysSo) {
  const auto at = [&](int offset) {
    return (server.clock.now_seconds() + std::chrono::seconds(offset)).time_since_epoch().count();
  };
  expect_error(present(assertion().claim("exp", at(-30)).build()), 400, "invalid_grant", "expired");
  expect_error(present(assertion().claim("iat", at(-301)).build()), 400, "invalid_grant", "too old");
  EXPECT_EQ(present(assertion().claim("exp", at(-29)).build()).status, 200);
  EXPECT_EQ(present(assertion().claim("iat", at(-300)).build()).status, 200);
}

TEST_F(JwtBearerSteps, AProviderWithoutKeysIsTheServersProblem) {
  idp.go_down();
  const std::string text = assertion().build();
  expect_step({"keys", 500, "server_error", "idp_keys_unavailable", true}, text, present(text), [&] {
    idp.serve({idp.key});
    server.clock.advance(IdpKeys::kPause);
  });
}

TEST_F(JwtBearerSteps, AnAssertionForAnotherClientIs401AndStaysUsable) {
  Client thief = confidential_client("thief");
  thief.grant_types = {kJwtBearer};
  thief.scope = "mcp:echo";
  server.add(thief);
  const std::string text = assertion().build();
  expect_error(token(assertion_form(text), secret_of("thief")), 401, "invalid_client");
  EXPECT_EQ(present(text).status, 200);
}

// D-04: what is wrong with the resource is invalid_target.
TEST_F(JwtBearerSteps, D04ResourceOfRequestAndAssertionHaveToAgree) {
  const std::string other = "https://other.example/mcp";
  const auto resource_of = [&](const OrderedJson& asserted, const std::string& requested) -> std::string {
    auto token = assertion();
    if (!asserted.is_null()) token.claim("resource", asserted);
    const HttpResponse response = present(with(assertion_form(token.build()), "resource", requested));
    if (response.status != 200) return json_of(response)["error"];
    return claims_of(json_of(response)["access_token"].get<std::string>())["aud"][0];
  };
  const std::string demo(kResource);
  EXPECT_EQ(resource_of(OrderedJson(), ""), kIssuer);
  EXPECT_EQ(resource_of(OrderedJson(), demo), demo);
  EXPECT_EQ(resource_of(demo, ""), demo);
  EXPECT_EQ(resource_of(demo, demo), demo);
  EXPECT_EQ(resource_of(OrderedJson::array({demo, other}), other), other);
  EXPECT_EQ(resource_of(OrderedJson::array({demo}), ""), demo);
  EXPECT_EQ(resource_of(demo, other), "invalid_target");
  EXPECT_EQ(resource_of(demo, demo + "/"), "invalid_target");
  EXPECT_EQ(resource_of(OrderedJson::array({demo, other}), ""), "invalid_target");
  EXPECT_EQ(resource_of(OrderedJson::array({demo}), other), "invalid_target");

  const std::string text = assertion().claim("resource", demo).build();
  expect_step({"disagree", 400, "invalid_target", "invalid_target", true}, text,
              present(with(assertion_form(text), "resource", other)));
  Form two = assertion_form(assertion().build());
  two.add("resource", other);
  expect_error(present(two), 400, "invalid_target", "one resource");
}

TEST_F(JwtBearerSteps, D04AnUnknownResourceIsInvalidTargetAndSpendsTheAssertion) {
  for (const char* uri : {"https://rs.example/mcp/", "https://nobody.example", "demo"}) {
    const std::string text = assertion().build();
    expect_step({uri, 400, "invalid_target", "invalid_target", false}, text,
                present(with(assertion_form(text), "resource", uri)));
  }
}

TEST_F(JwtBearerSteps, AResourceCanBeDemanded) {
  server.config.jwt_bearer.require_resource = true;
  start(idp.network);
  const std::string text = assertion().build();
  expect_step({"none named", 400, "invalid_target", "invalid_target", true}, text,
              present(with(assertion_form(text), "resource", "")));
  const std::string named_inside = assertion().claim("resource", std::string(kResource)).build();
  EXPECT_EQ(present(with(assertion_form(named_inside), "resource", "")).status, 200);
}

TEST_F(JwtBearerSteps, ScopesAreBoundByClientAndAssertion) {
  const auto granted = [&](const OrderedJson& asserted, const std::string& requested) -> std::string {
    auto token = assertion();
    if (!asserted.is_null()) token.claim("scope", asserted);
    const HttpResponse response = present(with(assertion_form(token.build()), "scope", requested));
    return json_of(response).value(response.status == 200 ? "scope" : "error", "");
  };
  EXPECT_EQ(granted(OrderedJson(), ""), "mcp:echo mcp:add");
  EXPECT_EQ(granted(OrderedJson(), " "), "mcp:echo mcp:add");
  EXPECT_EQ(granted(OrderedJson(), "mcp:add"), "mcp:add");
  EXPECT_EQ(granted("mcp:add mcp:admin", ""), "mcp:add");
  EXPECT_EQ(granted("mcp:add mcp:admin", "mcp:add"), "mcp:add");
  EXPECT_EQ(granted(OrderedJson(), "mcp:admin"), "invalid_scope");
  EXPECT_EQ(granted("mcp:add", "mcp:echo"), "invalid_scope");
  EXPECT_EQ(granted("mcp:admin", ""), "invalid_scope");
  EXPECT_EQ(granted("", ""), "invalid_scope");
  EXPECT_EQ(granted(OrderedJson(), "mcp:echo \""), "invalid_scope");

  const std::string text = assertion().build();
  expect_step({"beyond", 400, "invalid_scope", "invalid_scope", false}, text,
              present(with(assertion_form(text), "scope", "mcp:admin")));
}

TEST_F(JwtBearerSteps, AClientWithoutScopesGetsNothing) {
  const auto set_scope = [this](const std::string& scope) {
    change_client("agent", [&](Client& client) { client.scope = scope; });
  };
  set_scope("");
  const std::string text = assertion().build();
  expect_step({"no ceiling", 400, "invalid_scope", "invalid_scope", false}, text, present(text),
              [&] { set_scope("mcp:echo"); });
}

TEST_F(JwtBearerSteps, WithoutAPolicyNothingIsAllowed) {
  const std::vector<std::pair<const char*, std::function<void(XaaPolicy&)>>> changes{
      {"disabled", [](XaaPolicy& policy) { policy.enabled = false; }},
      {"another client", [](XaaPolicy& policy) { policy.client_ids = {"web"}; }},
      {"another resource", [](XaaPolicy& policy) { policy.resources = {"https://other.example/mcp"}; }},
      {"not all scopes", [](XaaPolicy& policy) { policy.scopes = ScopeSet::split("mcp:echo"); }},
      {"no scope at all", [](XaaPolicy& policy) { policy.scopes = ScopeSet(); }}};
  const XaaPolicy everything = xaa().find_policy("policy-1").value().value();
  for (const auto& [name, change] : changes) {
    change_policy(change);
    const std::string text = assertion().build();
    expect_step({name, 403, "access_denied", "policy_denied", false}, text, present(text),
                [&] { xaa().update_policy(everything).value(); });
  }
  EXPECT_EQ(server.metrics.count("authplane_xaa_policy_evaluation_total{outcome=denied}"), 5);
}

// Step 14 comes before step 15: who cannot prove the key learns nothing about the user.
TEST_F(JwtBearerSteps, ABadProofIsSaidBeforeAnythingAboutTheUser) {
  server.config.jwt_bearer.subject_mode = SubjectMode::strict;
  start(idp.network);
  const std::string text = assertion().build();
  expect_step({"proof", 400, "invalid_dpop_proof", "invalid_dpop_proof", false}, text,
              present(assertion_form(text), "nonsense"));
}

// D-12: in strict mode a subject that nobody mapped is refused with 403.
TEST_F(JwtBearerSteps, D12StrictModeRefusesUnmappedSubjectsWith403) {
  server.config.jwt_bearer.subject_mode = SubjectMode::strict;
  start(idp.network);
  const std::string text = assertion().build();
  expect_step({"unmapped", 403, "access_denied", "subject_unmapped", false}, text, present(text));
  map("upstream-7", "user-1");
  EXPECT_EQ(claims_of(tokens_of(present(assertion().build())).access)["sub"], "user-1");
  expect_error(present(assertion().claim("sub", "upstream-8").build()), 403, "access_denied");
}

TEST_F(JwtBearerSteps, AMappedUserHasToBeActiveAndThere) {
  map("upstream-7", "user-1");
  const auto become = [this](UserStatus status) {
    server.storage.users().transition("user-1", status, server.clock.now()).value();
  };
  become(UserStatus::disabled);
  const std::string text = assertion().build();
  expect_step({"disabled", 403, "access_denied", "subject_inactive", false}, text, present(text),
              [&] { become(UserStatus::active); });
  EXPECT_EQ(present(assertion().build()).status, 200);
  // Nobody takes the place of a user who is gone, not even the subject's own name.
  server.storage.users().remove("user-1", RemoveUser::revoke_tokens, server.clock.now()).value();
  const std::string later = assertion().build();
  expect_step({"gone", 403, "access_denied", "subject_inactive", false}, later, present(later));
}

// --- attacks

// T28: an assertion works once, whatever became of the first use, for as long as it could be good at all.
TEST_F(JwtBearerTest, T28AnAssertionIsGoodOnce) {
  const std::string text = assertion().build();
  ASSERT_EQ(present(text).status, 200);
  expect_error(present(text), 400, "invalid_grant", "used before");
  EXPECT_THAT(audit_lines().front(), HasSubstr("reason=replayed_assertion"));
  server.clock.advance(std::chrono::seconds(299));
  expect_error(present(text), 400, "invalid_grant", "used before");
  xaa().purge_spent_assertions(server.clock.now()).value();
  expect_error(present(text), 400, "invalid_grant", "used before");
  server.clock.advance(std::chrono::seconds(2));
  expect_error(present(text), 400, "invalid_grant", "too old");
  // The same jti in another assertion of the provider is the same one.
  EXPECT_EQ(present(assertion().claim("jti", "one").build()).status, 200);
  expect_error(present(assertion().claim("jti", "one").claim("sub", "other").build()), 400, "invalid_grant");
}

// T28: a provider cannot use up what another one will assert.
TEST_F(JwtBearerTest, T28AJtiIsThatOfItsProviderAlone) {
  const ScriptedIdp other(server.clock, "https://other-idp.example");
  idp.network->on_json(other.jwks_uri(), testing::jwks_document({other.key}));
  TrustedIdp second = other.row(std::string(kIssuer));
  second.id = "idp-2";
  second.name = "Other";
  xaa().insert_idp(second).value();
  XaaPolicy policy = xaa().find_policy("policy-1").value().value();
  policy.id = "policy-2";
  policy.idp_id = second.id;
  xaa().insert_policy(policy).value();
  EXPECT_EQ(present(other.assertion(std::string(kIssuer), "agent").claim("jti", "one").build()).status, 200);
  EXPECT_EQ(present(assertion().claim("jti", "one").build()).status, 200);
  expect_error(present(assertion().claim("jti", "one").build()), 400, "invalid_grant", "used before");
}

// T28: who holds assertions learns neither who is known here nor what the policies are.
TEST_F(JwtBearerTest, T28OneAnswerForAllThatIsKnownHere) {
  server.config.jwt_bearer.subject_mode = SubjectMode::strict;
  start(idp.network);
  const std::string unmapped = present(assertion().build()).body;
  map("upstream-7", "user-1");
  server.storage.users().transition("user-1", UserStatus::disabled, server.clock.now()).value();
  EXPECT_EQ(present(assertion().build()).body, unmapped);
  server.storage.users().remove("user-1", RemoveUser::revoke_tokens, server.clock.now()).value();
  EXPECT_EQ(present(assertion().build()).body, unmapped);
  change_policy([](XaaPolicy& policy) { policy.enabled = false; });
  EXPECT_EQ(present(assertion().build()).body, unmapped);
  EXPECT_EQ(json_of(present(assertion().build()))["error"], "access_denied");
}

// T28: trying one assertion on many resources ends with the first.
TEST_F(JwtBearerTest, T28NobodyTriesOneAssertionOnManyResources) {
  const std::string text = assertion().build();
  expect_error(present(with(assertion_form(text), "resource", "https://a.example")), 400, "invalid_target");
  for (const char* uri : {"https://b.example", "https://rs.example/mcp", "https://other.example/mcp"})
    expect_error(present(with(assertion_form(text), "resource", uri)), 400, "invalid_grant", "used before");
}

TEST_F(JwtBearerTest, RandomKidsDoNotMakeTheServerAskTheProvider) {
  ASSERT_EQ(present(assertion().build()).status, 200);
  for (int i = 0; i < 200; ++i) {
    expect_error(present(assertion().header("kid", "kid-" + std::to_string(i)).build()), 400,
                 "invalid_grant");
  }
  EXPECT_EQ(idp.fetches(), 1u);
  server.clock.advance(IdpKeys::kPause);
  for (int i = 0; i < 200; ++i)
    expect_error(present(assertion().header("kid", "kid-" + std::to_string(i)).build()), 400,
                 "invalid_grant");
  EXPECT_EQ(idp.fetches(), 2u);
}

// What this server signs is no assertion, not even if it trusted itself.
TEST_F(JwtBearerTest, AccessTokensAreNoAssertions) {
  TrustedIdp self = row;
  self.id = "idp-self";
  self.issuer = std::string(kIssuer);
  self.jwks_uri = "https://as.example/.well-known/jwks.json";
  idp.network->on_json(self.jwks_uri, server.get("/.well-known/jwks.json").body);
  xaa().insert_idp(self).value();
  const std::string access = tokens_of(present(assertion().build())).access;
  expect_error(present(access), 400, "invalid_grant", "not accepted");
}

TEST_F(JwtBearerTest, NoThreadWaitsForTheKeysOfAProvider) {
  class Held final : public HttpTransport {
   public:
    explicit Held(std::shared_ptr<HttpTransport> inner) : inner_(std::move(inner)) {}
    Result<HttpResponse> send(const OutboundRequest& request) override {
      gate.get_future().wait();
      return inner_->send(request);
    }
    std::promise<void> gate;

   private:
    const std::shared_ptr<HttpTransport> inner_;
  };
  const auto held = std::make_shared<Held>(idp.network);
  start(held);
  constexpr int kRequests = 20;
  std::vector<HttpRequest> requests;
  for (int i = 0; i < kRequests; ++i)
    requests.push_back(request_to("/oauth/token", assertion_form(assertion().build()), secret_of("agent")));
  std::vector<std::promise<HttpResponse>> answers(kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) {
    requests[i].remote_address = "192.0.2.7";
    server.deferred(requests[i],
                    [&answers, i](HttpResponse response) { answers[i].set_value(std::move(response)); });
  }
  held->gate.set_value();
  for (auto& answer : answers) EXPECT_EQ(answer.get_future().get().status, 200);
  EXPECT_EQ(idp.fetches(), 1u);
}

// --- what is said about the grant

TEST_F(JwtBearerTest, TheMetadataNamesIt) {
  const Json on = json_of(server.get("/.well-known/oauth-authorization-server"));
  EXPECT_THAT(on["grant_types_supported"].get<std::vector<std::string>>(), Contains(kJwtBearer));
  EXPECT_EQ(on["authorization_grant_profiles_supported"],
            Json::array({"urn:ietf:params:oauth:grant-profile:id-jag"}));
  EXPECT_EQ(on["identity_assertion_supported"], true);
  server.idp_keys = nullptr;
  server.start();
  const Json off = json_of(server.get("/.well-known/openid-configuration"));
  EXPECT_THAT(off["grant_types_supported"].get<std::vector<std::string>>(), Not(Contains(kJwtBearer)));
  EXPECT_FALSE(off.contains("authorization_grant_profiles_supported"));
  EXPECT_FALSE(off.contains("identity_assertion_supported"));
}

TEST_F(JwtBearerTest, SwitchedOffItNamesItsSwitch) {
  server.idp_keys = nullptr;
  server.start();
  expect_error(present(assertion().build()), 400, "unsupported_grant_type", "xaa.enabled");
}

TEST_F(JwtBearerTest, ClientsRegisterForItWhileItIsOn) {
  const auto sign_up = [this] {
    return server.send(
        {.method = "POST",
         .target = "/oauth/register",
         .headers = {{"Content-Type", "application/json"}},
         .body = R"({"client_name":"a","redirect_uris":["https://app.example/cb"],)"
                 R"("token_endpoint_auth_method":"client_secret_basic","grant_types":["authorization_code",)"
                 R"("urn:ietf:params:oauth:grant-type:jwt-bearer"]})",
         .remote_address = ""});
  };
  EXPECT_EQ(sign_up().status, 201) << sign_up().body;
  server.idp_keys = nullptr;
  server.start();
  const HttpResponse refused = sign_up();
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("AUTHPLANE_XAA_ENABLED"));
}

}  // namespace
}  // namespace authplane::authserver
