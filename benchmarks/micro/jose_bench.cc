#include <benchmark/benchmark.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <memory>

#include <authplane/base/hash.h>
#include <authplane/client/jwks_cache.h>
#include <authplane/jose/jws.h>
#include <authplane/resource/resource.h>
#include <authplane/testing/fake_clock.h>
#include <authplane/testing/token_builder.h>

// In-process costs of issuing and verifying. The raw_* rows are the floor: the crypto library alone,
// everything prepared, nothing parsed. Read the others as ratios to them.

namespace authplane {
namespace {

using testing::test_key;

constexpr const char* kResource = "https://rs.example/mcp";

class OneKey final : public KeySource {
 public:
  Result<PublicKey> find_key(std::string_view, JwsAlgorithm) override { return test_key().public_key(); }
  std::optional<std::uint64_t> generation() override { return 1; }
};

Resource make_resource(bool cached) {
  static const auto clock = std::make_shared<testing::FakeClock>();
  ResourceDependencies dependencies;
  dependencies.issuer = "https://as.example";
  dependencies.keys = std::make_shared<OneKey>();
  dependencies.clock = clock;
  ResourceOptions options;
  options.verified_tokens.enabled = cached;
  return Resource::create(std::move(dependencies), kResource, std::move(options)).value();
}

const std::string& token() {
  static const std::string text = testing::TokenBuilder(testing::FakeClock().now_seconds())
                                      .scope("mcp:echo")
                                      .claim("nbf", 1767225600)
                                      .build();
  return text;
}

// One P-256 key straight from the library.
struct RawKey {
  EVP_PKEY* pkey = EVP_EC_gen("prime256v1");
  unsigned char digest[32] = {1, 2, 3};
  unsigned char signature[80];
  std::size_t size = sizeof signature;

  RawKey() {
    EVP_PKEY_CTX* ctx = EVP_PKEY_CTX_new(pkey, nullptr);
    EVP_PKEY_sign_init(ctx);
    EVP_PKEY_sign(ctx, signature, &size, digest, sizeof digest);
    EVP_PKEY_CTX_free(ctx);
  }
  ~RawKey() { EVP_PKEY_free(pkey); }
};

void raw_sign(benchmark::State& state) {
  RawKey key;
  EVP_PKEY_CTX* ctx = EVP_PKEY_CTX_new(key.pkey, nullptr);
  EVP_PKEY_sign_init(ctx);
  for (auto _ : state) {
    std::size_t size = sizeof key.signature;
    benchmark::DoNotOptimize(EVP_PKEY_sign(ctx, key.signature, &size, key.digest, sizeof key.digest));
  }
  EVP_PKEY_CTX_free(ctx);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(raw_sign);

void raw_verify(benchmark::State& state) {
  RawKey key;
  EVP_PKEY_CTX* ctx = EVP_PKEY_CTX_new(key.pkey, nullptr);
  EVP_PKEY_verify_init(ctx);
  for (auto _ : state) {
    if (EVP_PKEY_verify(ctx, key.signature, key.size, key.digest, sizeof key.digest) != 1)
      state.SkipWithError("bad");
  }
  EVP_PKEY_CTX_free(ctx);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(raw_verify);

void jws_sign(benchmark::State& state) {
  JwsSigner signer(test_key(), "at+jwt", test_key().public_key().thumbprint());
  const std::string payload = testing::TokenBuilder(testing::FakeClock().now_seconds()).payload_json();
  for (auto _ : state) benchmark::DoNotOptimize(signer.sign(payload));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(jws_sign);

void verify_cold(benchmark::State& state) {
  const Resource resource = make_resource(false);
  for (auto _ : state) {
    if (!resource.verify(token())) state.SkipWithError("refused");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(verify_cold);

void verify_cached(benchmark::State& state) {
  static const Resource resource = make_resource(true);
  if (!resource.verify(token())) state.SkipWithError("refused");
  for (auto _ : state) {
    if (!resource.verify(token())) state.SkipWithError("refused");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(verify_cached)->Threads(1)->UseRealTime();
BENCHMARK(verify_cached)->Threads(2)->UseRealTime();

void parse_jws(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(parse_unverified_jws(token()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(parse_jws);

void parse_payload(benchmark::State& state) {
  const std::string payload = parse_unverified_jws(token()).value().payload;
  for (auto _ : state) benchmark::DoNotOptimize(parse_json_object(payload));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(parse_payload);

void sha256_of_a_token(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(sha256(token()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sha256_of_a_token);

}  // namespace
}  // namespace authplane
