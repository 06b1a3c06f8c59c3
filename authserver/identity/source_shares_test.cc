#include "authserver/identity/source_shares.h"

#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

TEST(SourceSharesTest, OneSourceLeavesTheOthersTheirs) {
  SourceShares shares(2);
  const auto first = shares.take("192.0.2.1"), second = shares.take("192.0.2.1");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(shares.take("192.0.2.1"));
  EXPECT_FALSE(shares.take("::ffff:192.0.2.1"));
  EXPECT_TRUE(shares.take("192.0.2.2"));
}

TEST(SourceSharesTest, WhatIsGivenBackCanBeTakenAgain) {
  SourceShares shares(1);
  for (int i = 0; i < 3; ++i) {
    auto share = shares.take("2001:db8::1");
    ASSERT_TRUE(share);
    const SourceShares::Share moved = std::move(*share);
    EXPECT_FALSE(shares.take("2001:db8::2"));  // of the same network
  }
  EXPECT_TRUE(shares.take("2001:db8::2"));
}

TEST(SourceSharesTest, NothingIsGivenWhenThereIsNothing) {
  SourceShares shares(0);
  EXPECT_FALSE(shares.take("192.0.2.1"));
}

}  // namespace
}  // namespace authplane::authserver
