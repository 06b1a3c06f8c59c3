#include "authserver/broker/reencryption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/broker/broker_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Bench : BrokerFixture {
  std::unique_ptr<Sealer> current = make_aes_sealer(key('n'), key('k'), random);
  std::vector<std::string> unreadable;

  Reencrypted run() {
    unreadable.clear();
    return reencrypt_credentials(storage().broker_providers(), grants(), *current, clock,
                                 [this](const std::string& what) { unreadable.push_back(what); })
        .value();
  }
  void add_account(int i, Sealer& by) {
    User user;
    user.id = "many-" + std::to_string(i);
    user.email = user.id + "@example.com";
    ASSERT_TRUE(storage().users().insert(user));
    BrokerGrant grant;
    grant.id = "grant-of-" + user.id;
    grant.user_id = user.id;
    grant.provider_id = provider.id;
    grant.credential = by.seal("token-of-" + user.id, grant_owner(user.id, provider.id)).value();
    grant.enc_backend = "aes_master";
    ASSERT_TRUE(grants().connect(grant));
  }
};

TEST(Reencryption, EverythingOpensWithoutTheOldKeyAfterwards) {
  Bench bench;
  bench.provider.sealed_secrets =
      bench.sealer->seal(R"({"client_secret":"s"})", provider_owner("provider-1")).value();
  bench.configure("client_secret_ref", nullptr);
  for (int i = 0; i < 450; ++i) bench.add_account(i, *bench.sealer);  // more than one page
  const Reencrypted done = bench.run();
  EXPECT_EQ(done.grants, 450u);
  EXPECT_EQ(done.providers, 1u);
  EXPECT_EQ(done.current + done.unreadable, 0u);
  const auto alone = make_aes_sealer(BrokerFixture::key('n'), {}, bench.random);
  for (int i = 0; i < 450; ++i) {
    const std::string user = "many-" + std::to_string(i);
    const BrokerGrant grant = bench.grants().get("grant-of-" + user).value();
    EXPECT_EQ(alone->open(grant.credential, grant_owner(user, "provider-1"))->text.expose(),
              "token-of-" + user);
  }
  EXPECT_TRUE(alone->open(bench.storage().broker_providers().find("provider-1").value()->sealed_secrets,
                          provider_owner("provider-1")));
  const Reencrypted again = bench.run();
  EXPECT_EQ(again.grants + again.providers, 0u);
  EXPECT_EQ(again.current, 451u);
}

TEST(Reencryption, SaysWhatNeitherKeyOpensAndLeavesIt) {
  Bench bench;
  const auto foreign = make_aes_sealer(BrokerFixture::key('x'), {}, bench.random);
  bench.add_account(1, *foreign);
  bench.add_account(2, *bench.sealer);
  const BrokerGrant before = bench.grants().get("grant-of-many-1").value();
  const Reencrypted done = bench.run();
  EXPECT_EQ(done.grants, 1u);
  EXPECT_EQ(done.unreadable, 1u);
  EXPECT_THAT(bench.unreadable, ElementsAre(HasSubstr("grant grant-of-many-1 of user many-1")));
  EXPECT_EQ(bench.grants().get("grant-of-many-1").value(), before);
}

TEST(Reencryption, RevokedAccountsHaveNothingToEncrypt) {
  Bench bench;
  const BrokerGrant grant = bench.connected();
  ASSERT_TRUE(bench.grants().revoke(grant.id, bench.clock.now()));
  const Reencrypted done = bench.run();
  EXPECT_EQ(done.grants + done.unreadable, 0u);
  EXPECT_THAT(bench.unreadable, IsEmpty());
}

}  // namespace
}  // namespace authplane::authserver
