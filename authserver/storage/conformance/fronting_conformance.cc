#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST_P(StorageConformance, FrontingLinkComesBackAsItWasInserted) {
  const Resource gateway = stored_resource("gateway"), backend = stored_resource("backend");
  FrontingLink link = make_link(gateway, backend);
  link.scope_map["mcp:add"] = {"mcp:add"};
  ASSERT_TRUE(fronting_links().insert(link, false));
  EXPECT_EQ(fronting_links().find("gateway", "backend").value(), link);
  EXPECT_EQ(fronting_links().find("backend", "gateway").value(), std::nullopt);
  EXPECT_EQ(fronting_links().find("gateway", "nowhere").value(), std::nullopt);
  reopen();
  EXPECT_EQ(fronting_links().find("gateway", "backend").value(), link);
}

TEST_P(StorageConformance, FrontingLinksAreListedBySourceThenTarget) {
  const Resource a = stored_resource("a"), b = stored_resource("b"), c = stored_resource("c");
  const FrontingLink bc = make_link(b, c), ac = make_link(a, c), ab = make_link(a, b);
  for (const FrontingLink& link : {bc, ac, ab}) ASSERT_TRUE(fronting_links().insert(link, false));
  const auto list = [&](const FrontingFilter& filter, const Page& page) {
    return fronting_links().list(filter, page).value();
  };
  EXPECT_THAT(list({}, {}), ElementsAre(ab, ac, bc));
  EXPECT_THAT(list({}, {1, 1}), ElementsAre(ac));
  EXPECT_THAT(list({"a", {}}, {}), ElementsAre(ab, ac));
  EXPECT_THAT(list({{}, "c"}, {}), ElementsAre(ac, bc));
  EXPECT_THAT(list({"a", "c"}, {}), ElementsAre(ac));
  EXPECT_THAT(list({"a", {}}, {5, 1}), ElementsAre(ac));
  EXPECT_THAT(list({"c", {}}, {}), IsEmpty());
}

TEST_P(StorageConformance, DryRunOfAFrontingLinkJudgesEverythingAndWritesNothing) {
  const Resource gateway = stored_resource("gateway"), backend = stored_resource("backend");
  FrontingLink link = make_link(gateway, backend);
  ASSERT_TRUE(fronting_links().insert(link, true));
  EXPECT_EQ(fronting_links().find("gateway", "backend").value(), std::nullopt);
  link.scope_map["unknown"] = {"mcp:add"};
  EXPECT_TRUE(failed_with(fronting_links().insert(link, true), DomainErrorCode::invalid_request));
  link = make_link(gateway, backend);
  ASSERT_TRUE(fronting_links().insert(link, false));
  EXPECT_TRUE(failed_with(fronting_links().insert(link, true), DomainErrorCode::conflict));
  EXPECT_TRUE(failed_with(fronting_links().insert(make_link(backend, gateway), true),
                          DomainErrorCode::invalid_request));
}

TEST_P(StorageConformance, FrontingLinkThatBreaksARuleIsRefused) {
  const Resource gateway = stored_resource("gateway"), backend = stored_resource("backend");
  const auto refused = [&](const std::function<void(FrontingLink&)>& breaking) {
    FrontingLink link = make_link(gateway, backend);
    breaking(link);
    return failed_with(fronting_links().insert(link, false), DomainErrorCode::invalid_request);
  };
  EXPECT_TRUE(refused([](FrontingLink& link) { link.scope_map.clear(); }));
  EXPECT_TRUE(refused([](FrontingLink& link) { link.scope_map["mcp:add"] = {}; }));
  EXPECT_TRUE(refused([](FrontingLink& link) { link.target_slug = link.source_slug; }));
  EXPECT_TRUE(refused([](FrontingLink& link) { link.source_slug = "nowhere"; }));
  EXPECT_TRUE(refused([](FrontingLink& link) { link.target_slug = "nowhere"; }));
  EXPECT_TRUE(refused([](FrontingLink& link) { link.scope_map = {{"unknown", {"mcp:add"}}}; }));
  EXPECT_TRUE(refused([](FrontingLink& link) { link.scope_map = {{"mcp:add", {"unknown"}}}; }));
  EXPECT_THAT(fronting_links().list({}, {}).value(), IsEmpty());
}

TEST_P(StorageConformance, BrokerResourceIsATargetButNoSource) {
  const Resource gateway = stored_resource("gateway");
  Resource broker = make_resource("broker", "");
  broker.backend_kind = BackendKind::broker;
  broker.broker_provider_id = stored_provider("github").id;
  ASSERT_TRUE(resources().insert(broker));
  EXPECT_TRUE(failed_with(fronting_links().insert(make_link(broker, gateway), false),
                          DomainErrorCode::invalid_request));
  EXPECT_TRUE(fronting_links().insert(make_link(gateway, broker), false));
}

TEST_P(StorageConformance, FrontingLinksFormNoCycle) {
  const Resource a = stored_resource("a"), b = stored_resource("b"), c = stored_resource("c"),
                 d = stored_resource("d");
  for (const FrontingLink& link : {make_link(a, b), make_link(b, c), make_link(c, d), make_link(a, d)}) {
    ASSERT_TRUE(fronting_links().insert(link, false));
  }
  for (const FrontingLink& link : {make_link(d, a), make_link(d, c), make_link(c, a)}) {
    EXPECT_TRUE(failed_with(fronting_links().insert(link, false), DomainErrorCode::invalid_request));
  }
  EXPECT_TRUE(failed_with(fronting_links().insert(make_link(a, b), false), DomainErrorCode::conflict));
  ASSERT_TRUE(fronting_links().remove("a", "d"));
  ASSERT_TRUE(fronting_links().remove("b", "c"));
  EXPECT_TRUE(fronting_links().insert(make_link(d, a), false));
}

TEST_P(StorageConformance, FrontingLinkUpdateReplacesTheMapAndNothingElse) {
  const Resource gateway = stored_resource("gateway"), backend = stored_resource("backend");
  FrontingLink expected = make_link(gateway, backend);
  ASSERT_TRUE(fronting_links().insert(expected, false));
  expected.scope_map = {{"mcp:add", {"mcp:echo"}}};
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(fronting_links().update("gateway", "backend", expected.scope_map).value(), expected);
  EXPECT_EQ(fronting_links().find("gateway", "backend").value(), expected);
  for (const ScopeMap& map : {ScopeMap{}, {{"mcp:add", {}}}, {{"unknown", {"mcp:add"}}}}) {
    EXPECT_TRUE(
        failed_with(fronting_links().update("gateway", "backend", map), DomainErrorCode::invalid_request));
  }
  EXPECT_EQ(fronting_links().find("gateway", "backend").value(), expected);
  EXPECT_TRUE(failed_with(fronting_links().update("backend", "gateway", expected.scope_map),
                          DomainErrorCode::not_found));
}

TEST_P(StorageConformance, FrontingLinkIsRemovedOnce) {
  const Resource gateway = stored_resource("gateway"), backend = stored_resource("backend");
  ASSERT_TRUE(fronting_links().insert(make_link(gateway, backend), false));
  ASSERT_TRUE(fronting_links().remove("gateway", "backend"));
  EXPECT_EQ(fronting_links().find("gateway", "backend").value(), std::nullopt);
  EXPECT_TRUE(failed_with(fronting_links().remove("gateway", "backend"), DomainErrorCode::not_found));
}

TEST_P(StorageConformance, FrontingLinksHoldTheirResources) {
  const Resource a = stored_resource("a"), b = stored_resource("b"), c = stored_resource("c");
  const FrontingLink ab = make_link(a, b), bc = make_link(b, c), ac = make_link(a, c);
  for (const FrontingLink& link : {ab, bc, ac}) ASSERT_TRUE(fronting_links().insert(link, false));
  for (const Resource& one : {a, b, c}) {
    EXPECT_TRUE(failed_with(resources().remove(one.id, RemoveResource::unless_linked, clock_.now()),
                            DomainErrorCode::conflict));
  }
  EXPECT_EQ(fronting_links().list({}, {}).value().size(), 3U);

  EXPECT_THAT(resources().remove(b.id, RemoveResource::with_links, clock_.now()).value(),
              UnorderedElementsAre(ab, bc));
  EXPECT_THAT(fronting_links().list({}, {}).value(), ElementsAre(ac));
  EXPECT_EQ(fronting_links().find("a", "b").value(), std::nullopt);
  EXPECT_EQ(resources().catalog().value()->find_by_slug("b"), nullptr);
  ASSERT_TRUE(fronting_links().remove("a", "c"));
  EXPECT_THAT(resources().remove(a.id, RemoveResource::unless_linked, clock_.now()).value(), IsEmpty());
}

// A removal with its links is one thing: what refuses it leaves the links alone.
TEST_P(StorageConformance, LinksStayWhenTheirResourceCannotGo) {
  const Resource gateway = stored_resource("gateway"), backend = stored_resource("backend");
  ASSERT_TRUE(fronting_links().insert(make_link(gateway, backend), false));
  stored_client("client-1");
  Issuance token = make_issuance("client-1");
  token.resource_id = backend.id;
  stored_issuance(token);
  EXPECT_TRUE(failed_with(resources().remove(backend.id, RemoveResource::with_links, clock_.now()),
                          DomainErrorCode::conflict));
  EXPECT_TRUE(fronting_links().find("gateway", "backend").value());
  EXPECT_TRUE(failed_with(resources().remove("x", RemoveResource::with_links, clock_.now()),
                          DomainErrorCode::not_found));
}

TEST_P(StorageConformance, ResourceUpdateThatBreaksALinkIsRefused) {
  const Resource gateway = stored_resource("gateway"), backend = stored_resource("backend");
  FrontingLink link = make_link(gateway, backend);
  link.scope_map = {{"mcp:echo", {"mcp:add"}}};
  ASSERT_TRUE(fronting_links().insert(link, false));
  const auto refused = [&](Resource changed, const std::function<void(Resource&)>& breaking) {
    breaking(changed);
    return failed_with(resources().update(changed), DomainErrorCode::invalid_request);
  };
  const std::string provider = stored_provider("github").id;
  for (const Resource& stored : {gateway, backend}) {
    EXPECT_TRUE(refused(stored, [](Resource& changed) { changed.slug = "renamed"; }));
    EXPECT_TRUE(refused(stored, [&](Resource& changed) {
      changed.backend_kind = BackendKind::broker;
      changed.broker_provider_id = provider;
    }));
    EXPECT_TRUE(refused(stored, [](Resource& changed) { changed.scopes.clear(); }));
  }
  EXPECT_TRUE(refused(gateway, [](Resource& changed) { changed.scopes[0].name = "renamed"; }));
  EXPECT_TRUE(refused(backend, [](Resource& changed) { changed.scopes[1].name = "renamed"; }));
  EXPECT_EQ(*resources().catalog().value()->find_by_id(gateway.id), gateway);

  Resource changed = gateway;
  changed.scopes[1].name = "free";
  changed.uri = "https://moved.example";
  EXPECT_TRUE(resources().update(changed));
  ASSERT_TRUE(fronting_links().remove("gateway", "backend"));
  changed = backend;
  changed.slug = "renamed";
  EXPECT_TRUE(resources().update(changed));
}

TEST_P(StorageConformance, BrokerResourceNeedsAProviderThatExists) {
  Resource broker = make_resource("broker", "");
  broker.backend_kind = BackendKind::broker;
  broker.broker_provider_id = "nobody";
  EXPECT_TRUE(failed_with(resources().insert(broker), DomainErrorCode::invalid_request));
  broker.broker_provider_id = stored_provider("github").id;
  ASSERT_TRUE(resources().insert(broker));
  broker.broker_provider_id = "nobody";
  EXPECT_TRUE(failed_with(resources().update(broker), DomainErrorCode::invalid_request));
  broker.broker_provider_id = stored_provider("gitlab").id;
  EXPECT_TRUE(resources().update(broker));
}

}  // namespace authplane::authserver
