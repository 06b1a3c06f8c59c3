#pragma once

#include <cstdint>
#include <string_view>

namespace authplane::authserver {

// What requests from one source have in common: an IPv4 address (mapped ones are the same), or the /64
// network of an IPv6 address, because one host commonly owns all of it; a hash of the text for anything else.
std::uint64_t source_network(std::string_view address);

}  // namespace authplane::authserver
