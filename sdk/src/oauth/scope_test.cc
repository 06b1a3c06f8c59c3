#include <authplane/oauth/scope.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane {
namespace {

using testing::ElementsAre;

ScopeSet scopes(std::string_view text) {
  return ScopeSet::parse(text).value();
}

TEST(ScopeSetParse, KeepsFirstSeenOrderWithoutDuplicates) {
  EXPECT_THAT(scopes("b  a b c a ").tokens(), ElementsAre("b", "a", "c"));
  EXPECT_TRUE(scopes("").empty());
  EXPECT_TRUE(scopes("   ").empty());
}

TEST(ScopeSetParse, RefusesCharactersOutsideTheGrammar) {
  for (const char* text : {"a\tb", "a\"", "a\\b", "a\nb", "caf\xc3\xa9", "\x7f", "ok a\x01"}) {
    const auto parsed = ScopeSet::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_scope);
  }
  EXPECT_TRUE(ScopeSet::parse("!#$%&'()*+,-./:;<=>?@[]^_`{|}~"));
}

TEST(ScopeSetParse, ManyDistinctTokensStayCheap) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i) + ' ';
  EXPECT_EQ(scopes(text).size(), 20'000U);
}

TEST(ScopeSetSplit, TakesAnyWhiteSpaceAndAnyCharacter) {
  EXPECT_THAT(ScopeSet::split("a\tb\n\"c\" a").tokens(), ElementsAre("a", "b", "\"c\""));
}

TEST(ScopeSet, MatchesExactly) {
  const ScopeSet set = scopes("mcp:echo mcp:add");
  EXPECT_TRUE(set.contains("mcp:echo"));
  EXPECT_FALSE(set.contains("MCP:echo"));
  EXPECT_FALSE(set.contains("mcp:ech"));
  EXPECT_FALSE(set.contains(""));
}

TEST(ScopeSet, SubsetIntersectionAndDifferenceKeepTheLeftOrder) {
  const ScopeSet left = scopes("c b a");
  const ScopeSet right = scopes("a c");
  EXPECT_TRUE(right.is_subset_of(left));
  EXPECT_FALSE(left.is_subset_of(right));
  EXPECT_TRUE(ScopeSet().is_subset_of(right));
  EXPECT_EQ(left.intersect(right).to_string(), "c a");
  EXPECT_EQ(left.minus(right).to_string(), "b");
  EXPECT_TRUE(left.intersect(ScopeSet()).empty());
}

TEST(ScopeSet, InsertAndOfDropDuplicates) {
  const std::string tokens[] = {"x", "y", "x"};
  ScopeSet set = ScopeSet::of(tokens);
  set.insert("y");
  set.insert("z");
  EXPECT_EQ(set.to_string(), "x y z");
  EXPECT_EQ(set, scopes("x y z"));
  EXPECT_NE(set, scopes("y x z"));
}

TEST(IsScopeToken, FollowsTheGrammar) {
  EXPECT_TRUE(is_scope_token("mcp:echo"));
  for (const char* text : {"", " ", "a b", "\"", "\\", "\x80"}) EXPECT_FALSE(is_scope_token(text)) << text;
}

}  // namespace
}  // namespace authplane
