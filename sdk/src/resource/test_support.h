#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/base/mutex.h>
#include <authplane/resource/guard.h>
#include <authplane/resource/resource.h>
#include <authplane/testing/testing.h>

namespace authplane::resource_test {

inline constexpr const char* kIssuer = "https://as.example";
inline constexpr const char* kResource = "https://rs.example/mcp";

// A key source that the test turns by hand. `on_miss` is what the refresh of an unknown kid brings.
class FakeKeys final : public KeySource {
 public:
  explicit FakeKeys(std::string jwks) { replace(std::move(jwks)); }

  void replace(const std::string& jwks) {
    auto set = std::make_shared<const JwkSet>(JwkSet::parse(jwks).value());
    MutexLock lock(mutex_);
    set_ = std::move(set);
    ++generation_;
  }
  void fail(ErrorCode code) {
    MutexLock lock(mutex_);
    failure_ = code;
  }

  Result<PublicKey> find_key(std::string_view kid, JwsAlgorithm algorithm) override {
    ++lookups;
    MutexLock lock(mutex_);
    if (failure_) return Err(*failure_, "the key set cannot be had");
    if (const PublicKey* key = set_->find(kid, algorithm)) return *key;
    return Err(ErrorCode::invalid_signature, "no key of that kid");
  }
  std::optional<std::uint64_t> generation() override {
    MutexLock lock(mutex_);
    if (failure_) return std::nullopt;
    return generation_;
  }

  std::atomic<int> lookups = 0;

 private:
  Mutex mutex_;
  std::shared_ptr<const JwkSet> set_ AUTHPLANE_GUARDED_BY(mutex_);
  std::uint64_t generation_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  std::optional<ErrorCode> failure_ AUTHPLANE_GUARDED_BY(mutex_);
};

inline std::string jwks_of_test_keys() {
  return testing::jwks_document(
      {testing::test_key(JwsAlgorithm::ES256), testing::test_key(JwsAlgorithm::RS256)});
}

// "ok" or the name of the error code.
template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "ok" : std::string(to_string(result.error().code));
}

class ResourceTest : public ::testing::Test {
 protected:
  ResourceDependencies dependencies() {
    ResourceDependencies parts;
    parts.issuer = kIssuer;
    parts.keys = keys;
    parts.clock = clock;
    parts.logger = logger;
    return parts;
  }
  Resource make(ResourceOptions options = {}) {
    return Resource::create(dependencies(), kResource, std::move(options)).value();
  }
  // Passes every check; break one thing.
  testing::TokenBuilder token() { return testing::TokenBuilder(clock->now_seconds()).scope("mcp:echo"); }
  std::int64_t unix_now() { return clock->now_seconds().time_since_epoch().count(); }

  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::shared_ptr<testing::RecordingLogger> logger = std::make_shared<testing::RecordingLogger>();
  std::shared_ptr<FakeKeys> keys = std::make_shared<FakeKeys>(jwks_of_test_keys());
};

}  // namespace authplane::resource_test
