// Tokens for a resource behind a gateway.

#include "authserver/http/exchange_fixture.h"

namespace authplane::authserver {
namespace {

// "rs" is the gateway "demo"; "hidden" is behind it.
class FrontedExchangeTest : public ExchangeTest {
 protected:
  HttpResponse through(std::string_view subject_token, Fields fields = {}, std::string_view client_id = "rs",
                       const std::string& dpop = "") const {
    fields.insert({"resource", "hidden"});
    return exchange(subject_token, fields, client_id, dpop);
  }
  static Json act(std::string_view text) { return parse_json(text).value(); }
};

TEST_F(FrontedExchangeTest, GatewayActsInItsOwnNameForTheAgentThatCalledIt) {
  const std::string old = subject();
  const HttpResponse response = through(old, {{"scope", "data:read"}});
  const std::string access = access_of(response);
  const Json claims = claims_of(access);
  EXPECT_EQ(claims["client_id"], "demo");
  EXPECT_EQ(claims["sub"], "user-1");
  EXPECT_EQ(claims["aud"], Json::array({kHidden}));
  EXPECT_EQ(claims["scope"], "data:read");
  EXPECT_EQ(claims["act"], act(R"({"sub":"demo","act":{"sub":"app"}})"));
  const Issuance row = row_of(access);
  EXPECT_EQ(row.client_id, "rs");
  EXPECT_EQ(row.consent_client_id, "");
  EXPECT_EQ(row.parent_jti, row_of(old).id);
  EXPECT_EQ(last_exchange().detail,
            "jti=" + row.id.text() +
                " sub=user-1 subject_client=app actor_client=rs type=mint_dispatch chain_kind=fronted "
                "target_kind=mint via_link=demo->hidden resource=hidden scopes=data:read");
  EXPECT_EQ(server.metrics.count("authplane_token_exchange_total{kind=fronted,source=demo,target=hidden}"),
            1);
}

TEST_F(FrontedExchangeTest, ActorsTheTokenNamesStandBehindTheGateway) {
  link("target", "hidden", {{"mcp:echo", {"data:read"}}});
  const std::string first = access_of(exchange(subject(), with_actor(machine_token("agent"))));
  Json claims = claims_of(access_of(through(first, {}, "target-rs")));
  EXPECT_EQ(claims["act"], act(R"({"sub":"target","act":{"sub":"agent","actor_type":"service"}})"));
  // An actor_token changes nothing about that, but has to be good.
  claims = claims_of(access_of(through(subject(), with_actor(machine_token("agent")))));
  EXPECT_EQ(claims["act"], act(R"({"sub":"demo","act":{"sub":"app"}})"));
  expect_refused(through(subject(), with_actor("canary")), 400, "invalid_grant", "invalid_actor_token");
}

TEST_F(FrontedExchangeTest, GatewaysBehindGatewaysActOneForTheOther) {
  server.add(server.resource_named("deeper", "https://deeper.example", {"d"}));
  change_resource("hidden", [](Resource& hidden) { hidden.policy.runtime_client_ids = {"rs"}; });
  link("hidden", "deeper", {{"data:read", {"d"}}});
  const std::string first = access_of(through(subject()));
  const Json claims = claims_of(access_of(exchange(first, {{"resource", "deeper"}}, "rs")));
  EXPECT_EQ(claims["client_id"], "hidden");
  EXPECT_EQ(claims["act"], act(R"({"sub":"hidden","act":{"sub":"demo","act":{"sub":"app"}}})"));
}

TEST_F(FrontedExchangeTest, WhereTheTokenNamesTheGatewayItselfTheCallerIsTheAgent) {
  server.add(public_client("demo"));
  const std::string own = tokens_of(token(code_form("demo", code_for("demo")))).access;
  EXPECT_EQ(claims_of(access_of(through(own)))["act"], act(R"({"sub":"demo","act":{"sub":"rs"}})"));
}

TEST_F(FrontedExchangeTest, AgentBehindAGatewayIsNamedInTheChain) {
  Client agent = exchanging_client("gateway-agent");
  agent.is_agent = true;
  server.add(agent);
  change_resource("demo",
                  [](Resource& demo) { demo.policy.runtime_client_ids.emplace_back("gateway-agent"); });
  const Json claims = claims_of(access_of(through(subject(), {}, "gateway-agent")));
  EXPECT_EQ(claims["agent_id"], "gateway-agent");
  EXPECT_EQ(claims["agent_chain"], Json::array({"app", "demo"}));
}

TEST_F(FrontedExchangeTest, T17_OnlyTheGatewayAndWhomTheOperatorNamedUseTheLink) {
  expect_refused(through(subject(), {}, "agent"), 403, "access_denied", "fronting_caller_not_authorized",
                 "policy.runtime.client_ids of the resource demo");
  change_resource("hidden", [](Resource& hidden) { hidden.policy.exchange_allowed_client_ids = {"agent"}; });
  EXPECT_EQ(through(subject(), {}, "agent").status, 200);
  expect_refused(through(subject(), {}, "rs"), 403, "access_denied", "operator_gate_denied");
}

TEST_F(FrontedExchangeTest, D26_NoConsentIsReadTheTokensScopesAreTheAuthority) {
  const std::string old = subject();
  EXPECT_EQ(through(old).status, 200);
  expect_refused(exchange(old, {{"resource", "other"}}, "rs"), 403, "access_denied",
                 "cross_client_not_authorized");
}

TEST_F(FrontedExchangeTest, ScopesBehindTheGatewayFollowFromThoseAtIt) {
  EXPECT_EQ(json_of(through(subject("mcp:add")))["scope"], "data:read data:write");
  EXPECT_EQ(json_of(through(subject("mcp:add"), {{"scope", "data:write"}}))["scope"], "data:write");
  expect_refused(through(subject("mcp:echo"), {{"scope", "data:write"}}), 400, "invalid_scope",
                 "fronting_subject_scope_insufficient", "data:write");
  expect_refused(through(subject(), {{"scope", "mcp:echo"}}), 400, "invalid_scope", "scope_not_in_catalog");
  change_resource("hidden", [](Resource& hidden) { hidden.scopes.push_back({"data:admin", "", ""}); });
  expect_refused(through(subject(), {{"scope", "data:admin"}}), 400, "invalid_scope",
                 "fronting_scope_unmapped", "data:admin");
}

// "data:read" stands behind "mcp:add" and "mcp:echo"; the first of them in byte order decides.
TEST_F(FrontedExchangeTest, D21_TheFirstScopeThatMapsToItHasToBeHeld) {
  expect_refused(through(subject("mcp:echo"), {{"scope", "data:read"}}), 400, "invalid_scope",
                 "fronting_subject_scope_insufficient");
  EXPECT_EQ(through(subject("mcp:add"), {{"scope", "data:read"}}).status, 200);
  expect_refused(through(subject("mcp:echo")), 400, "invalid_scope", "fronting_subject_scope_insufficient",
                 "no scope of the subject_token");
}

// D-28: what a link leads to stays a resource like any other.
TEST_F(FrontedExchangeTest, D28_WithoutTheLinkTheWayIsTheDirectOne) {
  ASSERT_TRUE(server.storage.fronting_links().remove("demo", "hidden"));
  expect_refused(through(subject()), 403, "access_denied", "cross_client_not_authorized");
  allow("app", "hidden", "data:read");
  change_resource("hidden", [](Resource& hidden) { hidden.policy.exchange_allowed_client_ids = {"rs"}; });
  const std::string old = subject_at("target", "mcp:echo");
  expect_refused(through(old, {{"scope", "data:read"}}), 400, "invalid_scope", "subject_scope_ceiling");
}

TEST_F(FrontedExchangeTest, LinkCountsForTokensOfItsSourceOnly) {
  expect_refused(through(subject_at("other", "mcp:echo")), 403, "access_denied",
                 "cross_client_not_authorized");
  expect_refused(through(subject_without_resource()), 403, "access_denied", "cross_client_not_authorized");
}

// Two resources may have one URI; the record knows which of them the token is for.
TEST_F(FrontedExchangeTest, TwinOfTheSourceIsNotTheSource) {
  const std::string old = subject();
  server.add(server.resource_named("twin", std::string(kResource), {"mcp:echo"}));
  EXPECT_EQ(claims_of(access_of(through(old)))["client_id"], "demo");
}

TEST_F(FrontedExchangeTest, KeyOfTheTokenIsInheritedAndTheDepthCounts) {
  const std::string bound = tokens_of(token(code_form("app", code_for("app")), "", proof(5))).access;
  EXPECT_EQ(claims_of(access_of(through(bound)))["cnf"], claims_of(bound)["cnf"]);
  configure({.max_chain_depth = 1});
  expect_refused(through(bound), 400, "invalid_request", "chain_too_deep");
}

TEST_F(FrontedExchangeTest, TokenIsActiveForTheTargetAndForWhoGotIt) {
  const std::string access = access_of(through(subject()));
  EXPECT_TRUE(is_active_at_target(access));
  const Json body = json_of(introspect(access, secret_of("rs")));
  EXPECT_EQ(body["active"], true);
  EXPECT_EQ(body["client_id"], "demo");
  EXPECT_EQ(body["act"], act(R"({"sub":"demo","act":{"sub":"app"}})"));
  EXPECT_EQ(json_of(introspect(access, secret_of("stranger")))["active"], false);
  // D-17: who got it may give it back, nobody else.
  EXPECT_EQ(revoke(access, "agent", secret_of("agent")).status, 200);
  EXPECT_TRUE(is_active_at_target(access));
  EXPECT_EQ(revoke(access, "rs", secret_of("rs")).status, 200);
  EXPECT_FALSE(is_active_at_target(access));
}

TEST_F(FrontedExchangeTest, TokenDiesWithTheClientThatGotIt) {
  const std::string access = access_of(through(subject()));
  suspend("rs");
  EXPECT_FALSE(is_active_at_target(access));
}

}  // namespace
}  // namespace authplane::authserver
