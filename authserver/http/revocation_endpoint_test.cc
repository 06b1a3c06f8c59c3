#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/http/user_token_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class RevocationTest : public UserTokenTest {
 protected:
  void expect_done(const HttpResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    EXPECT_EQ(response.headers.get("Pragma"), "no-cache");
  }
  std::vector<std::string> revocations() {
    std::vector<std::string> lines;
    for (std::string& line : audit_lines()) {
      if (line.starts_with("token.revoked")) lines.push_back(std::move(line));
    }
    return lines;
  }
};

TEST_F(RevocationTest, RefreshTokenTakesItsFamilyWithIt) {
  const Tokens first = first_tokens();
  const Tokens second = refreshed(first.refresh);
  expect_done(revoke(second.refresh, "app"));
  EXPECT_FALSE(is_active(first.access));
  EXPECT_FALSE(is_active(second.access));
  expect_error(token(refresh_form("app", second.refresh)), 400, "invalid_grant", "refresh token is invalid");
  EXPECT_THAT(revocations(), ::testing::ElementsAre("token.revoked actor=app client=app family=" +
                                                    family_of(first.refresh).id.text()));
  EXPECT_EQ(server.metrics.count("authserver_tokens_revoked_total{reason=explicit}"), 1);
}

TEST_F(RevocationTest, AUsedRefreshTokenRevokesTheFamilyToo) {
  const Tokens first = first_tokens();
  const Tokens second = refreshed(first.refresh);
  expect_done(revoke(first.refresh, "app"));
  EXPECT_FALSE(is_active(second.access));
}

TEST_F(RevocationTest, OtherFamiliesOfTheUserLiveOn) {
  const Tokens one = first_tokens(), other = first_tokens();
  expect_done(revoke(one.refresh, "app"));
  EXPECT_TRUE(is_active(other.access));
  refreshed(other.refresh);
}

TEST_F(RevocationTest, AccessTokenOfAUserGoesAloneAndTheFamilyLivesOn) {
  const Tokens tokens = first_tokens();
  expect_done(revoke(tokens.access, "app"));
  EXPECT_FALSE(is_active(tokens.access));
  EXPECT_TRUE(is_active(refreshed(tokens.refresh).access));
  EXPECT_THAT(revocations(), ::testing::ElementsAre("token.revoked actor=app client=app access_token jti=" +
                                                    claims_of(tokens.access)["jti"].get<std::string>()));
}

TEST_F(RevocationTest, MachineTokenIsRevokedByItsClient) {
  change_client("web", [](Client& client) { client.scope = "mcp:echo"; });
  Form form;
  form.add("grant_type", "client_credentials");
  form.add("resource", std::string(kResource));
  const std::string access = tokens_of(token(form, secret_of("web"))).access;
  expect_done(revoke(access, "", secret_of("web")));
  EXPECT_FALSE(is_active(access));
  EXPECT_THAT(revocations(), ::testing::ElementsAre("token.revoked actor=web client=web machine_token jti=" +
                                                    claims_of(access)["jti"].get<std::string>()));
  EXPECT_EQ(server.metrics.count("authserver_tokens_revoked_total{reason=explicit_machine}"), 1);
}

TEST_F(RevocationTest, TypeHintDecidesNothing) {
  for (const char* hint : {"access_token", "refresh_token", "something_else"}) {
    const Tokens tokens = first_tokens();
    Form form;
    form.add("client_id", "app");
    form.add("token", tokens.refresh);
    form.add("token_type_hint", hint);
    expect_done(server.send(request_to("/oauth/revoke", form)));
    EXPECT_FALSE(is_active(tokens.access)) << hint;
  }
}

TEST_F(RevocationTest, ForeignTokensAreLeftAloneAndLookLikeSuccess) {
  const Tokens tokens = first_tokens();
  for (const std::string& text : {tokens.refresh, tokens.access}) {
    expect_done(revoke(text, "other-app"));
    expect_done(revoke(text, "", secret_of("web")));
    expect_done(revoke(text, "", secret_of("rs")));
  }
  EXPECT_TRUE(is_active(tokens.access));
  refreshed(tokens.refresh);
  EXPECT_TRUE(revocations().empty());
  EXPECT_TRUE(server.logger.contains("token not revoked"));
}

TEST_F(RevocationTest, UnknownExpiredAndMalformedTokensLookLikeSuccess) {
  const Tokens tokens = first_tokens();
  for (const std::string& text :
       {std::string("unknown"), std::string("a.b.c"), tokens.access + "x", std::string(20000, 'a')}) {
    expect_done(revoke(text, "app"));
  }
  server.clock.advance(200h);
  expect_done(revoke(tokens.access, "app"));
  EXPECT_TRUE(revocations().empty());
}

TEST_F(RevocationTest, RevokingTwiceIsTheSameAsOnceAndAuditedOnce) {
  const Tokens tokens = first_tokens();
  for (const std::string& text : {tokens.access, tokens.access, tokens.refresh, tokens.refresh})
    expect_done(revoke(text, "app"));
  EXPECT_EQ(revocations().size(), 2u);
}

TEST_F(RevocationTest, ReuseAfterARevocationIsAnInvalidGrantAndNothingMore) {
  const Tokens first = first_tokens();
  refreshed(first.refresh);
  expect_done(revoke(first.refresh, "app"));
  expect_error(token(refresh_form("app", first.refresh)), 400, "invalid_grant");
  EXPECT_EQ(server.metrics.count("authserver_refresh_token_reuse_total"), 0);
  EXPECT_THAT(audit_lines(), Not(Contains(HasSubstr("family.revoked"))));
}

TEST_F(RevocationTest, WhatCouldNotBeRevokedIsNotCalledRevoked) {
  const Tokens tokens = first_tokens();
  server.storage.refuse_issuances = DomainErrorCode::unavailable;
  const HttpResponse busy = revoke(tokens.access, "app");
  expect_error(busy, 503, "temporarily_unavailable");
  EXPECT_EQ(busy.headers.get("Retry-After"), "1");
  server.storage.refuse_issuances = DomainErrorCode::internal;
  const HttpResponse failed = revoke(tokens.access, "app");
  expect_error(failed, 500, "server_error", "the server failed to revoke the token");
  EXPECT_THAT(failed.body, Not(HasSubstr("disk full")));
  EXPECT_TRUE(server.logger.contains("disk full"));
  EXPECT_TRUE(is_active(tokens.access));
}

// --- who may call at all

TEST_F(RevocationTest, CallersThatFailToAuthenticateRevokeNothing) {
  const Tokens tokens = first_tokens("web", secret_of("web"));
  const HttpResponse wrong = revoke(tokens.refresh, "", basic("web", "wrong"));
  expect_error(wrong, 401, "invalid_client", "authentication failed");
  EXPECT_EQ(revoke(tokens.refresh, "web").body, wrong.body);
  EXPECT_EQ(revoke(tokens.refresh, "nobody").body, wrong.body);
  EXPECT_EQ(revoke(tokens.refresh, "", basic("app", kSecret)).body, wrong.body);
  expect_error(revoke(tokens.refresh, ""), 401, "invalid_client", "client_id is required");
  ASSERT_TRUE(server.storage.clients().transition("app", ClientStatus::suspended, server.clock.now()));
  expect_error(revoke("x", "app"), 401, "invalid_client", "suspended");
  EXPECT_EQ(token(refresh_form("web", tokens.refresh), secret_of("web")).status, 200);
}

TEST_F(RevocationTest, MalformedRequestsAreRefused) {
  expect_error(revoke("", "app"), 400, "invalid_request", "token is missing");
  HttpRequest request = request_to("/oauth/revoke", Form());
  request.body = "client_id=app&token=a&token=b";
  expect_error(server.send(request), 400, "invalid_request", "more than once");
  request.body = std::string(64 * 1024 + 1, 'a');
  expect_error(server.send(request), 413, "invalid_request", "64 KiB");
  request.body = "{}";
  request.headers.set("Content-Type", "application/json");
  expect_error(server.send(request), 400, "invalid_request", "form-urlencoded");
  request.method = "GET";
  EXPECT_EQ(server.send(request).status, 405);
}

}  // namespace
}  // namespace authplane::authserver
