#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StorageConformance, UserComesBackAsItWasInserted) {
  User local = make_user("user-1");
  local.role = UserRole::admin;
  User federated = make_user("user-2");
  federated.email.clear();
  federated.password_hash.clear();
  federated.provider = "corp";
  federated.provider_sub = "sub-2";
  federated.status = UserStatus::disabled;
  ASSERT_TRUE(users().insert(local));
  ASSERT_TRUE(users().insert(federated));
  reopen();
  EXPECT_EQ(users().get("user-1").value(), local);
  EXPECT_EQ(users().get("user-2").value(), federated);
  EXPECT_EQ(users().find_by_email("user-1@example.com").value(), local);
  EXPECT_EQ(users().find_by_provider("corp", "sub-2").value(), federated);
}

TEST_P(StorageConformance, NobodyIsFoundByWhatNobodyHas) {
  User federated = make_user("user-1");
  federated.email.clear();
  ASSERT_TRUE(users().insert(federated));
  EXPECT_EQ(users().find_by_email("").value(), std::nullopt);
  EXPECT_EQ(users().find_by_email("USER-1@example.com").value(), std::nullopt);
  EXPECT_EQ(users().find_by_provider("local", "").value(), std::nullopt);
  EXPECT_TRUE(failed_with(users().get("x"), DomainErrorCode::not_found));
  EXPECT_TRUE(failed_with(users().update(make_user("x")), DomainErrorCode::not_found));
  EXPECT_TRUE(
      failed_with(users().transition("x", UserStatus::disabled, clock_.now()), DomainErrorCode::not_found));
  EXPECT_TRUE(
      failed_with(users().remove("x", RemoveUser::revoke_tokens, clock_.now()), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, AddressAndProviderIdentityBelongToOneUser) {
  User first = make_user("user-1");
  first.provider = "corp";
  first.provider_sub = "sub";
  ASSERT_TRUE(users().insert(first));
  const auto insert = [&](const char* id, const char* email, const char* provider, const char* sub) {
    User user = make_user(id);
    user.email = email;
    user.provider = provider;
    user.provider_sub = sub;
    return users().insert(user);
  };
  EXPECT_TRUE(failed_with(insert("user-1", "b@example.com", "local", ""), DomainErrorCode::conflict));
  EXPECT_TRUE(failed_with(insert("user-2", "user-1@example.com", "local", ""), DomainErrorCode::conflict));
  EXPECT_TRUE(failed_with(insert("user-2", "b@example.com", "corp", "sub"), DomainErrorCode::conflict));
  EXPECT_TRUE(insert("user-2", "", "other", "sub"));
  EXPECT_TRUE(insert("user-3", "", "corp", "sub-3"));
  EXPECT_TRUE(insert("user-4", "", "local", ""));
  EXPECT_TRUE(insert("user-5", "", "local", ""));
}

TEST_P(StorageConformance, UsersAreListedNewestFirst) {
  for (int i = 0; i < 4; ++i) {
    stored_user("user-" + std::to_string(i));
    clock_.advance(std::chrono::seconds(1));
  }
  const auto ids = [&](Page page) {
    std::vector<std::string> out;
    const std::vector<User> listed = users().list(page).value();
    for (const User& user : listed) out.push_back(user.id);
    return out;
  };
  EXPECT_THAT(ids({2, 1}), ElementsAre("user-2", "user-1"));
  EXPECT_THAT(ids({10, 4}), IsEmpty());
  EXPECT_EQ(opened_.storage->stats().stats(clock_.now()).value().users, 4U);
}

TEST_P(StorageConformance, UserUpdateChangesTheEditableMembersOfTheSeenVersionOnly) {
  const User before = stored_user("user-1");
  stored_user("user-2");
  User changed = before;
  changed.email = "new@example.com";
  changed.name = "new";
  changed.password_hash = "new-hash";
  changed.role = UserRole::admin;
  changed.updated_at = clock_.now() + std::chrono::seconds(5);
  changed.status = UserStatus::disabled;
  changed.provider = "corp";
  changed.sessions_since = clock_.now();

  User expected = changed;
  expected.status = before.status;
  expected.provider = before.provider;
  expected.sessions_since = before.sessions_since;
  expected.version = 2;
  EXPECT_EQ(users().update(changed).value(), expected);
  EXPECT_TRUE(failed_with(users().update(changed), DomainErrorCode::conflict));
  changed.version = 2;
  changed.email = "user-2@example.com";
  EXPECT_TRUE(failed_with(users().update(changed), DomainErrorCode::conflict));
  EXPECT_EQ(users().get("user-1").value(), expected);
  changed.email.clear();
  EXPECT_EQ(users().update(changed).value().email, "");
}

TEST_P(StorageConformance, UserIsDisabledAndEnabledOnce) {
  stored_user("user-1");
  const auto go = [&](UserStatus to) { return users().transition("user-1", to, clock_.now()); };
  EXPECT_TRUE(failed_with(go(UserStatus::active), DomainErrorCode::conflict));
  EXPECT_FALSE(go(UserStatus::disabled).value().is_active());
  EXPECT_TRUE(failed_with(go(UserStatus::disabled), DomainErrorCode::conflict));
  EXPECT_EQ(users().get("user-1").value().version, 2);
  EXPECT_TRUE(go(UserStatus::active).value().is_active());
}

TEST_P(StorageConformance, BrowserLoginsEndWithTheUserAndWithEverythingElseOfTheirs) {
  stored_user("user-1");
  const User other = stored_user("user-2");
  const auto since = [&](const char* id) { return users().get(id).value().sessions_since; };
  clock_.advance(std::chrono::seconds(1));
  const WallTime disabled = clock_.now();
  ASSERT_TRUE(users().transition("user-1", UserStatus::disabled, disabled));
  clock_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(users().transition("user-1", UserStatus::active, clock_.now()));
  EXPECT_EQ(since("user-1"), disabled);
  ASSERT_TRUE(families().revoke_of_user("user-1", clock_.now()));
  EXPECT_EQ(since("user-1"), clock_.now());
  EXPECT_EQ(users().get("user-2").value(), other);
}

TEST_P(StorageConformance, UserWithALiveFamilyIsOnlyRemovedByForce) {
  const Resource demo = stored_resource("demo");
  const Session session = first_session(&demo);
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", &demo));
  EXPECT_TRUE(failed_with(users().remove("user-1", RemoveUser::unless_live_families, clock_.now()),
                          DomainErrorCode::conflict));
  EXPECT_TRUE(is_live(session.access));

  ASSERT_TRUE(users().remove("user-1", RemoveUser::revoke_tokens, clock_.now()));
  reopen();
  EXPECT_TRUE(failed_with(users().get("user-1"), DomainErrorCode::not_found));
  EXPECT_TRUE(failed_with(families().get(session.family.id), DomainErrorCode::not_found));
  EXPECT_TRUE(failed_with(authorizations().get(pending.id), DomainErrorCode::not_found));
  EXPECT_THAT(consent_grants().list({}, {}).value(), IsEmpty());
  EXPECT_EQ(families().find_by_refresh_token(hash_of(session.refresh_token)).value(), std::nullopt);
  EXPECT_EQ(issuances().get(session.access.id).value().revoked_at, now_seconds());
  EXPECT_TRUE(clients().get("client-1"));
}

TEST_P(StorageConformance, RevokedAndExpiredFamiliesDoNotHoldAUser) {
  const Session revoked = first_session();
  ASSERT_TRUE(families().revoke(revoked.family.id, clock_.now()));
  stored_session("client-1", "user-1", nullptr);
  clock_.advance(std::chrono::hours(168));
  EXPECT_TRUE(users().remove("user-1", RemoveUser::unless_live_families, clock_.now()));
}

TEST_P(StorageConformance, ClientWithALiveFamilyIsOnlyRemovedByForce) {
  const Session session = first_session();
  clock_.advance(std::chrono::hours(2));
  EXPECT_FALSE(is_live(session.access));
  EXPECT_TRUE(failed_with(clients().remove("client-1", RemoveClient::unless_live_tokens, clock_.now()),
                          DomainErrorCode::conflict));
  ASSERT_TRUE(clients().remove("client-1", RemoveClient::revoke_tokens, clock_.now()));
  EXPECT_TRUE(failed_with(families().get(session.family.id), DomainErrorCode::not_found));
  EXPECT_TRUE(failed_with(authorizations().get(session.family.authorization_id), DomainErrorCode::not_found));
  EXPECT_TRUE(users().get("user-1"));
}

}  // namespace authplane::authserver
