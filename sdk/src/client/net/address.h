#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <authplane/client/network.h>

namespace authplane::net {

// An IP address in network byte order; an IPv4 address uses the first four bytes.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_ipv6 = false;
};

// Exactly one spelling family: dotted quad or RFC 4291 text, no zone id, no leading zeros, no "127.1".
std::optional<IpAddress> parse_ip_address(std::string_view text);

// Why the guard refuses this address ("loopback", "link-local"), nullopt when it may be connected to. Looks
// through every IPv6 form that carries an IPv4 address: mapped, compatible, NAT64, 6to4, Teredo.
std::optional<std::string_view> refusal_reason(const IpAddress& address, const FetchSettings& settings);

}  // namespace authplane::net
