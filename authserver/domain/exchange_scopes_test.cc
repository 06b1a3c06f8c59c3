#include "authserver/domain/exchange_scopes.h"

#include <gtest/gtest.h>

#include <random>

namespace authplane::authserver {
namespace {

ScopeSet set(std::string_view text) {
  return ScopeSet::split(text);
}
PresentedToken token(std::string_view scopes) {
  PresentedToken token;
  token.has_scope = true;
  token.scopes = set(scopes);
  return token;
}
ConsentGrant grant(std::string_view scopes) {
  ConsentGrant grant;
  grant.scopes = set(scopes);
  return grant;
}

TEST(ExchangeScopes, BlankIsOmittedAndBrokenIsRefused) {
  for (const char* text : {"", " ", " \t\r\n"}) EXPECT_FALSE(parse_wanted_scopes(text).value());
  EXPECT_EQ(parse_wanted_scopes(" a  b a").value()->to_string(), "a b");
  for (const char* text : {"a\"", "a\\b", "\x01"}) {
    const auto refused = parse_wanted_scopes(text);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error.code, DomainErrorCode::invalid_scope);
  }
}

TEST(ExchangeScopes, CeilingBindsWhereTheTokenHasOne) {
  EXPECT_TRUE(check_ceiling(set("a"), token("a b")));
  EXPECT_FALSE(check_ceiling(set("a c"), token("a b")));
  EXPECT_FALSE(check_ceiling(set("a"), token("")));
  EXPECT_TRUE(check_ceiling(set("a"), PresentedToken()));
  EXPECT_TRUE(check_ceiling(std::nullopt, token("")));
}

TEST(ExchangeScopes, OwnTokenPassesOnWhatItHasAndNothingElse) {
  const ScopeSet catalog = set("a b c");
  EXPECT_EQ(own_scopes(set("b"), token("a b"), &catalog).value(), set("b"));
  EXPECT_EQ(own_scopes(std::nullopt, token("a x"), &catalog).value(), set("a"));
  EXPECT_EQ(own_scopes(std::nullopt, token("a x"), nullptr).value(), set("a x"));
  EXPECT_TRUE(own_scopes(std::nullopt, PresentedToken(), nullptr).value().empty());
  EXPECT_FALSE(own_scopes(set("a"), PresentedToken(), nullptr));
  EXPECT_FALSE(own_scopes(std::nullopt, token("x"), &catalog));
  EXPECT_FALSE(own_scopes(set("c"), token("a b"), &catalog));
}

TEST(ExchangeScopes, ConsentCoversAllOrNothing) {
  const ScopeSet catalog = set("a b c");
  EXPECT_EQ(consented_scopes(set("a"), token("a b"), catalog, grant("a b")).value(), set("a"));
  EXPECT_EQ(consented_scopes(set("a b"), token("a b"), catalog, grant("a")).value(), std::nullopt);
  EXPECT_EQ(consented_scopes(std::nullopt, token("b a x"), catalog, grant("a b c")).value(), set("b a"));
  for (const auto& [scopes, consented] :
       {std::pair{"a", "b"}, std::pair{"x", "x"}, std::pair{"", "a"}, std::pair{"a", ""}}) {
    EXPECT_FALSE(consented_scopes(std::nullopt, token(scopes), catalog, grant(consented)));
  }
}

struct Fronted {
  const char *wanted, *held;  // wanted "" = omitted
  const char *by_first, *by_any;
};

// "x" stands behind "a" and "b", "y" behind "b", "z" behind "c".
TEST(ExchangeScopes, FrontedScopesFollowTheMap) {
  const ScopeMap map = {{"b", {"y", "x"}}, {"a", {"x"}}, {"c", {"z"}}};
  constexpr const char* kUnmapped = "unmapped";
  constexpr const char* kLacking = "lacking";
  for (const Fronted& c : {
           Fronted{"x", "a", "x", "x"},
           Fronted{"x", "b", kLacking, "x"},
           Fronted{"x y", "a b", "x y", "x y"},
           Fronted{"x y", "b", kLacking, "x y"},
           Fronted{"z", "a b", kLacking, kLacking},
           Fronted{"x", "", kLacking, kLacking},
           Fronted{"q", "a b c", kUnmapped, kUnmapped},
           Fronted{"z q", "", kUnmapped, kUnmapped},
           Fronted{"a", "a", kUnmapped, kUnmapped},
           Fronted{"", "a b c", "x y z", "x y z"},
           Fronted{"", "b", "y", "x y"},
           Fronted{"", "a", "x", "x"},
           Fronted{"", "q", kLacking, kLacking},
           Fronted{"", "", kLacking, kLacking},
       }) {
    const WantedScopes wanted = *c.wanted == '\0' ? WantedScopes() : WantedScopes(set(c.wanted));
    for (const FrontedBy rule : {FrontedBy::first_scope, FrontedBy::any_scope}) {
      const auto result = fronted_scopes(wanted, set(c.held), map, rule);
      const std::string got = result                       ? result->to_string()
                              : result.error().is_unmapped ? kUnmapped
                                                           : kLacking;
      EXPECT_EQ(got, rule == FrontedBy::first_scope ? c.by_first : c.by_any)
          << "wanted " << c.wanted << ", held " << c.held;
    }
  }
}

// Whatever the map: what is granted was reachable, and what the stricter rule grants the other one does too.
TEST(ExchangeScopes, NoMapGrantsWhatNoHeldScopeStandsFor) {
  std::mt19937 random(7);
  const auto pick = [&](int count) {
    return std::string(1, static_cast<char>('a' + static_cast<int>(random() % static_cast<unsigned>(count))));
  };
  for (int round = 0; round < 20000; ++round) {
    ScopeMap map;
    for (int i = 0; i < 4; ++i) map[pick(4)].push_back("t" + pick(4));
    ScopeSet held, asked;
    for (unsigned i = random() % 4; i > 0; --i) held.insert(pick(5));
    for (unsigned i = random() % 3; i > 0; --i) asked.insert("t" + pick(5));
    const WantedScopes wanted = asked.empty() ? WantedScopes() : WantedScopes(asked);
    ScopeSet reachable;
    for (const std::string& source : held) {
      for (const std::string& target : map.count(source) != 0 ? map[source] : std::vector<std::string>())
        reachable.insert(target);
    }
    const auto strict = fronted_scopes(wanted, held, map, FrontedBy::first_scope);
    const auto loose = fronted_scopes(wanted, held, map, FrontedBy::any_scope);
    EXPECT_EQ(loose.has_value(), wanted ? asked.is_subset_of(reachable) : !reachable.empty());
    if (loose) {
      EXPECT_FALSE(loose->empty());
      EXPECT_TRUE(loose->is_subset_of(reachable));
      EXPECT_TRUE(!wanted || *loose == asked);
    }
    if (strict) {
      ASSERT_TRUE(loose);
      EXPECT_TRUE(strict->is_subset_of(*loose));
    }
  }
}

}  // namespace
}  // namespace authplane::authserver
