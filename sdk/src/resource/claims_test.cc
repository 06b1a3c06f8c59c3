#include <nlohmann/json.hpp>

#include "test_support.h"

namespace authplane {
namespace {

using ::testing::HasSubstr;

class Claims : public resource_test::ResourceTest {
 protected:
  VerifiedClaims of(const testing::TokenBuilder& builder) { return make().verify(builder.build()).value(); }
};

TEST_F(Claims, OfAMinimalTokenHaveNoSurprises) {
  const VerifiedClaims claims = of(token().without_claim("scope"));
  EXPECT_EQ(claims.client_id(), "client-1");
  EXPECT_EQ(claims.jti(), "token-1");
  EXPECT_EQ(claims.kid(), testing::test_key().public_key().thumbprint());
  EXPECT_EQ(claims.expires_at(), clock->now_seconds() + std::chrono::seconds(300));
  EXPECT_EQ(claims.issued_at(), clock->now_seconds());
  EXPECT_TRUE(claims.scopes().empty());
  EXPECT_EQ(claims.not_before(), std::nullopt);
  EXPECT_EQ(claims.agent_id(), "");
  EXPECT_TRUE(claims.agent_chain().empty());
  EXPECT_EQ(claims.act(), nullptr);
  EXPECT_EQ(claims.may_act(), nullptr);
  EXPECT_EQ(claims.cnf_jkt(), std::nullopt);
  EXPECT_FALSE(claims.is_dpop_bound());
  EXPECT_TRUE(claims.is_machine_token());
}

TEST_F(Claims, CarryDelegation) {
  const VerifiedClaims claims = of(token()
                                       .claim("sub", "user-1")
                                       .claim("nbf", unix_now() - 5)
                                       .claim("agent_id", "agent-7")
                                       .claim("agent_chain", OrderedJson::array({"a", "b"}))
                                       .claim("act", {{"sub", "outer"}, {"act", {{"sub", "inner"}}}})
                                       .claim("may_act", {{"sub", "next"}}));
  EXPECT_FALSE(claims.is_machine_token());
  EXPECT_EQ(claims.not_before(), clock->now_seconds() - std::chrono::seconds(5));
  EXPECT_EQ(claims.agent_id(), "agent-7");
  EXPECT_EQ(claims.agent_chain(), (std::vector<std::string>{"a", "b"}));
  ASSERT_NE(claims.act(), nullptr);
  EXPECT_EQ(*find_string(*claims.act(), "sub"), "outer");
  ASSERT_NE(claims.may_act(), nullptr);
  EXPECT_EQ(*find_string(*claims.may_act(), "sub"), "next");
}

TEST_F(Claims, OutliveTheResource) {
  auto claims = std::make_unique<VerifiedClaims>(of(token().claim("extra", 7)));
  const VerifiedClaims copy = *claims;
  claims.reset();
  EXPECT_EQ(copy.sub(), "client-1");
  EXPECT_TRUE(copy.has_claim("extra", Json(7)));
  EXPECT_FALSE(copy.has_claim("extra", Json(8)));
  EXPECT_TRUE(copy.has_claim("extra"));
  EXPECT_FALSE(copy.has_claim("absent"));
  EXPECT_EQ(copy.raw().at("jti"), "token-1");
}

TEST_F(Claims, ScopesMatchExactly) {
  const VerifiedClaims claims = of(token().scope("tools/query  mcp:echo tools/query"));
  EXPECT_EQ(claims.scopes().tokens(), (std::vector<std::string>{"tools/query", "mcp:echo"}));
  EXPECT_TRUE(claims.has_scope("mcp:echo"));
  EXPECT_FALSE(claims.has_scope("MCP:echo"));
  EXPECT_FALSE(claims.has_scope("mcp"));
  EXPECT_TRUE(claims.require_scopes({}));
  EXPECT_TRUE(claims.require_scope("mcp:echo"));
}

TEST_F(Claims, MissingScopeNamesTheFullListAndWhatIsThere) {
  const VerifiedClaims claims = of(token().scope("mcp:echo"));
  const std::vector<std::string> required = {"mcp:echo", "tools/query"};
  const auto result = claims.require_scopes(required);
  ASSERT_EQ(resource_test::outcome(result), "insufficient_scope");
  EXPECT_EQ(result.error().required_scopes, required);
  EXPECT_THAT(result.error().message, HasSubstr("missing: tools/query"));
  EXPECT_THAT(result.error().message, HasSubstr("has: mcp:echo"));
}

TEST_F(Claims, MissingScopeOfATokenWithoutScopesSaysNone) {
  const auto result = of(token().without_claim("scope")).require_scope("a");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("(none)"));
}

}  // namespace
}  // namespace authplane
