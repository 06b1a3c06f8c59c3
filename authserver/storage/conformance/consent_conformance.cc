#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StorageConformance, ConsentGivenAgainReplacesTheScopesAndRevivesTheGrant) {
  const Resource demo = stored_resource("demo");
  stored_client("client-1");
  stored_user("user-1");
  const auto approve = [&](const char* scopes, ConsentBasis basis) {
    Approval approval =
        make_approval(stored_authorization(make_authorization("client-1", "user-1", &demo)), ids_.token(32));
    approval.scopes = ScopeSet::split(scopes);
    approval.basis = basis;
    return authorizations().approve(approval);
  };
  const auto active = [&] { return consent_grants().find_active("user-1", "client-1", demo.id).value(); };
  ASSERT_TRUE(approve("mcp:echo", ConsentBasis::given_now));
  const ConsentGrant first = *active();
  clock_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(approve("mcp:add", ConsentBasis::given_now));
  ConsentGrant expected = first;
  expected.scopes = ScopeSet::split("mcp:add");
  expected.updated_at = clock_.now();
  EXPECT_EQ(active(), expected);

  EXPECT_TRUE(approve("mcp:add", ConsentBasis::given_before));
  EXPECT_TRUE(failed_with(approve("mcp:echo", ConsentBasis::given_before), DomainErrorCode::conflict));
  EXPECT_EQ(active(), expected);

  clock_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(consent_grants().revoke(first.id, clock_.now()));
  EXPECT_EQ(active(), std::nullopt);
  EXPECT_TRUE(failed_with(approve("mcp:add", ConsentBasis::given_before), DomainErrorCode::conflict));
  ASSERT_TRUE(approve("mcp:echo mcp:add", ConsentBasis::given_now));
  EXPECT_EQ(active()->id, first.id);
  EXPECT_EQ(active()->created_at, first.created_at);
  EXPECT_EQ(active()->scopes, ScopeSet::split("mcp:echo mcp:add"));
}

TEST_P(StorageConformance, ConsentGrantsAreListedWithRevokedOnesNewestFirst) {
  const Resource one = stored_resource("one"), two = stored_resource("two");
  for (const char* client : {"client-1", "client-2"}) stored_client(client);
  for (const char* user : {"user-1", "user-2"}) stored_user(user);
  std::vector<std::string> ids;
  const auto consent = [&](const char* client, const char* user, const Resource& resource) {
    redeemed_authorization(client, user, &resource);
    ids.push_back(consent_grants().find_active(user, client, resource.id).value()->id);
    clock_.advance(std::chrono::seconds(1));
  };
  consent("client-1", "user-1", one);
  consent("client-1", "user-1", two);
  consent("client-2", "user-1", one);
  consent("client-1", "user-2", one);
  ASSERT_TRUE(consent_grants().revoke(ids[1], clock_.now()));
  const auto list = [&](const ConsentGrantFilter& filter, Page page) {
    std::vector<std::string> out;
    const std::vector<ConsentGrant> grants = consent_grants().list(filter, page).value();
    for (const ConsentGrant& grant : grants) out.push_back(grant.id);
    return out;
  };
  EXPECT_THAT(list({"user-1", {}, {}}, {}), ElementsAre(ids[2], ids[1], ids[0]));
  EXPECT_THAT(list({"user-1", "client-1", {}}, {}), ElementsAre(ids[1], ids[0]));
  EXPECT_THAT(list({{}, "client-1", one.id}, {}), ElementsAre(ids[3], ids[0]));
  EXPECT_THAT(list({}, {2, 1}), ElementsAre(ids[2], ids[1]));
  EXPECT_THAT(list({"nobody", {}, {}}, {}), IsEmpty());
}

TEST_P(StorageConformance, RevokedConsentReachesTokensFamiliesAndDescendantsOfAnyDepth) {
  const Resource demo = stored_resource("demo"), other = stored_resource("other"),
                 third = stored_resource("third");
  Session session = first_session(&demo);
  stored_client("gateway");
  const Issuance second = refreshed(session);
  const auto exchanged = [&](const TimeOrderedId& parent, const Resource& target) {
    Issuance row = make_issuance("gateway");
    row.grant = GrantKind::token_exchange;
    row.subject_user_id = "user-1";
    row.resource_id = target.id;
    row.consent_client_id = "client-1";
    row.parent_jti = parent;
    row.expires_at = now_seconds() + std::chrono::hours(3);
    return stored_issuance(row);
  };
  std::vector<Issuance> lineage{exchanged(session.access.id, other)};
  for (int depth = 0; depth < 6; ++depth) lineage.push_back(exchanged(lineage.back().id, other));
  const Session elsewhere = stored_session("client-1", "user-1", &other);
  const Issuance of_elsewhere = exchanged(elsewhere.access.id, third);
  stored_user("user-2");
  const Session of_another = stored_session("client-1", "user-2", &demo);
  const Authorization unused = stored_authorization(make_authorization("client-1", "user-1", &demo));
  ASSERT_TRUE(authorizations().approve(make_approval(unused, "unused code")));

  const ConsentGrant grant = *consent_grants().find_active("user-1", "client-1", demo.id).value();
  const RevokedConsentGrant revoked = consent_grants().revoke(grant.id, clock_.now()).value();
  EXPECT_TRUE(revoked.was_active);
  EXPECT_EQ(revoked.grant.revoked_at, clock_.now());
  EXPECT_EQ(revoked.families, 1U);
  EXPECT_EQ(revoked.issuances, 2U + lineage.size());
  reopen();
  EXPECT_FALSE(is_live(session.access));
  EXPECT_FALSE(is_live(second));
  for (const Issuance& row : lineage) EXPECT_FALSE(is_live(row));
  EXPECT_TRUE(failed_with(issuances().append(make_rotation(session.family, session.refresh_token, "next")),
                          DomainErrorCode::invalid_grant));
  for (const Issuance& row : {elsewhere.access, of_elsewhere, of_another.access}) EXPECT_TRUE(is_live(row));
  EXPECT_TRUE(families().get(elsewhere.family.id).value().is_active());
  EXPECT_TRUE(families().get(of_another.family.id).value().is_active());

  const RedeemedCode late = *authorizations().consume_code(hash_of("unused code"), clock_.now()).value();
  EXPECT_TRUE(failed_with(issuances().append(make_start(late.authorization, "late")),
                          DomainErrorCode::invalid_grant));
}

TEST_P(StorageConformance, RevokedConsentReachesTokensThatOutliveThoseTheyCameFrom) {
  const Resource demo = stored_resource("demo"), other = stored_resource("other");
  const Session session = first_session(&demo);
  Issuance between = make_issuance("client-1");  // a machine token to purge, were it not for its child
  between.grant = GrantKind::token_exchange;
  between.subject_user_id = "user-1";
  between.parent_jti = session.access.id;
  stored_issuance(between);
  Issuance leaf = make_issuance("client-1");
  leaf.grant = GrantKind::token_exchange;
  leaf.subject_user_id = "user-1";
  leaf.resource_id = other.id;
  leaf.parent_jti = between.id;
  leaf.expires_at = now_seconds() + std::chrono::hours(5);
  stored_issuance(leaf);
  clock_.advance(std::chrono::hours(2));
  EXPECT_EQ(issuances().purge_expired_machine_tokens(clock_.now()).value(), 0U);

  const ConsentGrant grant = *consent_grants().find_active("user-1", "client-1", demo.id).value();
  EXPECT_EQ(consent_grants().revoke(grant.id, clock_.now()).value().issuances, 1U);
  EXPECT_FALSE(is_live(leaf));
}

TEST_P(StorageConformance, ConsentIsRevokedOnceAndKeepsTheFirstMoment) {
  const Resource demo = stored_resource("demo");
  first_session(&demo);
  const ConsentGrant grant = *consent_grants().find_active("user-1", "client-1", demo.id).value();
  const ConsentGrant first = consent_grants().revoke(grant.id, clock_.now()).value().grant;
  clock_.advance(std::chrono::minutes(1));
  const RevokedConsentGrant second = consent_grants().revoke(grant.id, clock_.now()).value();
  EXPECT_FALSE(second.was_active);
  EXPECT_EQ(second.families + second.issuances, 0U);
  EXPECT_EQ(second.grant, first);
  EXPECT_TRUE(failed_with(consent_grants().revoke("x", clock_.now()), DomainErrorCode::not_found));
  EXPECT_TRUE(failed_with(consent_grants().get("x"), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, ActiveConsentHoldsItsResource) {
  const Resource demo = stored_resource("demo");
  stored_client("client-1");
  stored_user("user-1");
  redeemed_authorization("client-1", "user-1", &demo);
  const ConsentGrant grant = *consent_grants().find_active("user-1", "client-1", demo.id).value();
  EXPECT_TRUE(failed_with(resources().remove(demo.id, RemoveResource::unless_linked, clock_.now()),
                          DomainErrorCode::conflict));
  EXPECT_TRUE(consent_grants().get(grant.id));
  ASSERT_TRUE(consent_grants().revoke(grant.id, clock_.now()));
  EXPECT_TRUE(resources().remove(demo.id, RemoveResource::unless_linked, clock_.now()));
  EXPECT_TRUE(failed_with(consent_grants().get(grant.id), DomainErrorCode::not_found));
}

}  // namespace authplane::authserver
