#include "authserver/domain/client.h"

#include <gtest/gtest.h>

#include "authserver/domain/issuance.h"

namespace authplane::authserver {
namespace {

TEST(ClientTest, StatusChangesFollowTheStateMachine) {
  using enum ClientStatus;
  EXPECT_TRUE(is_allowed_transition(active, suspended));
  EXPECT_TRUE(is_allowed_transition(suspended, active));
  EXPECT_TRUE(is_allowed_transition(active, revoked));
  EXPECT_TRUE(is_allowed_transition(suspended, revoked));
  EXPECT_TRUE(is_allowed_transition(revoked, revoked));
  EXPECT_FALSE(is_allowed_transition(revoked, active));
  EXPECT_FALSE(is_allowed_transition(revoked, suspended));
  EXPECT_FALSE(is_allowed_transition(active, active));
  EXPECT_FALSE(is_allowed_transition(suspended, suspended));
}

TEST(ClientTest, NamesParseExactly) {
  EXPECT_EQ(parse_client_status("suspended"), ClientStatus::suspended);
  EXPECT_FALSE(parse_client_status("Active"));
  EXPECT_EQ(parse_registration_source("cimd"), RegistrationSource::cimd);
  EXPECT_FALSE(parse_registration_source(""));
  EXPECT_EQ(parse_client_auth_method("client_secret_post"), ClientAuthMethod::client_secret_post);
  EXPECT_FALSE(parse_client_auth_method("private_key_jwt"));
  EXPECT_EQ(parse_grant_kind("client_credentials"), GrantKind::client_credentials);
  EXPECT_FALSE(parse_grant_kind("password"));
}

TEST(IssuanceTest, OnlySignedTokensHaveAJti) {
  Issuance issuance;
  issuance.id = *TimeOrderedId::parse("018bcfe5-6800-7000-8000-0123456789ab");
  EXPECT_EQ(issuance.jti(), "018bcfe5-6800-7000-8000-0123456789ab");
  issuance.backend_kind = BackendKind::broker;
  EXPECT_EQ(issuance.jti(), "");
}

TEST(IssuanceTest, LiveMeansNeitherExpiredNorRevoked) {
  const std::chrono::sys_seconds now{std::chrono::seconds(100)};
  Issuance issuance;
  issuance.expires_at = now + std::chrono::seconds(1);
  EXPECT_TRUE(issuance.is_live(now));
  EXPECT_FALSE(issuance.is_live(issuance.expires_at));
  issuance.revoked_at = now;
  EXPECT_FALSE(issuance.is_live(now));
}

}  // namespace
}  // namespace authplane::authserver
