#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StorageConformance, IdpComesBackAsItWasInserted) {
  const TrustedIdp first = stored_idp("https://idp.example");
  clock_.advance(std::chrono::seconds(1));
  TrustedIdp second = make_idp("https://idp.example/");  // another issuer: compared byte for byte
  second.enabled = false;
  ASSERT_TRUE(xaa().insert_idp(second));
  reopen();
  EXPECT_EQ(xaa().find_idp(first.id).value(), first);
  EXPECT_EQ(xaa().find_idp_by_issuer("https://idp.example").value(), first);
  EXPECT_EQ(xaa().find_idp_by_issuer("https://idp.example/").value(), second);
  EXPECT_EQ(xaa().find_idp_by_issuer("https://IDP.example").value(), std::nullopt);
  EXPECT_EQ(xaa().find_idp("x").value(), std::nullopt);
  EXPECT_THAT(xaa().list_idps().value(), ElementsAre(first, second));
}

TEST_P(StorageConformance, IdpIssuerAndIdAreUnique) {
  const TrustedIdp idp = stored_idp("https://idp.example");
  EXPECT_TRUE(failed_with(xaa().insert_idp(make_idp("https://idp.example")), DomainErrorCode::conflict));
  TrustedIdp second = make_idp("https://other.example");
  second.id = idp.id;
  EXPECT_TRUE(failed_with(xaa().insert_idp(second), DomainErrorCode::conflict));
  EXPECT_THAT(xaa().list_idps().value(), ElementsAre(idp));
}

TEST_P(StorageConformance, IdpUpdateReplacesNameAndEnabledOnly) {
  const TrustedIdp idp = stored_idp("https://idp.example");
  TrustedIdp changed = make_idp("https://other.example");
  changed.id = idp.id;
  changed.name = "renamed";
  changed.jwks_uri = "https://other.example/keys";
  changed.audience = "other";
  changed.enabled = false;
  changed.updated_at += std::chrono::hours(1);
  TrustedIdp expected = idp;
  expected.name = changed.name;
  expected.enabled = false;
  expected.updated_at = changed.updated_at;
  EXPECT_EQ(xaa().update_idp(changed).value(), expected);
  EXPECT_EQ(xaa().find_idp(idp.id).value(), expected);
  EXPECT_TRUE(failed_with(xaa().update_idp(make_idp("x")), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, PoliciesAndMappingsGoWithTheirIdp) {
  stored_user("user-1");
  const TrustedIdp gone = stored_idp("https://gone.example"), stays = stored_idp("https://stays.example");
  const XaaPolicy of_gone = make_policy(gone.id), of_other = make_policy(stays.id);
  for (const XaaPolicy& policy : {of_gone, of_other}) ASSERT_TRUE(xaa().insert_policy(policy));
  const SubjectMapping mapped = make_mapping(stays.id, "sub", "user-1");
  ASSERT_TRUE(xaa().insert_mapping(make_mapping(gone.id, "sub", "user-1")));
  ASSERT_TRUE(xaa().insert_mapping(mapped));
  ASSERT_TRUE(xaa().remove_idp(gone.id));
  EXPECT_EQ(xaa().find_idp(gone.id).value(), std::nullopt);
  EXPECT_EQ(xaa().find_policy(of_gone.id).value(), std::nullopt);
  EXPECT_EQ(xaa().find_mapping(gone.id, "sub").value(), std::nullopt);
  EXPECT_THAT(xaa().list_policies({}).value(), ElementsAre(of_other));
  EXPECT_THAT(xaa().list_mappings({}).value(), ElementsAre(mapped));
  EXPECT_TRUE(failed_with(xaa().remove_idp(gone.id), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, PolicyKeepsAnyAndNoneApart) {
  const TrustedIdp idp = stored_idp("https://idp.example"), other = stored_idp("https://other.example");
  std::vector<XaaPolicy> policies;
  for (const auto& scopes :
       {std::optional<ScopeSet>(), std::optional<ScopeSet>(ScopeSet()), make_policy(idp.id).scopes}) {
    policies.push_back(make_policy(policies.size() == 1 ? other.id : idp.id));
    policies.back().scopes = scopes;
    ASSERT_TRUE(xaa().insert_policy(policies.back()));
    clock_.advance(std::chrono::seconds(1));
  }
  reopen();
  EXPECT_EQ(xaa().list_policies({}).value(), policies);
  EXPECT_THAT(xaa().list_policies(idp.id).value(), ElementsAre(policies[0], policies[2]));
  EXPECT_THAT(xaa().list_policies("x").value(), IsEmpty());
  EXPECT_EQ(xaa().find_policy(policies[1].id).value(), policies[1]);
  EXPECT_EQ(xaa().find_policy("x").value(), std::nullopt);
}

TEST_P(StorageConformance, PolicyNeedsItsIdpAndAFreeId) {
  const TrustedIdp idp = stored_idp("https://idp.example");
  EXPECT_TRUE(failed_with(xaa().insert_policy(make_policy("nobody")), DomainErrorCode::invalid_request));
  const XaaPolicy policy = make_policy(idp.id);
  ASSERT_TRUE(xaa().insert_policy(policy));
  EXPECT_TRUE(failed_with(xaa().insert_policy(policy), DomainErrorCode::conflict));
}

TEST_P(StorageConformance, PolicyUpdateReplacesEverythingButIdIdpAndCreation) {
  const TrustedIdp idp = stored_idp("https://idp.example"), other = stored_idp("https://other.example");
  const XaaPolicy policy = make_policy(idp.id);
  ASSERT_TRUE(xaa().insert_policy(policy));
  clock_.advance(std::chrono::hours(1));
  XaaPolicy changed = make_policy(other.id);
  changed.id = policy.id;
  changed.name = "renamed";
  changed.client_ids.clear();
  changed.scopes.reset();
  changed.resources = {"https://a.example", "https://b.example"};
  changed.enabled = false;
  XaaPolicy expected = changed;
  expected.idp_id = idp.id;
  expected.created_at = policy.created_at;
  EXPECT_EQ(xaa().update_policy(changed).value(), expected);
  EXPECT_EQ(xaa().find_policy(policy.id).value(), expected);
  EXPECT_TRUE(failed_with(xaa().update_policy(make_policy(idp.id)), DomainErrorCode::not_found));
  ASSERT_TRUE(xaa().remove_policy(policy.id));
  EXPECT_EQ(xaa().find_policy(policy.id).value(), std::nullopt);
  EXPECT_TRUE(failed_with(xaa().remove_policy(policy.id), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, SubjectIsMappedOnceForEachIdp) {
  stored_user("user-1");
  stored_user("user-2");
  const TrustedIdp idp = stored_idp("https://idp.example"), other = stored_idp("https://other.example");
  const SubjectMapping mapping = make_mapping(idp.id, "sub", "user-1");
  ASSERT_TRUE(xaa().insert_mapping(mapping));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(
      failed_with(xaa().insert_mapping(make_mapping(idp.id, "sub", "user-2")), DomainErrorCode::conflict));
  SubjectMapping same_id = make_mapping(idp.id, "another", "user-1");
  same_id.id = mapping.id;
  EXPECT_TRUE(failed_with(xaa().insert_mapping(same_id), DomainErrorCode::conflict));
  EXPECT_TRUE(failed_with(xaa().insert_mapping(make_mapping(idp.id, "x", "nobody")),
                          DomainErrorCode::invalid_request));
  EXPECT_TRUE(
      failed_with(xaa().insert_mapping(make_mapping("x", "x", "user-1")), DomainErrorCode::invalid_request));
  const SubjectMapping elsewhere = make_mapping(other.id, "sub", "user-2");
  ASSERT_TRUE(xaa().insert_mapping(elsewhere));
  reopen();
  EXPECT_EQ(xaa().find_mapping(idp.id, "sub").value(), mapping);
  EXPECT_EQ(xaa().find_mapping(other.id, "sub").value(), elsewhere);
  EXPECT_EQ(xaa().find_mapping(idp.id, "Sub").value(), std::nullopt);
  EXPECT_THAT(xaa().list_mappings({}).value(), ElementsAre(mapping, elsewhere));
  EXPECT_THAT(xaa().list_mappings(other.id).value(), ElementsAre(elsewhere));
  ASSERT_TRUE(xaa().remove_mapping(mapping.id));
  EXPECT_EQ(xaa().find_mapping(idp.id, "sub").value(), std::nullopt);
  EXPECT_TRUE(failed_with(xaa().remove_mapping(mapping.id), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, SubjectMappingOutlivesItsUser) {
  stored_user("user-1");
  const TrustedIdp idp = stored_idp("https://idp.example");
  const SubjectMapping mapping = make_mapping(idp.id, "sub", "user-1");
  ASSERT_TRUE(xaa().insert_mapping(mapping));
  ASSERT_TRUE(users().remove("user-1", RemoveUser::revoke_tokens, clock_.now()));
  EXPECT_EQ(xaa().find_mapping(idp.id, "sub").value(), mapping);
}

TEST_P(StorageConformance, AssertionIsSpentOnceAndRememberedUntilItIsPurged) {
  const WallTime expiry = clock_.now() + std::chrono::minutes(5);
  EXPECT_TRUE(xaa().spend_assertion(sha256("one"), expiry).value());
  EXPECT_FALSE(xaa().spend_assertion(sha256("one"), expiry).value());
  EXPECT_TRUE(xaa().spend_assertion(sha256("two"), expiry + std::chrono::seconds(1)).value());
  reopen();
  EXPECT_FALSE(xaa().spend_assertion(sha256("one"), expiry + std::chrono::hours(1)).value());

  EXPECT_EQ(xaa().purge_spent_assertions(expiry).value(), 0U);
  EXPECT_FALSE(xaa().spend_assertion(sha256("one"), expiry).value());
  EXPECT_EQ(xaa().purge_spent_assertions(expiry + std::chrono::seconds(1)).value(), 1U);
  EXPECT_FALSE(xaa().spend_assertion(sha256("two"), expiry).value());
  EXPECT_TRUE(xaa().spend_assertion(sha256("one"), expiry).value());
}

}  // namespace authplane::authserver
