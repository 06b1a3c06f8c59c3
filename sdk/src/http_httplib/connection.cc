#include "connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <tuple>

namespace authplane {
namespace {

constexpr std::size_t kReceiveBytes = 16 * 1024;
constexpr int kReadsPerTurn = 16;
constexpr std::size_t kKeptCapacity = 4 * 1024;        // buffer an idle connection may keep
constexpr std::size_t kMaxDrainedBytes = 1024 * 1024;  // then the peer is cut off, answer or not
constexpr std::chrono::seconds kDrainTime{1};

// The peer's address in text form; an IPv4 peer of a dual-stack socket gets its IPv4 form.
std::pair<std::string, int> peer_of(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port)};
  }
  if (storage.ss_family != AF_INET6) return {};
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return {text, ntohs(v6.sin6_port)};
}

std::string refusal_message(const HeadRefusal& refusal) {
  const std::string body = std::string(refusal.problem) + "\n";
  std::string message = "HTTP/1.1 " + std::to_string(refusal.status) + " ";
  message += reason_phrase(refusal.status);
  message +=
      "\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size());
  if (refusal.status == 503) message += "\r\nRetry-After: 1";
  return message + "\r\n\r\n" + body;
}

// A few hundred bytes into an empty send buffer: one call that takes all or a peer that gets nothing.
void send_once(int socket, std::string_view bytes) {
  (void)!::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) ::close(fd_);
}

GuardedConnection::GuardedConnection(OwnedFd socket, GuardLedger& ledger, SteadyTime now)
    : socket_(std::move(socket)),
      ledger_(ledger),
      scanner_(ledger.options),
      deadline_(now + ledger.options.idle_timeout) {
  ledger_.connections.fetch_add(1, std::memory_order_relaxed);
  std::tie(remote_address_, remote_port_) = peer_of(socket_.get());
}

GuardedConnection::~GuardedConnection() {
  release();
  ledger_.connections.fetch_sub(1, std::memory_order_relaxed);
}

GuardedConnection::Step GuardedConnection::advance(SteadyTime now) {
  if (draining_) return drain();
  for (int reads = 0;; ++reads) {
    const Step step = examine(now);
    if (draining_) return drain();
    if (step != Step::wait || reads == kReadsPerTurn) return step;
    const bool idle = received_.empty();
    switch (receive()) {
      case Received::end:
        return Step::closed;
      case Received::nothing:
        return Step::wait;
      case Received::bytes:
        break;
    }
    if (idle) deadline_ = now + ledger_.options.head_timeout;
  }
}

GuardedConnection::Step GuardedConnection::examine(SteadyTime now) {
  if (!head_) {
    if (received_.empty()) return Step::wait;
    const auto size = scanner_.scan(received_);
    if (!size) {
      refuse(size.error(), now);
      return Step::wait;
    }
    if (!*size) return Step::wait;
    if (accept_head(**size, now) == Step::wait) return Step::wait;
  }
  return received_.size() - head_size_ < head_->content_length ? Step::wait : Step::request;
}

// Step::request when the head is good and its body may come.
GuardedConnection::Step GuardedConnection::accept_head(std::size_t size, SteadyTime now) {
  auto head = parse_request_head(std::string_view(received_).substr(0, size), ledger_.options);
  if (!head) {
    refuse(head.error(), now);
    return Step::wait;
  }
  if (!reserve(head->content_length)) {
    refuse({503, "too much content in flight"}, now);
    return Step::wait;
  }
  head_ = *std::move(head);
  head_size_ = size;
  deadline_ = now + ledger_.options.body_timeout;
  if (head_->expects_continue && received_.size() == size && head_->content_length > 0) {
    send_once(socket_.get(), "HTTP/1.1 100 Continue\r\n\r\n");
  }
  return Step::request;
}

GuardedConnection::Received GuardedConnection::receive() {
  char buffer[kReceiveBytes];
  for (;;) {
    const ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) {
      received_.append(buffer, static_cast<std::size_t>(size));
      return Received::bytes;
    }
    if (size < 0 && errno == EINTR) continue;
    return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Received::nothing : Received::end;
  }
}

GuardedConnection::Step GuardedConnection::drain() {
  char buffer[kReceiveBytes];
  for (;;) {
    const ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) {
      drained_ += static_cast<std::size_t>(size);
      if (drained_ > kMaxDrainedBytes) return Step::closed;
      continue;
    }
    if (size < 0 && errno == EINTR) continue;
    return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Step::wait : Step::closed;
  }
}

HttpRequest GuardedConnection::take_request() {
  HttpRequest request;
  request.method = std::move(head_->method);
  request.target = std::move(head_->target);
  request.headers = std::move(head_->headers);
  request.body = received_.substr(head_size_, head_->content_length);
  request.remote_address = remote_address_;
  keep_alive_ = head_->keep_alive && ++served_ < ledger_.options.max_requests_per_connection;
  http_1_0_ = head_->http_1_0;
  received_.erase(0, head_size_ + head_->content_length);
  head_.reset();
  scanner_ = HeadScanner(ledger_.options);
  return request;
}

void GuardedConnection::finish_request(SteadyTime now) {
  release();
  // Bytes of a next request that are already here started its clock.
  deadline_ = now + (received_.empty() ? ledger_.options.idle_timeout : ledger_.options.head_timeout);
  if (received_.empty() && received_.capacity() > kKeptCapacity) std::string().swap(received_);
}

void GuardedConnection::refuse(const HeadRefusal& refusal, SteadyTime now) {
  release();
  send_once(socket_.get(), refusal_message(refusal));
  start_draining(now);
}

void GuardedConnection::start_draining(SteadyTime now) {
  ::shutdown(socket_.get(), SHUT_WR);
  draining_ = true;
  deadline_ = now + kDrainTime;
  release();
  std::string().swap(received_);
}

void GuardedConnection::expire(SteadyTime now) {
  if (!draining_ && !received_.empty()) refuse({408, "request took too long"}, now);
}

bool GuardedConnection::reserve(std::size_t bytes) {
  // Never above the limit, not even for a moment: what is refused here must not cost another connection its
  // place.
  std::size_t taken = ledger_.buffered_bytes.load();
  do {
    if (taken + bytes > ledger_.options.max_buffered_bytes) return false;
  } while (!ledger_.buffered_bytes.compare_exchange_weak(taken, taken + bytes));
  reserved_ = bytes;
  return true;
}

void GuardedConnection::release() {
  ledger_.buffered_bytes.fetch_sub(std::exchange(reserved_, 0));
}

}  // namespace authplane
