#include "authserver/http_beast/connection_count.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace authplane::http_beast {
namespace {

constexpr std::size_t kIpv6SitePrefixBytes = 8;

template <class Address>
std::string raw_bytes(const Address& address, std::size_t size = sizeof(Address)) {
  std::string bytes(size, '\0');
  std::memcpy(bytes.data(), &address, size);
  return bytes;
}

Peer ipv4_peer(const in_addr& address) {
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &address, text.data(), text.size());
  return {text.data(), raw_bytes(address)};
}

}  // namespace

Peer peer_from(const sockaddr_storage& socket_address) {
  if (socket_address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &socket_address, sizeof v4);
    return ipv4_peer(v4.sin_addr);
  }
  if (socket_address.ss_family != AF_INET6) return {};
  sockaddr_in6 v6{};
  std::memcpy(&v6, &socket_address, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    in_addr mapped{};
    std::memcpy(&mapped, v6.sin6_addr.s6_addr + 12, sizeof mapped);
    return ipv4_peer(mapped);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return {text.data(), raw_bytes(v6.sin6_addr, kIpv6SitePrefixBytes)};
}

bool ConnectionCount::admit(const Peer& peer) {
  MutexLock lock(mutex_);
  if (open_ >= max_total_) return false;
  if (max_per_address_ != 0) {
    std::size_t& of_address = by_address_[peer.limit_key];
    if (of_address >= max_per_address_) return false;
    ++of_address;
  }
  ++open_;
  return true;
}

void ConnectionCount::release(const Peer& peer) {
  MutexLock lock(mutex_);
  if (max_per_address_ != 0) {
    const auto found = by_address_.find(peer.limit_key);
    if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
  }
  if (--open_ == 0) none_open_.notify_all();
}

std::size_t ConnectionCount::open() const {
  MutexLock lock(mutex_);
  return open_;
}

bool ConnectionCount::wait_until_none(SteadyTime deadline) {
  MutexLock lock(mutex_);
  while (open_ != 0) {
    if (lock.wait_until(none_open_, deadline) == std::cv_status::timeout) return open_ == 0;
  }
  return true;
}

}  // namespace authplane::http_beast
