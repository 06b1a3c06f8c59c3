#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "authserver/http/user_token_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class AuthorizationCodeTest : public UserTokenTest {};

TEST_F(AuthorizationCodeTest, AnswersWithExactlyTheDocumentedMembersAndHeaders) {
  const HttpResponse response = token(code_form("app", code_for("app")));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.get("Pragma"), "no-cache");
  const Json body = json_of(response);
  EXPECT_EQ(body.size(), 5u);
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_EQ(body["expires_in"], 900);
  EXPECT_EQ(body["scope"], "mcp:echo mcp:add");
  EXPECT_EQ(body["refresh_token"].get<std::string>().size(), 43u);
}

TEST_F(AuthorizationCodeTest, TokenSpeaksForTheUserAndHasExactlyTheDocumentedClaims) {
  const Json claims = claims_of(first_tokens().access);
  EXPECT_EQ(claims.dump(), Json({{"iss", kIssuer},
                                 {"sub", "user-1"},
                                 {"aud", {kResource}},
                                 {"client_id", "app"},
                                 {"scope", "mcp:echo mcp:add"},
                                 {"jti", claims["jti"]},
                                 {"iat", 1767225600},
                                 {"nbf", 1767225600},
                                 {"exp", 1767226500}})
                               .dump());
}

TEST_F(AuthorizationCodeTest, TokenOfACodeWithoutAResourceIsForTheIssuer) {
  const Json claims = claims_of(tokens_of(token(code_form("app", code_without_resource("app")))).access);
  EXPECT_EQ(claims["aud"], Json::array({kIssuer}));
}

TEST_F(AuthorizationCodeTest, AgentsAreNamedInTheTokensOfTheirUsers) {
  Client agent = public_client("agent");
  agent.is_agent = true;
  server.add(agent);
  const Tokens tokens = first_tokens("agent");
  EXPECT_EQ(claims_of(tokens.access)["agent_id"], "agent");
  EXPECT_EQ(claims_of(refreshed(tokens.refresh, "agent").access)["agent_id"], "agent");
}

TEST_F(AuthorizationCodeTest, RecordsTheTokenItsFamilyAndAnAuditRow) {
  const Tokens tokens = first_tokens();
  const TokenFamily family = family_of(tokens.refresh);
  EXPECT_EQ(family.client_id, "app");
  EXPECT_EQ(family.user_id, "user-1");
  EXPECT_EQ(family.scopes.to_string(), "mcp:echo mcp:add");
  EXPECT_EQ(family.resource_uri, kResource);
  EXPECT_EQ(family.dpop_jkt, "");
  const std::string jti = claims_of(tokens.access)["jti"];
  const auto row = server.storage.issuances().find_by_jti(jti).value();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->subject_user_id, "user-1");
  EXPECT_EQ(row->resource_id, "id-demo");
  EXPECT_EQ(row->grant, GrantKind::authorization_code);
  EXPECT_EQ(row->consent_client_id, "app");
  EXPECT_THAT(audit_lines(), Contains("token.issued actor=user-1 client=app family=" + family.id.text() +
                                      " jti=" + jti + " scopes=\"mcp:echo mcp:add\""));
  EXPECT_EQ(server.metrics.count("authserver_tokens_issued_total{grant_type=authorization_code}"), 1);
}

TEST_F(AuthorizationCodeTest, ConfidentialClientsProveTheirSecretEitherWay) {
  EXPECT_EQ(token(code_form("web", code_for("web")), secret_of("web")).status, 200);
  Form in_body = code_form("web", code_for("web"));
  in_body.add("client_secret", std::string(kSecret));
  EXPECT_EQ(token(in_body).status, 200);
}

TEST_F(AuthorizationCodeTest, RefreshTokenIsOnlyForClientsThatMayRefresh) {
  change_client("app", [](Client& client) { client.grant_types = {"authorization_code"}; });
  const Json body = json_of(token(code_form("app", code_for("app"))));
  EXPECT_TRUE(body.contains("access_token"));
  EXPECT_FALSE(body.contains("refresh_token"));
}

TEST_F(AuthorizationCodeTest, ResourceMayBeRepeatedInEverySpellingOfTheSameResource) {
  for (const char* resource : {"https://rs.example/mcp", "HTTPS://RS.example/mcp", "demo"}) {
    const Form form = with(code_form("app", code_for("app")), "resource", resource);
    EXPECT_EQ(claims_of(tokens_of(token(form)).access)["aud"], Json::array({kResource})) << resource;
  }
}

TEST_F(AuthorizationCodeTest, WhatTheResourceNoLongerHasIsNotIssued) {
  const std::string some = code_for("app"), none = code_for("app");
  keep_scopes({"mcp:add"});
  const HttpResponse response = token(code_form("app", some));
  EXPECT_EQ(json_of(response)["scope"], "mcp:add");
  keep_scopes({"another"});
  expect_error(token(code_form("app", none)), 400, "invalid_scope", "none of the approved");
  // The family keeps what the user approved.
  keep_scopes({"mcp:echo", "mcp:add"});
  EXPECT_EQ(json_of(token(refresh_form("app", tokens_of(response).refresh)))["scope"], "mcp:echo mcp:add");
}

TEST_F(AuthorizationCodeTest, LifetimesAreThoseConfigured) {
  server.config.user_tokens.access_lifetime = 90s;
  server.config.user_tokens.refresh_lifetime = 10min;
  server.start();
  const HttpResponse response = token(code_form("app", code_for("app")));
  EXPECT_EQ(json_of(response)["expires_in"], 90);
  server.clock.advance(10min - 1s);
  const Tokens next = refreshed(tokens_of(response).refresh);
  server.clock.advance(10min);
  expect_error(token(refresh_form("app", next.refresh)), 400, "invalid_grant");
}

// --- what is refused: a valid request with one thing broken

class BrokenCodeRequest : public UserTokenTest, public ::testing::WithParamInterface<Broken> {};

TEST_P(BrokenCodeRequest, IsRefusedAndIssuesNothing) {
  const Broken& broken = GetParam();
  const Form form = with(code_form("app", code_for("app")), broken.parameter, broken.value);
  expect_error(token(form), broken.status, broken.error, broken.description);
  EXPECT_EQ(server.storage.families().list({}, {}).value().total, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenCodeRequest,
    ::testing::Values(
        Broken{"NoGrantType", "grant_type", "", 400, "unsupported_grant_type", "missing"},
        Broken{"NoClient", "client_id", "", 401, "invalid_client", "client_id is required"},
        Broken{"UnknownClient", "client_id", "nobody", 401, "invalid_client", "authentication failed"},
        Broken{"ConfidentialClientWithoutSecret", "client_id", "web", 401, "invalid_client",
               "authentication"},
        Broken{"PublicClientWithSecret", "client_secret", "x", 401, "invalid_client",
               "authentication failed"},
        Broken{"CodeOfAnotherClient", "client_id", "other-app", 401, "invalid_client", "another client"},
        Broken{"NoCode", "code", "", 400, "invalid_request", "code is missing"},
        Broken{"UnknownCode", "code", "nonsense", 400, "invalid_grant", "code is invalid"},
        Broken{"NoRedirectUri", "redirect_uri", "", 400, "invalid_grant", "redirect_uri"},
        Broken{"OtherRedirectUri", "redirect_uri", "http://127.0.0.1:4711/cb/", 400, "invalid_grant",
               "redirect_uri"},
        Broken{"OtherPortOfRedirectUri", "redirect_uri", "http://127.0.0.1:4712/cb", 400, "invalid_grant",
               "redirect_uri"},
        Broken{"NoVerifier", "code_verifier", "", 400, "invalid_grant", "PKCE"},
        Broken{"OtherVerifier", "code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", 400,
               "invalid_grant", "PKCE"},
        Broken{"ChallengeAsVerifier", "code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", 400,
               "invalid_grant", "PKCE"},
        Broken{"UnknownResource", "resource", "https://rs.example/mcp/", 400, "invalid_target", ""},
        Broken{"OtherResource", "resource", "https://other.example/mcp", 400, "invalid_target", ""},
        Broken{"OtherResourceBySlug", "resource", "other", 400, "invalid_target", ""}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(AuthorizationCodeTest, RepeatedParametersAreRefusedBeforeTheCodeIsUsedUp) {
  const std::string code = code_for("app");
  for (const char* name : {"code", "redirect_uri", "code_verifier", "client_id", "grant_type"}) {
    Form form = code_form("app", code);
    form.add(name, "x");
    expect_error(token(form), 400, "invalid_request", "more than once");
  }
  EXPECT_EQ(token(code_form("app", code)).status, 200);
}

TEST_F(AuthorizationCodeTest, ACodeForNoResourceIsForNoResource) {
  const Form form = with(code_form("app", code_without_resource("app")), "resource", kResource);
  expect_error(token(form), 400, "invalid_target", "did not authorize");
}

TEST_F(AuthorizationCodeTest, SeveralResourcesAreRefused) {
  Form form = code_form("app", code_for("app"));
  for (int i = 0; i < 2; ++i) form.add("resource", std::string(kResource));
  expect_error(token(form), 400, "invalid_target", "one resource");
}

TEST_F(AuthorizationCodeTest, ParametersInTheQueryAreNotRead) {
  HttpRequest request = request_to("/oauth/token?code_verifier=" + std::string(kVerifier),
                                   with(code_form("app", code_for("app")), "code_verifier", ""));
  expect_error(server.send(request), 400, "invalid_grant", "PKCE");
}

TEST_F(AuthorizationCodeTest, CodeLivesTenMinutesFromTheAuthorizationRequest) {
  const std::string late = code_for("app"), in_time = code_for("app");
  server.clock.advance(10min - 1s);
  EXPECT_EQ(token(code_form("app", in_time)).status, 200);
  server.clock.advance(1s);
  expect_error(token(code_form("app", late)), 400, "invalid_grant", "code is invalid");
}

TEST_F(AuthorizationCodeTest, ClientWithoutTheGrantIsUnauthorized) {
  const std::string code = code_for("app");
  change_client("app", [](Client& client) { client.grant_types = {"refresh_token"}; });
  expect_error(token(code_form("app", code)), 400, "unauthorized_client");
}

TEST_F(AuthorizationCodeTest, NothingIsIssuedToASuspendedClientOrForADisabledUser) {
  const std::string of_suspended = code_for("app"), of_disabled = code_for("other-app");
  ASSERT_TRUE(server.storage.clients().transition("app", ClientStatus::suspended, server.clock.now()));
  expect_error(token(code_form("app", of_suspended)), 401, "invalid_client", "suspended");
  ASSERT_TRUE(server.storage.users().transition("user-1", UserStatus::disabled, server.clock.now()));
  const HttpResponse disabled = token(code_form("other-app", of_disabled));
  expect_error(disabled, 400, "invalid_grant", "code is invalid");
  ASSERT_TRUE(server.storage.users().transition("user-1", UserStatus::active, server.clock.now()));
  expect_error(token(code_form("other-app", of_disabled)), 400, "invalid_grant");
}

TEST_F(AuthorizationCodeTest, NothingIsIssuedOnceTheConsentWasRevoked) {
  const std::string code = code_for("app");
  const auto grant = server.storage.consent_grants().find_active("user-1", "app", "id-demo").value();
  ASSERT_TRUE(server.storage.consent_grants().revoke(grant->id, server.clock.now()));
  expect_error(token(code_form("app", code)), 400, "invalid_grant");
}

TEST_F(AuthorizationCodeTest, StorageThatFailsIsToldWithoutDetailAndIssuesNothing) {
  server.storage.refuse_issuances = DomainErrorCode::internal;
  const HttpResponse response = token(code_form("app", code_for("app")));
  expect_error(response, 500, "server_error", "the server failed");
  EXPECT_THAT(response.body, Not(HasSubstr("disk full")));
  server.storage.refuse_issuances = DomainErrorCode::unavailable;
  const HttpResponse busy = token(code_form("app", code_for("app")));
  expect_error(busy, 503, "temporarily_unavailable");
  EXPECT_EQ(busy.headers.get("Retry-After"), "1");
}

// --- a code is good for one try

TEST_F(AuthorizationCodeTest, AServerThatCannotReadItsResourcesLeavesTheCodeUnused) {
  const std::string code = code_for("app");
  server.storage.refuse_resources = DomainErrorCode::unavailable;
  expect_error(token(code_form("app", code)), 503, "temporarily_unavailable");
  server.storage.refuse_resources = DomainErrorCode::internal;
  expect_error(token(code_form("app", code)), 500, "server_error", "the server failed");
  server.storage.refuse_resources.reset();
  EXPECT_EQ(token(code_form("app", code)).status, 200);
}

TEST_F(AuthorizationCodeTest, EveryFailedTryUsesTheCodeUp) {
  for (const auto& [name, value] : {std::pair{"code_verifier", ""},
                                    {"redirect_uri", "https://evil.example"},
                                    {"client_id", "other-app"},
                                    {"resource", "https://other.example/mcp"}}) {
    const std::string code = code_for("app");
    EXPECT_NE(token(with(code_form("app", code), name, value)).status, 200);
    expect_error(token(code_form("app", code)), 400, "invalid_grant", "code is invalid");
  }
}

TEST_F(AuthorizationCodeTest, AClientThatFailsToAuthenticateDoesNotUseTheCodeUp) {
  const std::string code = code_for("web");
  expect_error(token(code_form("web", code)), 401, "invalid_client");
  expect_error(token(code_form("web", code), basic("web", "wrong")), 401, "invalid_client");
  EXPECT_EQ(token(code_form("web", code), secret_of("web")).status, 200);
}

TEST_F(AuthorizationCodeTest, ReplayByTheClientRevokesWhatTheCodeLedTo) {
  const std::string code = code_for("app");
  const Tokens first = tokens_of(token(code_form("app", code)));
  const Tokens second = refreshed(first.refresh);
  ASSERT_TRUE(is_active(second.access));
  const TokenFamily family = family_of(first.refresh);

  expect_error(token(code_form("app", code)), 400, "invalid_grant", "code is invalid");
  EXPECT_FALSE(is_active(first.access));
  EXPECT_FALSE(is_active(second.access));
  expect_error(token(refresh_form("app", second.refresh)), 400, "invalid_grant");
  const auto lines = audit_lines();
  EXPECT_THAT(lines, Contains("auth_code.reused actor=user-1 client=app code_reuse session=" +
                              family.authorization_id + " verifier=valid"));
  EXPECT_THAT(lines,
              Contains("family.revoked actor=user-1 client=app code_reuse family=" + family.id.text()));
  EXPECT_EQ(server.metrics.count("authserver_auth_code_reuse_total{verifier=valid}"), 1);
  EXPECT_EQ(server.metrics.count("authserver_tokens_revoked_total{reason=code_reuse}"), 1);
}

TEST_F(AuthorizationCodeTest, AStolenCodeAloneLogsNobodyOutAndLooksLikeAnyOther) {
  const std::string code = code_for("app");
  const Tokens tokens = tokens_of(token(code_form("app", code)));
  const std::string refusal = token(with(code_form("app", code), "code", "unknown")).body;
  EXPECT_EQ(token(with(code_form("app", code), "code_verifier", "")).body, refusal);
  EXPECT_EQ(token(with(code_form("app", code), "client_id", "other-app")).body, refusal);
  EXPECT_EQ(token(code_form("web", code), secret_of("web")).body, refusal);
  EXPECT_TRUE(is_active(tokens.access));
  EXPECT_EQ(server.metrics.count("authserver_auth_code_reuse_total{verifier=invalid}"), 1);
  EXPECT_THAT(audit_lines(), Not(Contains(HasSubstr("family.revoked"))));
  refreshed(tokens.refresh);
}

TEST_F(AuthorizationCodeTest, ReplayIsRecognisedAfterTheFamilyDiedAndWritesNoSecondRevocation) {
  const std::string code = code_for("app");
  tokens_of(token(code_form("app", code)));
  for (int i = 0; i < 3; ++i) expect_error(token(code_form("app", code)), 400, "invalid_grant");
  EXPECT_EQ(server.metrics.count("authserver_auth_code_reuse_total{verifier=valid}"), 3);
  EXPECT_EQ(server.metrics.count("authserver_tokens_revoked_total{reason=code_reuse}"), 1);
}

// --- proof of possession

TEST_F(AuthorizationCodeTest, ProofBindsTheTokenAndThePublicClientsFamily) {
  const HttpResponse response = token(code_form("app", code_for("app")), "", proof());
  EXPECT_EQ(json_of(response)["token_type"], "DPoP");
  const Tokens tokens = tokens_of(response);
  const std::string thumbprint = testing::test_key(JwsAlgorithm::ES256, 5).public_key().thumbprint();
  EXPECT_EQ(claims_of(tokens.access)["cnf"], Json({{"jkt", thumbprint}}));
  EXPECT_EQ(family_of(tokens.refresh).dpop_jkt, thumbprint);
}

TEST_F(AuthorizationCodeTest, FamilyOfAConfidentialClientStaysUnbound) {
  const Tokens tokens = tokens_of(token(code_form("web", code_for("web")), secret_of("web"), proof()));
  EXPECT_EQ(family_of(tokens.refresh).dpop_jkt, "");
}

TEST_F(AuthorizationCodeTest, BindingOfFamiliesCanBeSwitchedOff) {
  server.config.user_tokens.bind_refresh_tokens = false;
  server.start();
  const Tokens tokens = tokens_of(token(code_form("app", code_for("app")), "", proof()));
  EXPECT_EQ(family_of(tokens.refresh).dpop_jkt, "");
}

TEST_F(AuthorizationCodeTest, ABadProofUsesTheCodeUp) {
  const std::string stale = testing::ProofBuilder(server.clock.now_seconds() - 10min)
                                .url(std::string(kIssuer) + "/oauth/token")
                                .build();
  for (const std::string& bad : {std::string("no proof at all"), stale, proof() + "," + proof()}) {
    const std::string code = code_for("app");
    expect_error(token(code_form("app", code), "", bad), 400, "invalid_dpop_proof");
    expect_error(token(code_form("app", code), "", proof()), 400, "invalid_grant");
  }
}

TEST_F(AuthorizationCodeTest, AnEmptyProofIsABadOne) {
  HttpRequest request = request_to("/oauth/token", code_form("app", code_for("app")));
  request.headers.add("DPoP", "");
  expect_error(server.send(request), 400, "invalid_dpop_proof");
}

TEST_F(AuthorizationCodeTest, ABadProofIsToldOnlyToWhoHasTheVerifier) {
  const Form guessed = with(code_form("app", code_for("app")), "code_verifier", std::string(43, 'A'));
  expect_error(token(guessed, "", "no proof at all"), 400, "invalid_grant", "PKCE");
}

// RFC 9449 section 10.
TEST_F(AuthorizationCodeTest, ABoundCodeIsGoodWithAProofOfItsKeyAlone) {
  const std::string thumbprint = testing::test_key(JwsAlgorithm::ES256, 5).public_key().thumbprint();
  EXPECT_EQ(json_of(token(code_form("app", bound_code_for("app", thumbprint)), "", proof(5)))["token_type"],
            "DPoP");
  for (const std::string& other : {std::string(), proof(6)}) {
    const std::string code = bound_code_for("app", thumbprint);
    expect_error(token(code_form("app", code), "", other), 400, "invalid_grant", "bound to a key");
    expect_error(token(code_form("app", code), "", proof(5)), 400, "invalid_grant", "invalid");
  }
  EXPECT_EQ(server.metrics.count("authplane_authorization_code_denied_total{reason=dpop_key_mismatch}") +
                server.metrics.count("authplane_authorization_code_denied_total{reason=dpop_proof_missing}"),
            2);
}

TEST_F(AuthorizationCodeTest, ConfidentialClientsAreHeldToTheKeyOfTheirCodeToo) {
  const std::string thumbprint = testing::test_key(JwsAlgorithm::ES256, 5).public_key().thumbprint();
  expect_error(token(code_form("web", bound_code_for("web", thumbprint)), secret_of("web")), 400,
               "invalid_grant", "bound to a key");
  EXPECT_EQ(token(code_form("web", bound_code_for("web", thumbprint)), secret_of("web"), proof(5)).status,
            200);
}

TEST_F(AuthorizationCodeTest, TheRoundOfTheNonceLeavesTheCodeUnused) {
  server.config.dpop.require_nonce = true;
  server.start();
  const std::string code = code_for("app");
  const HttpResponse asked = token(code_form("app", code), "", proof());
  expect_error(asked, 400, "use_dpop_nonce");
  const std::string answer = testing::ProofBuilder(server.clock.now_seconds())
                                 .url(std::string(kIssuer) + "/oauth/token")
                                 .nonce(std::string(*asked.headers.get("DPoP-Nonce")))
                                 .build();
  EXPECT_EQ(token(code_form("app", code), "", answer).status, 200);
}

// --- what is written down

TEST_F(AuthorizationCodeTest, StrangersInTheNameOfAPublicClientCannotFillTheAuditLog) {
  const std::string code = code_for("app");
  const std::size_t before = audit_lines().size();
  token(with(code_form("app", code), "code", "unknown"));
  token(with(code_form("app", code), "code", ""));
  token(with(code_form("app", code), "code", "unknown"), "", "no proof at all");
  token(with(code_form("app", code), "client_id", "nobody"));
  token(with(code_form("app", code), "client_id", "web"));
  EXPECT_EQ(audit_lines().size(), before);
  token(with(code_form("app", code), "code_verifier", ""));
  EXPECT_THAT(audit_lines(), Contains("token.issue_denied actor=app client=app reason=pkce_mismatch"));
}

TEST_F(AuthorizationCodeTest, NoCodeVerifierOrTokenIsLoggedOrAudited) {
  const std::string code = code_for("app");
  const Tokens tokens = tokens_of(token(code_form("app", code)));
  const Tokens next = refreshed(tokens.refresh);
  token(code_form("app", code));
  token(refresh_form("app", tokens.refresh));
  token(refresh_form("other-app", next.refresh));
  revoke(next.refresh, "other-app");
  introspect(tokens.access, secret_of("stranger"));
  server.storage.refuse_issuances = DomainErrorCode::internal;
  token(code_form("app", code_for("app")));

  std::string written = server.logger.text();
  for (const std::string& line : audit_lines()) written += line;
  EXPECT_THAT(written, HasSubstr("presented again"));
  for (const std::string_view secret :
       {std::string_view(code), kVerifier, kSecret, std::string_view(tokens.access),
        std::string_view(tokens.refresh), std::string_view(next.access), std::string_view(next.refresh)}) {
    EXPECT_THAT(written, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace authplane::authserver
