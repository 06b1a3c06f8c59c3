#include "authserver/domain/resource_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

using ::testing::ElementsAre;

Resource make(std::string slug, std::string uri, int age, std::vector<std::string> scopes = {}) {
  Resource r;
  r.id = "id-" + slug;
  r.slug = std::move(slug);
  r.uri = std::move(uri);
  r.created_at = WallTime(std::chrono::seconds(1'000 - age));
  for (auto& scope : scopes) r.scopes.push_back({scope, "", ""});
  return r;
}

TEST(ResourceCatalogTest, FindsByIdSlugAndExactUri) {
  const ResourceCatalog catalog({make("a", "https://a.example/mcp", 1), make("b", "", 2)});
  EXPECT_EQ(catalog.find_by_id("id-a")->slug, "a");
  EXPECT_EQ(catalog.find_by_slug("b")->id, "id-b");
  EXPECT_EQ(catalog.find_by_slug("c"), nullptr);
  EXPECT_EQ(catalog.find_by_uri("https://a.example/mcp").resource->slug, "a");
  EXPECT_EQ(catalog.find_by_uri("https://a.example/mcp/").match, Match::none);
  EXPECT_EQ(catalog.find_by_uri("").match, Match::none);
}

TEST(ResourceCatalogTest, TwoResourcesOfOneUriAreAmbiguousButTheirSlugsAreNot) {
  const ResourceCatalog catalog({make("a", "https://x.example", 1), make("b", "https://x.example", 2)});
  EXPECT_EQ(catalog.find_by_uri("https://x.example").match, Match::ambiguous);
  EXPECT_EQ(catalog.find_by_uri("https://x.example").resource, nullptr);
  EXPECT_EQ(catalog.resolve("https://x.example").match, Match::ambiguous);
  EXPECT_EQ(catalog.resolve("a").resource->slug, "a");
  EXPECT_EQ(catalog.resolve("none").match, Match::none);
}

TEST(ResourceCatalogTest, AnEmptyPathIsTheRootPathAndNoOtherPathsAreAlike) {
  const ResourceCatalog catalog(
      {make("bare", "https://bare.example", 1), make("root", "https://root.example/", 2),
       make("both", "https://both.example", 3), make("both2", "https://both.example/", 4),
       make("path", "https://path.example/mcp", 5)});
  EXPECT_EQ(catalog.resolve("https://bare.example/").resource->slug, "bare");
  EXPECT_EQ(catalog.resolve("https://root.example").resource->slug, "root");
  EXPECT_EQ(catalog.resolve("https://both.example").resource->slug, "both");
  EXPECT_EQ(catalog.resolve("https://both.example/").resource->slug, "both2");
  for (const char* other :
       {"https://path.example/mcp/", "https://path.example", "https://bare.example/?",
        "https://bare.example/#", "https://bare.example//", "https://BARE.example", "http://bare.example/"}) {
    EXPECT_EQ(catalog.resolve(other).match, Match::none) << other;
  }
}

TEST(ResourceCatalogTest, ListsBySlugWithFilterAndPage) {
  Resource broker = make("c", "", 3);
  broker.backend_kind = BackendKind::broker;
  broker.broker_provider_id = "p";
  const ResourceCatalog catalog({make("d", "", 1), broker, make("a", "", 2), make("b", "", 4)});
  const auto slugs = [&](const ResourceFilter& filter, Page page) {
    std::vector<std::string> out;
    for (const auto& r : catalog.list(filter, page)) out.push_back(r->slug);
    return out;
  };
  EXPECT_THAT(slugs({}, {10, 0}), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(slugs({}, {2, 1}), ElementsAre("b", "c"));
  EXPECT_THAT(slugs({BackendKind::mint, {}}, {2, 1}), ElementsAre("b", "d"));
  EXPECT_THAT(slugs({{}, "p"}, {10, 0}), ElementsAre("c"));
  EXPECT_THAT(slugs({}, {10, 9}), ElementsAre());
}

TEST(ResourceCatalogTest, SupportedScopesAreUniqueInTheOrderOfCreation) {
  const ResourceCatalog catalog({make("new", "", 1, {"z", "b"}), make("old", "", 9, {"b", "a"})});
  EXPECT_EQ(catalog.scopes_supported().to_string(), "b a z");
}

}  // namespace
}  // namespace authplane::authserver
