#include "authserver/identity/source_network.h"

#include <string>

#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

TEST(SourceNetwork, IsOneIpv4AddressOrOneIpv6Network) {
  EXPECT_EQ(source_network("192.0.2.1"), source_network("::ffff:192.0.2.1"));
  EXPECT_NE(source_network("192.0.2.1"), source_network("192.0.2.2"));
  EXPECT_EQ(source_network("2001:db8:1:2::1"), source_network("2001:db8:1:2:ffff::9"));
  EXPECT_NE(source_network("2001:db8:1:2::1"), source_network("2001:db8:1:3::1"));
  EXPECT_NE(source_network(""), source_network("unix"));
  EXPECT_EQ(source_network(std::string(300, 'x')), source_network(std::string(300, 'x')));
}

}  // namespace
}  // namespace authplane::authserver
