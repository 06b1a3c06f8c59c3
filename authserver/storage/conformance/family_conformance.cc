#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StorageConformance, FamilyRefreshTokenAccessTokenAndAuditAreStoredTogether) {
  const Resource demo = stored_resource("demo");
  stored_client("client-1");
  stored_user("user-1");
  NewIssuance start = make_start(redeemed_authorization("client-1", "user-1", &demo), "refresh");
  TokenFamily& family = std::get<FamilyStart>(start.family).family;
  family.dpop_jkt = "thumbprint";
  ASSERT_TRUE(issuances().append(start));
  reopen();
  EXPECT_EQ(families().get(family.id).value(), family);
  EXPECT_EQ(issuances().get(start.row.id).value(), start.row);
  EXPECT_THAT(audit().query({}).value(), ElementsAre(start.audit));
  const PresentedRefreshToken found = *families().find_by_refresh_token(hash_of("refresh")).value();
  EXPECT_EQ(found.family, family);
  EXPECT_EQ(found.token, (RefreshToken{.hash = hash_of("refresh"),
                                       .family_id = family.id,
                                       .created_at = clock_.now(),
                                       .expires_at = clock_.now() + std::chrono::hours(168),
                                       .consumed_at = {}}));
  EXPECT_EQ(families().find_by_refresh_token(hash_of("other")).value(), std::nullopt);
  EXPECT_TRUE(failed_with(families().get(ids_.next()), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, FamilyOfAClientThatMayNotRefreshHasNoRefreshToken) {
  stored_client("client-1");
  stored_user("user-1");
  const NewIssuance start = make_start(redeemed_authorization("client-1", "user-1", nullptr), "");
  ASSERT_TRUE(issuances().append(start));
  const TimeOrderedId id = std::get<FamilyStart>(start.family).family.id;
  EXPECT_EQ(families().revoke(id, clock_.now()).value().access_tokens, 1U);
  EXPECT_FALSE(is_live(start.row));
}

TEST_P(StorageConformance, RefusedStartLeavesNothing) {
  stored_client("client-1");
  stored_user("user-1");
  const Authorization redeemed = redeemed_authorization("client-1", "user-1", nullptr);
  const SpentProof proof = SpentProof::of("key.jti", now_seconds(), std::chrono::seconds(60));
  NewIssuance start = make_start(redeemed, "refresh");
  start.proof = proof;
  const auto refused = [&](DomainErrorCode code, const NewIssuance& issuance) {
    return failed_with(issuances().append(issuance), code) && !issuances().get(issuance.row.id) &&
           families().list({}, {}).value().total == 0 && audit().query({}).value().empty() &&
           !*families().find_by_refresh_token(hash_of("refresh"));
  };
  NewIssuance pending =
      make_start(stored_authorization(make_authorization("client-1", "user-1", nullptr)), "refresh");
  EXPECT_TRUE(refused(DomainErrorCode::invalid_grant, pending));
  NewIssuance unknown = start;
  std::get<FamilyStart>(unknown.family).family.authorization_id = "x";
  EXPECT_TRUE(refused(DomainErrorCode::invalid_grant, unknown));
  ASSERT_TRUE(users().transition("user-1", UserStatus::disabled, clock_.now()));
  EXPECT_TRUE(refused(DomainErrorCode::invalid_grant, start));
  ASSERT_TRUE(users().transition("user-1", UserStatus::active, clock_.now()));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::suspended, clock_.now()));
  EXPECT_TRUE(refused(DomainErrorCode::invalid_client, start));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::active, clock_.now()));
  EXPECT_TRUE(issuances().append(start));
}

TEST_P(StorageConformance, OneCodeBeginsOneFamily) {
  stored_client("client-1");
  stored_user("user-1");
  const Authorization redeemed = redeemed_authorization("client-1", "user-1", nullptr);
  ASSERT_TRUE(issuances().append(make_start(redeemed, "refresh-1")));
  EXPECT_TRUE(
      failed_with(issuances().append(make_start(redeemed, "refresh-2")), DomainErrorCode::invalid_grant));
  EXPECT_EQ(families().list({}, {}).value().total, 1U);
}

TEST_P(StorageConformance, RefusedSecondFamilyOrTokenOfOneNameLeavesTheFirst) {
  const Session session = first_session();
  const NewIssuance same_token =
      make_start(redeemed_authorization("client-1", "user-1", nullptr), session.refresh_token);
  EXPECT_TRUE(failed_with(issuances().append(same_token), DomainErrorCode::conflict));
  NewIssuance same_family = make_start(redeemed_authorization("client-1", "user-1", nullptr), "fresh");
  std::get<FamilyStart>(same_family.family).family.id = session.family.id;
  EXPECT_TRUE(failed_with(issuances().append(same_family), DomainErrorCode::conflict));
  EXPECT_TRUE(failed_with(
      issuances().append(make_rotation(session.family, session.refresh_token, session.refresh_token)),
      DomainErrorCode::conflict));
  EXPECT_EQ(families().get(session.family.id).value(), session.family);
  EXPECT_FALSE(issuances().get(same_token.row.id));
  EXPECT_FALSE(issuances().get(same_family.row.id));
}

TEST_P(StorageConformance, RotationReplacesTheTokenAndTracksTheNewAccessToken) {
  Session session = first_session();
  const std::string first = session.refresh_token;
  clock_.advance(std::chrono::minutes(15));
  const Issuance second = refreshed(session);
  reopen();
  EXPECT_EQ(families().find_by_refresh_token(hash_of(first)).value()->token.consumed_at, clock_.now());
  const RefreshToken successor =
      families().find_by_refresh_token(hash_of(session.refresh_token)).value()->token;
  EXPECT_EQ(successor.family_id, session.family.id);
  EXPECT_EQ(successor.created_at, clock_.now());
  EXPECT_EQ(successor.consumed_at, std::nullopt);
  EXPECT_EQ(issuances().get(second.id).value(), second);
  const Issuance third = refreshed(session);
  const RevokedFamilies revoked = families().revoke(session.family.id, clock_.now()).value();
  EXPECT_EQ(revoked.access_tokens, 3U);
  for (const Issuance& token : {session.access, second, third}) EXPECT_FALSE(is_live(token));
}

TEST_P(StorageConformance, TokenPresentedTwiceKillsTheFamilyAndIsAuditedOnce) {
  Session session = first_session();
  const std::string stolen = session.refresh_token;
  const Issuance second = refreshed(session);
  const NewIssuance reuse = make_rotation(session.family, stolen, "of the thief");
  EXPECT_TRUE(failed_with(issuances().append(reuse), DomainErrorCode::token_reused));
  reopen();
  EXPECT_EQ(families().get(session.family.id).value().revoked_at, clock_.now());
  EXPECT_FALSE(is_live(session.access));
  EXPECT_FALSE(is_live(second));
  EXPECT_FALSE(issuances().get(reuse.row.id));
  EXPECT_EQ(families().find_by_refresh_token(hash_of("of the thief")).value(), std::nullopt);
  EXPECT_TRUE(failed_with(issuances().append(make_rotation(session.family, session.refresh_token, "next")),
                          DomainErrorCode::invalid_grant));
  EXPECT_TRUE(failed_with(issuances().append(make_rotation(session.family, stolen, "next")),
                          DomainErrorCode::invalid_grant));
  AuditQuery about_families;
  about_families.action = "family.revoked";
  EXPECT_THAT(audit().query(about_families).value(), ElementsAre(std::get<Rotation>(reuse.family).if_reused));
}

TEST_P(StorageConformance, WhoCouldNotHaveRotatedNeitherBurnsNorKills) {
  stored_client("client-2");
  Session session = first_session();
  const std::string used = session.refresh_token;
  refreshed(session);
  const SpentProof spent = SpentProof::of("key.jti", now_seconds(), std::chrono::seconds(60));
  ASSERT_TRUE(issuances().append(make_issuance("client-1"), make_event("a"), spent));
  for (const std::string& presented : {used, session.refresh_token}) {
    NewIssuance of_another = make_rotation(session.family, presented, "next");
    of_another.row.client_id = "client-2";
    EXPECT_TRUE(failed_with(issuances().append(of_another), DomainErrorCode::invalid_grant));
    NewIssuance with_spent_proof = make_rotation(session.family, presented, "next");
    with_spent_proof.proof = spent;
    EXPECT_TRUE(failed_with(issuances().append(with_spent_proof), DomainErrorCode::invalid_dpop_proof));
  }
  EXPECT_TRUE(failed_with(issuances().append(make_rotation(session.family, "unknown", "next")),
                          DomainErrorCode::invalid_grant));
  EXPECT_TRUE(families().get(session.family.id).value().is_active());
  refreshed(session);
}

TEST_P(StorageConformance, BoundFamilyIsRotatedByItsKeyOnly) {
  stored_client("client-1");
  stored_user("user-1");
  NewIssuance start = make_start(redeemed_authorization("client-1", "user-1", nullptr), "refresh-1");
  TokenFamily& family = std::get<FamilyStart>(start.family).family;
  family.dpop_jkt = start.row.dpop_jkt = "key-1";
  ASSERT_TRUE(issuances().append(start));
  const auto rotate = [&](const char* jkt, const char* presented, const char* successor) {
    NewIssuance rotation = make_rotation(family, presented, successor);
    rotation.row.dpop_jkt = jkt;
    return issuances().append(rotation);
  };
  EXPECT_TRUE(failed_with(rotate("", "refresh-1", "refresh-2"), DomainErrorCode::invalid_dpop_proof));
  EXPECT_TRUE(failed_with(rotate("key-2", "refresh-1", "refresh-2"), DomainErrorCode::invalid_dpop_proof));
  EXPECT_TRUE(rotate("key-1", "refresh-1", "refresh-2"));
  EXPECT_TRUE(failed_with(rotate("key-2", "refresh-1", "refresh-3"), DomainErrorCode::invalid_dpop_proof));
  EXPECT_TRUE(families().get(family.id).value().is_active());
  EXPECT_TRUE(failed_with(rotate("key-1", "refresh-1", "refresh-3"), DomainErrorCode::token_reused));
}

TEST_P(StorageConformance, RefusedRotationLeavesTheTokenUnspent) {
  const Resource demo = stored_resource("demo");
  Session session = first_session(&demo);
  const auto refused = [&](DomainErrorCode code) {
    const NewIssuance rotation = make_rotation(session.family, session.refresh_token, "next");
    return failed_with(issuances().append(rotation), code) && !issuances().get(rotation.row.id) &&
           !*families().find_by_refresh_token(hash_of("next"));
  };
  ASSERT_TRUE(users().transition("user-1", UserStatus::disabled, clock_.now()));
  EXPECT_TRUE(refused(DomainErrorCode::invalid_grant));
  ASSERT_TRUE(users().transition("user-1", UserStatus::active, clock_.now()));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::suspended, clock_.now()));
  EXPECT_TRUE(refused(DomainErrorCode::invalid_client));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::active, clock_.now()));
  NewIssuance same_id = make_rotation(session.family, session.refresh_token, "next");
  same_id.row.id = session.access.id;
  EXPECT_TRUE(failed_with(issuances().append(same_id), DomainErrorCode::conflict));
  refreshed(session);
}

TEST_P(StorageConformance, ExpiredRefreshTokenIsRefusedAndNoSignOfTheft) {
  Session session = first_session();
  const std::string used = session.refresh_token;
  clock_.advance(std::chrono::hours(100));
  refreshed(session);
  clock_.advance(std::chrono::hours(68));
  EXPECT_TRUE(failed_with(issuances().append(make_rotation(session.family, used, "next")),
                          DomainErrorCode::invalid_grant));
  EXPECT_TRUE(families().get(session.family.id).value().is_active());
  refreshed(session);
}

TEST_P(StorageConformance, RevokedFamilyIsDeadAndWhatWasExchangedFromItIsNot) {
  Session session = first_session();
  refreshed(session);
  Issuance exchanged = make_issuance("client-1");
  exchanged.grant = GrantKind::token_exchange;
  exchanged.subject_user_id = "user-1";
  exchanged.parent_jti = session.access.id;
  stored_issuance(exchanged);
  const RevokedFamilies first = families().revoke(session.family.id, clock_.now()).value();
  EXPECT_EQ(first.families, 1U);
  EXPECT_EQ(first.access_tokens, 2U);
  const WallTime at = clock_.now();
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(families().revoke(session.family.id, clock_.now()).value().families, 0U);
  EXPECT_EQ(families().get(session.family.id).value().revoked_at, at);
  EXPECT_TRUE(families().find_by_refresh_token(hash_of(session.refresh_token)).value()->token.consumed_at);
  EXPECT_TRUE(is_live(exchanged));
  EXPECT_TRUE(failed_with(families().revoke(ids_.next(), clock_.now()), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, FamiliesAreListedByUserClientAndResourceAndRevokedByUser) {
  const Resource one = stored_resource("one"), two = stored_resource("two");
  for (const char* client : {"client-1", "client-2"}) stored_client(client);
  for (const char* user : {"user-1", "user-2"}) stored_user(user);
  std::vector<Session> all;
  for (const char* user : {"user-1", "user-2"}) {
    for (const char* client : {"client-1", "client-2"}) {
      for (const Resource* resource : {&one, &two}) all.push_back(stored_session(client, user, resource));
    }
  }
  const auto list = [&](const FamilyFilter& filter, Page page) {
    const FamilyPage found = families().list(filter, page).value();
    std::vector<TimeOrderedId> out;
    for (const TokenFamily& family : found.families) out.push_back(family.id);
    return std::pair(out, found.total);
  };
  const auto id = [&](int i) { return all[static_cast<std::size_t>(i)].family.id; };
  using Ids = std::vector<TimeOrderedId>;
  EXPECT_EQ(list({"user-1", {}, {}}, {2, 1}), std::pair(Ids({id(2), id(1)}), std::size_t{4}));
  EXPECT_EQ(list({{}, "client-2", {}}, {}), std::pair(Ids({id(7), id(6), id(3), id(2)}), std::size_t{4}));
  EXPECT_EQ(list({{}, {}, two.id}, {1, 0}), std::pair(Ids({id(7)}), std::size_t{4}));
  EXPECT_EQ(list({"user-2", "client-1", one.id}, {}), std::pair(Ids({id(4)}), std::size_t{1}));
  EXPECT_EQ(list({}, {}).second, 8U);

  const auto revoke = [&](std::string_view user_id) {
    return families().revoke_of_user(user_id, clock_.now()).value().families;
  };
  EXPECT_EQ(revoke("nobody"), 0U);
  EXPECT_EQ(revoke(""), 0U);
  ASSERT_TRUE(families().revoke(id(0), clock_.now()));
  EXPECT_EQ(revoke("user-1"), 3U);
  EXPECT_EQ(revoke("user-1"), 0U);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(is_live(all[i].access), i >= 4) << i;
}

TEST_P(StorageConformance, RevocationOfAUserReachesWhatWasExchangedAndWhatIsStillToBeRedeemed) {
  Session session = first_session();
  const Issuance child = stored_issuance(make_exchanged(session.access, "client-1", nullptr));
  Issuance vended = make_exchanged(session.access, "client-1", nullptr);
  vended.backend_kind = BackendKind::broker;
  vended.revocable = false;
  stored_issuance(vended);
  const Issuance machine = stored_issuance(make_issuance("client-1"));
  const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  const Authorization approved = stored_authorization(make_authorization("client-1", "user-1", nullptr));
  ASSERT_TRUE(authorizations().approve(make_approval(approved, "code")));
  const Authorization redeemed = redeemed_authorization("client-1", "user-1", nullptr);
  stored_user("user-2");
  const Session unrelated = stored_session("client-1", "user-2", nullptr);
  const Authorization other = stored_authorization(make_authorization("client-1", "user-2", nullptr));

  const RevokedFamilies revoked = families().revoke_of_user("user-1", clock_.now()).value();
  EXPECT_EQ(revoked.families, 1U);
  EXPECT_EQ(revoked.access_tokens, 2U);
  reopen();
  EXPECT_FALSE(is_live(session.access));
  EXPECT_EQ(issuances().get(child.id).value().revoked_at, now_seconds());
  EXPECT_EQ(issuances().get(vended.id).value(), vended);
  EXPECT_TRUE(failed_with(issuances().append(make_exchange(child, "client-1", nullptr, nullptr)),
                          DomainErrorCode::invalid_grant));
  EXPECT_TRUE(failed_with(authorizations().get(pending.id), DomainErrorCode::not_found));
  EXPECT_FALSE(authorizations().consume_code(hash_of("code"), clock_.now()).value().has_value());
  EXPECT_TRUE(
      failed_with(issuances().append(make_start(redeemed, "refresh")), DomainErrorCode::invalid_grant));
  EXPECT_TRUE(is_live(machine));
  EXPECT_TRUE(is_live(unrelated.access));
  EXPECT_TRUE(authorizations().get(other.id));
  stored_session("client-1", "user-1", nullptr);
  EXPECT_EQ(families().revoke_of_user("user-1", clock_.now()).value().families, 1U);
}

TEST_P(StorageConformance, TokenStateFollowsTheRecord) {
  const Session session = first_session();
  const auto state = [&](std::string_view jti) { return issuances().token_state(jti, clock_.now()).value(); };
  EXPECT_EQ(state(session.access.id.text()), TokenState::live);
  EXPECT_EQ(state(ids_.next().text()), TokenState::unknown);
  EXPECT_EQ(state("not an id"), TokenState::unknown);
  Issuance broker = make_issuance("client-1");
  broker.backend_kind = BackendKind::broker;
  broker.revocable = false;
  stored_issuance(broker);
  EXPECT_EQ(state(broker.id.text()), TokenState::unknown);
  const Issuance revoked = stored_issuance(make_issuance("client-1"));
  ASSERT_TRUE(issuances().revoke(revoked.id, clock_.now()));
  EXPECT_EQ(state(revoked.id.text()), TokenState::revoked);
  clock_.set_wall(session.access.expires_at);
  EXPECT_EQ(state(session.access.id.text()), TokenState::expired);
  EXPECT_EQ(state(revoked.id.text()), TokenState::revoked);
}

TEST_P(StorageConformance, PurgeOfFamiliesKeepsWhatCanStillBeUsedOrReused) {
  Session rotated = first_session();
  const std::string used = rotated.refresh_token;
  const Session idle = stored_session("client-1", "user-1", nullptr);
  clock_.advance(std::chrono::hours(100));
  refreshed(rotated);
  EXPECT_EQ(families().purge_expired(clock_.now()).value(), 0U);
  EXPECT_TRUE(families().get(idle.family.id));

  clock_.advance(std::chrono::hours(68));
  EXPECT_EQ(families().purge_expired(clock_.now()).value(), 2U);
  EXPECT_EQ(families().find_by_refresh_token(hash_of(used)).value(), std::nullopt);
  EXPECT_TRUE(failed_with(families().get(idle.family.id), DomainErrorCode::not_found));
  EXPECT_TRUE(families().get(rotated.family.id));
  EXPECT_TRUE(issuances().get(idle.access.id));
  refreshed(rotated);
}

TEST_P(StorageConformance, PurgeOfFamiliesKeepsThoseWithALiveAccessToken) {
  stored_client("client-1");
  stored_user("user-1");
  const NewIssuance start = make_start(redeemed_authorization("client-1", "user-1", nullptr), "");
  ASSERT_TRUE(issuances().append(start));
  const TimeOrderedId id = std::get<FamilyStart>(start.family).family.id;
  ASSERT_TRUE(families().purge_expired(clock_.now()));
  EXPECT_TRUE(families().get(id));
  clock_.set_wall(start.row.expires_at);
  ASSERT_TRUE(families().purge_expired(clock_.now()));
  EXPECT_FALSE(families().get(id));
}

}  // namespace authplane::authserver
