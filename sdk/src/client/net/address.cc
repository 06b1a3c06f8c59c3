#include "client/net/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

namespace authplane::net {
namespace {

enum class Class { refused, loopback, private_network };

struct Range {
  std::array<std::uint8_t, 16> prefix;
  unsigned bits;
  Class kind;
  std::string_view name;
};

// First match wins: the single metadata addresses stand before the private ranges they lie in.
constexpr Range kIpv4Ranges[] = {
    {{100, 100, 100, 200}, 32, Class::refused, "cloud metadata"},
    {{168, 63, 129, 16}, 32, Class::refused, "cloud metadata"},
    {{169, 254}, 16, Class::refused, "link-local"},
    {{0}, 8, Class::refused, "unspecified"},
    {{224}, 4, Class::refused, "multicast"},
    {{240}, 4, Class::refused, "reserved"},
    {{192, 0, 0}, 24, Class::refused, "protocol assignment"},
    {{192, 0, 2}, 24, Class::refused, "documentation"},
    {{198, 51, 100}, 24, Class::refused, "documentation"},
    {{203, 0, 113}, 24, Class::refused, "documentation"},
    {{198, 18}, 15, Class::refused, "benchmark"},
    {{127}, 8, Class::loopback, "loopback"},
    {{10}, 8, Class::private_network, "private network"},
    {{172, 16}, 12, Class::private_network, "private network"},
    {{192, 168}, 16, Class::private_network, "private network"},
    {{100, 64}, 10, Class::private_network, "shared address space"},
};

constexpr Range kIpv6Ranges[] = {
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     128,
     Class::refused,
     "cloud metadata"},
    {{}, 128, Class::refused, "unspecified"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, Class::loopback, "loopback"},
    {{0xfe, 0x80}, 10, Class::refused, "link-local"},
    {{0xfe, 0xc0}, 10, Class::refused, "site-local"},
    {{0xff}, 8, Class::refused, "multicast"},
    {{0x01, 0x00}, 64, Class::refused, "discard"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, Class::refused, "documentation"},
    {{0xfc}, 7, Class::private_network, "unique local"},
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, Class::private_network, "local NAT64"},
};

// Where an IPv6 address keeps IPv4 addresses.
struct Carrier {
  std::array<std::uint8_t, 16> prefix;
  unsigned bits;
  std::size_t offset;
};
constexpr Carrier kCarriers[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12},  // mapped, RFC 4291 2.5.5.2
    {{}, 96, 12},                                          // compatible, RFC 4291 2.5.5.1
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12},                    // NAT64, RFC 6052
    {{0x20, 0x02}, 16, 2},                                 // 6to4, RFC 3056
    {{0x20, 0x01, 0x00, 0x00}, 32, 4},                     // Teredo server, RFC 4380
};
constexpr Carrier kTeredo = kCarriers[4];

bool has_prefix(const IpAddress& address, const std::array<std::uint8_t, 16>& prefix, unsigned bits) {
  const unsigned whole = bits / 8;
  if (!std::equal(prefix.begin(), prefix.begin() + whole, address.bytes.begin())) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return (address.bytes[whole] & mask) == (prefix[whole] & mask);
}

IpAddress embedded_ipv4(const IpAddress& address, std::size_t offset, std::uint8_t invert = 0) {
  IpAddress inner;
  for (std::size_t i = 0; i < 4; ++i) inner.bytes[i] = address.bytes[offset + i] ^ invert;
  return inner;
}

template <std::size_t N>
const Range* find_range(const IpAddress& address, const Range (&ranges)[N]) {
  const auto* found = std::find_if(std::begin(ranges), std::end(ranges), [&](const Range& range) {
    return has_prefix(address, range.prefix, range.bits);
  });
  return found == std::end(ranges) ? nullptr : found;
}

std::optional<std::string_view> judge(const Range& range, const FetchSettings& settings) {
  if (range.kind == Class::loopback && settings.allow_localhost) return std::nullopt;
  if (range.kind == Class::private_network && settings.allow_private_networks) return std::nullopt;
  return range.name;
}

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address.is_ipv6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<std::string_view> refusal_reason(const IpAddress& address, const FetchSettings& settings) {
  if (!address.is_ipv6) {
    const Range* range = find_range(address, kIpv4Ranges);
    return range ? judge(*range, settings) : std::nullopt;
  }
  if (const Range* range = find_range(address, kIpv6Ranges)) return judge(*range, settings);
  for (const Carrier& carrier : kCarriers) {
    if (!has_prefix(address, carrier.prefix, carrier.bits)) continue;
    if (auto reason = refusal_reason(embedded_ipv4(address, carrier.offset), settings)) return reason;
  }
  if (has_prefix(address, kTeredo.prefix, kTeredo.bits)) {  // the client's address, every bit inverted
    return refusal_reason(embedded_ipv4(address, 12, 0xff), settings);
  }
  return std::nullopt;
}

}  // namespace authplane::net
