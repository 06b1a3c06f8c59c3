#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include <authplane/client/network.h>

#include "client/worker.h"

namespace authplane::net {
namespace {

using Addresses = Result<std::vector<std::string>>;

std::string to_text(const sockaddr& address) {
  char buffer[INET6_ADDRSTRLEN] = {};
  const void* bytes = nullptr;
  if (address.sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  if (address.sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (bytes) inet_ntop(address.sa_family, bytes, buffer, sizeof buffer);
  return buffer;
}

// `flags` AI_NUMERICHOST accepts the forms of inet_aton(3), such as 127.1 and 0x7f.1, and never asks a
// server.
Addresses look_up(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  if (const int rc = getaddrinfo(host.c_str(), nullptr, &hints, &found); rc != 0) {
    return Err(ErrorCode::transport_error,
               "host " + host + " does not resolve: " + gai_strerror(rc) + "; check the name and the DNS");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* entry = found; entry; entry = entry->ai_next) {
    if (std::string text = to_text(*entry->ai_addr); !text.empty()) addresses.push_back(std::move(text));
  }
  return addresses;
}

class SystemResolver final : public Resolver {
 public:
  Addresses resolve(const std::string& host, std::chrono::milliseconds timeout) override {
    if (auto numeric = look_up(host, AI_NUMERICHOST)) return numeric;

    const auto deadline = std::chrono::steady_clock::now() + timeout;
    auto answer = std::make_shared<std::promise<Addresses>>();
    auto future = answer->get_future();
    const bool posted = worker_.post([host, deadline, answer] {
      // Nobody waits any more: a queue behind a dead name server empties quickly.
      if (std::chrono::steady_clock::now() >= deadline) return;
      answer->set_value(look_up(host, 0));
    });
    answer.reset();
    if (!posted)
      return Err(ErrorCode::transport_error, "host " + host + " not looked up: no thread to do it");
    if (future.wait_until(deadline) != std::future_status::ready) {
      return Err(ErrorCode::transport_error, "host " + host + " did not resolve in time; check the DNS");
    }
    try {
      return future.get();
    } catch (const std::future_error&) {
      return Err(ErrorCode::transport_error, "host " + host + " did not resolve in time; check the DNS");
    }
  }

 private:
  Worker worker_;
};

}  // namespace

std::shared_ptr<Resolver> make_system_resolver() {
  return std::make_shared<SystemResolver>();
}

}  // namespace authplane::net
