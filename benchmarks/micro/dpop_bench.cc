#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>

#include <authplane/base/hash.h>
#include <authplane/dpop/proof.h>
#include <authplane/dpop/provider.h>
#include <authplane/dpop/replay_store.h>
#include <authplane/dpop/target_uri.h>
#include <authplane/testing/fake_clock.h>
#include <authplane/testing/token_builder.h>

// What a proof costs on top of its token. Compare proof_verify with raw_verify and proof_make with raw_sign
// of jose_bench: the first proof of a client brings a key nobody has seen before, so its import is part of
// the price.

namespace authplane::dpop {
namespace {

constexpr const char* kHtu = "https://rs.example/mcp";

std::shared_ptr<const Clock> clock_of_the_bench() {
  static const auto clock = std::make_shared<testing::FakeClock>();
  return clock;
}

ProviderPtr provider(JwsAlgorithm algorithm) {
  return Provider::create(testing::test_key(algorithm), {.clock = clock_of_the_bench()}).value();
}

// `check` is called with a proof, its target and the time.
template <class Check>
void verify(benchmark::State& state, JwsAlgorithm algorithm, const Check& check) {
  const std::string token(500, 'a');
  const std::string proof = provider(algorithm)->proof("POST", kHtu, token).value();
  const ProofTarget target{.method = "POST", .htu = kHtu, .access_token = token};
  for (auto _ : state) {
    if (!check(proof, target, clock_of_the_bench()->now_seconds())) return state.SkipWithError("refused");
  }
  state.SetItemsProcessed(state.iterations());
}
void verify_new_key(benchmark::State& state, JwsAlgorithm algorithm) {
  const ProofRules rules;
  verify(state, algorithm, [&](const auto& proof, const auto& target, auto now) {
    return verify_proof(proof, target, rules, now);
  });
}
void proof_verify(benchmark::State& state) {
  verify_new_key(state, JwsAlgorithm::ES256);
}
BENCHMARK(proof_verify);
void proof_verify_rs256(benchmark::State& state) {
  verify_new_key(state, JwsAlgorithm::RS256);
}
BENCHMARK(proof_verify_rs256);

// Every proof of a client but its first.
void proof_verify_known_key(benchmark::State& state) {
  const ProofVerifier verifier{ProofRules{}};
  verify(state, JwsAlgorithm::ES256, [&](const auto& proof, const auto& target, auto now) {
    return verifier.verify(proof, target, now);
  });
}
BENCHMARK(proof_verify_known_key);

void proof_make(benchmark::State& state) {
  const auto maker = provider(JwsAlgorithm::ES256);
  const std::string token(500, 'a');
  for (auto _ : state) benchmark::DoNotOptimize(maker->proof("POST", kHtu, token));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(proof_make);

void import_key(benchmark::State& state) {
  const Json jwk = testing::test_key().public_key().to_jwk();
  for (auto _ : state) benchmark::DoNotOptimize(PublicKey::from_jwk(jwk));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(import_key);

void htu_of_request(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(htu_of("https://rs.example", "/mcp"));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(htu_of_request);

void spend(benchmark::State& state, ReplayStore& store) {
  const auto expires_at = SystemClock().now_seconds() + std::chrono::hours(1);
  std::string key = "0123456789012345678901234567890123456789012.";
  const std::size_t prefix = key.size();
  std::uint64_t number = 0;
  for (auto _ : state) {
    key.resize(prefix);
    key += std::to_string(number++);
    if (!store.check_and_store(key, expires_at).value()) return state.SkipWithError("known");
  }
  state.SetItemsProcessed(state.iterations());
}
void spend_in_memory(benchmark::State& state) {
  spend(state, *MemoryReplayStore::create());
}
BENCHMARK(spend_in_memory);
void spend_in_file(benchmark::State& state) {
  const auto path = std::filesystem::temp_directory_path() / "authplane-bench-spent";
  std::filesystem::remove(path);
  spend(state, *FileReplayStore::open({.path = path.string()}).value());
  std::filesystem::remove(path);
}
BENCHMARK(spend_in_file);

}  // namespace
}  // namespace authplane::dpop
