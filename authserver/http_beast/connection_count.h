#pragma once

#include <condition_variable>
#include <cstddef>
#include <string>
#include <unordered_map>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>

struct sockaddr_storage;

namespace authplane::http_beast {

// The other end of a connection.
struct Peer {
  std::string address;    // text form without port; an IPv4-mapped IPv6 address as IPv4
  std::string limit_key;  // what counts as one address: the IPv4 address or the IPv6 /64, raw bytes
};
Peer peer_from(const sockaddr_storage& socket_address);

// Counts open connections against a total and a per-address limit. Thread-safe.
class ConnectionCount {
 public:
  // `max_per_address` 0 = no such limit.
  ConnectionCount(std::size_t max_total, std::size_t max_per_address)
      : max_total_(max_total), max_per_address_(max_per_address) {}

  // False when a limit is reached; true obliges to release() once.
  bool admit(const Peer& peer);
  void release(const Peer& peer);
  std::size_t open() const;
  // Waits until nothing is open; false when `deadline` came first.
  bool wait_until_none(SteadyTime deadline);

 private:
  const std::size_t max_total_;
  const std::size_t max_per_address_;
  mutable Mutex mutex_;
  std::condition_variable none_open_;
  std::size_t open_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::size_t> by_address_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane::http_beast
