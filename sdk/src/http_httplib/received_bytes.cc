#include "received_bytes.h"

// The kernel's own header: the C library's tcp_info ends before the byte counters. The two do not mix.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace authplane {

std::uint64_t received_bytes(int socket) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received : 0;
}

}  // namespace authplane
