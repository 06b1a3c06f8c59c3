#include <gtest/gtest.h>

#include "authserver/admin/password_hashing.h"
#include "authserver/admin/test_admin.h"
#include "authserver/domain/user_service.h"

namespace authplane::authserver {
namespace {

// A password is changed at the command line only; the rules are those of the service behind it.
class PasswordChangeTest : public AdminTest {
 protected:
  bool logs_in(const std::string& id, const std::string& password) {
    const PasswordHasher hasher(config.passwords, slots, random);
    return hasher.check(password, storage.users().get(id).value().password_hash).verdict ==
           PasswordVerdict::match;
  }
  Outcome<RevokedFamilies> change(const std::string& id, const std::string& password) {
    return users.set_password(id, SecretString(password), {.id = "admin", .ip = ""});
  }

  HashSlots slots{1};
  AuditService audit{storage.audit(), ids, clock, logger, metrics};
  UserService users{storage.users(), storage.families(),
                    audit,           ids,
                    clock,           password_hashing(config.passwords, slots, random)};
};

TEST_F(PasswordChangeTest, OnlyTheNewOneIsRightAndTokensOfTheOldOneAreRevoked) {
  const std::string user = create_user(), other = create_user("bob@example.com");
  const std::string client = create_client(), resource = create_resource();
  const Session first = sign_in(client, user, resource), second = sign_in(client, user, resource);
  const Session unrelated = sign_in(client, other, resource);
  const auto revoked = change(user, "another long one");
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->families, 2u);
  EXPECT_TRUE(logs_in(user, "another long one"));
  EXPECT_FALSE(logs_in(user, "a long one"));
  EXPECT_FALSE(is_live(first.access));
  EXPECT_FALSE(is_live(second.access));
  EXPECT_TRUE(is_live(unrelated.access));
  EXPECT_TRUE(logs_in(other, "a long one"));
  EXPECT_EQ(last_audit().action, "user.password_changed");
  EXPECT_EQ(last_audit().detail, "user=" + user + " revoked=2");
}

TEST_F(PasswordChangeTest, WhatIsNoPasswordChangesNothing) {
  const std::string user = create_user();
  const std::size_t rows = audit_rows().size();
  const std::string u_umlaut = "\xc3\xbc";
  std::string seven;
  for (int i = 0; i < 7; ++i) seven += u_umlaut;
  for (const std::string& password : {std::string(), std::string("seven77"), seven, std::string(1025, 'p')}) {
    const auto refused = change(user, password);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, DomainErrorCode::invalid_request);
  }
  EXPECT_TRUE(logs_in(user, "a long one"));
  EXPECT_EQ(audit_rows().size(), rows);
  EXPECT_TRUE(change(user, seven + u_umlaut));
  EXPECT_EQ(change("nobody", "another long one").error().code, DomainErrorCode::not_found);
}

TEST_F(PasswordChangeTest, UserOfAnIdentityProviderGetsNone) {
  User federated;
  federated.id = "federated";
  federated.provider = "oidc";
  federated.provider_sub = "sub";
  federated.created_at = federated.updated_at = clock.now();
  storage.users().insert(federated).value();
  const auto refused = change("federated", "another long one");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, DomainErrorCode::invalid_request);
  EXPECT_NE(refused.error().description.find("identity provider"), std::string::npos);
  EXPECT_EQ(storage.users().get("federated").value().password_hash, "");
}

}  // namespace
}  // namespace authplane::authserver
