#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

TEST_P(StorageConformance, ResourceComesBackAsItWasInserted) {
  Resource resource = make_resource("demo", "https://demo.example/mcp");
  ASSERT_TRUE(resources().insert(resource));
  Resource broker = make_resource("broker", "");
  broker.backend_kind = BackendKind::broker;
  broker.broker_provider_id = "provider-1";
  broker.scopes.clear();
  BrokerProvider provider;
  provider.id = provider.slug = "provider-1";
  ASSERT_TRUE(opened_.storage->broker_providers().insert(provider));
  ASSERT_TRUE(resources().insert(broker));

  const auto catalog = resources().catalog().value();
  EXPECT_EQ(*catalog->find_by_slug("demo"), resource);
  EXPECT_EQ(*catalog->find_by_id(broker.id), broker);
  EXPECT_EQ(*catalog->find_by_uri("https://demo.example/mcp").resource, resource);
  EXPECT_EQ(catalog->size(), 2U);
}

TEST_P(StorageConformance, EmptyCatalogIsThere) {
  EXPECT_EQ(resources().catalog().value()->size(), 0U);
}

TEST_P(StorageConformance, SlugIsUniqueAndUriIsNot) {
  stored_resource("demo");
  EXPECT_TRUE(failed_with(resources().insert(make_resource("demo", "https://other.example")),
                          DomainErrorCode::conflict));
  ASSERT_TRUE(resources().insert(make_resource("twin", "https://demo.example/mcp")));
  EXPECT_EQ(resources().catalog().value()->find_by_uri("https://demo.example/mcp").match, Match::ambiguous);
}

TEST_P(StorageConformance, SecondResourceOfOneIdIsAConflict) {
  const Resource first = stored_resource("demo");
  Resource second = make_resource("other", "");
  second.id = first.id;
  EXPECT_TRUE(failed_with(resources().insert(second), DomainErrorCode::conflict));
  EXPECT_EQ(resources().catalog().value()->find_by_slug("other"), nullptr);
}

TEST_P(StorageConformance, UpdateReplacesTheResource) {
  const Resource before = stored_resource("demo");
  Resource changed = before;
  changed.slug = "renamed";
  changed.scopes = {{"only", "", ""}};
  changed.policy = {};
  changed.created_at += std::chrono::hours(1);
  changed.updated_at += std::chrono::hours(2);
  Resource expected = changed;
  expected.created_at = before.created_at;
  expected.version = 2;
  EXPECT_EQ(resources().update(changed).value(), expected);
  const auto catalog = resources().catalog().value();
  EXPECT_EQ(*catalog->find_by_id(before.id), expected);
  EXPECT_EQ(catalog->find_by_slug("demo"), nullptr);
}

TEST_P(StorageConformance, ResourceUpdateRefusesOldVersionsTakenSlugsAndUnknownIds) {
  const Resource demo = stored_resource("demo");
  stored_resource("other");
  Resource changed = demo;
  changed.slug = "other";
  EXPECT_TRUE(failed_with(resources().update(changed), DomainErrorCode::conflict));
  changed = demo;
  changed.version = 7;
  EXPECT_TRUE(failed_with(resources().update(changed), DomainErrorCode::conflict));
  changed = make_resource("new", "");
  EXPECT_TRUE(failed_with(resources().update(changed), DomainErrorCode::not_found));
  EXPECT_EQ(*resources().catalog().value()->find_by_id(demo.id), demo);
}

TEST_P(StorageConformance, ResourceIsHeldByUnexpiredTokensOnlyEvenRevokedOnes) {
  const Resource demo = stored_resource("demo");
  stored_client("client-1");
  Issuance issuance = make_issuance("client-1");
  issuance.resource_id = demo.id;
  stored_issuance(issuance);
  EXPECT_TRUE(failed_with(resources().remove(demo.id, RemoveResource::unless_linked, clock_.now()),
                          DomainErrorCode::conflict));
  ASSERT_TRUE(issuances().revoke(issuance.id, clock_.now()));
  EXPECT_TRUE(failed_with(resources().remove(demo.id, RemoveResource::unless_linked, clock_.now()),
                          DomainErrorCode::conflict));

  clock_.set_wall(issuance.expires_at);
  ASSERT_TRUE(resources().remove(demo.id, RemoveResource::unless_linked, clock_.now()));
  EXPECT_EQ(resources().catalog().value()->size(), 0U);
  EXPECT_EQ(issuances().get(issuance.id).value().resource_id, demo.id);
  EXPECT_TRUE(failed_with(resources().remove(demo.id, RemoveResource::unless_linked, clock_.now()),
                          DomainErrorCode::not_found));
}

TEST_P(StorageConformance, RemovedSlugCanBeUsedAgain) {
  const Resource first = stored_resource("demo");
  ASSERT_TRUE(resources().remove(first.id, RemoveResource::unless_linked, clock_.now()));
  const Resource second = stored_resource("demo");
  EXPECT_EQ(*resources().catalog().value()->find_by_slug("demo"), second);
}

TEST_P(StorageConformance, CatalogSnapshotDoesNotChangeUnderItsReader) {
  const auto before = resources().catalog().value();
  stored_resource("demo");
  EXPECT_EQ(before->size(), 0U);
  EXPECT_EQ(resources().catalog().value()->size(), 1U);
}

}  // namespace authplane::authserver
