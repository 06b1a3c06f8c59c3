#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/http/user_token_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class RefreshTokenTest : public UserTokenTest {};

TEST_F(RefreshTokenTest, AnswersWithTheNextTokensOfTheFamily) {
  const Tokens first = first_tokens();
  const HttpResponse response = token(refresh_form("app", first.refresh));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.get("Pragma"), "no-cache");
  const Json body = json_of(response);
  EXPECT_EQ(body.size(), 5u);
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_EQ(body["expires_in"], 900);
  EXPECT_EQ(body["scope"], "mcp:echo mcp:add");
  EXPECT_NE(body["refresh_token"], first.refresh);
  const Json claims = claims_of(body["access_token"].get<std::string>());
  EXPECT_EQ(claims["sub"], "user-1");
  EXPECT_EQ(claims["aud"], Json::array({kResource}));
  EXPECT_NE(claims["jti"], claims_of(first.access)["jti"]);
  EXPECT_TRUE(is_active(first.access));
  EXPECT_THAT(audit_lines(), Contains(HasSubstr("token.refreshed actor=user-1 client=app family=" +
                                                family_of(first.refresh).id.text())));
  EXPECT_EQ(server.metrics.count("authserver_tokens_refreshed_total"), 1);
  EXPECT_EQ(server.metrics.count("authserver_tokens_issued_total{grant_type=refresh_token}"), 1);
}

TEST_F(RefreshTokenTest, WindowSlidesWithEveryUse) {
  Tokens tokens = first_tokens();
  for (int i = 0; i < 3; ++i) {
    server.clock.advance(167h);
    tokens = refreshed(tokens.refresh);
  }
  server.clock.advance(168h);
  expect_error(token(refresh_form("app", tokens.refresh)), 400, "invalid_grant", "refresh token is invalid");
}

TEST_F(RefreshTokenTest, NarrowerScopeIsForOneTokenOnly) {
  const Tokens first = first_tokens();
  const HttpResponse narrowed = token(with(refresh_form("app", first.refresh), "scope", "mcp:add"));
  EXPECT_EQ(json_of(narrowed)["scope"], "mcp:add");
  EXPECT_EQ(json_of(token(refresh_form("app", tokens_of(narrowed).refresh)))["scope"], "mcp:echo mcp:add");
}

TEST_F(RefreshTokenTest, CeilingOfTheClientBoundsAndItsWideningRestores) {
  Tokens tokens = first_tokens();
  change_client("app", [](Client& client) { client.scope = "mcp:add mcp:other"; });
  const HttpResponse cut = token(refresh_form("app", tokens.refresh));
  EXPECT_EQ(json_of(cut)["scope"], "mcp:add");
  tokens = tokens_of(cut);
  expect_error(token(with(refresh_form("app", tokens.refresh), "scope", "mcp:echo")), 400, "invalid_scope",
               "registered scopes: mcp:echo");
  change_client("app", [](Client& client) { client.scope = "mcp:nothing"; });
  expect_error(token(refresh_form("app", tokens.refresh)), 400, "invalid_scope", "none of the scopes");
  change_client("app", [](Client& client) { client.scope = ""; });
  EXPECT_EQ(json_of(token(refresh_form("app", tokens.refresh)))["scope"], "mcp:echo mcp:add");
}

TEST_F(RefreshTokenTest, WhatTheResourceNoLongerHasIsNotIssued) {
  const Tokens first = first_tokens();
  keep_scopes({"mcp:add"});
  const HttpResponse cut = token(refresh_form("app", first.refresh));
  EXPECT_EQ(json_of(cut)["scope"], "mcp:add");
  const Tokens tokens = tokens_of(cut);
  expect_error(token(with(refresh_form("app", tokens.refresh), "scope", "mcp:echo")), 400, "invalid_scope",
               "no longer has: mcp:echo");
  keep_scopes({"another"});
  expect_error(token(refresh_form("app", tokens.refresh)), 400, "invalid_scope", "none of the approved");
  keep_scopes({"mcp:echo", "mcp:add"});
  EXPECT_EQ(json_of(token(refresh_form("app", tokens.refresh)))["scope"], "mcp:echo mcp:add");
}

// --- what is refused: a valid request with one thing broken, that leaves the token unused

class BrokenRefreshRequest : public UserTokenTest, public ::testing::WithParamInterface<Broken> {};

TEST_P(BrokenRefreshRequest, IsRefusedAndLeavesTheTokenUnused) {
  const Broken& broken = GetParam();
  const Tokens tokens = first_tokens();
  const Form form = with(refresh_form("app", tokens.refresh), broken.parameter, broken.value);
  expect_error(token(form), broken.status, broken.error, broken.description);
  EXPECT_EQ(token(refresh_form("app", tokens.refresh)).status, 200);
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenRefreshRequest,
    ::testing::Values(
        Broken{"NoClient", "client_id", "", 401, "invalid_client", "client_id is required"},
        Broken{"UnknownClient", "client_id", "nobody", 401, "invalid_client", "authentication failed"},
        Broken{"PublicClientWithSecret", "client_secret", "x", 401, "invalid_client",
               "authentication failed"},
        Broken{"TokenOfAnotherClient", "client_id", "other-app", 401, "invalid_client", "another client"},
        Broken{"NoToken", "refresh_token", "", 400, "invalid_request", "refresh_token is missing"},
        Broken{"UnknownToken", "refresh_token", "nonsense", 400, "invalid_grant", "refresh token is invalid"},
        Broken{"WiderScope", "scope", "mcp:echo mcp:admin", 400, "invalid_scope",
               "did not approve: mcp:admin"},
        Broken{"MalformedScope", "scope", "mcp:echo \"", 400, "invalid_scope", "malformed"},
        Broken{"UnknownResource", "resource", "https://rs.example/mcp/", 400, "invalid_target", ""},
        Broken{"OtherResource", "resource", "https://other.example/mcp", 400, "invalid_target", ""}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(RefreshTokenTest, AnAccessTokenOrACodeIsNoRefreshToken) {
  const Tokens tokens = first_tokens();
  for (const std::string& text : {tokens.access, code_for("app")}) {
    expect_error(token(refresh_form("app", text)), 400, "invalid_grant", "refresh token is invalid");
  }
}

TEST_F(RefreshTokenTest, EveryChangedTokenIsUnknown) {
  const Tokens tokens = first_tokens();
  for (std::size_t i = 0; i < tokens.refresh.size(); ++i) {
    std::string changed = tokens.refresh;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    expect_error(token(refresh_form("app", changed)), 400, "invalid_grant");
    expect_error(token(refresh_form("app", tokens.refresh.substr(0, i))), 400,
                 i == 0 ? "invalid_request" : "invalid_grant");
  }
  EXPECT_EQ(token(refresh_form("app", tokens.refresh)).status, 200);
}

TEST_F(RefreshTokenTest, ConfidentialClientsMustAuthenticateAndAThiefCannotBurnTheirToken) {
  const Tokens tokens = first_tokens("web", secret_of("web"));
  expect_error(token(refresh_form("web", tokens.refresh)), 401, "invalid_client", "authentication failed");
  expect_error(token(refresh_form("web", tokens.refresh), basic("web", "wrong")), 401, "invalid_client");
  expect_error(token(with(refresh_form("web", tokens.refresh), "client_id", ""), secret_of("stranger")), 401,
               "invalid_client", "another client");
  EXPECT_EQ(token(refresh_form("web", tokens.refresh), secret_of("web")).status, 200);
}

TEST_F(RefreshTokenTest, ClientWithoutTheGrantIsUnauthorized) {
  const Tokens tokens = first_tokens();
  change_client("app", [](Client& client) { client.grant_types = {"authorization_code"}; });
  expect_error(token(refresh_form("app", tokens.refresh)), 400, "unauthorized_client", "refresh_token");
  change_client("app", [](Client& client) { client.grant_types = {"refresh_token"}; });
  EXPECT_EQ(token(refresh_form("app", tokens.refresh)).status, 200);
}

TEST_F(RefreshTokenTest, NothingIsIssuedToASuspendedClientOrForADisabledUser) {
  const Tokens tokens = first_tokens();
  ASSERT_TRUE(server.storage.users().transition("user-1", UserStatus::disabled, server.clock.now()));
  expect_error(token(refresh_form("app", tokens.refresh)), 400, "invalid_grant", "refresh token is invalid");
  ASSERT_TRUE(server.storage.users().transition("user-1", UserStatus::active, server.clock.now()));
  ASSERT_TRUE(server.storage.clients().transition("app", ClientStatus::suspended, server.clock.now()));
  expect_error(token(refresh_form("app", tokens.refresh)), 401, "invalid_client", "suspended");
}

TEST_F(RefreshTokenTest, StorageThatFailsLeavesTheTokenUnused) {
  const Tokens tokens = first_tokens();
  server.storage.refuse_issuances = DomainErrorCode::unavailable;
  expect_error(token(refresh_form("app", tokens.refresh)), 503, "temporarily_unavailable");
  server.storage.refuse_issuances.reset();
  server.storage.refuse_resources = DomainErrorCode::internal;
  expect_error(token(refresh_form("app", tokens.refresh)), 500, "server_error");
  server.storage.refuse_resources.reset();
  EXPECT_EQ(token(refresh_form("app", tokens.refresh)).status, 200);
}

// --- reuse

TEST_F(RefreshTokenTest, ReuseRevokesTheFamilyWhoeverComesFirst) {
  const Tokens first = first_tokens();
  const Tokens second = refreshed(first.refresh);
  const std::string family = family_of(first.refresh).id.text();
  const HttpResponse reused = token(refresh_form("app", first.refresh));
  expect_error(reused, 400, "invalid_grant", "refresh token is invalid");
  EXPECT_EQ(token(refresh_form("app", second.refresh)).body, reused.body);
  EXPECT_EQ(token(refresh_form("app", "unknown")).body, reused.body);
  EXPECT_FALSE(is_active(first.access));
  EXPECT_FALSE(is_active(second.access));
  const auto lines = audit_lines();
  EXPECT_THAT(lines, Contains("family.revoked actor=user-1 client=app reuse_detection family=" + family));
  EXPECT_THAT(lines, Contains("token.refresh_denied actor=app client=app reason=token_reused"));
  EXPECT_EQ(server.metrics.count("authserver_refresh_token_reuse_total"), 1);
  EXPECT_EQ(server.metrics.count("authserver_tokens_revoked_total{reason=family_revocation}"), 1);
}

TEST_F(RefreshTokenTest, ReuseByAnotherClientRevokesNothing) {
  const Tokens first = first_tokens();
  const Tokens second = refreshed(first.refresh);
  expect_error(token(refresh_form("other-app", first.refresh)), 401, "invalid_client");
  expect_error(token(refresh_form("web", first.refresh), secret_of("web")), 401, "invalid_client");
  EXPECT_EQ(token(refresh_form("app", second.refresh)).status, 200);
}

TEST_F(RefreshTokenTest, AnExpiredTokenIsNotTakenForAReusedOne) {
  const Tokens first = first_tokens();
  server.clock.advance(100h);
  const Tokens second = refreshed(first.refresh);
  server.clock.advance(100h);
  expect_error(token(refresh_form("app", first.refresh)), 400, "invalid_grant");
  EXPECT_EQ(token(refresh_form("app", second.refresh)).status, 200);
}

// --- proof of possession

TEST_F(RefreshTokenTest, APublicClientThatProvedAKeyMustGoOnProvingIt) {
  const Tokens first = tokens_of(token(code_form("app", code_for("app")), "", proof(5)));
  const Form form = refresh_form("app", first.refresh);
  expect_error(token(form), 400, "invalid_dpop_proof", "bound to a key");
  expect_error(token(form, "", proof(6)), 400, "invalid_dpop_proof", "bound to a key");
  expect_error(token(form, "", "no proof at all"), 400, "invalid_dpop_proof");
  const HttpResponse response = token(form, "", proof(5));
  EXPECT_EQ(json_of(response)["token_type"], "DPoP");
  // Nor does a reused token revoke for somebody without the key.
  expect_error(token(form, "", proof(6)), 400, "invalid_dpop_proof");
  EXPECT_EQ(token(refresh_form("app", tokens_of(response).refresh), "", proof(5)).status, 200);
}

TEST_F(RefreshTokenTest, AReplayedProofLeavesTheTokenUnused) {
  const Tokens first = first_tokens();
  const std::string once = proof();
  ASSERT_EQ(token(code_form("app", code_for("app")), "", once).status, 200);
  expect_error(token(refresh_form("app", first.refresh), "", once), 400, "invalid_dpop_proof");
  EXPECT_EQ(token(refresh_form("app", first.refresh), "", proof()).status, 200);
}

TEST_F(RefreshTokenTest, AnUnboundFamilyMayBindEachTokenToAnyKeyOrNone) {
  Tokens tokens = first_tokens();
  const HttpResponse bound = token(refresh_form("app", tokens.refresh), "", proof(6));
  EXPECT_EQ(json_of(bound)["token_type"], "DPoP");
  EXPECT_EQ(json_of(token(refresh_form("app", tokens_of(bound).refresh)))["token_type"], "Bearer");

  tokens = tokens_of(token(code_form("web", code_for("web")), secret_of("web"), proof(5)));
  const HttpResponse bearer = token(refresh_form("web", tokens.refresh), secret_of("web"));
  EXPECT_EQ(json_of(bearer)["token_type"], "Bearer");
}

TEST_F(RefreshTokenTest, WithoutBindingARefreshNeedsNoProof) {
  server.config.user_tokens.bind_refresh_tokens = false;
  server.start();
  const Tokens first = tokens_of(token(code_form("app", code_for("app")), "", proof(5)));
  EXPECT_EQ(json_of(token(refresh_form("app", first.refresh)))["token_type"], "Bearer");
}

TEST_F(RefreshTokenTest, StrangersInTheNameOfAPublicClientCannotFillTheAuditLog) {
  const std::size_t before = audit_lines().size();
  for (const char* text : {"", "unknown"}) token(refresh_form("app", text));
  EXPECT_EQ(audit_lines().size(), before);
}

}  // namespace
}  // namespace authplane::authserver
