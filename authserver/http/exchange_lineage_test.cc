// What becomes of exchanged tokens when something they rest on ends.

#include "authserver/domain/token_inventory.h"
#include "authserver/domain/user_service.h"
#include "authserver/http/exchange_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class ExchangeLineageTest : public ExchangeTest {
 protected:
  // The token "agent" had for one of "app", then "second" for that one.
  std::vector<std::string> chain(const std::string& root) {
    allow("agent", "target", "mcp:echo");
    const std::string first = access_of(exchange(root));
    return {first, access_of(exchange(first, {}, "second"))};
  }
};

TEST_F(ExchangeLineageTest, T17_RevokedConsentReachesEveryTokenThatCameOfIt) {
  const std::string root = subject();
  const std::vector<std::string> tokens = chain(root);
  for (const std::string& text : tokens) EXPECT_TRUE(is_active_at_target(text));
  // Consent of the first client at the first resource.
  revoke_consent("app", "demo");
  EXPECT_FALSE(is_active(root));
  for (const std::string& text : tokens) {
    EXPECT_FALSE(is_active_at_target(text));
    expect_refused(exchange(text, {}, "second"), 400, "invalid_grant", "subject_token_revoked");
  }
  expect_refused(exchange(root), 400, "invalid_grant", "subject_token_revoked");
}

TEST_F(ExchangeLineageTest, T17_RevokedConsentReachesWhatCameOfARefreshedToken) {
  const std::string root = refreshed(first_tokens().refresh).access;
  const std::vector<std::string> tokens = chain(root);
  for (const std::string& text : tokens) EXPECT_TRUE(is_active_at_target(text));
  revoke_consent("app", "demo");
  EXPECT_FALSE(is_active(root));
  for (const std::string& text : tokens) EXPECT_FALSE(is_active_at_target(text));
}

TEST_F(ExchangeLineageTest, RevokedConsentAtTheTargetReachesWhatWasHadWithIt) {
  const std::string root = subject();
  const std::vector<std::string> tokens = chain(root);
  revoke_consent("app", "target");
  EXPECT_TRUE(is_active(root));
  for (const std::string& text : tokens) EXPECT_FALSE(is_active_at_target(text));
  expect_refused(exchange(root), 400, "consent_required", "consent_required");
}

TEST_F(ExchangeLineageTest, ConsentFurtherDownReachesNothingAboveIt) {
  const std::string root = subject();
  const std::vector<std::string> tokens = chain(root);
  revoke_consent("agent", "target");
  EXPECT_TRUE(is_active(root));
  EXPECT_FALSE(is_active_at_target(tokens[1]));
}

TEST_F(ExchangeLineageTest, D17_WhoWasGivenATokenRevokesItAndNobodyElse) {
  const std::vector<std::string> tokens = chain(subject());
  EXPECT_EQ(revoke(tokens[0], "app").status, 200);
  EXPECT_TRUE(is_active_at_target(tokens[0]));
  EXPECT_EQ(revoke(tokens[0], "agent", secret_of("agent")).status, 200);
  for (const std::string& text : tokens) EXPECT_FALSE(is_active_at_target(text));
  EXPECT_THAT(audit_lines(), Contains(HasSubstr("token.revoked actor=agent client=agent access_token jti=" +
                                                row_of(tokens[0]).id.text())));
}

TEST_F(ExchangeLineageTest, RevokedFamilyEndsItsTokensAndNoneComesOfThemAnyMore) {
  const Tokens root = first_tokens();
  const std::vector<std::string> tokens = chain(root.access);
  ASSERT_EQ(revoke(root.refresh, "app").status, 200);
  EXPECT_TRUE(is_active_at_target(tokens[0]));
  expect_refused(exchange(root.access), 400, "invalid_grant", "subject_token_revoked");
}

// What an operator takes from a user is gone at any depth, and so is what could still become a token.
TEST_F(ExchangeLineageTest, ForcedLogoutAndANewPasswordLeaveNothingToGoOnWith) {
  configure({.allow_self_exchange = true});
  CountingMetrics metrics;
  AuditService audit(server.storage.audit(), server.ids, server.clock, server.logger, metrics);
  TokenInventory inventory(server.storage, audit, server.clock, metrics);
  UserService users(server.storage.users(), server.storage.families(), audit, server.ids, server.clock,
                    [](std::string_view) { return Outcome<std::string>("hash"); });
  const Actor operator_{.id = "operator", .ip = ""};
  const std::function<Outcome<RevokedFamilies>()> ways[] = {
      [&] { return inventory.force_logout("user-1", operator_); },
      [&] { return users.set_password("user-1", SecretString("another long one"), operator_); }};
  for (const auto& revoke_all : ways) {
    const Tokens root = first_tokens();
    const std::vector<std::string> tokens = chain(root.access);
    const std::string own = access_of(exchange(tokens[1], {{"resource", ""}}, "second"));
    const std::string machine = machine_token("web"), code = code_for("app");
    EXPECT_EQ(revoke_all().value().families, 1U);
    for (const std::string& text : tokens) EXPECT_FALSE(is_active_at_target(text));
    expect_refused(exchange(tokens[0], {{"resource", ""}}), 400, "invalid_grant", "subject_token_revoked");
    expect_refused(exchange(own, {{"resource", ""}}, "second"), 400, "invalid_grant",
                   "subject_token_revoked");
    expect_error(token(refresh_form("app", root.refresh)), 400, "invalid_grant");
    expect_error(token(code_form("app", code)), 400, "invalid_grant");
    EXPECT_TRUE(is_active(machine));
  }
}

TEST_F(ExchangeLineageTest, T29_TokensOfADisabledUserAreInactive) {
  const std::vector<std::string> tokens = chain(subject());
  disable_user();
  for (const std::string& text : tokens) EXPECT_FALSE(is_active_at_target(text));
}

TEST_F(ExchangeLineageTest, T21_WhoMayAskAboutAnExchangedToken) {
  const std::vector<std::string> tokens = chain(subject());
  for (const char* id : {"second", "target-rs"}) {
    EXPECT_EQ(json_of(introspect(tokens[1], secret_of(id)))["active"], true) << id;
  }
  for (const char* id : {"agent", "rs", "stranger", "web"}) {
    EXPECT_EQ(introspect(tokens[1], secret_of(id)).body, R"({"active":false})") << id;
  }
}

// A client's own token is not on record with its resource.
TEST_F(ExchangeLineageTest, OwnTokenIsKnownToTheResourceItNames) {
  configure({.allow_self_exchange = true});
  const std::string own = access_of(exchange(machine_token("agent"), {{"resource", ""}}));
  EXPECT_TRUE(is_active(own));
  EXPECT_EQ(introspect(own, secret_of("stranger")).body, R"({"active":false})");
  server.add(server.resource_named("twin", std::string(kResource), {"mcp:echo"}));
  EXPECT_FALSE(is_active(own));
  EXPECT_THAT(audit_lines(), Contains(HasSubstr("reason=ambiguous_runtime_binding")));
}

// T26: what changes between the decision and the record is found there.
TEST_F(ExchangeLineageTest, T26_WhatIsRevokedWhileATokenIsMadeIsNoBasisForIt) {
  const std::string root = subject(), other = subject();
  server.storage.before_append = [&] { EXPECT_EQ(revoke(root, "app").status, 200); };
  expect_refused(exchange(root), 400, "invalid_grant", "subject_token_revoked_during_mint",
                 "the subject_token is not valid");
  server.storage.before_append = [&] { revoke_consent("app", "target"); };
  const HttpResponse refused = exchange(other);
  expect_refused(refused, 400, "consent_required", "consent_revoked_during_mint", "access to target");
  EXPECT_EQ(json_of(refused)["cause"], "consent_missing");
  EXPECT_EQ(json_of(refused)["consent_url"], "https://as.example/authorize?resource=target");
  server.storage.before_append = [&] { allow("app", "target", "mcp:echo"); };
  allow("app", "target", "mcp:echo mcp:add");
  expect_refused(exchange(other, {{"scope", "mcp:add"}}), 400, "consent_required",
                 "consent_revoked_during_mint");
  server.storage.before_append = [&] { suspend("agent"); };
  expect_error(exchange(other, {{"scope", "mcp:echo"}}), 401, "invalid_client");
  server.storage.before_append = [&] { disable_user(); };
  expect_refused(exchange(other, {{"scope", "mcp:echo"}}, "second"), 400, "invalid_grant",
                 "subject_token_revoked_during_mint");
  EXPECT_EQ(last_exchange().action, "");
}

}  // namespace
}  // namespace authplane::authserver
