#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <authplane/base/clock.h>

#include "head_guard.h"

namespace authplane {

// A file descriptor, closed when destroyed.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnedFd();
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// What all connections of a guard share.
struct GuardLedger {
  const GuardOptions options;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> buffered_bytes{0};
};

// The receiving side of one connection: turns what arrives into whole requests or one refusal. Owned by one
// thread at a time. Never blocks.
class GuardedConnection {
 public:
  enum class Step {
    wait,     // nothing to do until the socket is readable or deadline() has passed
    request,  // take_request() has one
    closed,   // destroy it
  };

  GuardedConnection(OwnedFd socket, GuardLedger& ledger, SteadyTime now);
  ~GuardedConnection();
  GuardedConnection(const GuardedConnection&) = delete;
  GuardedConnection& operator=(const GuardedConnection&) = delete;

  // Reads what there is, up to a bound: a peer that never pauses must not keep the thread.
  Step advance(SteadyTime now);
  // The request that advance() announced. Its bytes stay on the ledger until finish_request().
  HttpRequest take_request();
  // After take_request(): whether the connection may serve another one.
  bool keep_alive() const { return keep_alive_; }
  bool http_1_0() const { return http_1_0_; }
  void finish_request(SteadyTime now);
  // Nothing of a next request has been read yet.
  bool idle() const { return received_.empty() && !draining_; }

  // Answers with an error, then only waits for the peer to hang up: closing at once would reset the
  // connection and could destroy the answer on its way.
  void refuse(const HeadRefusal& refusal, SteadyTime now);
  void start_draining(SteadyTime now);
  // The deadline has passed: answers 408 when a request had begun.
  void expire(SteadyTime now);

  SteadyTime deadline() const { return deadline_; }
  int socket() const { return socket_.get(); }
  const std::string& remote_address() const { return remote_address_; }
  int remote_port() const { return remote_port_; }

 private:
  enum class Received { bytes, nothing, end };

  Step examine(SteadyTime now);
  Step accept_head(std::size_t size, SteadyTime now);
  Received receive();
  Step drain();
  bool reserve(std::size_t bytes);
  void release();

  OwnedFd socket_;
  GuardLedger& ledger_;
  std::string remote_address_;
  int remote_port_ = 0;

  std::string received_;
  HeadScanner scanner_;
  std::optional<RequestHead> head_;
  std::size_t head_size_ = 0;
  std::size_t reserved_ = 0;
  std::size_t served_ = 0;
  std::size_t drained_ = 0;
  SteadyTime deadline_;
  bool keep_alive_ = true;
  bool http_1_0_ = false;
  bool draining_ = false;
};

}  // namespace authplane
