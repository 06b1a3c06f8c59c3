#pragma once

#include <csignal>

namespace authplane {

// While it lives, writing to a connection that is gone only fails on this thread. OpenSSL writes without
// MSG_NOSIGNAL, and what SIGPIPE does to the process is not a library's to decide.
class SigpipeBlock {
 public:
  SigpipeBlock();
  ~SigpipeBlock();
  SigpipeBlock(const SigpipeBlock&) = delete;
  SigpipeBlock& operator=(const SigpipeBlock&) = delete;

 private:
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace authplane
