#include "authserver/http_beast/connection_count.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <chrono>
#include <cstring>

namespace authplane::http_beast {
namespace {

Peer peer(const char* text) {
  sockaddr_storage storage{};
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    std::memcpy(&storage, &v4, sizeof v4);
  } else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    std::memcpy(&storage, &v6, sizeof v6);
  }
  return peer_from(storage);
}

TEST(PeerFrom, TextFormWithoutPort) {
  EXPECT_EQ(peer("192.0.2.7").address, "192.0.2.7");
  EXPECT_EQ(peer("2001:db8::1").address, "2001:db8::1");
}

TEST(PeerFrom, MappedAddressIsTheIpv4Address) {
  EXPECT_EQ(peer("::ffff:192.0.2.7").address, "192.0.2.7");
  EXPECT_EQ(peer("::ffff:192.0.2.7").limit_key, peer("192.0.2.7").limit_key);
}

TEST(PeerFrom, OneIpv6SiteCountsAsOneAddress) {
  EXPECT_EQ(peer("2001:db8::1").limit_key, peer("2001:db8::ffff:2").limit_key);
  EXPECT_NE(peer("2001:db8::1").limit_key, peer("2001:db8:0:1::1").limit_key);
}

TEST(ConnectionCount, TotalLimit) {
  ConnectionCount count(2, 0);
  EXPECT_TRUE(count.admit(peer("192.0.2.1")));
  EXPECT_TRUE(count.admit(peer("192.0.2.1")));
  EXPECT_FALSE(count.admit(peer("192.0.2.2")));
  count.release(peer("192.0.2.1"));
  EXPECT_TRUE(count.admit(peer("192.0.2.2")));
  EXPECT_EQ(count.open(), 2U);
}

TEST(ConnectionCount, PerAddressLimit) {
  ConnectionCount count(10, 1);
  EXPECT_TRUE(count.admit(peer("192.0.2.1")));
  EXPECT_FALSE(count.admit(peer("192.0.2.1")));
  EXPECT_TRUE(count.admit(peer("192.0.2.2")));
  count.release(peer("192.0.2.1"));
  EXPECT_TRUE(count.admit(peer("192.0.2.1")));
}

TEST(ConnectionCount, WaitsForTheLastOne) {
  ConnectionCount count(10, 0);
  EXPECT_TRUE(count.wait_until_none(SteadyTime{}));
  ASSERT_TRUE(count.admit({}));
  EXPECT_FALSE(count.wait_until_none(SteadyTime{}));
  count.release({});
  EXPECT_TRUE(count.wait_until_none(std::chrono::steady_clock::now() + std::chrono::seconds(5)));
}

}  // namespace
}  // namespace authplane::http_beast
