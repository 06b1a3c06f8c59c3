#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include <authplane/jose/jws.h>

#include "authserver/http/token_endpoint_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(TokenEndpointTest, AnswersWithExactlyTheDocumentedMembersAndHeaders) {
  const HttpResponse response = post(valid_form());

  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.get("Pragma"), "no-cache");
  const Json body = json_of(response);
  EXPECT_EQ(body.size(), 4u);
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_EQ(body["expires_in"], 3600);
  EXPECT_EQ(body["scope"], "mcp:echo");
}

TEST_F(TokenEndpointTest, TokenVerifiesAndHasExactlyTheDocumentedClaimsInOrder) {
  const std::string token = json_of(post(valid_form()))["access_token"];

  const auto jws = parse_unverified_jws(token);
  ASSERT_TRUE(jws);
  const SigningKeySetPtr keys = server.keys.keys();
  EXPECT_EQ(jws->header, Json({{"alg", "ES256"}, {"typ", "at+jwt"}, {"kid", keys->kid}}));
  EXPECT_TRUE(keys->published[0].key.verify(JwsAlgorithm::ES256, jws->signing_input, jws->signature));
  const std::string jti = parse_json(jws->payload).value()["jti"];
  EXPECT_EQ(jws->payload, R"({"iss":"https://as.example","sub":"agent-1","aud":["https://rs.example/mcp"],)"
                          R"("client_id":"agent-1","scope":"mcp:echo","jti":")" +
                              jti + R"(","iat":1767225600,"nbf":1767225600,"exp":1767229200})");
}

TEST_F(TokenEndpointTest, AgentsAreNamedInTheirTokensAndRecords) {
  Client agent = server.client_named("agent-2");
  agent.is_agent = true;
  server.add(agent);
  const std::string token = json_of(post(valid_form(), basic("agent-2", kSecret)))["access_token"];

  const Json claims = parse_json(parse_unverified_jws(token)->payload).value();
  EXPECT_EQ(claims["agent_id"], "agent-2");
  const auto row = server.storage.issuances().find_by_jti(claims["jti"].get<std::string>()).value();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->agent_id, "agent-2");
  ASSERT_EQ(post(valid_form()).status, 200);
  EXPECT_EQ(server.metrics.count("authplane_agent_tokens_issued_total"), 1);
}

TEST_F(TokenEndpointTest, EveryTokenHasItsRecordAndAuditRow) {
  const std::string token = json_of(post(valid_form()))["access_token"];
  const std::string jti = parse_json(parse_unverified_jws(token)->payload).value()["jti"];

  const auto row = server.storage.issuances().find_by_jti(jti).value();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->client_id, "agent-1");
  EXPECT_EQ(row->resource_id, "id-demo");
  EXPECT_EQ(row->subject_user_id, "");
  EXPECT_EQ(row->scopes.to_string(), "mcp:echo");
  EXPECT_EQ(row->expires_at - row->issued_at, std::chrono::hours(1));
  const auto audit = server.audit_rows();
  ASSERT_EQ(audit.size(), 1u);
  EXPECT_EQ(audit[0].action, "client_credentials.issued");
  EXPECT_EQ(audit[0].actor_id, "agent-1");
  EXPECT_EQ(audit[0].client_id, "agent-1");
  EXPECT_EQ(audit[0].ip, "192.0.2.7");
  EXPECT_EQ(audit[0].detail, "jti=" + jti + " scopes=mcp:echo");
  EXPECT_EQ(server.metrics.count("authplane_client_credentials_issued_total"), 1);
  EXPECT_EQ(server.metrics.count("authserver_tokens_issued_total{grant_type=client_credentials}"), 1);
}

TEST_F(TokenEndpointTest, NoTokenLeavesWhenItsRecordCannotBeWritten) {
  server.storage.refuse_issuances = DomainErrorCode::internal;
  expect_error(post(valid_form()), 500, "server_error", "the server failed");
  server.storage.refuse_issuances = DomainErrorCode::unavailable;
  const HttpResponse busy = post(valid_form());
  expect_error(busy, 503, "temporarily_unavailable", "try again");
  EXPECT_EQ(busy.headers.get("Retry-After"), "1");
  EXPECT_THAT(busy.body, Not(HasSubstr("disk full")));
  EXPECT_TRUE(server.logger.contains("disk full"));
}

TEST_F(TokenEndpointTest, ClientOrResourceGoneAtTheLastMomentIsRefusedAsIfGoneBefore) {
  server.storage.refuse_issuances = DomainErrorCode::invalid_client;
  expect_error(post(valid_form()), 401, "invalid_client", "refused");
  server.storage.refuse_issuances = DomainErrorCode::invalid_target;
  expect_error(post(valid_form()), 400, "invalid_target", "refused");
}

TEST_F(TokenEndpointTest, TokensOfOneKeySetAreSignedWithTheNextAfterRotation) {
  ASSERT_EQ(post(valid_form()).status, 200);
  ASSERT_TRUE(server.keys.rotate({}));
  const std::string token = json_of(post(valid_form()))["access_token"];
  EXPECT_EQ(parse_unverified_jws(token)->header["kid"], server.keys.keys()->kid);
}

// --- client authentication

TEST_F(TokenEndpointTest, SecretMayComeInTheBody) {
  Form form = valid_form();
  form.add("client_id", "agent-1");
  form.add("client_secret", std::string(kSecret));
  EXPECT_EQ(post(form, "").status, 200);
}

TEST_F(TokenEndpointTest, BasicSchemeHasNoCaseAndItsPartsAreFormEncoded) {
  server.add(server.client_named("we+ird:id %"));
  EXPECT_EQ(post(valid_form(), basic("we+ird:id %", kSecret)).status, 200);
  std::string lower = basic("agent-1", kSecret);
  lower[0] = 'b';
  EXPECT_EQ(post(valid_form(), lower).status, 200);
}

TEST_F(TokenEndpointTest, BasicWinsOverABodyClientId) {
  Form form = valid_form();
  form.add("client_id", "somebody-else");
  EXPECT_EQ(post(form).status, 200);
}

TEST_F(TokenEndpointTest, WrongSecretUnknownClientAndPublicClientLookTheSame) {
  Client public_client = server.client_named("public");
  public_client.secret_hash.clear();
  public_client.token_endpoint_auth_method = ClientAuthMethod::none;
  server.add(public_client);

  const HttpResponse wrong = post(valid_form(), basic("agent-1", "wrong"));
  expect_error(wrong, 401, "invalid_client", "authentication failed");
  EXPECT_EQ(wrong.headers.get("WWW-Authenticate"), "Basic realm=\"authserver\"");
  EXPECT_EQ(post(valid_form(), basic("nobody", kSecret)).body, wrong.body);
  EXPECT_EQ(post(valid_form(), basic("public", kSecret)).body, wrong.body);
}

TEST_F(TokenEndpointTest, MissingOrUnreadableCredentialsAreInvalidClient) {
  expect_error(post(valid_form(), ""), 401, "invalid_client", "required");
  expect_error(post(valid_form(), "Basic !!!"), 401, "invalid_client", "required");
  expect_error(post(valid_form(), "Basic " + base64_encode("no-colon")), 401, "invalid_client", "required");
  expect_error(post(valid_form(), "Basic " + base64_encode("agent-1:%zz")), 401, "invalid_client",
               "required");
  expect_error(post(valid_form(), "Bearer abc"), 401, "invalid_client", "required");
  expect_error(post(valid_form(), basic("agent-1", "")), 401, "invalid_client", "required");
}

TEST_F(TokenEndpointTest, SuspendedAndRevokedClientsAreInvalidClientAtOnce) {
  ASSERT_EQ(post(valid_form()).status, 200);
  ASSERT_TRUE(server.storage.clients().transition("agent-1", ClientStatus::suspended, server.clock.now()));
  expect_error(post(valid_form()), 401, "invalid_client", "suspended");
  expect_error(post(valid_form(), basic("agent-1", "wrong")), 401, "invalid_client", "authentication failed");
  ASSERT_TRUE(server.storage.clients().transition("agent-1", ClientStatus::revoked, server.clock.now()));
  expect_error(post(valid_form()), 401, "invalid_client", "revoked");
}

TEST_F(TokenEndpointTest, TwoWaysToAuthenticateAreInvalidRequest) {
  Form form = valid_form();
  form.add("client_id", "agent-1");
  form.add("client_secret", std::string(kSecret));
  expect_error(post(form), 400, "invalid_request", "both");
  HttpRequest twice = request_with(valid_form().encode());
  twice.headers.add("Authorization", basic("agent-1", kSecret));
  expect_error(server.send(twice), 400, "invalid_request", "more than one Authorization");
}

TEST_F(TokenEndpointTest, ClientWithoutTheGrantIsUnauthorized) {
  Client other = server.client_named("code-only");
  other.grant_types = {"authorization_code"};
  server.add(other);
  expect_error(post(valid_form(), basic("code-only", kSecret)), 400, "unauthorized_client",
               "client_credentials");
}

// --- the request itself

TEST_F(TokenEndpointTest, RepeatedParametersAreInvalidRequest) {
  for (const char* name : {"grant_type", "scope", "client_id", "client_secret", "unheard_of"}) {
    Form form = valid_form();
    form.add(name, "x");
    form.add(name, "x");
    expect_error(post(form), 400, "invalid_request", "more than once");
  }
}

TEST_F(TokenEndpointTest, QueryParametersAreNotRead) {
  HttpRequest request = request_with(form_with("scope", "").encode());
  request.target = "/oauth/token?scope=mcp:nothing&grant_type=refresh_token&resource=https://x.example";
  const HttpResponse response = server.send(request);
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(json_of(response)["scope"], "mcp:echo");

  HttpRequest all_in_query = request_with("", "");
  all_in_query.target =
      "/oauth/token?client_id=agent-1&client_secret=" + std::string(kSecret) + "&" + valid_form().encode();
  expect_error(server.send(all_in_query), 400, "unsupported_grant_type", "missing");
  EXPECT_FALSE(server.logger.contains(kSecret));
}

TEST_F(TokenEndpointTest, BodyMustBeAFormOfBoundedSize) {
  HttpRequest json = request_with("{}");
  json.headers.set("Content-Type", "application/json");
  expect_error(server.send(json), 400, "invalid_request", "x-www-form-urlencoded");
  HttpRequest untyped = request_with(valid_form().encode());
  untyped.headers.remove("Content-Type");
  expect_error(server.send(untyped), 400, "invalid_request", "x-www-form-urlencoded");
  expect_error(server.send(request_with("grant_type=%zz")), 400, "invalid_request", "well-formed");
  expect_error(server.send(request_with("grant_type=client_credentials&x=%00")), 400, "invalid_request",
               "well-formed");
  expect_error(server.send(request_with(std::string(64 * 1024 + 1, 'a'))), 413, "invalid_request", "64 KiB");

  HttpRequest charset = request_with(valid_form().encode());
  charset.headers.set("Content-Type", "Application/X-WWW-form-urlencoded; charset=utf-8");
  EXPECT_EQ(server.send(charset).status, 200);
}

TEST_F(TokenEndpointTest, OtherGrantsAreUnsupported) {
  for (const char* grant :
       {"password", "Client_Credentials", "Refresh_Token", "token-exchange", "jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer", "urn:ietf:params:oauth:grant-type:Jwt-Bearer"}) {
    expect_error(post(form_with("grant_type", grant)), 400, "unsupported_grant_type", "does not support");
  }
  expect_error(post(form_with("grant_type", "")), 400, "unsupported_grant_type", "missing");
}

TEST_F(TokenEndpointTest, SwitchedOffGrantNamesItsSwitch) {
  server.config.client_credentials_enabled = false;
  server.config.token_exchange = std::nullopt;
  server.idp_keys = nullptr;
  server.start();
  expect_error(post(valid_form()), 400, "unsupported_grant_type", "client_credentials.enabled");
  for (const auto& [kind, key] : {std::pair(GrantKind::token_exchange, "token_exchange.enabled"),
                                  std::pair(GrantKind::jwt_bearer, "xaa.enabled")}) {
    expect_error(post(form_with("grant_type", to_string(kind))), 400, "unsupported_grant_type", key);
  }
}

TEST_F(TokenEndpointTest, UnknownParametersAreIgnoredAndEmptyOnesAreAbsent) {
  Form form = form_with("scope", "");
  form.add("scope", "");
  form.add("audience", "https://elsewhere.example");
  const HttpResponse response = post(form);
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(json_of(response)["scope"], "mcp:echo");
}

// --- what is written down

TEST_F(TokenEndpointTest, DenialsAreAuditedUnderADenialNameWithTheirReason) {
  post(form_with("resource", "https://x.example"));
  post(valid_form(), basic("agent-1", "wrong"));
  std::vector<std::string> rows;
  for (const AuditEvent& row : server.audit_rows())
    rows.push_back(row.action + " " + row.client_id + " " + row.detail);
  EXPECT_THAT(rows, ::testing::UnorderedElementsAre(
                        "client_credentials.denied agent-1 reason=invalid_target",
                        "client_credentials.denied agent-1 reason=invalid_client_secret"));
  EXPECT_EQ(server.metrics.count("authplane_client_credentials_denied_total{reason=invalid_target}"), 1);
  EXPECT_EQ(server.metrics.count("authserver_auth_denied_total{reason=invalid_client_secret}"), 1);
}

TEST_F(TokenEndpointTest, StrangersCannotFillTheAuditLog) {
  post(valid_form(), basic("nobody", "x"));
  post(valid_form(), "");
  EXPECT_TRUE(server.audit_rows().empty());
}

TEST_F(TokenEndpointTest, NoSecretOrTokenIsLoggedOrAudited) {
  const std::string token = json_of(post(valid_form()))["access_token"];
  Form in_body = valid_form();
  in_body.add("client_id", "agent-1");
  in_body.add("client_secret", std::string(kSecret) + "-wrong");
  post(in_body, "");
  post(in_body);
  HttpRequest in_query = request_with(valid_form().encode());
  in_query.target += "?client_secret=" + std::string(kSecret);
  server.send(in_query);
  server.storage.refuse_issuances = DomainErrorCode::internal;
  post(valid_form());

  std::string written = server.logger.text();
  for (const AuditEvent& row : server.audit_rows())
    written += row.action + row.actor_id + row.client_id + row.detail;
  EXPECT_THAT(written, HasSubstr("agent-1"));
  EXPECT_THAT(written, Not(HasSubstr(kSecret)));
  EXPECT_THAT(written, Not(HasSubstr(token)));
  EXPECT_THAT(written, Not(HasSubstr(token.substr(token.rfind('.')))));
  EXPECT_THAT(written, Not(HasSubstr(basic("agent-1", kSecret).substr(6))));
}

// --- many at once

TEST_F(TokenEndpointTest, ConcurrentRequestsGetDistinctRecordedTokensAcrossARotation) {
  constexpr int kThreads = 8, kRequests = 50;
  const HttpRequest request = request_with(valid_form().encode());
  std::vector<std::vector<std::string>> bodies(kThreads);
  std::vector<std::jthread> threads;
  for (std::vector<std::string>& mine : bodies) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRequests; ++i) mine.push_back(server.send(request).body);
    });
  }
  ASSERT_TRUE(server.keys.rotate({}));
  threads.clear();

  const SigningKeySetPtr keys = server.keys.keys();
  std::set<std::string> ids;
  for (const std::vector<std::string>& mine : bodies) {
    for (const std::string& body : mine) {
      const std::string token = parse_json(body).value()["access_token"];
      const auto jws = parse_unverified_jws(token);
      const VerificationKey& key = keys->published[jws->header["kid"] == keys->kid ? 0 : 1];
      EXPECT_TRUE(key.key.verify(JwsAlgorithm::ES256, jws->signing_input, jws->signature));
      const std::string jti = parse_json(jws->payload).value()["jti"];
      EXPECT_TRUE(server.storage.issuances().find_by_jti(jti).value());
      ids.insert(jti);
    }
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kThreads * kRequests));
}

}  // namespace
}  // namespace authplane::authserver
