
#include <functional>
#include <limits>
#include <stdexcept>

#include <authplane/testing/temp_folder.h>
#include "dpop_test_support.h"

// Proofs of possession through Resource::verify.

namespace authplane {
namespace {

using resource_test::kResource;
using resource_test::Mode;
using resource_test::outcome;
using std::chrono::seconds;
using ::testing::HasSubstr;

// ---- options

class DpopOptions : public resource_test::DpopTest {
 protected:
  void expect_refused(dpop::Inbound inbound, const std::string& option, const char* uri = kResource) {
    auto result = Resource::create(dependencies(), uri, with(std::move(inbound)));
    ASSERT_EQ(outcome(result), "invalid_argument") << option;
    EXPECT_THAT(result.error().message, HasSubstr(option));
  }
};

TEST_F(DpopOptions, AlgorithmsAreAnyOfThreeButNotNone) {
  expect_refused({.allowed_algorithms = {}}, "dpop.allowed_algorithms");
  expect_refused({.allowed_algorithms = {JwsAlgorithm::ES256, JwsAlgorithm::EdDSA}}, "EdDSA");
  EXPECT_EQ(outcome(Resource::create(dependencies(), kResource,
                                     with({.allowed_algorithms = {JwsAlgorithm::PS256}}))),
            "ok");
}

TEST_F(DpopOptions, TimesAreBounded) {
  expect_refused({.max_proof_age = seconds(0)}, "dpop.max_proof_age");
  expect_refused({.max_proof_age = seconds::max()}, "dpop.max_proof_age");
  expect_refused({.clock_skew = seconds(-1)}, "dpop.clock_skew");
  expect_refused({.clock_skew = seconds(301)}, "dpop.clock_skew");
}

TEST_F(DpopOptions, SpentProofsHaveOnePlace) {
  expect_refused({.replay_file = "/tmp/x", .replay_store = dpop::MemoryReplayStore::create()},
                 "dpop.replay_file");
  expect_refused({.replay_file = "/no/such/folder/replay"}, "dpop.replay_file");
}

TEST_F(DpopOptions, ResourceHasAUrlThatAProofCanName) {
  expect_refused({}, "dpop", "custom://rs.example/mcp");
}

// ---- the modes

class DpopModes : public resource_test::DpopTest {
 protected:
  struct Row {
    const char *bearer, *bearer_and_proof, *bound_and_proof, *bound;
  };
  void expect_row(Mode mode, const Row& row) {
    const Resource resource = in_mode(mode);
    const std::string bearer = token().build(), bound = bound_token();
    EXPECT_EQ(outcome(present(resource, bearer)), row.bearer);
    EXPECT_EQ(outcome(resource.verify(bearer)), row.bearer) << "no request at all";
    EXPECT_EQ(outcome(present(resource, bearer, proof(bearer).build())), row.bearer_and_proof);
    EXPECT_EQ(outcome(present(resource, bound, proof(bound).build())), row.bound_and_proof);
    EXPECT_EQ(outcome(present(resource, bound, proof(bound).build(), TokenScheme::bearer)),
              row.bound_and_proof);
    EXPECT_EQ(outcome(present(resource, bound)), row.bound);
    EXPECT_EQ(outcome(resource.verify(bound)), row.bound) << "no request at all";
  }
};

TEST_F(DpopModes, RequiredTakesBoundTokensWithTheirProofOnly) {
  expect_row(Mode::required, {"dpop_binding_mismatch", "dpop_binding_mismatch", "ok", "dpop_proof_missing"});
}

TEST_F(DpopModes, SupportedTakesBearerTokensToo) {
  expect_row(Mode::supported, {"ok", "dpop_binding_mismatch", "ok", "dpop_proof_missing"});
}

TEST_F(DpopModes, NotConfiguredTakesBearerTokensOnly) {
  expect_row(Mode::not_configured, {"ok", "dpop_not_supported", "dpop_not_supported", "dpop_not_supported"});
}

class Dpop : public resource_test::DpopTest {
 protected:
  Dpop() : bound(bound_token()) {}
  std::string judged(const testing::ProofBuilder& built) {
    return outcome(present(resource, bound, built.build()));
  }
  // The message tells what is wrong with an invalid proof.
  void expect_invalid(const testing::ProofBuilder& built, const std::string& hint) {
    auto result = present(resource, bound, built.build());
    ASSERT_EQ(outcome(result), "invalid_dpop_proof") << hint;
    EXPECT_THAT(result.error().message, HasSubstr(hint));
  }

  const std::string bound;
  Resource resource = make(with({}));
};

TEST_F(Dpop, Rfc9449BoundTokenMustContainCnfJkt) {
  for (const OrderedJson& cnf :
       {OrderedJson::object(), OrderedJson{{"jkt", ""}}, OrderedJson{{"jkt", 7}},
        OrderedJson{{"x5t#S256", "abc"}}, OrderedJson("text"), OrderedJson(nullptr)}) {
    const std::string text = token().claim("cnf", cnf).build();
    auto result = present(resource, text, proof(text).build());
    ASSERT_EQ(outcome(result), "invalid_claims") << cnf;
    EXPECT_THAT(result.error().message, HasSubstr("cnf"));
    EXPECT_EQ(outcome(present(make(), text)), "dpop_not_supported") << cnf;
  }
}

TEST_F(Dpop, SchemeDpopNeedsABoundToken) {
  const std::string bearer = token().build();
  EXPECT_EQ(outcome(present(resource, bearer, "", TokenScheme::dpop)), "dpop_binding_mismatch");
}

TEST_F(Dpop, SchemeOfABoundTokenCanBeInsistedOn) {
  const Resource strict = make(with({.require_scheme = true}));
  EXPECT_EQ(outcome(present(strict, bound, proof(bound).build(), TokenScheme::bearer)),
            "dpop_binding_mismatch");
  EXPECT_EQ(outcome(present(strict, bound, proof(bound).build(), TokenScheme::dpop)), "ok");
}

TEST_F(Dpop, Rfc9449InboundProofMustValidateMethodUrlAndBinding) {
  auto claims = present(resource, bound, proof(bound).jti("p-1").build());
  ASSERT_EQ(outcome(claims), "ok");
  ASSERT_NE(claims->dpop_proof(), nullptr);
  EXPECT_EQ(claims->dpop_proof()->jti, "p-1");
  EXPECT_EQ(claims->dpop_proof()->thumbprint, client_key().public_key().thumbprint());
  EXPECT_EQ(claims->dpop_proof()->issued_at, clock->now_seconds());
  EXPECT_EQ(present(resource, token().build())->dpop_proof(), nullptr);
}

TEST_F(Dpop, ProofsOfEveryAllowedAlgorithmPass) {
  const PrivateKey& rsa = testing::test_key(JwsAlgorithm::RS256);
  const std::string text = bound_to(rsa).build();
  EXPECT_EQ(outcome(present(resource, text, proof(text).key(rsa).build())), "ok");
  const PrivateKey pss = rsa.with_algorithm(JwsAlgorithm::PS256).value();
  EXPECT_EQ(outcome(present(resource, text, proof(text).key(pss).build())), "ok");
  const Resource only_es256 = make(with({.allowed_algorithms = {JwsAlgorithm::ES256}}));
  EXPECT_EQ(outcome(present(only_es256, text, proof(text).key(rsa).build())), "invalid_dpop_proof");
}

// ---- what the proof says

TEST_F(Dpop, MethodAndUrlAreThoseOfTheRequest) {
  expect_invalid(proof(bound).method("GET"), "method mismatch");
  expect_invalid(proof(bound).method("post"), "method mismatch");
  for (const char* url :
       {"https://rs.example/other", "https://evil.example/mcp", "https://rs.example:8443/mcp",
        "http://rs.example/mcp", "https://rs.example/mcp/", "https://rs.example/%2Fmcp"}) {
    expect_invalid(proof(bound).url(url), "URL mismatch");
  }
  expect_invalid(proof(bound).url("https://user@rs.example/mcp"), "htu");
  expect_invalid(proof(bound).url("/mcp"), "htu");
}

TEST_F(Dpop, Rfc9449HtuMustBeNormalizedBeforeComparison) {
  for (const char* url : {"HTTPS://RS.EXAMPLE/mcp", "https://rs.example:443/mcp",
                          "https://rs.example/mcp?x=1#f", "https://rs.example/%6dcp"}) {
    EXPECT_EQ(judged(proof(bound).url(url)), "ok") << url;
  }
  EXPECT_EQ(outcome(present(resource, bound, proof(bound).build(), TokenScheme::dpop, "/mcp?page=2")), "ok");
}

TEST_F(Dpop, EscapedSlashIsNoSlash) {
  const auto at = [&](const char* target, const char* url) {
    return outcome(present(resource, bound, proof(bound).url(url).build(), TokenScheme::dpop, target));
  };
  EXPECT_EQ(at("/mcp%2fx", "https://rs.example/mcp%2Fx"), "ok");
  EXPECT_EQ(at("/mcp%2Fx", "https://rs.example/mcp/x"), "invalid_dpop_proof");
  EXPECT_EQ(at("/mcp/x", "https://rs.example/mcp%2Fx"), "invalid_dpop_proof");
  EXPECT_EQ(at("@evil.example/mcp", "https://rs.example@evil.example/mcp"), "invalid_dpop_proof");
}

TEST_F(Dpop, OriginIsThatOfTheResourceWithItsPort) {
  const Resource local = Resource::create(dependencies(), "http://localhost:8080/mcp", with({})).value();
  const std::string text = bound_to(client_key()).audience("http://localhost:8080/mcp").build();
  EXPECT_EQ(outcome(present(local, text, proof(text).url("http://LOCALHOST:8080/mcp").build())), "ok");
  EXPECT_EQ(outcome(present(local, text, proof(text).url("http://localhost/mcp").build())),
            "invalid_dpop_proof");
}

TEST_F(Dpop, PublicPathUndoesWhatAProxyDid) {
  const Resource behind =
      make(with({.public_path = [](std::string_view path) { return "/api" + std::string(path); }}));
  EXPECT_EQ(outcome(present(behind, bound, proof(bound).url("https://rs.example/api/mcp").build())), "ok");
  EXPECT_EQ(outcome(present(behind, bound, proof(bound).build())), "invalid_dpop_proof");
  const Resource broken = make(
      with({.public_path = [](std::string_view) -> std::string { throw std::runtime_error("no map"); }}));
  EXPECT_EQ(outcome(present(broken, bound, proof(bound).build())), "invalid_dpop_proof");
}

TEST_F(Dpop, TimesHaveAnAgeAndATolerance) {
  EXPECT_EQ(judged(proof(bound).claim("iat", unix_now() - 330)), "ok");
  expect_invalid(proof(bound).claim("iat", unix_now() - 331), "too old");
  EXPECT_EQ(judged(proof(bound).claim("iat", unix_now() + 30)), "ok");
  expect_invalid(proof(bound).claim("iat", unix_now() + 31), "future");
  expect_invalid(proof(bound).claim("iat", std::numeric_limits<std::int64_t>::min()), "iat");
  EXPECT_EQ(judged(proof(bound).claim("exp", unix_now() - 30)), "ok");
  expect_invalid(proof(bound).claim("exp", unix_now() - 31), "expired");
  const Resource quick = make(with({.max_proof_age = seconds(10), .clock_skew = seconds(0)}));
  EXPECT_EQ(outcome(present(quick, bound, proof(bound).claim("iat", unix_now() - 10).build())), "ok");
  EXPECT_EQ(outcome(present(quick, bound, proof(bound).claim("iat", unix_now() - 11).build())),
            "invalid_dpop_proof");
}

TEST_F(Dpop, AccessTokenIsTheOnePresented) {
  expect_invalid(proof(bound).without_claim("ath"), "ath");
  expect_invalid(proof(bound).access_token("another"), "ath");
}

TEST_F(Dpop, HeaderIsThatOfAProof) {
  expect_invalid(proof(bound).header("typ", "JWT"), "typ");
  expect_invalid(proof(bound).header("alg", "none"), "alg");
  expect_invalid(proof(bound).header("alg", "HS256"), "alg");
  expect_invalid(proof(bound).without_header("jwk"), "jwk");
  OrderedJson jwk = client_key().public_key().to_jwk();
  jwk["d"] = "AAAA";
  expect_invalid(proof(bound).header("jwk", jwk), "private");
  const std::string n(171, 'q');  // 1024 bits
  expect_invalid(proof(bound).header("jwk", {{"kty", "RSA"}, {"n", n}, {"e", "AQAB"}}).header("alg", "RS256"),
                 "jwk");
  expect_invalid(proof(bound).header("jwk", {{"kty", "EC"}, {"crv", "P-192"}, {"x", "AAAA"}, {"y", "AAAA"}}),
                 "jwk");
  expect_invalid(proof(bound).header("crit", OrderedJson::array({"x"})), "crit");
  EXPECT_EQ(outcome(present(resource, bound, "garbage")), "invalid_dpop_proof");
}

TEST_F(Dpop, Rfc9449BindingMismatchMustBeRejected) {
  EXPECT_EQ(judged(proof(bound).key(other_key())), "dpop_binding_mismatch");
}

TEST_F(Dpop, TokenIsJudgedBeforeItsProof) {
  const std::string expired = bound_to(client_key()).claim("exp", unix_now() - 600).build();
  EXPECT_EQ(outcome(present(resource, expired, "garbage")), "token_expired");
  const std::string foreign = bound_to(client_key()).audience("https://other.example").build();
  EXPECT_EQ(outcome(present(resource, foreign, "garbage")), "invalid_claims");
}

TEST_F(Dpop, RevocationIsAskedAfterTheProof) {
  ResourceOptions options = with({});
  options.revocation = [](const VerifiedClaims& claims, std::string_view) -> Result<bool> {
    EXPECT_NE(claims.dpop_proof(), nullptr);
    return true;
  };
  const Resource revoking = make(options);
  EXPECT_EQ(outcome(present(revoking, bound, proof(bound).build())), "token_inactive");
  EXPECT_EQ(outcome(present(revoking, bound, proof(bound).key(other_key()).build())),
            "dpop_binding_mismatch");
}

// ---- proofs work once

TEST_F(Dpop, Rfc9449ReplayMustBeDetected) {
  const std::string once = proof(bound).build();
  EXPECT_EQ(outcome(present(resource, bound, once)), "ok");
  EXPECT_EQ(outcome(present(resource, bound, once)), "dpop_replay_detected");
  clock->advance(seconds(299));
  EXPECT_EQ(outcome(present(resource, bound, once)), "dpop_replay_detected");
}

TEST_F(Dpop, SpentProofIsRememberedAsLongAsItIsGood) {
  const std::string lasting = bound_to(client_key()).claim("exp", unix_now() + 10'000).build();
  const std::string early = proof(lasting).claim("iat", unix_now() + 30).build();
  ASSERT_EQ(outcome(present(resource, lasting, early)), "ok");
  clock->advance(seconds(360));
  EXPECT_EQ(outcome(present(resource, lasting, early)), "dpop_replay_detected") << "to its last second";
  clock->advance(std::chrono::milliseconds(999));
  EXPECT_EQ(outcome(present(resource, lasting, early)), "dpop_replay_detected");
  clock->advance(std::chrono::milliseconds(1));
  EXPECT_EQ(outcome(present(resource, lasting, early)), "invalid_dpop_proof");
}

TEST_F(Dpop, SignedAgainWithTheSameJtiIsAReplay) {
  ASSERT_EQ(judged(proof(bound).jti("same")), "ok");
  clock->advance(seconds(5));
  EXPECT_EQ(judged(proof(bound).jti("same")), "dpop_replay_detected");
}

TEST_F(Dpop, JtiOfAnotherClientCannotBeBurnt) {
  const std::string theirs = bound_to(other_key()).build();
  EXPECT_EQ(outcome(present(resource, bound, proof(bound).key(other_key()).jti("shared").build())),
            "dpop_binding_mismatch")
      << "a stranger with the token, but without its key";
  EXPECT_EQ(outcome(present(resource, theirs, proof(theirs).key(other_key()).jti("shared").build())), "ok")
      << "another client's own proof with that jti";
  EXPECT_EQ(judged(proof(bound).jti("shared")), "ok");
}

TEST_F(Dpop, RefusedProofIsNotSpent) {
  EXPECT_EQ(judged(proof(bound).jti("x").method("GET")), "invalid_dpop_proof");
  EXPECT_EQ(judged(proof(bound).jti("x").without_claim("ath")), "invalid_dpop_proof");
  EXPECT_EQ(judged(proof(bound).jti("x")), "ok");
}

TEST_F(Dpop, CachedTokenStillNeedsANewProof) {
  const std::string once = proof(bound).build();
  ASSERT_EQ(outcome(present(resource, bound, once)), "ok");
  const int lookups = keys->lookups;
  ASSERT_EQ(judged(proof(bound)), "ok");
  EXPECT_EQ(keys->lookups, lookups) << "the token comes from the cache";
  EXPECT_EQ(outcome(present(resource, bound, once)), "dpop_replay_detected");
  EXPECT_EQ(outcome(present(resource, bound)), "dpop_proof_missing");
  EXPECT_EQ(outcome(resource.verify(bound)), "dpop_proof_missing");
  EXPECT_EQ(judged(proof(bound).key(other_key())), "dpop_binding_mismatch");
  EXPECT_EQ(keys->lookups, lookups);
}

// ---- the store of spent proofs

class ScriptedStore final : public dpop::ReplayStore {
 public:
  Result<bool> check_and_store(std::string_view key, std::chrono::sys_seconds expires_at) override {
    seen_key = key;
    seen_expiry = expires_at;
    return answer();
  }
  std::function<Result<bool>()> answer = [] { return true; };
  std::string seen_key;
  std::chrono::sys_seconds seen_expiry;
};

TEST_F(Dpop, StoreIsToldKeyAndExpiry) {
  const auto store = std::make_shared<ScriptedStore>();
  const Resource stored =
      make(with({.max_proof_age = seconds(100), .clock_skew = seconds(7), .replay_store = store}));
  ASSERT_EQ(outcome(present(stored, bound, proof(bound).jti("j").build())), "ok");
  EXPECT_EQ(store->seen_key, client_key().public_key().thumbprint() + ".j");
  EXPECT_EQ(store->seen_expiry, clock->now_seconds() + seconds(107));
}

TEST_F(Dpop, StoreThatFailsRefuses) {
  const auto store = std::make_shared<ScriptedStore>();
  const Resource stored = make(with({.replay_store = store}));
  store->answer = []() -> Result<bool> { return Err(ErrorCode::transport_error, "the store is away"); };
  auto failed = present(stored, bound, proof(bound).build());
  ASSERT_EQ(outcome(failed), "invalid_dpop_proof");
  EXPECT_THAT(failed.error().message, HasSubstr("the store is away"));
  store->answer = []() -> Result<bool> { throw std::runtime_error("boom"); };
  EXPECT_EQ(outcome(present(stored, bound, proof(bound).build())), "invalid_dpop_proof");
  store->answer = []() -> Result<bool> { throw 7; };
  EXPECT_EQ(outcome(present(stored, bound, proof(bound).build())), "invalid_dpop_proof");
}

class ReplayFile : public Dpop {
 protected:
  Resource with_file() { return make(with({.replay_file = folder.file()})); }

  authplane::testing::TempFolder folder;
};

TEST_F(ReplayFile, IsSharedByResources) {
  const Resource first = with_file(), second = with_file();
  const std::string once = proof(bound).build();
  EXPECT_EQ(outcome(present(first, bound, once)), "ok");
  EXPECT_EQ(outcome(present(second, bound, once)), "dpop_replay_detected");
  const std::string other = proof(bound).build();
  EXPECT_EQ(outcome(present(second, bound, other)), "ok");
  EXPECT_EQ(outcome(present(first, bound, other)), "dpop_replay_detected");
}

TEST_F(ReplayFile, SurvivesTheResource) {
  const std::string once = proof(bound).build();
  EXPECT_EQ(outcome(present(with_file(), bound, once)), "ok");
  EXPECT_EQ(outcome(present(with_file(), bound, once)), "dpop_replay_detected");
  EXPECT_EQ(outcome(present(make(with({})), bound, once)), "ok") << "memory of its own knows nothing of it";
}

// ---- nonces

class DpopNonce : public Dpop {
 protected:
  DpopNonce() { resource = make(with({.nonce_policy = nonces})); }
  std::shared_ptr<dpop::NoncePolicy> nonces = dpop::make_nonce_policy(seconds(60), clock);
};

TEST_F(DpopNonce, Rfc9449InboundNonceMustBeValidatedWhenRequired) {
  for (const auto& built : {proof(bound), proof(bound).nonce("wrong"), proof(bound).nonce("")}) {
    auto result = present(resource, bound, built.build());
    ASSERT_EQ(outcome(result), "invalid_dpop_proof");
    EXPECT_THAT(result.error().message, HasSubstr("nonce"));
    EXPECT_EQ(result.error().dpop_nonce, nonces->current());
  }
  auto passed = present(resource, bound, proof(bound).nonce(nonces->current()).build());
  ASSERT_EQ(outcome(passed), "ok");
  EXPECT_EQ(passed->dpop_proof()->nonce, nonces->current());
}

TEST_F(DpopNonce, IsHandedOutOnlyWhenItIsWhatIsWrong) {
  auto result = present(resource, bound, proof(bound).method("GET").build());
  ASSERT_EQ(outcome(result), "invalid_dpop_proof");
  EXPECT_EQ(result.error().dpop_nonce, "");
}

TEST_F(DpopNonce, NextOneIsAnnouncedBeforeTheOldOneEnds) {
  const std::string old = nonces->current();
  auto now = present(resource, bound, proof(bound).nonce(old).build());
  ASSERT_EQ(outcome(now), "ok");
  EXPECT_EQ(resource.next_dpop_nonce(*now), "");
  clock->advance(seconds(60));
  auto later = present(resource, bound, proof(bound).nonce(old).build());
  ASSERT_EQ(outcome(later), "ok");
  EXPECT_EQ(resource.next_dpop_nonce(*later), nonces->current());
  clock->advance(seconds(60));
  EXPECT_EQ(outcome(present(resource, bound, proof(bound).nonce(old).build())), "invalid_dpop_proof");
}

TEST_F(DpopNonce, BearerTokensNeedNone) {
  auto bearer = present(resource, token().build());
  ASSERT_EQ(outcome(bearer), "ok");
  EXPECT_EQ(resource.next_dpop_nonce(*bearer), "");
}

// ---- metadata

TEST_F(Dpop, MetadataTellsTheMode) {
  const auto members = [](const Resource& of) { return Json::parse(of.metadata_json()); };
  const Json supported = members(resource);
  EXPECT_EQ(supported["dpop_signing_alg_values_supported"], (Json{"ES256", "RS256", "PS256"}));
  EXPECT_EQ(supported["dpop_bound_access_tokens_required"], false);
  const Json required = members(make(with({.required = true, .allowed_algorithms = {JwsAlgorithm::ES256}})));
  EXPECT_EQ(required["dpop_signing_alg_values_supported"], Json::array({"ES256"}));
  EXPECT_EQ(required["dpop_bound_access_tokens_required"], true);
  const Json none = members(make());
  EXPECT_FALSE(none.contains("dpop_signing_alg_values_supported"));
  EXPECT_FALSE(none.contains("dpop_bound_access_tokens_required"));
}

}  // namespace
}  // namespace authplane
