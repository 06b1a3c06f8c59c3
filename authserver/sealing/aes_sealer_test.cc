#include "authserver/sealing/aes_sealer.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include <authplane/base/encoding.h>
#include <authplane/testing/race.h>
#include <authplane/testing/testing.h>

#include "authserver/sealing/owner.h"

namespace authplane::authserver {
namespace {

const std::string kOwner = grant_owner("user-1", "provider-1");
constexpr std::string_view kText = "ghr_canary";
// Made with another implementation from the key 00 01 .. 1f and the nonce 40 41 .. 4b.
constexpr std::string_view kKnown =
    "02404142434445464748494a4bc4a14471aeda44bcd1487de7a140162e55582c7e8d9bcbdb5fef";
constexpr std::string_view kKnownOldFormat =
    "01404142434445464748494a4bcd796da7f9a5432d2665914bda9b949a8353c15f390137d5d0fc";

SecretString key(char first) {
  std::string bytes(kMasterKeyBytes, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(first + static_cast<char>(i));
  return SecretString(std::move(bytes));
}

struct Bench {
  testing::SeededRandom random;
  std::unique_ptr<Sealer> sealer = make_aes_sealer(key(0), {}, random);

  std::string seal(std::string_view text = kText) { return sealer->seal(text, kOwner).value(); }
  // "" when it does not open.
  std::string open(std::string_view sealed, const std::string& owner = kOwner) {
    const Outcome<Opened> opened = sealer->open(sealed, owner);
    return opened ? std::string(opened->text.expose()) : "";
  }
};

class FixedNonce final : public Random {
 public:
  void fill(unsigned char* out, std::size_t size) override {
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(0x40 + i);
  }
};

TEST(AesSealer, WritesTheKnownBytes) {
  FixedNonce nonce;
  const auto sealer = make_aes_sealer(key(0), {}, nonce);
  EXPECT_EQ(hex_encode(sealer->seal(kText, kOwner).value()), kKnown);
  EXPECT_EQ(sealer->driver(), "aes_master");
}

TEST(AesSealer, OpensWhatItSealedOfAnySize) {
  Bench bench;
  for (const std::string& text : {std::string(), std::string(1, '\0'), std::string(100'000, 'x')}) {
    const Outcome<Opened> opened = bench.sealer->open(bench.seal(text), kOwner);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->text.expose(), text);
    EXPECT_FALSE(opened->is_outdated);
  }
}

TEST(AesSealer, OpensTheOldFormatAndSaysSo) {
  Bench bench;
  const Outcome<Opened> opened = bench.sealer->open(hex_decode(kKnownOldFormat).value(), kOwner);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->text.expose(), kText);
  EXPECT_TRUE(opened->is_outdated);
  EXPECT_EQ(bench.open(hex_decode(kKnownOldFormat).value(), grant_owner("user-2", "provider-1")), "");
}

TEST(AesSealer, SealsTheSameTextDifferentlyEachTime) {
  Bench bench;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(bench.seal());
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(bench.seal().find(kText), std::string::npos);
}

// T11: who has the database cannot make one user's credential another's.
TEST(AesSealer, T11OpensForTheOwnerOnly) {
  Bench bench;
  const std::string sealed = bench.seal();
  EXPECT_EQ(bench.open(sealed), kText);
  for (const std::string& other :
       {grant_owner("user-2", "provider-1"), grant_owner("user-1", "provider-2"),
        provider_owner("provider-1"), pending_connect_owner("user-1", "provider-1"), kOwner + " ",
        std::string()}) {
    EXPECT_EQ(bench.open(sealed, other), "") << other;
  }
}

TEST(AesSealer, T11NoticesEveryChangedByteAndLength) {
  Bench bench;
  const std::string sealed = bench.seal();
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (const int bit : {0, 1, 7}) {
      std::string changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_EQ(bench.open(changed), "") << i;
    }
    EXPECT_EQ(bench.open(sealed.substr(0, i)), "") << i;
  }
  EXPECT_EQ(bench.open(sealed + '\0'), "");
  EXPECT_EQ(bench.open('\x01' + sealed.substr(1)), "") << "a newer one passed off as an older one";
}

TEST(AesSealer, WrongKeyWrongOwnerAndTamperingAreOneError) {
  Bench bench;
  const std::string sealed = bench.seal();
  std::string changed = sealed;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  const auto other = make_aes_sealer(key(1), {}, bench.random);
  const DomainError reference = other->open(sealed, kOwner).error();
  EXPECT_EQ(reference.code, DomainErrorCode::internal);
  for (const DomainError& error :
       {bench.sealer->open(sealed, grant_owner("user-2", "provider-1")).error(),
        bench.sealer->open(changed, kOwner).error(), bench.sealer->open("", kOwner).error()}) {
    EXPECT_EQ(error.code, reference.code);
    EXPECT_EQ(error.description, reference.description);
    EXPECT_EQ(error.detail, reference.detail);
  }
}

TEST(AesSealer, TheOldKeyOpensAndDoesNotSeal) {
  Bench before;
  const std::string sealed = before.seal();
  const auto rotating = make_aes_sealer(key(1), key(0), before.random);
  const Outcome<Opened> opened = rotating->open(sealed, kOwner);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->text.expose(), kText);
  EXPECT_TRUE(opened->is_outdated);
  const std::string again = rotating->seal(kText, kOwner).value();
  EXPECT_FALSE(rotating->open(again, kOwner)->is_outdated);
  EXPECT_EQ(before.open(again), "") << "sealed with the old key";
  EXPECT_FALSE(rotating->open(sealed, grant_owner("user-2", "provider-1")));
  EXPECT_FALSE(make_aes_sealer(key(1), {}, before.random)->open(sealed, kOwner));
}

TEST(AesSealer, ManyThreadsMayUseIt) {
  Bench bench;
  testing::race(4, [&](int) {
    for (int i = 0; i < 200; ++i) EXPECT_EQ(bench.open(bench.seal()), kText);
  });
}

}  // namespace
}  // namespace authplane::authserver
