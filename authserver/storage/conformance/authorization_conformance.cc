#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StorageConformance, AuthorizationComesBackAsItWasCreated) {
  const Resource demo = stored_resource("demo");
  stored_client("client-1");
  stored_user("user-1");
  const Authorization full = stored_authorization(make_authorization("client-1", "user-1", &demo));
  Authorization bare = make_authorization("client-1", "", nullptr);
  bare.state.clear();
  stored_authorization(bare);
  reopen();
  EXPECT_EQ(authorizations().get(full.id).value(), full);
  EXPECT_EQ(authorizations().get(bare.id).value(), bare);
  EXPECT_TRUE(failed_with(authorizations().create(full), DomainErrorCode::conflict));
  EXPECT_TRUE(failed_with(authorizations().get("x"), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, NoAuthorizationForWhoIsMissingOrNotActive) {
  stored_client("client-1");
  stored_user("user-1");
  const auto create = [&](const char* client, const char* user) {
    return authorizations().create(make_authorization(client, user, nullptr));
  };
  EXPECT_TRUE(failed_with(create("x", "user-1"), DomainErrorCode::invalid_client));
  EXPECT_TRUE(failed_with(create("client-1", "x"), DomainErrorCode::access_denied));
  ASSERT_TRUE(users().transition("user-1", UserStatus::disabled, clock_.now()));
  EXPECT_TRUE(failed_with(create("client-1", "user-1"), DomainErrorCode::access_denied));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::suspended, clock_.now()));
  EXPECT_TRUE(failed_with(create("client-1", ""), DomainErrorCode::invalid_client));
}

TEST_P(StorageConformance, ApprovalNarrowsTheScopesAttachesTheCodeAndRecordsConsent) {
  const Resource demo = stored_resource("demo");
  stored_client("client-1");
  stored_user("user-1");
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", &demo));
  Approval approval = make_approval(pending, "code");
  approval.scopes = ScopeSet::split("mcp:add");
  approval.audit = make_event("consent.granted");

  Authorization expected = pending;
  expected.scopes = approval.scopes;
  expected.code_hash = hash_of("code");
  EXPECT_EQ(authorizations().approve(approval).value(), expected);
  reopen();
  EXPECT_EQ(authorizations().get(pending.id).value(), expected);
  EXPECT_THAT(audit().query({}).value(), ElementsAre(*approval.audit));
  const ConsentGrant grant{.id = approval.consent_grant_id,
                           .user_id = "user-1",
                           .client_id = "client-1",
                           .resource_id = demo.id,
                           .scopes = approval.scopes,
                           .created_at = clock_.now(),
                           .updated_at = clock_.now(),
                           .revoked_at = {}};
  EXPECT_EQ(consent_grants().find_active("user-1", "client-1", demo.id).value(), grant);
  EXPECT_EQ(consent_grants().get(grant.id).value(), grant);
}

TEST_P(StorageConformance, ApprovalWithoutAResourceRecordsNoConsent) {
  stored_client("client-1");
  stored_user("user-1");
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  EXPECT_TRUE(authorizations().approve(make_approval(pending, "code")));
  EXPECT_THAT(consent_grants().list({}, {}).value(), IsEmpty());
}

TEST_P(StorageConformance, RefusedApprovalChangesNothing) {
  const Resource demo = stored_resource("demo");
  stored_client("client-1");
  stored_user("user-1");
  stored_user("user-2");
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", &demo));
  const Authorization nobodys = stored_authorization(make_authorization("client-1", "", &demo));
  Approval good = make_approval(pending, "code");
  good.audit = make_event("consent.granted");
  const auto refused = [&](DomainErrorCode code, auto change) {
    Approval approval = good;
    change(approval);
    return failed_with(authorizations().approve(approval), code);
  };
  using Code = DomainErrorCode;
  EXPECT_TRUE(refused(Code::not_found, [](Approval& a) { a.authorization_id = "x"; }));
  EXPECT_TRUE(refused(Code::not_found, [&](Approval& a) { a.now = pending.expires_at; }));
  EXPECT_TRUE(refused(Code::access_denied, [](Approval& a) { a.user_id = "user-2"; }));
  EXPECT_TRUE(refused(Code::access_denied, [](Approval& a) { a.user_id = ""; }));
  EXPECT_TRUE(refused(Code::access_denied, [&](Approval& a) {
    a.authorization_id = nobodys.id;
    a.user_id = "";
  }));
  EXPECT_TRUE(refused(Code::invalid_scope, [](Approval& a) { a.scopes = ScopeSet(); }));
  EXPECT_TRUE(refused(Code::invalid_scope, [](Approval& a) { a.scopes.insert("mcp:more"); }));
  EXPECT_TRUE(refused(Code::conflict, [](Approval& a) { a.basis = ConsentBasis::given_before; }));
  ASSERT_TRUE(users().transition("user-1", UserStatus::disabled, clock_.now()));
  EXPECT_TRUE(refused(Code::access_denied, [](Approval&) {}));
  ASSERT_TRUE(users().transition("user-1", UserStatus::active, clock_.now()));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::suspended, clock_.now()));
  EXPECT_TRUE(refused(Code::invalid_client, [](Approval&) {}));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::active, clock_.now()));

  EXPECT_EQ(authorizations().get(pending.id).value(), pending);
  EXPECT_THAT(consent_grants().list({}, {}).value(), IsEmpty());
  EXPECT_THAT(audit().query({}).value(), IsEmpty());
  EXPECT_TRUE(authorizations().approve(good));
}

TEST_P(StorageConformance, ResourceThatIsGoneIsNotApproved) {
  const Resource demo = stored_resource("demo");
  stored_client("client-1");
  stored_user("user-1");
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", &demo));
  ASSERT_TRUE(resources().remove(demo.id, RemoveResource::unless_linked, clock_.now()));
  EXPECT_TRUE(
      failed_with(authorizations().approve(make_approval(pending, "code")), DomainErrorCode::invalid_target));
}

TEST_P(StorageConformance, OneCodeBelongsToOneAuthorization) {
  stored_client("client-1");
  stored_user("user-1");
  const Authorization one = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  const Authorization two = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  ASSERT_TRUE(authorizations().approve(make_approval(one, "code")));
  EXPECT_TRUE(failed_with(authorizations().approve(make_approval(two, "code")), DomainErrorCode::conflict));
  EXPECT_TRUE(authorizations().get(two.id).value().is_pending());
}

TEST_P(StorageConformance, FirstDecisionCounts) {
  stored_client("client-1");
  stored_user("user-1");
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  const Authorization approved = authorizations().approve(make_approval(pending, "code")).value();
  EXPECT_TRUE(
      failed_with(authorizations().approve(make_approval(pending, "other")), DomainErrorCode::conflict));
  EXPECT_TRUE(
      failed_with(authorizations().deny(pending.id, "user-1", clock_.now()), DomainErrorCode::conflict));
  EXPECT_EQ(authorizations().get(pending.id).value(), approved);
}

TEST_P(StorageConformance, DenialForgetsTheRequestOfTheOneWhoDenies) {
  stored_client("client-1");
  stored_user("user-1");
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  EXPECT_TRUE(
      failed_with(authorizations().deny(pending.id, "user-2", clock_.now()), DomainErrorCode::access_denied));
  EXPECT_TRUE(failed_with(authorizations().deny(pending.id, "user-1", pending.expires_at),
                          DomainErrorCode::not_found));
  EXPECT_EQ(authorizations().deny(pending.id, "user-1", clock_.now()).value(), pending);
  EXPECT_TRUE(failed_with(authorizations().get(pending.id), DomainErrorCode::not_found));
  EXPECT_TRUE(
      failed_with(authorizations().deny(pending.id, "user-1", clock_.now()), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, CodeIsRedeemedOnceAndStaysKnown) {
  stored_client("client-1");
  stored_user("user-1");
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  const Authorization approved = authorizations().approve(make_approval(pending, "code")).value();
  EXPECT_EQ(authorizations().consume_code(hash_of("other"), clock_.now()).value(), std::nullopt);

  clock_.advance(
      std::chrono::hours(1));  // an expired code is burned too; its expiry is the caller's to judge
  const RedeemedCode first = *authorizations().consume_code(hash_of("code"), clock_.now()).value();
  Authorization expected = approved;
  expected.consumed_at = clock_.now();
  EXPECT_EQ(first.authorization, expected);
  EXPECT_FALSE(first.is_replay);
  EXPECT_EQ(first.family, std::nullopt);
  reopen();
  clock_.advance(std::chrono::minutes(1));
  const RedeemedCode second = *authorizations().consume_code(hash_of("code"), clock_.now()).value();
  EXPECT_EQ(second.authorization, expected);
  EXPECT_TRUE(second.is_replay);
  EXPECT_EQ(second.family, std::nullopt);
}

TEST_P(StorageConformance, ReplayedCodeLeadsToTheFamilyOfItsFirstRedemption) {
  stored_client("client-1");
  stored_user("user-1");
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  ASSERT_TRUE(authorizations().approve(make_approval(pending, "code")));
  const RedeemedCode first = *authorizations().consume_code(hash_of("code"), clock_.now()).value();
  const NewIssuance start = make_start(first.authorization, "refresh");
  ASSERT_TRUE(issuances().append(start));
  const RedeemedCode replay = *authorizations().consume_code(hash_of("code"), clock_.now()).value();
  EXPECT_TRUE(replay.is_replay);
  EXPECT_EQ(replay.family, std::get<FamilyStart>(start.family).family);
  EXPECT_TRUE(is_live(start.row));

  const RevokedFamilies revoked = authorizations().revoke_issued(pending.id, clock_.now()).value();
  EXPECT_EQ(revoked.families, 1U);
  EXPECT_EQ(revoked.access_tokens, 1U);
  EXPECT_FALSE(is_live(start.row));
  EXPECT_EQ(authorizations().revoke_issued(pending.id, clock_.now()).value().families, 0U);
  EXPECT_TRUE(failed_with(authorizations().revoke_issued("x", clock_.now()), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, ReplayDuringTheFirstRedemptionLeavesNothingToIssue) {
  stored_client("client-1");
  stored_user("user-1");
  const Authorization redeemed = redeemed_authorization("client-1", "user-1", nullptr);
  EXPECT_EQ(authorizations().revoke_issued(redeemed.id, clock_.now()).value().families, 0U);
  const NewIssuance late = make_start(redeemed, "refresh");
  EXPECT_TRUE(failed_with(issuances().append(late), DomainErrorCode::invalid_grant));
  EXPECT_TRUE(failed_with(issuances().get(late.row.id), DomainErrorCode::not_found));
  EXPECT_EQ(families().list({}, {}).value().total, 0U);
}

TEST_P(StorageConformance, PurgeOfAuthorizationsKeepsRedeemedOnesUntilAskedForAll) {
  stored_client("client-1");
  stored_user("user-1");
  const Authorization redeemed = redeemed_authorization("client-1", "user-1", nullptr);
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  const Authorization approved = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  ASSERT_TRUE(authorizations().approve(make_approval(approved, "unused")));
  clock_.advance(std::chrono::minutes(1));
  const Authorization later = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  EXPECT_EQ(authorizations().purge_expired(clock_.now(), PurgeAuthorizations::all).value(), 0U);

  clock_.set_wall(pending.expires_at);
  EXPECT_EQ(authorizations().purge_expired(clock_.now(), PurgeAuthorizations::unredeemed).value(), 2U);
  EXPECT_TRUE(authorizations().get(redeemed.id));
  EXPECT_TRUE(authorizations().get(later.id));
  EXPECT_EQ(authorizations().purge_expired(clock_.now(), PurgeAuthorizations::all).value(), 1U);
  EXPECT_TRUE(authorizations().get(later.id));
}

}  // namespace authplane::authserver
