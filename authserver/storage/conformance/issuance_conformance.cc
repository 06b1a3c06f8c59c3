#include <future>

#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StorageConformance, IssuanceComesBackAsItWasAppended) {
  stored_client("client-1");
  const Resource demo = stored_resource("demo");
  Issuance full = make_issuance("client-1");
  full.grant = GrantKind::token_exchange;
  full.subject_user_id = "user-1";
  full.resource_id = demo.id;
  full.dpop_jkt = "thumbprint";
  full.agent_id = "client-1";
  full.agent_chain = {"a", "b"};
  full.consent_client_id = "client-9";
  full.parent_jti = ids_.next();
  stored_issuance(full);
  const Issuance plain = stored_issuance(make_issuance("client-1"));
  EXPECT_EQ(issuances().get(full.id).value(), full);
  EXPECT_EQ(issuances().get(plain.id).value(), plain);
  EXPECT_EQ(issuances().find_by_jti(full.id.text()).value(), full);
  EXPECT_TRUE(failed_with(issuances().get(ids_.next()), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, AuditEventIsStoredWithTheIssuance) {
  stored_client("client-1");
  const AuditEvent event = make_event("client_credentials.issued");
  ASSERT_TRUE(issuances().append(make_issuance("client-1"), event));
  EXPECT_THAT(audit().query({}).value(), ElementsAre(event));
}

TEST_P(StorageConformance, NeitherRowExistsWhenOneIsRefused) {
  stored_client("client-1");
  const AuditEvent event = make_event("client_credentials.issued");
  const Issuance first = make_issuance("client-1");
  ASSERT_TRUE(issuances().append(first, event));

  const Issuance second = make_issuance("client-1");
  EXPECT_TRUE(failed_with(issuances().append(second, event), DomainErrorCode::conflict));
  EXPECT_TRUE(failed_with(issuances().get(second.id), DomainErrorCode::not_found));
  EXPECT_TRUE(failed_with(issuances().append(first, make_event("x")), DomainErrorCode::conflict));
  EXPECT_EQ(audit().query({}).value().size(), 1U);
}

TEST_P(StorageConformance, NoTokenForAClientThatIsMissingSuspendedOrRemoved) {
  EXPECT_TRUE(
      failed_with(issuances().append(make_issuance("x"), make_event("a")), DomainErrorCode::invalid_client));
  stored_client("client-1");
  stored_issuance(make_issuance("client-1"));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::suspended, clock_.now()));
  EXPECT_TRUE(failed_with(issuances().append(make_issuance("client-1"), make_event("a")),
                          DomainErrorCode::invalid_client));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::active, clock_.now()));
  stored_issuance(make_issuance("client-1"));
  ASSERT_TRUE(clients().remove("client-1", RemoveClient::revoke_tokens, clock_.now()));
  EXPECT_TRUE(failed_with(issuances().append(make_issuance("client-1"), make_event("a")),
                          DomainErrorCode::invalid_client));
}

TEST_P(StorageConformance, NoTokenForAResourceThatIsMissingOrRemoved) {
  stored_client("client-1");
  Issuance issuance = make_issuance("client-1");
  issuance.resource_id = "x";
  EXPECT_TRUE(failed_with(issuances().append(issuance, make_event("a")), DomainErrorCode::invalid_target));
  issuance.resource_id = stored_resource("demo").id;
  issuance.expires_at = issuance.issued_at;
  stored_issuance(issuance);
  ASSERT_TRUE(resources().remove(issuance.resource_id, RemoveResource::unless_linked, clock_.now()));
  issuance.id = ids_.next();
  EXPECT_TRUE(failed_with(issuances().append(issuance, make_event("a")), DomainErrorCode::invalid_target));
}

TEST_P(StorageConformance, AsyncAppendReportsOnce) {
  stored_client("client-1");
  const Issuance issuance = make_issuance("client-1");
  std::promise<Outcome<void>> promise;
  issuances().append_async({issuance, make_event("a")},
                           [&](Outcome<void> outcome) { promise.set_value(outcome); });
  ASSERT_TRUE(promise.get_future().get());
  EXPECT_TRUE(issuances().get(issuance.id));
}

TEST_P(StorageConformance, StartedAppendIsFinishedByItsDestructor) {
  stored_client("client-1");
  const Issuance issuance = make_issuance("client-1");
  {
    IssuanceAppend append({issuance, make_event("a")});
    issuances().start(append);
  }
  EXPECT_TRUE(issuances().get(issuance.id));
}

TEST_P(StorageConformance, BrokerRowsHaveNoJti) {
  stored_client("client-1");
  Issuance issuance = make_issuance("client-1");
  issuance.backend_kind = BackendKind::broker;
  issuance.revocable = false;
  stored_issuance(issuance);
  EXPECT_EQ(issuances().get(issuance.id).value(), issuance);
  EXPECT_EQ(issuances().find_by_jti(issuance.id.text()).value(), std::nullopt);
  EXPECT_EQ(issuances().find_by_jti("not an id").value(), std::nullopt);
}

TEST_P(StorageConformance, QueryCombinesConditionsNewestFirst) {
  for (const char* client : {"client-1", "client-2"}) stored_client(client);
  const Resource demo = stored_resource("demo");
  std::vector<Issuance> rows;
  for (int i = 0; i < 8; ++i) {
    Issuance row = make_issuance(i % 2 == 0 ? "client-1" : "client-2");
    if (i >= 4) row.resource_id = demo.id;
    if (i == 3 || i == 5) row.subject_user_id = "user-1";
    rows.push_back(stored_issuance(row));
    clock_.advance(std::chrono::seconds(10));
  }
  const auto query = [&](const IssuanceQuery& q) { return issuances().query(q).value(); };
  EXPECT_THAT(query({{}, "client-1", {}}), ElementsAre(rows[6], rows[4], rows[2], rows[0]));
  EXPECT_THAT(query({{}, {}, demo.id}), ElementsAre(rows[7], rows[6], rows[5], rows[4]));
  EXPECT_THAT(query({"user-1", {}, {}}), ElementsAre(rows[5], rows[3]));
  EXPECT_THAT(query({"user-1", "client-2", demo.id}), ElementsAre(rows[5]));
  EXPECT_THAT(query({"user-1", "client-1", {}}), IsEmpty());
  EXPECT_THAT(query({"nobody", {}, {}}), IsEmpty());
  EXPECT_THAT(query({{}, "client-1", "no resource"}), IsEmpty());
  EXPECT_THAT(query({{}, "client-1", {}, rows[4].issued_at}), ElementsAre(rows[6], rows[4]));
  EXPECT_THAT(query({{}, "client-1", {}, {}, 1}), ElementsAre(rows[6]));
  EXPECT_TRUE(failed_with(issuances().query({}), DomainErrorCode::invalid_request));
}

TEST_P(StorageConformance, QueryKeepsTheOrderOfManyTokensOfOneMoment) {
  stored_client("client-1");
  std::vector<TimeOrderedId> newest_first;
  for (int i = 0; i < 60; ++i) {
    newest_first.insert(newest_first.begin(), stored_issuance(make_issuance("client-1")).id);
    if (i % 20 == 0) clock_.advance(std::chrono::milliseconds(700));
  }
  std::vector<TimeOrderedId> got;
  const std::vector<Issuance> rows = issuances().query({{}, "client-1", {}}).value();
  for (const Issuance& row : rows) got.push_back(row.id);
  EXPECT_EQ(got, newest_first);
}

TEST_P(StorageConformance, MachineTokensAreCountedAndPaged) {
  stored_client("client-1");
  stored_client("client-2");
  std::vector<Issuance> rows;
  for (int i = 0; i < 4; ++i) rows.push_back(stored_issuance(make_issuance("client-1")));
  Issuance user_token = make_issuance("client-1");
  user_token.grant = GrantKind::authorization_code;
  stored_issuance(user_token);
  const Issuance other = stored_issuance(make_issuance("client-2"));

  const MachineTokenPage page = issuances().list_machine_tokens("client-1", {2, 1}).value();
  EXPECT_EQ(page.total, 4U);
  EXPECT_THAT(page.tokens, ElementsAre(rows[2], rows[1]));
  const MachineTokenPage all = issuances().list_machine_tokens({}, {1, 0}).value();
  EXPECT_EQ(all.total, 5U);
  EXPECT_THAT(all.tokens, ElementsAre(other));
  EXPECT_EQ(issuances().list_machine_tokens("nobody", {}).value().total, 0U);
}

TEST_P(StorageConformance, RevokeIsIdempotentAndKeepsTheFirstMoment) {
  stored_client("client-1");
  const Issuance issuance = stored_issuance(make_issuance("client-1"));
  const auto first = issuances().revoke(issuance.id, clock_.now()).value();
  EXPECT_TRUE(first.was_live);
  EXPECT_EQ(first.issuance.revoked_at, now_seconds());
  const auto at = now_seconds();
  clock_.advance(std::chrono::minutes(1));
  const auto second = issuances().revoke(issuance.id, clock_.now()).value();
  EXPECT_FALSE(second.was_live);
  EXPECT_EQ(second.issuance.revoked_at, at);
  EXPECT_EQ(issuances().get(issuance.id).value().revoked_at, at);
  EXPECT_TRUE(failed_with(issuances().revoke(ids_.next(), clock_.now()), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, RevokeReachesEveryTokenExchangedFromIt) {
  stored_client("client-1");
  const Issuance root = stored_issuance(make_issuance("client-1"));
  const auto child_of = [&](const Issuance& parent) {
    Issuance child = make_issuance("client-1");
    child.grant = GrantKind::token_exchange;
    child.parent_jti = parent.id;
    return stored_issuance(child);
  };
  const Issuance child = child_of(root), grandchild = child_of(child), sibling = child_of(root);
  const Issuance stranger = stored_issuance(make_issuance("client-1"));
  ASSERT_TRUE(issuances().revoke(child.id, clock_.now()));
  EXPECT_TRUE(issuances().get(grandchild.id).value().revoked_at);
  EXPECT_FALSE(issuances().get(sibling.id).value().revoked_at);

  EXPECT_EQ(issuances().revoke(root.id, clock_.now()).value().descendants, 1U);
  EXPECT_TRUE(issuances().get(sibling.id).value().revoked_at);
  EXPECT_FALSE(issuances().get(stranger.id).value().revoked_at);
}

TEST_P(StorageConformance, PurgeDeletesExpiredMachineTokensWithoutAResourceOnly) {
  stored_client("client-1");
  const Resource demo = stored_resource("demo");
  const Issuance bare = stored_issuance(make_issuance("client-1"));
  Issuance with_resource = make_issuance("client-1");
  with_resource.resource_id = demo.id;
  stored_issuance(with_resource);
  Issuance of_user = make_issuance("client-1");
  of_user.grant = GrantKind::authorization_code;
  stored_issuance(of_user);
  clock_.set_wall(bare.expires_at);
  const Issuance live = stored_issuance(make_issuance("client-1"));

  EXPECT_EQ(issuances().purge_expired_machine_tokens(clock_.now()).value(), 1U);
  EXPECT_TRUE(failed_with(issuances().get(bare.id), DomainErrorCode::not_found));
  for (const auto& id : {with_resource.id, of_user.id, live.id}) EXPECT_TRUE(issuances().get(id));
  EXPECT_EQ(issuances().purge_expired_machine_tokens(clock_.now()).value(), 0U);
}

TEST_P(StorageConformance, NewestIdIsTheLastOne) {
  EXPECT_EQ(issuances().newest_id().value(), std::nullopt);
  stored_client("client-1");
  stored_issuance(make_issuance("client-1"));
  const Issuance last = stored_issuance(make_issuance("client-1"));
  EXPECT_EQ(issuances().newest_id().value(), last.id);
}

}  // namespace authplane::authserver
