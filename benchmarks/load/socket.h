#pragma once

#include <cstddef>
#include <string_view>

#include "benchmarks/load/target.h"

namespace authplane::bench {

// An owned descriptor; -1 when empty.
class Descriptor {
 public:
  explicit Descriptor(int descriptor = -1) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }

  int get() const { return descriptor_; }
  bool valid() const { return descriptor_ >= 0; }
  void reset();
  int release();

 private:
  int descriptor_;
};

// A non-blocking socket with TCP_NODELAY whose connect has begun; empty on failure. Writable once connected.
Descriptor begin_connect(const Target& target);
// The outcome of begin_connect once the socket is writable.
bool connected(int descriptor);
// What the socket takes now; -1 when the peer is gone, 0 when it takes nothing.
long send_some(int descriptor, std::string_view bytes);
// Lets the process open as many descriptors as it may; returns that number.
std::size_t raise_file_limit();

}  // namespace authplane::bench
