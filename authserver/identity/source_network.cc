#include "authserver/identity/source_network.h"

#include <arpa/inet.h>

#include <cstring>
#include <functional>

namespace authplane::authserver {

std::uint64_t source_network(std::string_view address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.size() < sizeof text) {
    std::memcpy(text, address.data(), address.size());
    if (std::uint32_t v4 = 0; inet_pton(AF_INET, text, &v4) == 1) return v4;
    if (in6_addr v6{}; inet_pton(AF_INET6, text, &v6) == 1) {
      std::uint64_t upper = 0;
      std::uint32_t lowest = 0;
      std::memcpy(&upper, v6.s6_addr, sizeof upper);
      std::memcpy(&lowest, v6.s6_addr + 12, sizeof lowest);
      return IN6_IS_ADDR_V4MAPPED(&v6) ? lowest : upper;
    }
  }
  return std::hash<std::string_view>{}(address);
}

}  // namespace authplane::authserver
