#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StorageConformance, ClientComesBackAsItWasInserted) {
  Client client = make_client("client-1");
  client.application_type = "native";
  client.cimd_url = "https://app.example/client.json";
  client.registration_source = RegistrationSource::cimd;
  ASSERT_TRUE(clients().insert(client));
  EXPECT_EQ(*clients().get("client-1").value(), client);
  EXPECT_THAT(clients().list({}, {}).value(), ElementsAre(client));
}

TEST_P(StorageConformance, PublicClientHasNoHashAndNoApplicationType) {
  Client client = make_client("client-1");
  client.secret_hash.clear();
  client.redirect_uris.clear();
  ASSERT_TRUE(clients().insert(client));
  EXPECT_EQ(*clients().get("client-1").value(), client);
  EXPECT_TRUE(clients().get("client-1").value()->is_public());
}

TEST_P(StorageConformance, UnknownClientIsNotFoundByEveryVerb) {
  EXPECT_TRUE(failed_with(clients().get("x"), DomainErrorCode::not_found));
  EXPECT_TRUE(failed_with(clients().update(make_client("x")), DomainErrorCode::not_found));
  EXPECT_TRUE(failed_with(clients().rotate_secret("x", "h", clock_.now()), DomainErrorCode::not_found));
  EXPECT_TRUE(failed_with(clients().transition("x", ClientStatus::revoked, clock_.now()),
                          DomainErrorCode::not_found));
  EXPECT_TRUE(failed_with(clients().remove("x", RemoveClient::revoke_tokens, clock_.now()),
                          DomainErrorCode::not_found));
}

TEST_P(StorageConformance, SecondClientOfOneIdIsAConflict) {
  stored_client("client-1");
  Client other = make_client("client-1");
  other.name = "other";
  EXPECT_TRUE(failed_with(clients().insert(other), DomainErrorCode::conflict));
  EXPECT_NE(clients().get("client-1").value()->name, "other");
}

TEST_P(StorageConformance, ClientsAreListedNewestFirstWithFiltersAndPages) {
  for (int i = 0; i < 5; ++i) {
    Client client = make_client("client-" + std::to_string(i));
    if (i % 2 == 1) client.registration_source = RegistrationSource::dcr;
    ASSERT_TRUE(clients().insert(client));
    clock_.advance(std::chrono::seconds(1));
  }
  ASSERT_TRUE(clients().transition("client-3", ClientStatus::suspended, clock_.now()));
  const auto ids = [&](const ClientFilter& filter, Page page) {
    std::vector<std::string> out;
    const std::vector<Client> listed = clients().list(filter, page).value();
    for (const Client& client : listed) out.push_back(client.id);
    return out;
  };
  EXPECT_THAT(ids({}, {2, 0}), ElementsAre("client-4", "client-3"));
  EXPECT_THAT(ids({}, {10, 3}), ElementsAre("client-1", "client-0"));
  EXPECT_THAT(ids({}, {10, 5}), IsEmpty());
  EXPECT_THAT(ids({ClientStatus::suspended, {}}, {}), ElementsAre("client-3"));
  EXPECT_THAT(ids({{}, RegistrationSource::dcr}, {}), ElementsAre("client-3", "client-1"));
  EXPECT_THAT(ids({ClientStatus::active, RegistrationSource::dcr}, {}), ElementsAre("client-1"));
}

TEST_P(StorageConformance, UnusedClientsArePurgedAndOnlyThose) {
  const auto add = [&](const std::string& id, RegistrationSource source) {
    Client client = make_client(id);
    client.registration_source = source;
    ASSERT_TRUE(clients().insert(client));
    clock_.advance(std::chrono::seconds(1));
  };
  for (const char* id : {"token", "consent", "asking", "asked", "suspended", "unused"})
    add(id, RegistrationSource::dcr);
  add("operator", RegistrationSource::admin);
  add("document", RegistrationSource::cimd);
  stored_issuance(make_issuance("token"));
  const Resource demo = stored_resource("demo");
  ASSERT_TRUE(users().insert(make_user("user-1")));
  redeemed_authorization("consent", "user-1", &demo);
  stored_authorization(make_authorization("asked", "user-1", &demo));
  clock_.advance(std::chrono::hours(1));  // what was asked for has expired
  stored_authorization(make_authorization("asking", "user-1", &demo));
  ASSERT_TRUE(clients().transition("suspended", ClientStatus::suspended, clock_.now()));
  const WallTime before_last = clock_.now();
  clock_.advance(std::chrono::seconds(1));
  add("new", RegistrationSource::dcr);
  ASSERT_TRUE(clients().get("unused"));

  const UnusedClients old{
      .source = RegistrationSource::dcr, .registered_before = before_last, .keep_newest = 0, .limit = 10};
  EXPECT_EQ(clients().purge_unused(old, clock_.now()).value(), 2u);
  for (const char* id : {"asked", "unused"}) {
    EXPECT_TRUE(failed_with(clients().get(id), DomainErrorCode::not_found)) << id;
  }
  for (const char* id : {"token", "consent", "asking", "suspended", "operator", "document", "new"}) {
    EXPECT_TRUE(clients().get(id)) << id;
  }
  EXPECT_EQ(clients().purge_unused(old, clock_.now()).value(), 0u);
}

TEST_P(StorageConformance, TheNewestUnusedClientsCanBeKept) {
  for (int i = 0; i < 6; ++i) {
    Client client = make_client("client-" + std::to_string(i));
    client.registration_source = RegistrationSource::dcr;
    ASSERT_TRUE(clients().insert(client));
    clock_.advance(std::chrono::seconds(1));
  }
  const UnusedClients which{
      .source = RegistrationSource::dcr, .registered_before = clock_.now(), .keep_newest = 2, .limit = 3};
  EXPECT_EQ(clients().purge_unused(which, clock_.now()).value(), 3u);
  EXPECT_EQ(clients().purge_unused(which, clock_.now()).value(), 1u);
  EXPECT_EQ(clients().purge_unused(which, clock_.now()).value(), 0u);
  EXPECT_TRUE(clients().get("client-5"));
  EXPECT_TRUE(clients().get("client-4"));
}

TEST_P(StorageConformance, UpdateChangesTheEditableMembersOnly) {
  const Client before = stored_client("client-1");
  Client changed = before;
  changed.name = "new name";
  changed.scope = "mcp:add";
  changed.grant_types = {"client_credentials"};
  changed.redirect_uris = {};
  changed.updated_at = clock_.now() + std::chrono::seconds(5);
  changed.secret_hash = "other";
  changed.status = ClientStatus::revoked;
  changed.is_agent = false;

  Client expected = changed;
  expected.secret_hash = before.secret_hash;
  expected.status = before.status;
  expected.is_agent = before.is_agent;
  expected.version = before.version + 1;
  EXPECT_EQ(clients().update(changed).value(), expected);
  EXPECT_EQ(*clients().get("client-1").value(), expected);
}

TEST_P(StorageConformance, UpdateOfAnOldVersionIsAConflictAndChangesNothing) {
  const Client old = stored_client("client-1");
  Client first = old;
  first.name = "first";
  const Client stored = clients().update(first).value();
  Client second = old;
  second.name = "second";
  EXPECT_TRUE(failed_with(clients().update(second), DomainErrorCode::conflict));
  EXPECT_EQ(*clients().get("client-1").value(), stored);
}

TEST_P(StorageConformance, RotatedSecretReplacesTheOldOneAtOnce) {
  stored_client("client-1");
  ASSERT_TRUE(clients().get("client-1"));
  ASSERT_TRUE(clients().rotate_secret("client-1", "new-hash", clock_.now() + std::chrono::seconds(1)));
  const ClientPtr client = clients().get("client-1").value();
  EXPECT_EQ(client->secret_hash, "new-hash");
  EXPECT_EQ(client->version, 2);
  EXPECT_EQ(client->updated_at, clock_.now() + std::chrono::seconds(1));
}

TEST_P(StorageConformance, PublicClientHasNoSecretToRotate) {
  Client client = make_client("client-1");
  client.secret_hash.clear();
  ASSERT_TRUE(clients().insert(client));
  EXPECT_TRUE(failed_with(clients().rotate_secret("client-1", "hash", clock_.now()),
                          DomainErrorCode::invalid_client));
  EXPECT_TRUE(clients().get("client-1").value()->is_public());
}

TEST_P(StorageConformance, StatusFollowsTheStateMachine) {
  stored_client("client-1");
  const auto go = [&](ClientStatus to) { return clients().transition("client-1", to, clock_.now()); };
  EXPECT_TRUE(failed_with(go(ClientStatus::active), DomainErrorCode::conflict));
  EXPECT_EQ(go(ClientStatus::suspended).value().status, ClientStatus::suspended);
  EXPECT_TRUE(failed_with(go(ClientStatus::suspended), DomainErrorCode::conflict));
  EXPECT_EQ(go(ClientStatus::active).value().status, ClientStatus::active);
  EXPECT_EQ(go(ClientStatus::revoked).value().status, ClientStatus::revoked);
  const std::int64_t version = clients().get("client-1").value()->version;
  EXPECT_EQ(go(ClientStatus::revoked).value().version, version);
  EXPECT_TRUE(failed_with(go(ClientStatus::active), DomainErrorCode::conflict));
  EXPECT_EQ(clients().get("client-1").value()->status, ClientStatus::revoked);
}

TEST_P(StorageConformance, SuspendedClientGetsNoTokensUntilItIsActiveAgain) {
  Session session = first_session();
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::suspended, clock_.now()));
  EXPECT_TRUE(
      failed_with(issuances().append(make_rotation(session.family, session.refresh_token, "successor")),
                  DomainErrorCode::invalid_client));
  EXPECT_TRUE(families().get(session.family.id).value().is_active());
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::active, clock_.now()));
  EXPECT_TRUE(is_live(refreshed(session)));
  EXPECT_TRUE(is_live(session.access));
}

TEST_P(StorageConformance, RevokedClientHasNoLiveTokenLeft) {
  const Resource demo = stored_resource("demo");
  Session session = first_session(&demo);
  const Issuance second = refreshed(session);
  const Issuance machine = stored_issuance(make_issuance("client-1"));
  stored_client("client-2");
  const Session other = stored_session("client-2", "user-1", &demo);
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::suspended, clock_.now()));
  ASSERT_TRUE(is_live(machine));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::revoked, clock_.now()));
  reopen();
  for (const Issuance& token : {session.access, second, machine}) EXPECT_FALSE(is_live(token));
  EXPECT_FALSE(families().get(session.family.id).value().is_active());
  EXPECT_TRUE(is_live(other.access));
  EXPECT_TRUE(families().get(other.family.id).value().is_active());
}

TEST_P(StorageConformance, ClientWithALiveTokenIsOnlyRemovedByForce) {
  stored_client("client-1");
  const Issuance live = stored_issuance(make_issuance("client-1"));
  EXPECT_TRUE(failed_with(clients().remove("client-1", RemoveClient::unless_live_tokens, clock_.now()),
                          DomainErrorCode::conflict));
  ASSERT_TRUE(clients().get("client-1"));
  ASSERT_TRUE(clients().remove("client-1", RemoveClient::revoke_tokens, clock_.now()));
  EXPECT_TRUE(failed_with(clients().get("client-1"), DomainErrorCode::not_found));
  const Issuance kept = issuances().get(live.id).value();
  EXPECT_EQ(kept.revoked_at, now_seconds());
  EXPECT_EQ(kept.client_id, "client-1");
}

TEST_P(StorageConformance, ExpiredAndRevokedTokensDoNotHoldAClient) {
  stored_client("client-1");
  stored_client("client-2");
  stored_issuance(make_issuance("client-2"));
  const Issuance expired = stored_issuance(make_issuance("client-1"));
  clock_.set_wall(expired.expires_at);
  const Issuance revoked = stored_issuance(make_issuance("client-1"));
  ASSERT_TRUE(issuances().revoke(revoked.id, clock_.now()));
  EXPECT_TRUE(clients().remove("client-1", RemoveClient::unless_live_tokens, clock_.now()));
  EXPECT_EQ(issuances().get(expired.id).value().revoked_at, std::nullopt);
}

TEST_P(StorageConformance, RemovedIdCanBeRegisteredAgain) {
  stored_client("client-1");
  stored_issuance(make_issuance("client-1"));
  ASSERT_TRUE(clients().remove("client-1", RemoveClient::revoke_tokens, clock_.now()));
  stored_client("client-1");
  stored_issuance(make_issuance("client-1"));
  EXPECT_EQ(
      issuances().query({.subject_user_id = {}, .client_id = "client-1", .resource_id = {}}).value().size(),
      2U);
}

}  // namespace authplane::authserver
