#include <thread>
#include <type_traits>
#include <vector>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/base/random.h>
#include <authplane/base/secret.h>
#include <gtest/gtest.h>

namespace authplane {
namespace {

TEST(Sha256, FollowsTheVectorsOfFips180) {
  EXPECT_EQ(hex_encode(as_bytes(sha256(""))),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_encode(as_bytes(sha256("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(HmacSha256, FollowsTheVectorsOfRfc4231) {
  EXPECT_EQ(hex_encode(as_bytes(hmac_sha256(std::string(20, '\x0b'), "Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex_encode(as_bytes(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex_encode(as_bytes(hmac_sha256(std::string(131, '\xaa'),
                                            "Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, EmptyKeyDoesNotReuseThePreviousOne) {
  (void)hmac_sha256("previous key", "x");
  EXPECT_EQ(hex_encode(as_bytes(hmac_sha256("", ""))),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Sha256, ThreadsDoNotDisturbEachOther) {
  const std::string inputs[] = {std::string(1000, 'a'), std::string(1000, 'b'), "c"};
  std::vector<std::jthread> threads;
  std::vector<int> mismatches(3, 0);
  for (std::size_t i = 0; i < 3; ++i) {
    threads.emplace_back([&, i, expected = sha256(inputs[i])] {
      for (int round = 0; round < 500; ++round) mismatches[i] += sha256(inputs[i]) != expected;
    });
  }
  threads.clear();
  EXPECT_EQ(mismatches, std::vector<int>(3, 0));
}

TEST(ConstantTimeEqual, ComparesContentAndLength) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("secret", "secret"));
  EXPECT_FALSE(constant_time_equal("secret", "secreT"));
  EXPECT_FALSE(constant_time_equal("secret", "secre"));
  EXPECT_FALSE(constant_time_equal("", "x"));
}

TEST(Wipe, LeavesNoByteInTheBuffer) {
  std::string text(100, 's');
  const char* buffer = text.data();
  wipe(text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), buffer);
  text.resize(text.capacity(), '\0');
  EXPECT_EQ(text.find('s'), std::string::npos);
}

TEST(SecretString, MovesOutAndComparesByContent) {
  SecretString first("hunter2");
  SecretString second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): the moved-from state is the point
  EXPECT_EQ(second.expose(), "hunter2");
  EXPECT_TRUE(second == second.clone());
  EXPECT_FALSE(second == SecretString("hunter3"));
}

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

TEST(SecretString, CannotBeCopiedOrPrinted) {
  EXPECT_FALSE(std::is_copy_constructible_v<SecretString>);
  EXPECT_FALSE(std::is_copy_assignable_v<SecretString>);
  EXPECT_FALSE(Printable<SecretString>);
  EXPECT_TRUE(Printable<std::string>);
}

TEST(SystemRandom, GivesDifferentTokensOfTheStatedLength) {
  SystemRandom random;
  EXPECT_EQ(random.token(16).size(), 22U);
  EXPECT_EQ(random.token(32).size(), 43U);
  EXPECT_EQ(random.bytes(0), "");
  EXPECT_NE(random.token(16), random.token(16));
}

class FixedRandom final : public Random {
 public:
  explicit FixedRandom(unsigned char value) : value_(value) {}
  void fill(unsigned char* out, std::size_t size) override { std::fill_n(out, size, value_); }

 private:
  unsigned char value_;
};

TEST(UuidV4, SetsVersionAndVariantAndKeepsTheRest) {
  FixedRandom zeros(0x00);
  FixedRandom ones(0xFF);
  EXPECT_EQ(uuid_v4(zeros), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(uuid_v4(ones), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

}  // namespace
}  // namespace authplane
