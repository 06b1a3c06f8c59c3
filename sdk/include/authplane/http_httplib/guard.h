#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <authplane/base/http.h>

// What stands between the network and cpp-httplib: it reads whole requests itself, strictly and within
// limits, and lets the library see only those that passed. Holds no type of the library, so this code works
// with any version of it. Most programs use GuardedServer in <authplane/http_httplib/server.h> instead.

namespace authplane {

// Every limit with the answer a client gets past it. Refusals close the connection.
struct GuardOptions {
  std::size_t workers = 32;            // threads that run handlers; a streamed response holds one throughout
  std::size_t max_connections = 1000;  // 503 with Retry-After; also bounds the requests waiting for a worker
  std::size_t max_head_bytes = 32 * 1024;             // 431
  std::size_t max_fields = 64;                        // 431
  std::size_t max_field_bytes = 8 * 1024;             // 400, one field line
  std::size_t max_target_bytes = 8 * 1024;            // 414
  std::size_t max_body_bytes = 1024 * 1024;           // 413
  std::size_t max_buffered_bytes = 64 * 1024 * 1024;  // announced bodies of all connections together; 503
  std::size_t max_requests_per_connection = 1000;     // the last response says Connection: close
  std::chrono::milliseconds head_timeout{10'000};     // from the first byte to the end of the head; 408
  std::chrono::milliseconds body_timeout{30'000};     // from the end of the head to the end of the body; 408
  std::chrono::milliseconds write_timeout{30'000};    // each write of a response; the connection is dropped
  std::chrono::milliseconds idle_timeout{15'000};     // before the first byte of a request; closed silently
};

// One request and the way back to its sender. Lives while the request is served, used by that thread only.
class GuardedExchange {
 public:
  GuardedExchange(const GuardedExchange&) = delete;
  GuardedExchange& operator=(const GuardedExchange&) = delete;

  // As it came: raw target, raw field values, whole body.
  const HttpRequest& request() const { return request_; }
  // The exchange this thread is serving, nullptr outside of one.
  static GuardedExchange* current();

  // The message as the library gets it: without Expect, Range and Accept-Encoding, which the guard answers or
  // a server may ignore (RFC 9110 sections 12.5.3 and 14.2). Returns the number of bytes, 0 at the end.
  std::size_t read(char* out, std::size_t size);
  // The response. The first write is kept back to leave together with the second; flush() sends it. False
  // when the peer is gone or too slow.
  bool write(std::string_view bytes);
  bool flush();
  // flush(), and from now on write() fails once the server is stopping; a response known whole still goes out
  // then.
  bool start_stream();
  bool peer_alive() const;
  // The whole response, instead of write() and flush(). False when the connection is of no more use. What a
  // stream throws passes through.
  bool respond(const HttpResponse& response);
  // The response has to announce the end of the connection.
  bool close_after() const { return close_after_; }

  int socket() const { return socket_; }
  int remote_port() const { return remote_port_; }
  std::string local_address() const;
  int local_port() const;

 private:
  friend class ConnectionGuard;
  GuardedExchange() = default;
  bool send_all(std::string_view first, std::string_view second);

  HttpRequest request_;
  std::string wire_head_;
  std::string pending_;
  std::size_t read_offset_ = 0;
  std::chrono::milliseconds write_timeout_{};
  const std::atomic<bool>* stopping_ = nullptr;
  int socket_ = -1;
  int remote_port_ = 0;
  bool close_after_ = false;
  bool http_1_0_ = false;
  bool head_written_ = false;
  bool streaming_ = false;
  bool failed_ = false;
};

// Takes accepted sockets and calls `serve` with each request that passed. Connections that are idle, slow or
// still sending wait in one epoll set and hold no thread. Linux only.
class ConnectionGuard {
 public:
  // Called on a worker thread. False, or an exception, drops the connection without a further byte.
  using Serve = std::function<bool(GuardedExchange&)>;

  // Starts the threads. Throws std::system_error when the system refuses a descriptor or a thread.
  ConnectionGuard(const GuardOptions& options, Serve serve);
  ~ConnectionGuard();  // stop()
  ConnectionGuard(const ConnectionGuard&) = delete;
  ConnectionGuard& operator=(const ConnectionGuard&) = delete;

  // Owns the socket from now on. Never blocks. Thread-safe.
  void adopt(int socket);
  // Closes waiting connections, lets requests in flight finish (streams see write() fail) and joins the
  // threads. Idempotent. Not to be called from `serve`.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace authplane
