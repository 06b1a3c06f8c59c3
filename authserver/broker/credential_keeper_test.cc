#include "authserver/broker/credential_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/broker/broker_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Passes everything on, but refuses to replace credentials for as long as it is told to.
class FullStore final : public BrokerGrantStore {
 public:
  explicit FullStore(BrokerGrantStore& inner) : inner_(inner) {}

  Outcome<BrokerGrant> get(std::string_view id) override { return inner_.get(id); }
  Outcome<std::optional<BrokerGrant>> find_active(std::string_view user_id,
                                                  std::string_view provider_id) override {
    return inner_.find_active(user_id, provider_id);
  }
  Outcome<std::vector<BrokerGrant>> list_of_user(std::string_view user_id) override {
    return inner_.list_of_user(user_id);
  }
  Outcome<std::vector<BrokerGrant>> list_after(std::string_view after, std::size_t limit) override {
    return inner_.list_after(after, limit);
  }
  Outcome<BrokerGrant> connect(const BrokerGrant& grant) override { return inner_.connect(grant); }
  Outcome<BrokerGrant> replace_credential(std::string_view id, std::int64_t version,
                                          std::string_view credential, std::string_view enc_backend,
                                          WallTime now) override {
    if (refuse != 0) {
      --refuse;
      return fail(DomainErrorCode::unavailable, "the storage is full");
    }
    return inner_.replace_credential(id, version, credential, enc_backend, now);
  }
  Outcome<RevokedBrokerGrant> revoke(std::string_view id, WallTime now) override {
    return inner_.revoke(id, now);
  }
  Outcome<void> begin(const PendingConnect& pending) override { return inner_.begin(pending); }
  Outcome<std::optional<PendingConnect>> finish(std::string_view id, WallTime now) override {
    return inner_.finish(id, now);
  }
  Outcome<std::size_t> purge_pending(WallTime now) override { return inner_.purge_pending(now); }

  int refuse = 0;

 private:
  BrokerGrantStore& inner_;
};

constexpr int kTries = 3;

struct Bench : BrokerFixture {
  FullStore store{grants()};
  CredentialKeeper keeper{store, sealer.get(), clock, logger, {.tries = kTries, .first_pause = {}}};

  Credential open() { return keeper.open(grants().get("grant-1").value()).value(); }
  CredentialKeeper::Kept keep(const std::string& token) {
    const Credential used = open();
    return keeper.keep(used, SecretString(token));
  }
};

TEST(CredentialKeeper, TriesAgainWhenTheStorageIsBusy) {
  Bench bench;
  bench.connected();
  bench.store.refuse = kTries - 1;
  EXPECT_EQ(bench.keep("canary-2"), CredentialKeeper::Kept::yes);
  EXPECT_EQ(bench.stored_token(), "canary-2");
}

TEST(CredentialKeeper, KeepsInMemoryWhatCannotBeStoredAndUsesItNext) {
  Bench bench;
  bench.connected();
  const std::string before = bench.stored_token();
  bench.store.refuse = kTries;
  EXPECT_EQ(bench.keep("canary-2"), CredentialKeeper::Kept::in_memory);
  EXPECT_THAT(bench.logger.text(), HasSubstr("could not be stored"));
  EXPECT_THAT(bench.logger.text(), HasSubstr("the storage is full"));
  EXPECT_THAT(bench.logger.text(), Not(HasSubstr("canary")));
  const Credential held = bench.open();
  EXPECT_EQ(held.refresh_token.expose(), "canary-2");
  EXPECT_TRUE(held.needs_saving);
  EXPECT_EQ(bench.stored_token(), before);
  // Renewed once more, and the storage is well again.
  EXPECT_EQ(bench.keeper.keep(held, SecretString("canary-3")), CredentialKeeper::Kept::yes);
  EXPECT_EQ(bench.stored_token(), "canary-3");
  EXPECT_FALSE(bench.open().needs_saving);
}

TEST(CredentialKeeper, WhatIsInMemoryIsForgottenWhenTheUserConnectsAgain) {
  Bench bench;
  bench.connected();
  bench.store.refuse = kTries;
  EXPECT_EQ(bench.keep("canary-2"), CredentialKeeper::Kept::in_memory);
  bench.connected();
  EXPECT_EQ(bench.open().refresh_token.expose(), bench.stored_token());
}

TEST(CredentialKeeper, WhatIsInMemorySurvivesAReplacedMasterKey) {
  Bench bench;
  BrokerGrant grant = bench.connected();
  bench.store.refuse = kTries;
  EXPECT_EQ(bench.keep("canary-2"), CredentialKeeper::Kept::in_memory);
  const std::string sealed =
      bench.sealer->seal(bench.stored_token(), grant_owner("user-1", "provider-1")).value();
  ASSERT_TRUE(bench.grants().replace_credential(grant.id, grant.version, sealed, "aes_master", {}));
  EXPECT_EQ(bench.open().refresh_token.expose(), "canary-2");
}

TEST(CredentialKeeper, AnotherConnectionInBetweenStays) {
  Bench bench;
  bench.connected();
  const Credential used = bench.open();
  bench.connected();
  const std::string newer = bench.stored_token();
  EXPECT_EQ(bench.keeper.keep(used, SecretString("canary-2")), CredentialKeeper::Kept::yes);
  EXPECT_EQ(bench.stored_token(), newer);
}

TEST(CredentialKeeper, ARevokedAccountKeepsNothing) {
  Bench bench;
  const BrokerGrant grant = bench.connected();
  const Credential used = bench.open();
  ASSERT_TRUE(bench.grants().revoke(grant.id, bench.clock.now()));
  EXPECT_EQ(bench.keeper.keep(used, SecretString("canary-2")), CredentialKeeper::Kept::revoked);
  EXPECT_EQ(bench.grants().get(grant.id)->credential, "");
  EXPECT_EQ(bench.keeper.newer_than(used).value(), std::nullopt);
}

TEST(CredentialKeeper, NothingNewerWhileTheRowStaysOrHoldsTheSame) {
  Bench bench;
  const BrokerGrant grant = bench.connected();
  const Credential used = bench.open();
  EXPECT_FALSE(bench.keeper.newer_than(used).value());
  const std::string again =
      bench.sealer->seal(bench.stored_token(), grant_owner("user-1", "provider-1")).value();
  ASSERT_TRUE(bench.grants().replace_credential(grant.id, grant.version, again, "aes_master", {}));
  EXPECT_FALSE(bench.keeper.newer_than(used).value()) << "the same one, encrypted anew";
  bench.connected();
  EXPECT_TRUE(bench.keeper.newer_than(used).value());
}

// The whole way: the token is given out although the credential could not be stored, and the next request
// goes on from there.
TEST(CredentialKeeper, AFullStorageCostsNoAccount) {
  Bench bench;
  bench.connected();
  Broker::Deps deps{.providers = bench.storage().broker_providers(),
                    .grants = bench.store,
                    .sealer = bench.sealer.get(),
                    .transport = bench.accounts.network,
                    .secrets = [](std::string_view) { return SecretString(ScriptedAccounts::kSecret); },
                    .ids = bench.ids,
                    .clock = bench.clock,
                    .logger = bench.logger,
                    .metrics = bench.metrics};
  Broker broker({.allow_http = false, .tasks = {}, .patience = {kTries, {}}}, std::move(deps));
  bench.store.refuse = 2 * kTries;
  EXPECT_TRUE(BrokerFixture::vend(broker, bench.request()));
  EXPECT_TRUE(BrokerFixture::vend(broker, bench.request()));
  EXPECT_FALSE(bench.accounts.is_live(bench.stored_token()));
  EXPECT_TRUE(BrokerFixture::vend(broker, bench.request()));
  EXPECT_TRUE(bench.accounts.is_live(bench.stored_token()));
  EXPECT_EQ(bench.accounts.refused(), 0);
}

}  // namespace
}  // namespace authplane::authserver
