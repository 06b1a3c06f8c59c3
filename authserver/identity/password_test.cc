#include "authserver/identity/password.h"

#include <ctime>

#include <gtest/gtest.h>

#include <authplane/testing/testing.h>

namespace authplane::authserver {
namespace {

// Cheap, so that the suite stays fast; the costs of real life are judged in OneCheckHasACost.
constexpr Argon2Cost kCheap{.memory_kib = 64, .passes = 1, .lanes = 1};

// Made by another implementation with cost 4 for "correct horse".
constexpr std::string_view kBcryptTail = "$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

struct Bench {
  explicit Bench(std::size_t count = 4, Argon2Cost cost = kCheap)
      : slots(count), hasher({.cost = cost}, slots, random) {}
  HashSlots slots;
  testing::SeededRandom random;
  PasswordHasher hasher;

  PasswordVerdict verdict(std::string_view password, std::string_view row) const {
    return hasher.check(password, row).verdict;
  }
};

TEST(Password, MatchesOnlyItself) {
  const Bench bench;
  const std::string row = bench.hasher.hash("correct horse").value();
  EXPECT_EQ(bench.verdict("correct horse", row), PasswordVerdict::match);
  for (const std::string_view wrong : {"", "correct hors", "correct horse ", "Correct horse"}) {
    EXPECT_EQ(bench.verdict(wrong, row), PasswordVerdict::mismatch) << wrong;
  }
  EXPECT_EQ(bench.verdict(std::string_view("correct horse\0", 14), row), PasswordVerdict::mismatch);
}

TEST(Password, IsStoredAsPhcStringWithASaltOfItsOwn) {
  const Bench bench;
  const std::string first = bench.hasher.hash("pw").value();
  EXPECT_TRUE(first.starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << first;
  EXPECT_EQ(first.size(), 28U + 22 + 1 + 43) << first;
  EXPECT_NE(first, bench.hasher.hash("pw").value());
}

TEST(Password, RefusesWhatIsTooLongInsteadOfCuttingIt) {
  const Bench bench;
  const std::string longest(1024, 'x');
  const std::string row = bench.hasher.hash(longest).value();
  EXPECT_EQ(bench.verdict(longest, row), PasswordVerdict::match);
  EXPECT_EQ(bench.verdict(longest.substr(1), row), PasswordVerdict::mismatch);
  EXPECT_EQ(bench.hasher.hash(longest + "x").error(), PasswordRefusal::too_long);
  EXPECT_EQ(bench.verdict(longest + "x", row), PasswordVerdict::mismatch);
  EXPECT_EQ(bench.hasher.check_nobody(longest + "x").verdict, PasswordVerdict::mismatch);
  EXPECT_EQ(bench.hasher.hash("").error(), PasswordRefusal::too_short);
}

TEST(Password, VerifiesBcryptOfAllThreeNames) {
  const Bench bench;
  for (const std::string_view name : {"$2a", "$2b", "$2y"}) {
    const std::string row = std::string(name) + std::string(kBcryptTail);
    const PasswordCheck check = bench.hasher.check("correct horse", row);
    EXPECT_EQ(check.verdict, PasswordVerdict::match) << row;
    EXPECT_TRUE(check.needs_rehash);
    EXPECT_EQ(bench.verdict("correct horsf", row), PasswordVerdict::mismatch);
    EXPECT_EQ(bench.verdict("", row), PasswordVerdict::mismatch);
    EXPECT_EQ(bench.verdict(std::string_view("correct horse\0x", 15), row), PasswordVerdict::mismatch);
  }
}

TEST(Password, BcryptNeverComparesACutPassword) {
  const Bench bench;
  // The same implementation, for 72 times 'a'.
  const std::string row = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe";
  const std::string whole(72, 'a');
  EXPECT_EQ(bench.verdict(whole, row), PasswordVerdict::match);
  EXPECT_EQ(bench.verdict(whole + "a", row), PasswordVerdict::mismatch);
  EXPECT_EQ(bench.verdict(whole + "\n", row), PasswordVerdict::mismatch);
}

TEST(Password, ARowOfTheReferenceImplementationVerifies) {
  const Bench bench;
  // echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -v 13 -l 32
  const std::string row =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  const PasswordCheck check = bench.hasher.check("password", row);
  EXPECT_EQ(check.verdict, PasswordVerdict::match);
  EXPECT_TRUE(check.needs_rehash);
}

TEST(Password, OnlyRowsOfThePolicyNeedNoRehash) {
  const Bench bench;
  const std::string row = bench.hasher.hash("pw").value();
  EXPECT_FALSE(bench.hasher.needs_rehash(row));
  EXPECT_FALSE(bench.hasher.check("pw", row).needs_rehash);
  const Argon2Cost others[] = {{128, 1, 1}, {64, 2, 1}, {64, 1, 2}};
  for (const Argon2Cost& cost : others) {
    const Bench other(4, cost);
    const std::string foreign = other.hasher.hash("pw").value();
    EXPECT_TRUE(bench.hasher.needs_rehash(foreign)) << foreign;
    EXPECT_TRUE(bench.hasher.check("pw", foreign).needs_rehash);
    EXPECT_FALSE(bench.hasher.check("px", foreign).needs_rehash);
  }
  EXPECT_TRUE(bench.hasher.needs_rehash(""));
  EXPECT_TRUE(bench.hasher.needs_rehash("$2b" + std::string(kBcryptTail)));
}

TEST(Password, HostileRowsAreNotComputed) {
  const Bench bench;
  const std::string tail = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  const std::string rows[] = {
      "",
      "password",
      "$argon2id$v=19$m=4294967295,t=2,p=1" + tail,
      "$argon2id$v=19$m=131073,t=2,p=1" + tail,
      "$argon2id$v=19$m=64,t=4294967295,p=1" + tail,
      "$argon2id$v=19$m=64,t=9,p=1" + tail,
      "$argon2id$v=19$m=1024,t=1,p=5" + tail,
      "$argon2id$v=19$m=7,t=1,p=1" + tail,
      "$argon2id$v=19$m=31,t=1,p=4" + tail,
      "$argon2id$v=19$m=0,t=1,p=1" + tail,
      "$argon2id$v=19$m=64,t=0,p=1" + tail,
      "$argon2id$v=19$m=64,t=1,p=0" + tail,
      "$argon2id$v=19$m=064,t=1,p=1" + tail,
      "$argon2id$v=19$m=-64,t=1,p=1" + tail,
      "$argon2id$v=19$m=64x,t=1,p=1" + tail,
      "$argon2id$v=19$m=18446744073709551680,t=1,p=1" + tail,
      "$argon2id$v=19$t=1,m=64,p=1" + tail,
      "$argon2id$v=19$m=64,t=1,p=1,keyid=AA" + tail,
      "$argon2id$v=16$m=64,t=1,p=1" + tail,
      "$argon2id$m=64,t=1,p=1" + tail,
      "$argon2i$v=19$m=64,t=1,p=1" + tail,
      "$argon2d$v=19$m=64,t=1,p=1" + tail,
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$",
      "$argon2id$v=19$m=64,t=1,p=1$$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ=$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHR$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      "$argon2id$v=19$m=64,t=1,p=1" + tail + "$x",
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + std::string(100'000, 'A'),
      "$2b$15$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
      "$2b$31$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
      "$2b$03$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
      "$2b$4x$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
      "$2x" + std::string(kBcryptTail),
      "$2" + std::string(kBcryptTail),
      "$2b" + std::string(kBcryptTail) + "e",
      "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6:",
      "$1$abcdefgh$JFFkHJCpgKjqDo0uO9kQR0",
      "$6$abcdefgh$x",
      "*0",
  };
  for (const std::string& row : rows) {
    EXPECT_EQ(bench.verdict("password", row), PasswordVerdict::unusable_row) << row.substr(0, 120);
    EXPECT_TRUE(bench.hasher.needs_rehash(row)) << row.substr(0, 120);
  }
}

TEST(Password, NobodyHasAPassword) {
  const Bench bench;
  for (const std::string_view password : {"", "password", "correct horse"}) {
    EXPECT_EQ(bench.hasher.check_nobody(password).verdict, PasswordVerdict::mismatch);
  }
}

TEST(Password, MoreAtOnceThanSlotsIsAnOverload) {
  Bench bench(1);
  const std::string row = bench.hasher.hash("pw").value();
  {
    const auto held = bench.slots.take();
    ASSERT_TRUE(held);
    EXPECT_EQ(bench.verdict("pw", row), PasswordVerdict::overloaded);
    EXPECT_EQ(bench.verdict("pw", "$2b" + std::string(kBcryptTail)), PasswordVerdict::overloaded);
    EXPECT_EQ(bench.hasher.check_nobody("pw").verdict, PasswordVerdict::overloaded);
    EXPECT_EQ(bench.hasher.hash("pw").error(), PasswordRefusal::overloaded);
  }
  EXPECT_EQ(bench.verdict("pw", row), PasswordVerdict::match);
}

TEST(Password, SlotsAreCountedAndMoveWithTheirHolder) {
  HashSlots slots(2);
  auto first = slots.take();
  auto second = slots.take();
  EXPECT_FALSE(slots.take());
  {
    const HashSlots::Slot moved = std::move(*first);
    EXPECT_FALSE(slots.take());
  }
  first.reset();
  EXPECT_TRUE(slots.take());
  second.reset();
  EXPECT_TRUE(slots.take());
}

TEST(Password, ACostArgon2idDoesNotKnowIsRefusedAtOnce) {
  HashSlots slots(1);
  testing::SeededRandom random;
  EXPECT_THROW(PasswordHasher({.cost = {.memory_kib = 7, .passes = 1, .lanes = 1}}, slots, random),
               std::invalid_argument);
  EXPECT_THROW(PasswordHasher({.cost = {.memory_kib = 64, .passes = 0, .lanes = 1}}, slots, random),
               std::invalid_argument);
}

// An unknown user or a broken row must not answer sooner than a wrong password.
TEST(Password, OneCheckHasACost) {
  const PasswordPolicy policy;
  HashSlots slots(1);
  testing::SeededRandom random;
  const PasswordHasher hasher(policy, slots, random);
  const std::string row = hasher.hash("pw").value();
  EXPECT_TRUE(row.starts_with("$argon2id$v=19$m=47104,t=2,p=1$")) << row;
  const auto processor_time = [](auto&& work) {
    const std::clock_t start = std::clock();
    work();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  };
  const double known = processor_time([&] { (void)hasher.check("px", row); });
  const double unknown = processor_time([&] { (void)hasher.check_nobody("px"); });
  const double unusable = processor_time([&] { (void)hasher.check("px", "x"); });
  for (const double seconds : {known, unknown, unusable}) {
    EXPECT_GT(seconds, 0.01);
    EXPECT_LT(seconds, 5.0);
  }
}

}  // namespace
}  // namespace authplane::authserver
