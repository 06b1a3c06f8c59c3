#include "authserver/domain/fronting_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/domain/broker_provider.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;

Resource resource_named(std::string slug, const std::vector<std::string>& scopes) {
  Resource out;
  out.slug = std::move(slug);
  for (const std::string& scope : scopes) out.scopes.push_back({scope, "", ""});
  return out;
}

FrontingLink link_between(std::string source, std::string target, ScopeMap scope_map = {{"a", {"x"}}}) {
  FrontingLink link;
  link.source_slug = std::move(source);
  link.target_slug = std::move(target);
  link.scope_map = std::move(scope_map);
  return link;
}

std::string refusal(const Outcome<void>& outcome) {
  if (outcome) return "";
  return outcome.error().code == DomainErrorCode::invalid_request ? outcome.error().description
                                                                  : "not an invalid_request";
}

class FrontingLinkTest : public ::testing::Test {
 protected:
  std::string check(const FrontingLink& link) const {
    return refusal(check_fronting_link(link, gateway, backend));
  }

  Resource gateway = resource_named("gateway", {"a", "b"}), backend = resource_named("backend", {"x", "y"});
};

TEST_F(FrontingLinkTest, MapsScopesOfTheSourceToScopesOfTheTarget) {
  EXPECT_EQ(check(link_between("gateway", "backend", {{"a", {"x", "y"}}, {"b", {"x"}}})), "");
  backend.backend_kind = BackendKind::broker;
  backend.broker_provider_id = "provider-1";
  EXPECT_EQ(check(link_between("gateway", "backend")), "");
}

TEST_F(FrontingLinkTest, ShapeIsJudgedWithoutTheResources) {
  EXPECT_EQ(refusal(check_fronting_shape(link_between("gateway", "nowhere"))), "");
  for (const char* slug : {"", "Gateway", "-x", "a b", "https://gateway.example"}) {
    EXPECT_THAT(refusal(check_fronting_shape(link_between(slug, "backend"))), HasSubstr("slugs")) << slug;
    EXPECT_THAT(refusal(check_fronting_shape(link_between("gateway", slug))), HasSubstr("slugs")) << slug;
  }
  EXPECT_THAT(refusal(check_fronting_shape(link_between("gateway", "backend", {}))),
              HasSubstr("must not be empty"));
  for (const ScopeMap& map : {ScopeMap{{"a", {}}}, {{"a", {""}}}, {{"", {"x"}}}, {{"a", {"x"}}, {"b", {}}}}) {
    EXPECT_THAT(refusal(check_fronting_shape(link_between("gateway", "backend", map))),
                HasSubstr("empty entries"));
  }
  EXPECT_THAT(refusal(check_fronting_shape(link_between("gateway", "gateway"))), HasSubstr("front itself"));
}

TEST_F(FrontingLinkTest, SourceMustMintItself) {
  gateway.backend_kind = BackendKind::broker;
  gateway.broker_provider_id = "provider-1";
  EXPECT_THAT(check(link_between("gateway", "backend")), HasSubstr("must be a mint resource"));
}

TEST_F(FrontingLinkTest, BrokerTargetNeedsAProvider) {
  backend.backend_kind = BackendKind::broker;
  EXPECT_THAT(check(link_between("gateway", "backend")), HasSubstr("no broker provider"));
}

TEST_F(FrontingLinkTest, UnknownScopesAreNamedTogetherWithTheResource) {
  EXPECT_THAT(check(link_between("gateway", "backend", {{"a", {"x"}}, {"c", {"x"}}})),
              HasSubstr("'c', which is no scope of gateway"));
  EXPECT_THAT(check(link_between("gateway", "backend", {{"a", {"x"}}, {"b", {"y", "z"}}})),
              HasSubstr("'b' to 'z', which is no scope of backend"));
}

// What is wrong in several ways is told the first of them.
TEST_F(FrontingLinkTest, RulesAreJudgedInOrder) {
  gateway.backend_kind = BackendKind::broker;
  backend.backend_kind = BackendKind::broker;
  FrontingLink link = link_between("gateway", "gateway", {{"unknown", {"unknown"}}, {"empty", {}}});
  EXPECT_THAT(check(link), HasSubstr("empty entries"));
  link.scope_map.erase("empty");
  EXPECT_THAT(check(link), HasSubstr("front itself"));
  link.target_slug = "backend";
  EXPECT_THAT(check(link), HasSubstr("must be a mint resource"));
  gateway.backend_kind = BackendKind::mint;
  EXPECT_THAT(check(link), HasSubstr("has the key 'unknown'"));
  link.scope_map = {{"a", {"unknown"}}};
  EXPECT_THAT(check(link), HasSubstr("'a' to 'unknown'"));
  link.scope_map = {{"a", {"x"}}};
  EXPECT_THAT(check(link), HasSubstr("no broker provider"));
}

TEST(FrontingReachesTest, FollowsLinksForwardsOnlyAndEndsInCycles) {
  const std::vector<FrontingLink> links{link_between("a", "b"), link_between("b", "c"),
                                        link_between("c", "a"), link_between("d", "a")};
  EXPECT_TRUE(fronting_reaches(links, "a", "b"));
  EXPECT_TRUE(fronting_reaches(links, "a", "c"));
  EXPECT_TRUE(fronting_reaches(links, "d", "c"));
  EXPECT_TRUE(fronting_reaches(links, "a", "a"));
  EXPECT_FALSE(fronting_reaches(links, "a", "d"));
  EXPECT_FALSE(fronting_reaches(links, "nowhere", "a"));
  EXPECT_FALSE(fronting_reaches({}, "a", "a"));
}

class FrontedChangeTest : public FrontingLinkTest {
 protected:
  std::string check_change(const Resource& stored, const Resource& changed) const {
    return refusal(check_fronted_change(links, stored, changed));
  }
  const std::vector<FrontingLink> links{link_between("gateway", "backend", {{"a", {"x"}}}),
                                        link_between("other", "another", {{"b", {"y"}}})};
};

TEST_F(FrontedChangeTest, WhatNoLinkMentionsMayChange) {
  Resource changed = gateway;
  changed.scopes.pop_back();
  changed.uri = "https://gateway.example";
  changed.display_name = "renamed";
  changed.policy.runtime_client_ids = {"client-1"};
  EXPECT_EQ(check_change(gateway, changed), "");
  changed = backend;
  changed.scopes.pop_back();
  EXPECT_EQ(check_change(backend, changed), "");
  const Resource free = resource_named("free", {"a"});
  changed = free;
  changed.slug = "renamed";
  changed.backend_kind = BackendKind::broker;
  changed.scopes.clear();
  EXPECT_EQ(check_change(free, changed), "");
}

TEST_F(FrontedChangeTest, SlugKindAndMappedScopesStay) {
  for (const Resource& stored : {gateway, backend}) {
    Resource changed = stored;
    changed.slug = "renamed";
    EXPECT_THAT(check_change(stored, changed), HasSubstr("the slug cannot change while the fronting link"
                                                         " gateway -> backend exists"));
    changed = stored;
    changed.backend_kind = BackendKind::broker;
    EXPECT_THAT(check_change(stored, changed), HasSubstr("backend_kind cannot change"));
  }
  Resource changed = gateway;
  changed.scopes.front().name = "renamed";
  EXPECT_THAT(check_change(gateway, changed), HasSubstr("scope 'a' cannot go"));
  changed = backend;
  changed.scopes.front().name = "renamed";
  EXPECT_THAT(check_change(backend, changed), HasSubstr("scope 'x' cannot go"));
}

TEST(BrokerProtocolTest, NamesParseExactly) {
  for (const auto protocol :
       {BrokerProtocol::oauth, BrokerProtocol::api_key, BrokerProtocol::service_account}) {
    EXPECT_EQ(parse_broker_protocol(to_string(protocol)), protocol);
  }
  EXPECT_EQ(to_string(BrokerProtocol::service_account), "service_account");
  for (const char* text : {"", "OAuth", "api-key"}) EXPECT_FALSE(parse_broker_protocol(text)) << text;
}

}  // namespace
}  // namespace authplane::authserver
