#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include <authplane/base/clock.h>
#include <authplane/base/encoding.h>
#include <authplane/http_httplib/guard.h>

#include "current_exchange.h"

namespace authplane {
namespace {

thread_local GuardedExchange* current_exchange = nullptr;

std::size_t copy_from(std::string_view source, std::size_t offset, char* out, std::size_t size) {
  const std::string_view piece = source.substr(offset, size);
  std::memcpy(out, piece.data(), piece.size());
  return piece.size();
}

bool wait_writable(int socket, SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd entry{.fd = socket, .events = POLLOUT, .revents = 0};
  return left.count() > 0 && (::poll(&entry, 1, static_cast<int>(left.count())) >= 0 || errno == EINTR);
}

std::pair<std::string, int> local_end(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    return {::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text), ntohs(v4.sin_port)};
  }
  if (storage.ss_family != AF_INET6) return {};
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  return {::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text), ntohs(v6.sin6_port)};
}

// Expect was answered by the guard; a range or a content coding would change a response behind the handler's
// back.
bool is_kept_from_library(std::string_view name) {
  return equals_ignore_case(name, "Expect") || equals_ignore_case(name, "Range") ||
         equals_ignore_case(name, "Accept-Encoding");
}

std::string wire_head(const HttpRequest& request, bool http_1_0) {
  std::string head = request.method + " " + request.target + (http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  for (const auto& [name, value] : request.headers) {
    if (is_kept_from_library(name)) continue;
    head.append(name).append(": ").append(value).append("\r\n");
  }
  return head += "\r\n";
}

}  // namespace

CurrentExchange::CurrentExchange(GuardedExchange& exchange) {
  current_exchange = &exchange;
}

CurrentExchange::~CurrentExchange() {
  current_exchange = nullptr;
}

GuardedExchange* GuardedExchange::current() {
  return current_exchange;
}

std::size_t GuardedExchange::read(char* out, std::size_t size) {
  if (wire_head_.empty()) wire_head_ = wire_head(request_, http_1_0_);
  const std::size_t head = wire_head_.size();
  const std::size_t copied = read_offset_ < head ? copy_from(wire_head_, read_offset_, out, size)
                                                 : copy_from(request_.body, read_offset_ - head, out, size);
  read_offset_ += copied;
  return copied;
}

bool GuardedExchange::write(std::string_view bytes) {
  if (failed_ || (streaming_ && stopping_->load(std::memory_order_relaxed))) return false;
  if (!head_written_) {
    head_written_ = true;
    pending_ = bytes;
    return true;
  }
  const std::string first = std::move(pending_);
  pending_.clear();
  return send_all(first, bytes);
}

bool GuardedExchange::flush() {
  if (pending_.empty()) return !failed_;
  const std::string first = std::move(pending_);
  pending_.clear();
  return send_all(first, {});
}

bool GuardedExchange::start_stream() {
  streaming_ = true;
  return flush();
}

bool GuardedExchange::send_all(std::string_view first, std::string_view second) {
  std::optional<SteadyTime> deadline;  // set once the peer lets us wait; most never do
  while (!failed_ && first.size() + second.size() > 0) {
    iovec parts[] = {{const_cast<char*>(first.data()), first.size()},
                     {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      const std::size_t from_first = std::min(static_cast<std::size_t>(sent), first.size());
      first.remove_prefix(from_first);
      second.remove_prefix(static_cast<std::size_t>(sent) - from_first);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!deadline) deadline = std::chrono::steady_clock::now() + write_timeout_;
      failed_ = !wait_writable(socket_, *deadline);
    } else {
      failed_ = errno != EINTR;
    }
  }
  return !failed_;
}

bool GuardedExchange::peer_alive() const {
  if (failed_ || stopping_->load(std::memory_order_relaxed)) return false;
  char byte = 0;
  const ssize_t size = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size > 0 || (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

std::string GuardedExchange::local_address() const {
  return local_end(socket_).first;
}

int GuardedExchange::local_port() const {
  return local_end(socket_).second;
}

}  // namespace authplane
