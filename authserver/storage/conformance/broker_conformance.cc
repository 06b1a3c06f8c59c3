#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StorageConformance, ProviderComesBackAsItWasInserted) {
  const BrokerProvider provider = stored_provider("github");
  BrokerProvider plain;
  plain.id = "plain";
  plain.slug = "acme";
  plain.config_data = "{}";
  ASSERT_TRUE(broker_providers().insert(plain));
  reopen();
  EXPECT_EQ(broker_providers().find(provider.id).value(), provider);
  EXPECT_EQ(broker_providers().find_by_slug("github").value(), provider);
  EXPECT_EQ(broker_providers().find("plain").value(), plain);
  EXPECT_EQ(broker_providers().find("github").value(), std::nullopt);
  EXPECT_EQ(broker_providers().find_by_slug(provider.id).value(), std::nullopt);
  EXPECT_THAT(broker_providers().list().value(), ElementsAre(plain, provider));
}

TEST_P(StorageConformance, ProviderSlugAndIdAreUnique) {
  const BrokerProvider provider = stored_provider("github");
  EXPECT_TRUE(failed_with(broker_providers().insert(make_provider("github")), DomainErrorCode::conflict));
  BrokerProvider second = make_provider("gitlab");
  second.id = provider.id;
  EXPECT_TRUE(failed_with(broker_providers().insert(second), DomainErrorCode::conflict));
  EXPECT_THAT(broker_providers().list().value(), ElementsAre(provider));
}

TEST_P(StorageConformance, ProviderUpdateReplacesEverythingButIdAndCreation) {
  const BrokerProvider before = stored_provider("github");
  BrokerProvider changed = make_provider("gitlab");
  changed.id = before.id;
  changed.protocol = BrokerProtocol::api_key;
  changed.config_data = "{}";
  changed.sealed_secrets.clear();
  changed.enc_backend.clear();
  changed.created_at += std::chrono::hours(1);
  changed.updated_at += std::chrono::hours(2);
  BrokerProvider expected = changed;
  expected.created_at = before.created_at;
  expected.version = 2;
  EXPECT_EQ(broker_providers().update(changed).value(), expected);
  EXPECT_EQ(broker_providers().find(before.id).value(), expected);
  EXPECT_EQ(broker_providers().find_by_slug("github").value(), std::nullopt);
}

TEST_P(StorageConformance, ProviderUpdateRefusesOldVersionsTakenSlugsAndUnknownIds) {
  const BrokerProvider provider = stored_provider("github");
  stored_provider("gitlab");
  BrokerProvider changed = provider;
  changed.slug = "gitlab";
  EXPECT_TRUE(failed_with(broker_providers().update(changed), DomainErrorCode::conflict));
  changed = provider;
  changed.version = 2;
  EXPECT_TRUE(failed_with(broker_providers().update(changed), DomainErrorCode::conflict));
  EXPECT_TRUE(failed_with(broker_providers().update(make_provider("new")), DomainErrorCode::not_found));
  EXPECT_EQ(broker_providers().find(provider.id).value(), provider);
}

TEST_P(StorageConformance, ProviderIsHeldByResourcesAndConnectedAccounts) {
  stored_user("user-1");
  const BrokerProvider provider = stored_provider("github");
  Resource broker = make_resource("broker", "");
  broker.backend_kind = BackendKind::broker;
  broker.broker_provider_id = provider.id;
  ASSERT_TRUE(resources().insert(broker));
  EXPECT_TRUE(failed_with(broker_providers().remove(provider.id), DomainErrorCode::conflict));
  ASSERT_TRUE(resources().remove(broker.id, RemoveResource::unless_linked, clock_.now()));

  const BrokerGrant grant = stored_broker_grant("user-1", provider.id);
  EXPECT_TRUE(failed_with(broker_providers().remove(provider.id), DomainErrorCode::conflict));
  EXPECT_TRUE(broker_grants().get(grant.id).value().is_active());
  const PendingConnect pending = make_pending("user-1", provider.id);
  ASSERT_TRUE(broker_grants().begin(pending));
  ASSERT_TRUE(broker_grants().revoke(grant.id, clock_.now()));
  ASSERT_TRUE(broker_providers().remove(provider.id));
  EXPECT_EQ(broker_providers().find(provider.id).value(), std::nullopt);
  EXPECT_TRUE(failed_with(broker_grants().get(grant.id), DomainErrorCode::not_found));
  EXPECT_EQ(broker_grants().finish(pending.id, clock_.now()).value(), std::nullopt);
  EXPECT_TRUE(failed_with(broker_providers().remove(provider.id), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, BrokerGrantComesBackAsItWasConnected) {
  stored_user("user-1");
  const BrokerProvider provider = stored_provider("github"), other = stored_provider("gitlab");
  const BrokerGrant grant = make_broker_grant("user-1", provider.id);
  EXPECT_EQ(broker_grants().connect(grant).value(), grant);
  reopen();
  EXPECT_EQ(broker_grants().get(grant.id).value(), grant);
  EXPECT_EQ(broker_grants().find_active("user-1", provider.id).value(), grant);
  EXPECT_EQ(broker_grants().find_active("user-1", other.id).value(), std::nullopt);
  EXPECT_EQ(broker_grants().find_active("user-2", provider.id).value(), std::nullopt);
  EXPECT_TRUE(failed_with(broker_grants().get("x"), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, ConnectingAgainKeepsTheRowAndRevivesIt) {
  stored_user("user-1");
  const BrokerProvider provider = stored_provider("github");
  const BrokerGrant first = stored_broker_grant("user-1", provider.id);
  const auto connect_again = [&] {
    clock_.advance(std::chrono::minutes(1));
    BrokerGrant again = make_broker_grant("user-1", provider.id);
    again.scopes_granted = ScopeSet::split("gist");
    again.enc_backend = "vault_transit_encrypt";
    BrokerGrant expected = again;
    expected.id = first.id;
    expected.created_at = first.created_at;
    expected.version = broker_grants().get(first.id).value().version + 1;
    EXPECT_EQ(broker_grants().connect(again).value(), expected);
    EXPECT_EQ(broker_grants().find_active("user-1", provider.id).value(), expected);
  };
  connect_again();
  ASSERT_TRUE(broker_grants().revoke(first.id, clock_.now()));
  connect_again();
  EXPECT_EQ(broker_grants().list_of_user("user-1").value().size(), 1U);
}

TEST_P(StorageConformance, NobodyConnectsWithoutAnActiveUserOrAProvider) {
  const BrokerProvider provider = stored_provider("github");
  stored_user("user-1");
  const auto connect = [&](const char* user, const std::string& provider_id) {
    return broker_grants().connect(make_broker_grant(user, provider_id));
  };
  EXPECT_TRUE(failed_with(connect("nobody", provider.id), DomainErrorCode::access_denied));
  EXPECT_TRUE(failed_with(connect("user-1", "nothing"), DomainErrorCode::not_found));
  ASSERT_TRUE(users().transition("user-1", UserStatus::disabled, clock_.now()));
  EXPECT_TRUE(failed_with(connect("user-1", provider.id), DomainErrorCode::access_denied));
  EXPECT_THAT(broker_grants().list_of_user("user-1").value(), IsEmpty());
}

TEST_P(StorageConformance, SecondBrokerGrantOfOneIdIsAConflict) {
  for (const char* user : {"user-1", "user-2"}) stored_user(user);
  const BrokerProvider provider = stored_provider("github");
  const BrokerGrant grant = stored_broker_grant("user-1", provider.id);
  BrokerGrant second = make_broker_grant("user-2", provider.id);
  second.id = grant.id;
  EXPECT_TRUE(failed_with(broker_grants().connect(second), DomainErrorCode::conflict));
  EXPECT_EQ(broker_grants().get(grant.id).value(), grant);
}

TEST_P(StorageConformance, CredentialIsReplacedAtTheVersionItWasReadAt) {
  stored_user("user-1");
  const BrokerProvider provider = stored_provider("github");
  BrokerGrant expected = stored_broker_grant("user-1", provider.id);
  const std::string bytes("\x02\0rotated", 9);
  const auto replace = [&](std::string_view id, std::int64_t version) {
    return broker_grants().replace_credential(id, version, bytes, "vault_transit_encrypt", clock_.now());
  };
  clock_.advance(std::chrono::minutes(1));
  EXPECT_TRUE(failed_with(replace(expected.id, 2), DomainErrorCode::conflict));
  EXPECT_EQ(broker_grants().get(expected.id).value(), expected);
  expected.credential = bytes;
  expected.enc_backend = "vault_transit_encrypt";
  expected.version = 2;
  expected.updated_at = clock_.now();
  EXPECT_EQ(replace(expected.id, 1).value(), expected);
  EXPECT_EQ(broker_grants().get(expected.id).value(), expected);
  EXPECT_TRUE(failed_with(replace(expected.id, 1), DomainErrorCode::conflict));
  EXPECT_TRUE(failed_with(replace("x", 1), DomainErrorCode::not_found));

  ASSERT_TRUE(broker_grants().revoke(expected.id, clock_.now()));
  const std::int64_t revoked_version = broker_grants().get(expected.id).value().version;
  EXPECT_TRUE(failed_with(replace(expected.id, revoked_version), DomainErrorCode::conflict));
  EXPECT_EQ(broker_grants().get(expected.id).value().credential, "");
}

TEST_P(StorageConformance, RevokedBrokerGrantForgetsItsCredentialAndKeepsTheFirstMoment) {
  stored_user("user-1");
  const BrokerProvider provider = stored_provider("github");
  const BrokerGrant before = stored_broker_grant("user-1", provider.id);
  clock_.advance(std::chrono::minutes(1));
  const RevokedBrokerGrant first = broker_grants().revoke(before.id, clock_.now()).value();
  EXPECT_TRUE(first.was_active);
  EXPECT_EQ(first.grant.revoked_at, clock_.now());
  EXPECT_EQ(first.grant.credential, "");
  EXPECT_EQ(first.grant.scopes_granted, before.scopes_granted);
  clock_.advance(std::chrono::minutes(1));
  const RevokedBrokerGrant second = broker_grants().revoke(before.id, clock_.now()).value();
  EXPECT_FALSE(second.was_active);
  EXPECT_EQ(second.grant, first.grant);
  reopen();
  EXPECT_EQ(broker_grants().get(before.id).value(), first.grant);
  EXPECT_EQ(broker_grants().find_active("user-1", provider.id).value(), std::nullopt);
  EXPECT_TRUE(failed_with(broker_grants().revoke("x", clock_.now()), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, BrokerGrantsAreListedWithRevokedOnes) {
  for (const char* user : {"user-1", "user-2"}) stored_user(user);
  std::vector<BrokerGrant> grants;
  for (const char* slug : {"one", "two", "three"}) {
    grants.push_back(stored_broker_grant("user-1", stored_provider(slug).id));
    clock_.advance(std::chrono::seconds(1));
  }
  const BrokerGrant other = stored_broker_grant("user-2", broker_providers().find_by_slug("one").value()->id);
  grants[1] = broker_grants().revoke(grants[1].id, clock_.now()).value().grant;
  EXPECT_THAT(broker_grants().list_of_user("user-1").value(), ElementsAre(grants[2], grants[1], grants[0]));
  EXPECT_THAT(broker_grants().list_of_user("nobody").value(), IsEmpty());

  std::vector<BrokerGrant> all = grants, seen;
  all.push_back(other);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  while (true) {
    const auto some = broker_grants().list_after(seen.empty() ? "" : seen.back().id, 3).value();
    EXPECT_LE(some.size(), 3U);
    if (some.empty()) break;
    seen.insert(seen.end(), some.begin(), some.end());
  }
  EXPECT_EQ(seen, all);
}

TEST_P(StorageConformance, PendingConnectIsTakenOnceAndBeforeItExpires) {
  const PendingConnect pending = make_pending("user-1", "provider-1");
  ASSERT_TRUE(broker_grants().begin(pending));
  EXPECT_TRUE(failed_with(broker_grants().begin(pending), DomainErrorCode::conflict));
  EXPECT_EQ(broker_grants().finish("x", clock_.now()).value(), std::nullopt);
  reopen();
  EXPECT_EQ(broker_grants().finish(pending.id, clock_.now()).value(), pending);
  EXPECT_EQ(broker_grants().finish(pending.id, clock_.now()).value(), std::nullopt);

  const PendingConnect late = make_pending("user-1", "provider-1");
  ASSERT_TRUE(broker_grants().begin(late));
  EXPECT_EQ(broker_grants().finish(late.id, late.expires_at).value(), std::nullopt);
  EXPECT_EQ(broker_grants().finish(late.id, clock_.now()).value(), std::nullopt);
}

TEST_P(StorageConformance, PurgeDeletesExpiredPendingConnectsOnly) {
  std::vector<PendingConnect> expired;
  for (int i = 0; i < 3; ++i) {
    expired.push_back(make_pending("user-1", "provider-1"));
    ASSERT_TRUE(broker_grants().begin(expired.back()));
  }
  clock_.advance(std::chrono::minutes(5));
  const PendingConnect live = make_pending("user-1", "provider-1");
  ASSERT_TRUE(broker_grants().begin(live));
  EXPECT_EQ(broker_grants().purge_pending(clock_.now()).value(), 0U);
  EXPECT_EQ(broker_grants().purge_pending(expired[0].expires_at).value(), 3U);
  EXPECT_EQ(broker_grants().purge_pending(expired[0].expires_at).value(), 0U);
  for (const PendingConnect& one : expired) {
    EXPECT_EQ(broker_grants().finish(one.id, clock_.now()).value(), std::nullopt);
  }
  EXPECT_EQ(broker_grants().finish(live.id, clock_.now()).value(), live);
}

TEST_P(StorageConformance, ConnectedAccountsGoWithTheirUser) {
  for (const char* user : {"user-1", "user-2"}) stored_user(user);
  const BrokerProvider provider = stored_provider("github");
  const BrokerGrant gone = stored_broker_grant("user-1", provider.id),
                    stays = stored_broker_grant("user-2", provider.id);
  const PendingConnect of_gone = make_pending("user-1", provider.id),
                       of_other = make_pending("user-2", provider.id);
  for (const PendingConnect& pending : {of_gone, of_other}) ASSERT_TRUE(broker_grants().begin(pending));
  ASSERT_TRUE(users().remove("user-1", RemoveUser::unless_live_families, clock_.now()));
  EXPECT_TRUE(failed_with(broker_grants().get(gone.id), DomainErrorCode::not_found));
  EXPECT_EQ(broker_grants().get(stays.id).value(), stays);
  EXPECT_EQ(broker_grants().finish(of_gone.id, clock_.now()).value(), std::nullopt);
  EXPECT_EQ(broker_grants().finish(of_other.id, clock_.now()).value(), of_other);
}

}  // namespace authplane::authserver
