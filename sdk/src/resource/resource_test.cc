#include <authplane/resource/resource.h>

#include <stdexcept>

#include "test_support.h"

namespace authplane {
namespace {

using resource_test::kResource;
using resource_test::outcome;
using ::testing::HasSubstr;

// ---- construction

class CreateResource : public resource_test::ResourceTest {
 protected:
  std::string created(std::string_view uri) { return outcome(Resource::create(dependencies(), uri)); }
  void expect_refused(ResourceOptions options, const std::string& hint) {
    auto result = Resource::create(dependencies(), kResource, std::move(options));
    ASSERT_EQ(outcome(result), "invalid_argument");
    EXPECT_THAT(result.error().message, HasSubstr(hint));
  }
};

TEST_F(CreateResource, Rfc9728ResourceIdentifierMustBeAnAbsoluteUrlWithSchemeAndHost) {
  for (const char* uri :
       {"/mcp", "//api.example.com/mcp", "api.example.com/mcp", "https:///mcp", "urn:example:rs", ""}) {
    auto result = Resource::create(dependencies(), uri);
    ASSERT_EQ(outcome(result), "invalid_argument") << uri;
    EXPECT_THAT(result.error().message, HasSubstr("absolute URL with a scheme and a host"));
  }
  EXPECT_EQ(created("http://localhost:8080/mcp"), "ok");
  EXPECT_EQ(created("https://rs.example/mcp?tenant=a"), "ok");
}

TEST_F(CreateResource, Rfc8707ResourceIndicatorMustNotContainAFragment) {
  EXPECT_EQ(created("https://rs.example/mcp#x"), "invalid_argument");
  EXPECT_EQ(created("https://rs.example/mcp#"), "invalid_argument");
}

TEST_F(CreateResource, RefusesUserinfo) {
  EXPECT_EQ(created("https://user@rs.example/mcp"), "invalid_argument");
}

TEST_F(CreateResource, RefusesAlgorithmsOutsideEs256AndRs256) {
  ResourceOptions options;
  options.allowed_algorithms = std::vector<JwsAlgorithm>{};
  expect_refused(options, "allowed_algorithms");
  options.allowed_algorithms = {{JwsAlgorithm::ES256, JwsAlgorithm::PS256}};
  expect_refused(options, "PS256");
  options.allowed_algorithms = {{JwsAlgorithm::EdDSA}};
  expect_refused(options, "EdDSA");
}

TEST_F(CreateResource, RefusesSkewOutsideZeroToFiveMinutes) {
  ResourceOptions options;
  options.clock_skew = std::chrono::seconds(301);
  expect_refused(options, "clock_skew");
  options.clock_skew = std::chrono::seconds(-1);
  expect_refused(options, "clock_skew");
}

TEST_F(CreateResource, RefusesUnusableParts) {
  ResourceOptions options;
  options.revocation = IntrospectTokens{};
  expect_refused(options, "introspection");
  options = {};
  options.revocation = RevocationChecker{};
  expect_refused(options, "revocation");
  options = {};
  options.verified_tokens.max_entries = 0;
  expect_refused(options, "max_entries");
  options = {};
  options.scopes = {"two words"};
  expect_refused(options, "scopes");
  options = {};
  options.resource_metadata_url = "/relative";
  expect_refused(options, "resource_metadata_url");

  auto no_keys = dependencies();
  no_keys.keys = nullptr;
  EXPECT_EQ(outcome(Resource::create(no_keys, kResource)), "invalid_argument");
  auto no_issuer = dependencies();
  no_issuer.issuer.clear();
  EXPECT_EQ(outcome(Resource::create(no_issuer, kResource)), "invalid_argument");
}

// ---- metadata

class Metadata : public resource_test::ResourceTest {
 protected:
  Resource of(std::string_view uri, ResourceOptions options = {}) {
    return Resource::create(dependencies(), uri, std::move(options)).value();
  }
};

TEST_F(Metadata, Rfc9728PrmMustContainRequiredFields) {
  ResourceOptions options;
  options.scopes = {"read:data", "write:data"};
  const Resource resource = of("https://api.example.com", options);
  EXPECT_EQ(resource.metadata_json(),
            R"({"resource":"https://api.example.com","authorization_servers":["https://as.example"],)"
            R"("bearer_methods_supported":["header"],"scopes_supported":["read:data","write:data"]})");
}

TEST_F(Metadata, ScopesAreLeftOutWhenThereAreNone) {
  EXPECT_EQ(of("https://api.example.com/").metadata_json(),
            R"({"resource":"https://api.example.com/","authorization_servers":["https://as.example"],)"
            R"("bearer_methods_supported":["header"]})");
}

TEST_F(Metadata, Rfc9728WellKnownPathMustDeriveFromResourceUri) {
  const std::string base = "/.well-known/oauth-protected-resource";
  EXPECT_EQ(of("https://api.example.com").metadata_path(), base);
  EXPECT_EQ(of("https://api.example.com/").metadata_path(), base);
  EXPECT_EQ(of("https://api.example.com/mcp").metadata_path(), base + "/mcp");
  EXPECT_EQ(of("https://api.example.com/v2/mcp").metadata_path(), base + "/v2/mcp");
  EXPECT_EQ(of("https://api.example.com/mcp/").metadata_path(), base + "/mcp");
  EXPECT_EQ(of("https://api.example.com/mcp//").metadata_path(), base + "/mcp");
  EXPECT_EQ(of("https://api.example.com/mcp%2Fx").metadata_path(), base + "/mcp%2Fx");
}

TEST_F(Metadata, Rfc9728WellKnownUrlMustPreserveTheResourceQueryComponent) {
  const std::string base = "https://api.example.com/.well-known/oauth-protected-resource";
  EXPECT_EQ(of("https://api.example.com/mcp?tenant=a").metadata_url(), base + "/mcp?tenant=a");
  EXPECT_EQ(of("https://api.example.com/mcp?tenant=b").metadata_url(), base + "/mcp?tenant=b");
  EXPECT_EQ(of("https://api.example.com?x=1").metadata_url(), base + "?x=1");
  EXPECT_EQ(of("http://localhost:8080/mcp").metadata_url(),
            "http://localhost:8080/.well-known/oauth-protected-resource/mcp");
  EXPECT_EQ(of("http://[::1]:8080/mcp").metadata_url(),
            "http://[::1]:8080/.well-known/oauth-protected-resource/mcp");
}

TEST_F(Metadata, ChallengesNameTheDerivedUrlUnlessToldOtherwise) {
  EXPECT_EQ(of(kResource).challenge_options().realm, kResource);
  EXPECT_EQ(of(kResource).challenge_options().resource_metadata,
            "https://rs.example/.well-known/oauth-protected-resource/mcp");
  ResourceOptions options;
  options.resource_metadata_url = "https://as.example/prm/7";
  EXPECT_EQ(of(kResource, options).challenge_options().resource_metadata, "https://as.example/prm/7");
}

// ---- revocation

class Revocation : public resource_test::ResourceTest {
 protected:
  Resource checked_by(RevocationChecker checker, RevocationFailure failure = RevocationFailure::fail_closed) {
    ResourceOptions options;
    options.revocation = std::move(checker);
    options.revocation_failure = failure;
    return make(options);
  }
};

TEST_F(Revocation, CheckerSeesClaimsAndRawToken) {
  const std::string text = token().build();
  const Resource resource =
      checked_by([&](const VerifiedClaims& claims, std::string_view raw) -> Result<bool> {
        EXPECT_EQ(claims.jti(), "token-1");
        EXPECT_EQ(raw, text);
        return false;
      });
  EXPECT_EQ(outcome(resource.verify(text)), "ok");
}

TEST_F(Revocation, RevokedTokenIsInactive) {
  const Resource resource = checked_by([](const auto&, auto) -> Result<bool> { return true; });
  EXPECT_EQ(outcome(resource.verify(token().build())), "token_inactive");
}

TEST_F(Revocation, IsAskedLast) {
  const Resource resource = checked_by([](const auto&, auto) -> Result<bool> {
    ADD_FAILURE() << "asked about a token that fails other checks";
    return false;
  });
  EXPECT_EQ(outcome(resource.verify(token().claim("exp", unix_now() - 600).build())), "token_expired");
  EXPECT_EQ(outcome(resource.verify(token().claim("cnf", {{"jkt", "t"}}).build())), "dpop_not_supported");
}

TEST_F(Revocation, FailureIsClosedByDefault) {
  const Resource failing = checked_by([](const auto&, auto) -> Result<bool> {
    return Err(ErrorCode::server_error, "the authorization server answered 500");
  });
  auto result = failing.verify(token().build());
  ASSERT_EQ(outcome(result), "revocation_check_failed");
  EXPECT_THAT(result.error().message, HasSubstr("answered 500"));
}

TEST_F(Revocation, ThrowingCheckerIsAFailure) {
  const Resource throwing =
      checked_by([](const auto&, auto) -> Result<bool> { throw std::runtime_error("boom"); });
  EXPECT_EQ(outcome(throwing.verify(token().build())), "revocation_check_failed");
  const Resource worse = checked_by([](const auto&, auto) -> Result<bool> { throw 7; });
  EXPECT_EQ(outcome(worse.verify(token().build())), "revocation_check_failed");
}

TEST_F(Revocation, FailOpenAcceptsAndWarns) {
  const Resource resource = checked_by(
      [](const auto&, auto) -> Result<bool> { return Err(ErrorCode::circuit_open, "the circuit is open"); },
      RevocationFailure::fail_open);
  EXPECT_EQ(outcome(resource.verify(token().build())), "ok");
  EXPECT_TRUE(logger->contains("token accepted without a revocation check")) << logger->text();
}

TEST_F(Revocation, FailOpenStillRefusesRevokedTokens) {
  const Resource resource =
      checked_by([](const auto&, auto) -> Result<bool> { return true; }, RevocationFailure::fail_open);
  EXPECT_EQ(outcome(resource.verify(token().build())), "token_inactive");
}

TEST_F(Revocation, IntrospectionIsAskedThroughTheClient) {
  auto parts = dependencies();
  bool inactive = false;
  parts.introspection = [&](const auto&, auto) -> Result<bool> { return inactive; };
  ResourceOptions options;
  options.revocation = IntrospectTokens{};
  const Resource resource = Resource::create(parts, kResource, options).value();
  EXPECT_EQ(outcome(resource.verify(token().build())), "ok");
  inactive = true;
  EXPECT_EQ(outcome(resource.verify(token().build())), "token_inactive");
}

TEST_F(Revocation, IsOffUnlessAskedFor) {
  auto parts = dependencies();
  parts.introspection = [](const auto&, auto) -> Result<bool> {
    ADD_FAILURE() << "introspected without being asked to";
    return true;
  };
  EXPECT_EQ(outcome(Resource::create(parts, kResource).value().verify(token().build())), "ok");
}

}  // namespace
}  // namespace authplane
