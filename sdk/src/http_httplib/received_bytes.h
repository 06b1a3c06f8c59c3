#pragma once

#include <cstdint>

namespace authplane {

// Bytes the kernel has received on a TCP socket since it was connected, TLS framing included; 0 when unknown.
std::uint64_t received_bytes(int socket) noexcept;

}  // namespace authplane
