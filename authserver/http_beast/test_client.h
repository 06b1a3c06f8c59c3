#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// A raw TCP client for tests of the listener: sends exactly the bytes it is told to.

namespace authplane::http_beast {

class TestClient {
 public:
  explicit TestClient(std::uint16_t port) : TestClient() { connect(port); }
  // Not connected yet.
  TestClient() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  TestClient(TestClient&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), received_(std::move(other.received_)) {}
  ~TestClient() { close(); }

  bool connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  int descriptor() const { return descriptor_; }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the server closed: the test sees it when reading
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void finish_sending() { ::shutdown(descriptor_, SHUT_WR); }

  bool readable_within(std::chrono::milliseconds wait) const {
    pollfd readable{descriptor_, POLLIN, 0};
    return ::poll(&readable, 1, static_cast<int>(wait.count())) > 0;
  }

  // One response with Content-Length, head included; "" when the connection ends or 10 s pass before it is
  // whole.
  std::string response(bool without_body = false) {
    std::size_t head_end = std::string::npos;
    while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return {};
    }
    std::size_t size = head_end + 4;
    static constexpr std::string_view kLength = "\r\nContent-Length: ";
    const std::size_t length = received_.find(kLength);
    if (!without_body && length < head_end) size += std::stoul(received_.substr(length + kLength.size()));
    while (received_.size() < size) {
      if (!receive()) return {};
    }
    std::string whole = received_.substr(0, size);
    received_.erase(0, size);
    return whole;
  }
  // The status code of the next response, 0 when there is none.
  int status() { return status_of(response()); }
  static int status_of(const std::string& response) {
    return response.size() < 12 ? 0 : std::stoi(response.substr(9, 3));
  }

  // Everything until the server closes; nullopt when it has not within 10 s.
  std::optional<std::string> until_closed() {
    while (receive()) {
    }
    if (timed_out_) return std::nullopt;
    return std::exchange(received_, {});
  }

 private:
  bool receive() {
    pollfd readable{descriptor_, POLLIN, 0};
    if (::poll(&readable, 1, 10'000) <= 0) {
      timed_out_ = true;
      return false;
    }
    std::array<char, 16384> buffer;
    const ssize_t size = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  int descriptor_;
  std::string received_;
  bool timed_out_ = false;
};

}  // namespace authplane::http_beast
