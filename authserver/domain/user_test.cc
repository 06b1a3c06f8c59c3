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

TEST(UserTest, AddressesThatUsersMayHave) {
  const std::string longest = std::string(kMaxEmailBytes - 12, 'a') + "@example.com";
  for (const std::string& address :
       {std::string("ada@example.com"), std::string("admin@localhost"), longest,
        std::string("first.last+tag@example.com"), std::string("\xC3\x84@example.com")}) {
    EXPECT_TRUE(is_email_address(address)) << address;
  }
  for (const std::string& address :
       {std::string(), std::string("ada"), std::string("@example.com"), std::string("ada@"), std::string("@"),
        std::string("a@b@c"), std::string("a b@example.com"), std::string("<ada@example.com>"),
        std::string("\"a\"@example.com"), std::string("a@example.com,b"), std::string("a\0@example.com", 14),
        std::string("a\x7f@example.com"), std::string("\xff@example.com"), "a" + longest}) {
    EXPECT_FALSE(is_email_address(address)) << address;
  }
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
