#include "authserver/xaa/idp_keys.h"

#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/client/network.h>
#include <authplane/testing/race.h>

#include "authserver/xaa/scripted_idp.h"

namespace authplane::authserver {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

class IdpKeysTest : public ::testing::Test {
 protected:
  static std::unique_ptr<IdpKeys> make(std::shared_ptr<HttpTransport> transport, const Clock& clock,
                                       Logger& logger) {
    return std::make_unique<IdpKeys>(
        IdpKeys::Options{.lifetime = hours(1)},
        IdpKeys::Deps{.transport = std::move(transport), .clock = clock, .logger = logger});
  }
  // What there is once prepare() is done.
  Result<IdpKeys::Keys> have(const std::string& kid, const TrustedIdp& from) {
    std::promise<void> done;
    keys->prepare(from, kid, [&done] { done.set_value(); });
    done.get_future().wait();
    keys->wait_until_idle();
    return keys->keys(from.id);
  }
  Result<IdpKeys::Keys> have(const std::string& kid = "") { return have(kid, row); }
  bool finds(std::size_t index) {
    const std::string kid = key(index).public_key().thumbprint();
    const auto found = have(kid);
    return found && (*found)->has_kid(kid);
  }
  static const PrivateKey& key(std::size_t index) { return testing::test_key(JwsAlgorithm::ES256, index); }

  testing::FakeClock clock;
  testing::RecordingLogger logger;
  ScriptedIdp idp{clock};
  TrustedIdp row = idp.row("https://as.example");
  std::unique_ptr<IdpKeys> keys = make(idp.network, clock, logger);
};

TEST_F(IdpKeysTest, AreFetchedOnceAndKeptForTheirLifetime) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(finds(0));
  EXPECT_EQ(idp.fetches(), 1u);
  clock.advance(hours(1) - seconds(1));
  EXPECT_TRUE(finds(0));
  EXPECT_EQ(idp.fetches(), 1u);
  clock.advance(seconds(1));
  idp.serve({key(1)});
  EXPECT_FALSE(finds(0));
  EXPECT_EQ(idp.fetches(), 2u);
}

TEST_F(IdpKeysTest, TheProviderMayAskForLess) {
  idp.network->on_json(idp.jwks_uri(), testing::jwks_document({key(0)}), 200,
                       {{"Cache-Control", "max-age=60"}});
  EXPECT_TRUE(finds(0));
  clock.advance(minutes(1));
  EXPECT_TRUE(finds(0));
  EXPECT_EQ(idp.fetches(), 2u);
}

TEST_F(IdpKeysTest, ANewKeyIsFetchedWhenAnAssertionNamesIt) {
  EXPECT_TRUE(finds(0));
  clock.advance(IdpKeys::kPause);
  idp.serve({key(0), key(1)});
  EXPECT_TRUE(finds(1));
  EXPECT_EQ(idp.fetches(), 2u);
}

// Clients choose the kid: they cannot choose how often the provider is asked.
TEST_F(IdpKeysTest, TenThousandUnknownKidsMakeOneFetchPerPause) {
  EXPECT_TRUE(finds(0));
  for (int round = 1; round <= 3; ++round) {
    clock.advance(IdpKeys::kPause);
    for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(have("stranger-" + std::to_string(i)));
    EXPECT_EQ(idp.fetches(), 1u + static_cast<std::size_t>(round));
  }
  EXPECT_TRUE(finds(0));
}

TEST_F(IdpKeysTest, ASearchThatFailsCostsNobodyTheirKeys) {
  EXPECT_TRUE(finds(0));
  clock.advance(IdpKeys::kPause);
  idp.go_down();
  EXPECT_FALSE(finds(1));
  EXPECT_EQ(idp.fetches(), 2u);
  EXPECT_TRUE(finds(0));
  clock.advance(hours(1));
  EXPECT_FALSE(finds(0));
}

TEST_F(IdpKeysTest, AFailureIsRememberedForAPause) {
  idp.go_down();
  for (int i = 0; i < 5; ++i) {
    const auto found = have();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::jwks_unavailable);
    EXPECT_THAT(found.error().message, HasSubstr(idp.jwks_uri()));
  }
  EXPECT_EQ(idp.fetches(), 1u);
  EXPECT_EQ(logger.lines().size(), 1u);
  idp.serve({key(0)});
  clock.advance(IdpKeys::kPause);
  EXPECT_TRUE(finds(0));
}

TEST_F(IdpKeysTest, WhatIsNoKeySetIsAFailure) {
  for (const std::string& body : {std::string("[]"), std::string("<html>"), std::string("{}")}) {
    idp.serve(body);
    EXPECT_FALSE(keys->refresh(row)) << body;
  }
  idp.network->on_json(idp.jwks_uri(), testing::jwks_document({key(0)}), 302, {{"Location", "/elsewhere"}});
  EXPECT_THAT(keys->refresh(row).error().message, HasSubstr("status 302"));
  idp.serve({key(0)});
  EXPECT_TRUE(keys->refresh(row));
}

TEST_F(IdpKeysTest, AreRefreshedAtOnceWhenTheOperatorAsks) {
  EXPECT_TRUE(finds(0));
  idp.serve({key(1)});
  EXPECT_TRUE(keys->refresh(row));
  EXPECT_EQ(idp.fetches(), 2u);
  EXPECT_FALSE(finds(0));
  idp.go_down();
  EXPECT_FALSE(keys->refresh(row));
  idp.serve({key(0)});
  EXPECT_TRUE(keys->refresh(row));
  EXPECT_TRUE(finds(0));
}

TEST_F(IdpKeysTest, AreForgottenWithTheirProvider) {
  EXPECT_TRUE(finds(0));
  keys->forget(row.id);
  EXPECT_FALSE(keys->keys(row.id));
  EXPECT_TRUE(finds(0));
  EXPECT_EQ(idp.fetches(), 2u);
}

TEST_F(IdpKeysTest, EachProviderHasItsOwn) {
  ScriptedIdp other(clock, "https://other.example");
  other.serve({key(1)});
  idp.network->on_json(other.jwks_uri(), testing::jwks_document({key(1)}));
  TrustedIdp second = other.row("https://as.example");
  second.id = "idp-2";
  EXPECT_TRUE(finds(0));
  EXPECT_TRUE(have("", second).value()->has_kid(key(1).public_key().thumbprint()));
  EXPECT_FALSE(have("", second).value()->has_kid(key(0).public_key().thumbprint()));
}

TEST_F(IdpKeysTest, AreFoundThroughTheMetadataWhenTheRowDoesNotSay) {
  row.jwks_uri.clear();
  EXPECT_TRUE(finds(0));
  EXPECT_EQ(keys->discover(ScriptedIdp::kIssuer).value(), idp.jwks_uri());
  const std::string metadata = std::string(ScriptedIdp::kIssuer) + "/.well-known/openid-configuration";
  for (const auto& [body, problem] : std::vector<std::pair<std::string, std::string>>{
           {R"({"issuer":"https://evil.example","jwks_uri":"https://idp.example/keys"})", "issuer mismatch"},
           {R"({"issuer":"https://idp.example"})", "jwks_uri is missing"},
           {R"({"issuer":"https://idp.example","jwks_uri":"http://idp.example/keys"})", "not an https URL"},
           {R"({"issuer":"https://idp.example","jwks_uri":"file:///etc/passwd"})", "jwks_uri"},
           {"<html>", "not a usable JSON document"}}) {
    idp.network->on_json(metadata, body);
    const auto found = keys->discover(ScriptedIdp::kIssuer);
    ASSERT_FALSE(found) << body;
    EXPECT_THAT(found.error().message, HasSubstr(problem));
    EXPECT_THAT(found.error().message, HasSubstr(ScriptedIdp::kIssuer));
    EXPECT_FALSE(keys->refresh(row)) << body;
  }
}

// A provider that answers when the test lets it.
class SlowTransport final : public HttpTransport {
 public:
  explicit SlowTransport(std::shared_ptr<HttpTransport> inner) : inner_(std::move(inner)) {}
  Result<HttpResponse> send(const OutboundRequest& request) override {
    ++calls;
    gate.get_future().wait();
    return inner_->send(request);
  }
  std::promise<void> gate;
  std::atomic<int> calls{0};

 private:
  const std::shared_ptr<HttpTransport> inner_;
};

TEST_F(IdpKeysTest, ManyWhoComeAtOnceShareOneFetchAndBlockNobody) {
  const auto slow = std::make_shared<SlowTransport>(idp.network);
  keys = make(slow, clock, logger);
  std::atomic<int> served{0};
  testing::race(20, [&](int i) {
    for (int j = 0; j < 50; ++j) {
      const std::string kid = j % 2 == 0 ? "" : "stranger-" + std::to_string(i);
      keys->prepare(row, kid, [&served] { ++served; });  // returns although nothing has come
    }
  });
  EXPECT_EQ(served, 0);
  slow->gate.set_value();
  keys->wait_until_idle();
  EXPECT_EQ(served, 1000);
  EXPECT_EQ(slow->calls, 1);
  EXPECT_TRUE(keys->keys(row.id));
}

// An answer to a fetch that began before the operator asked for fresh keys does not come back later.
TEST_F(IdpKeysTest, WhatWasUnderWayWhenKeysWereForgottenIsForgottenToo) {
  const auto slow = std::make_shared<SlowTransport>(idp.network);
  keys = make(slow, clock, logger);
  std::promise<void> done;
  keys->prepare(row, "", [&done] { done.set_value(); });
  keys->forget(row.id);
  slow->gate.set_value();
  done.get_future().wait();
  keys->wait_until_idle();
  EXPECT_FALSE(keys->keys(row.id));
}

TEST_F(IdpKeysTest, HostsThatMustNotBeReachedAreNot) {
  const auto resolver = std::make_shared<testing::FixedResolver>();
  resolver->set("idp.example", {"169.254.169.254"});
  const auto guarded = net::make_guarded_transport(net::FetchSettings::production(), idp.network, resolver,
                                                   std::make_shared<testing::FakeClock>());
  keys = make(guarded, clock, logger);
  EXPECT_FALSE(keys->refresh(row));
  EXPECT_FALSE(keys->discover(ScriptedIdp::kIssuer));
  EXPECT_TRUE(idp.network->requests().empty());
}

}  // namespace
}  // namespace authplane::authserver
