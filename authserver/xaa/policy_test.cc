#include "authserver/xaa/policy.h"

#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

XaaPolicy policy(std::string id) {
  XaaPolicy policy;
  policy.id = std::move(id);
  return policy;
}

// The id of the policy that allows it, "" = none.
std::string allowed_by(const std::vector<XaaPolicy>& policies, std::string_view client = "client-1",
                       std::string_view resource = "https://rs.example/mcp",
                       std::string_view scopes = "mcp:echo mcp:add") {
  const ScopeSet wanted = ScopeSet::split(scopes);
  const XaaPolicy* found =
      find_policy(policies, {.client_id = client, .resource = resource, .scopes = wanted});
  return found ? found->id : "";
}

TEST(XaaPolicy, NothingIsAllowedByDefault) {
  EXPECT_EQ(allowed_by({}), "");
}

TEST(XaaPolicy, OneWithoutBoundsAllowsEverything) {
  EXPECT_EQ(allowed_by({policy("a")}), "a");
  EXPECT_EQ(allowed_by({policy("a")}, "client-1", ""), "a");
}

TEST(XaaPolicy, TheFirstThatIsEnabledAndMatchesWins) {
  XaaPolicy off = policy("off"), other = policy("other");
  off.enabled = false;
  other.client_ids = {"client-2"};
  EXPECT_EQ(allowed_by({off, other, policy("a"), policy("b")}), "a");
  EXPECT_EQ(allowed_by({off}), "");
}

TEST(XaaPolicy, ClientsAreComparedByteForByte) {
  XaaPolicy bound = policy("a");
  bound.client_ids = {"client-2", "client-1"};
  EXPECT_EQ(allowed_by({bound}), "a");
  EXPECT_EQ(allowed_by({bound}, "client-3"), "");
  EXPECT_EQ(allowed_by({bound}, "Client-1"), "");
  EXPECT_EQ(allowed_by({bound}, ""), "");
}

TEST(XaaPolicy, AListOfResourcesNeedsOneOfThemToBeNamed) {
  XaaPolicy bound = policy("a");
  bound.resources = {"https://rs.example/mcp"};
  EXPECT_EQ(allowed_by({bound}), "a");
  EXPECT_EQ(allowed_by({bound}, "client-1", "https://rs.example/mcp/"), "");
  EXPECT_EQ(allowed_by({bound}, "client-1", ""), "");
}

TEST(XaaPolicy, ScopesMatchAsAWhole) {
  XaaPolicy bound = policy("a");
  bound.scopes = ScopeSet::split("mcp:echo mcp:add mcp:other");
  EXPECT_EQ(allowed_by({bound}), "a");
  bound.scopes = ScopeSet::split("mcp:echo");
  EXPECT_EQ(allowed_by({bound}), "");
  EXPECT_EQ(allowed_by({bound}, "client-1", "", "mcp:echo"), "a");
}

TEST(XaaPolicy, NoBoundOnScopesIsAnyAndAnEmptyOneIsNone) {
  XaaPolicy bound = policy("a");
  bound.scopes = std::nullopt;
  EXPECT_EQ(allowed_by({bound}), "a");
  bound.scopes = ScopeSet();
  EXPECT_EQ(allowed_by({bound}), "");
  EXPECT_EQ(allowed_by({bound}, "client-1", "", ""), "");
}

}  // namespace
}  // namespace authplane::authserver
