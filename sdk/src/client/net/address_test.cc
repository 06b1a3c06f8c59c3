#include "client/net/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace authplane::net {
namespace {

using ::testing::HasSubstr;

FetchSettings only_localhost() {
  FetchSettings settings;
  settings.allow_localhost = true;
  return settings;
}

FetchSettings only_private() {
  FetchSettings settings;
  settings.allow_private_networks = true;
  return settings;
}

bool allowed(std::string_view text, const FetchSettings& settings) {
  const auto address = parse_ip_address(text);
  EXPECT_TRUE(address) << text;
  return address && !refusal_reason(*address, settings);
}

struct Row {
  const char* address;
  bool production;
  bool localhost;        // allow_localhost alone
  bool private_network;  // allow_private_networks alone
};

class AddressRules : public ::testing::TestWithParam<Row> {};

TEST_P(AddressRules, ClassDecides) {
  const Row& row = GetParam();
  EXPECT_EQ(allowed(row.address, FetchSettings::production()), row.production) << row.address;
  EXPECT_EQ(allowed(row.address, only_localhost()), row.localhost) << row.address;
  EXPECT_EQ(allowed(row.address, only_private()), row.private_network) << row.address;
  const bool development = row.production || row.localhost || row.private_network;
  EXPECT_EQ(allowed(row.address, FetchSettings::development()), development) << row.address;
}

constexpr Row never(const char* address) {
  return {address, false, false, false};
}
constexpr Row always(const char* address) {
  return {address, true, true, true};
}
constexpr Row localhost(const char* address) {
  return {address, false, true, false};
}
constexpr Row private_network(const char* address) {
  return {address, false, false, true};
}

INSTANTIATE_TEST_SUITE_P(LinkLocalAndMetadata, AddressRules,
                         ::testing::Values(never("169.254.0.0"), never("169.254.169.254"),
                                           never("169.254.255.255"), never("100.100.100.200"),
                                           never("168.63.129.16"), never("fe80::1"), never("febf:ffff::1"),
                                           never("fec0::1"), never("feff::1"), never("fd00:ec2::254")));
INSTANTIATE_TEST_SUITE_P(Unspecified, AddressRules,
                         ::testing::Values(never("0.0.0.0"), never("0.255.255.255"), never("::")));
INSTANTIATE_TEST_SUITE_P(MulticastAndReserved, AddressRules,
                         ::testing::Values(never("224.0.0.1"), never("239.255.255.255"), never("240.0.0.1"),
                                           never("255.255.255.255"), never("ff02::1"), never("100::1")));
INSTANTIATE_TEST_SUITE_P(DocumentationAndBenchmark, AddressRules,
                         ::testing::Values(never("192.0.0.1"), never("192.0.2.1"), never("198.51.100.1"),
                                           never("203.0.113.1"), never("198.18.0.1"), never("198.19.255.255"),
                                           never("2001:db8::1")));
INSTANTIATE_TEST_SUITE_P(Loopback, AddressRules,
                         ::testing::Values(localhost("127.0.0.1"), localhost("127.255.255.255"),
                                           localhost("::1")));
INSTANTIATE_TEST_SUITE_P(PrivateNetworks, AddressRules,
                         ::testing::Values(private_network("10.0.0.1"), private_network("10.255.255.255"),
                                           private_network("172.16.0.1"), private_network("172.31.255.255"),
                                           private_network("192.168.0.1"), private_network("100.64.0.1"),
                                           private_network("100.127.255.255"), private_network("fc00::1"),
                                           private_network("fdff::1"), private_network("64:ff9b:1::1")));
INSTANTIATE_TEST_SUITE_P(Neighbours, AddressRules,
                         ::testing::Values(always("1.0.0.0"), always("9.255.255.255"), always("11.0.0.0"),
                                           always("100.63.255.255"), always("100.128.0.0"),
                                           always("126.255.255.255"), always("128.0.0.0"),
                                           always("168.63.129.17"), always("169.253.255.255"),
                                           always("169.255.0.0"), always("172.15.255.255"),
                                           always("172.32.0.0"), always("192.0.1.0"), always("192.0.3.0"),
                                           always("192.167.255.255"), always("192.169.0.0"),
                                           always("198.17.255.255"), always("198.20.0.0"),
                                           always("223.255.255.255"), always("2606:4700::1111"),
                                           always("2001:db9::1"), always("100:0:0:1::1")));
INSTANTIATE_TEST_SUITE_P(Mapped, AddressRules,
                         ::testing::Values(localhost("::ffff:127.0.0.1"), private_network("::ffff:10.0.0.1"),
                                           never("::ffff:169.254.169.254"), always("::ffff:8.8.8.8")));
INSTANTIATE_TEST_SUITE_P(Compatible, AddressRules,
                         ::testing::Values(localhost("::127.0.0.1"), private_network("::192.168.1.1"),
                                           never("::169.254.169.254"), never("::2"), always("::8.8.8.8")));
INSTANTIATE_TEST_SUITE_P(Nat64, AddressRules,
                         ::testing::Values(localhost("64:ff9b::127.0.0.1"),
                                           private_network("64:ff9b::10.0.0.1"),
                                           never("64:ff9b::169.254.169.254"), always("64:ff9b::8.8.8.8")));
INSTANTIATE_TEST_SUITE_P(SixToFour, AddressRules,
                         ::testing::Values(localhost("2002:7f00:1::"), private_network("2002:a00:1::"),
                                           never("2002:a9fe:a9fe::"), always("2002:808:808::")));
// Server address in bytes 4 to 7, client address inverted in bytes 12 to 15.
INSTANTIATE_TEST_SUITE_P(Teredo, AddressRules,
                         ::testing::Values(always("2001:0:808:808::f7f7:f7f7"),         // 8.8.8.8 and 8.8.8.8
                                           localhost("2001:0:808:808::80ff:fffe"),      // client 127.0.0.1
                                           private_network("2001:0:a00:1::f7f7:f7f7"),  // server 10.0.0.1
                                           never("2001:0:808:808::5601:5601"),      // client 169.254.169.254
                                           never("2001:0:a9fe:a9fe::f7f7:f7f7")));  // server 169.254.169.254

TEST(AddressRulesTeredo, NeedsBothAddressesAllowed) {
  // Server 10.0.0.1 (private), client 127.0.0.1 (loopback).
  constexpr const char* kAddress = "2001:0:a00:1::80ff:fffe";
  EXPECT_FALSE(allowed(kAddress, only_localhost()));
  EXPECT_FALSE(allowed(kAddress, only_private()));
  EXPECT_TRUE(allowed(kAddress, FetchSettings::development()));
}

TEST(ParseIpAddress, TakesOnlyStrictSpellings) {
  for (const char* text : {"127.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.01", "1.2.3.4 ",
                           "fe80::1%eth0", "", "::1::", "localhost", "1.2.3.4.5"}) {
    EXPECT_FALSE(parse_ip_address(text)) << text;
  }
  EXPECT_FALSE(parse_ip_address(std::string("1.2.3.4\0x", 9)));
}

TEST(RefusalReason, NamesTheClass) {
  EXPECT_THAT(std::string(*refusal_reason(*parse_ip_address("::1"), {})), HasSubstr("loopback"));
  EXPECT_THAT(std::string(*refusal_reason(*parse_ip_address("100.100.100.200"), {})), HasSubstr("metadata"));
}

}  // namespace
}  // namespace authplane::net
