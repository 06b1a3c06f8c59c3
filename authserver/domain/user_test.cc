#include "authserver/domain/user.h"

#include <gtest/gtest.h>

#include "authserver/domain/consent_grant.h"

namespace authplane::authserver {
namespace {

TEST(UserTest, NamesParseExactly) {
  for (const UserRole role : {UserRole::user, UserRole::admin}) {
    EXPECT_EQ(parse_user_role(to_string(role)), role);
  }
  for (const UserStatus status : {UserStatus::active, UserStatus::disabled}) {
    EXPECT_EQ(parse_user_status(to_string(status)), status);
  }
  EXPECT_FALSE(parse_user_role("Admin"));
  EXPECT_FALSE(parse_user_role(""));
  EXPECT_FALSE(parse_user_status("suspended"));
}

TEST(UserTest, EmailAddressesAreComparedInOneForm) {
  EXPECT_EQ(normalize_email(" Ada@Example.COM\t\r\n"), "ada@example.com");
  EXPECT_EQ(normalize_email("ada@example.com"), "ada@example.com");
  EXPECT_EQ(normalize_email("\xC3\x84@example.com"), "\xC3\x84@example.com");
  EXPECT_EQ(normalize_email("a b@example.com"), "a b@example.com");
  EXPECT_EQ(normalize_email(" \t"), "");
}

TEST(ConsentGrantTest, CoversWhatWasApprovedUntilItIsRevoked) {
  ConsentGrant grant;
  grant.scopes = ScopeSet::split("read write");
  EXPECT_TRUE(grant.covers(ScopeSet::split("write")));
  EXPECT_TRUE(grant.covers(ScopeSet::split("write read")));
  EXPECT_FALSE(grant.covers(ScopeSet::split("read delete")));
  EXPECT_FALSE(grant.covers(ScopeSet()));
  grant.revoked_at = WallTime();
  EXPECT_FALSE(grant.covers(ScopeSet::split("write")));
}

TEST(ConsentGrantTest, WithoutScopesItCoversNothing) {
  EXPECT_FALSE(ConsentGrant().covers(ScopeSet()));
  EXPECT_FALSE(ConsentGrant().covers(ScopeSet::split("read")));
}

}  // namespace
}  // namespace authplane::authserver
