#include "authserver/http_beast/acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include "authserver/http_beast/connection.h"
#include "authserver/http_beast/response_writer.h"

namespace authplane::http_beast {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int kBacklog = 4096;
constexpr int kMaxAcceptsInARow = 256;  // before the connections of the first loop get their turn
constexpr std::chrono::milliseconds kPause{20};

int open_reserve() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

std::string_view advice(const boost::system::error_code& failure) {
  if (failure == asio::error::address_in_use)
    return "stop the program that uses the port, or choose another port";
  if (failure == asio::error::access_denied) {
    return "choose a port above 1023, or give the program CAP_NET_BIND_SERVICE";
  }
  if (failure == boost::system::errc::address_not_available) return "choose an address this host has";
  return "check the address";
}

boost::system::error_code listen_on(Acceptor::Socket& socket, const tcp::endpoint& endpoint,
                                    bool dual_stack) {
  boost::system::error_code failure;
  socket.open(endpoint.protocol(), failure);
  if (!failure) socket.set_option(tcp::acceptor::reuse_address(true), failure);
  // Accepted sockets inherit it. Without it a response in two packets waits for a delayed acknowledgement, 40
  // ms.
  if (!failure) socket.set_option(tcp::no_delay(true), failure);
  if (!failure && endpoint.address().is_v6()) socket.set_option(asio::ip::v6_only(!dual_stack), failure);
  if (!failure) socket.bind(endpoint, failure);
  if (!failure) socket.listen(kBacklog, failure);
  if (!failure) socket.non_blocking(true, failure);
  return failure;
}

std::string refusal_bytes(const Service& service) {
  const HttpResponse response = service.own_answer({}, overload("too many connections, try again"));
  std::string bytes;
  append_response_head(response, {.close = true}, bytes);
  return bytes + response.body;
}

}  // namespace

Result<std::shared_ptr<Acceptor>> Acceptor::bind(const ListenerOptions& options,
                                                 std::vector<std::shared_ptr<Loop>> loops) {
  boost::system::error_code failure;
  const bool any = options.address.empty();
  const asio::ip::address address =
      any ? asio::ip::address(asio::ip::address_v6::any()) : asio::ip::make_address(options.address, failure);
  if (failure) {
    return Err(ErrorCode::invalid_argument,
               "listener address \"" + options.address + "\" is not an IP address");
  }
  Socket socket(loops.front()->io());
  failure = listen_on(socket, {address, options.port}, any);
  if (failure && any) {  // no IPv6 on this host
    boost::system::error_code ignored;
    socket.close(ignored);
    failure = listen_on(socket, {asio::ip::address_v4::any(), options.port}, false);
  }
  if (failure) {
    const std::string where = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
    return Err(ErrorCode::runtime_error, "cannot listen on " + where + ":" + std::to_string(options.port) +
                                             ": " + failure.message() + "; " + std::string(advice(failure)));
  }
  const std::uint16_t port = socket.local_endpoint().port();
  return std::make_shared<Acceptor>(std::move(socket), port, std::move(loops));
}

Acceptor::Acceptor(Socket socket, std::uint16_t port, std::vector<std::shared_ptr<Loop>> loops)
    : socket_(std::move(socket)),
      port_(port),
      loops_(std::move(loops)),
      service_(loops_.front()->service()),
      refusal_(refusal_bytes(service_)),
      pause_timer_(loops_.front()->io()),
      reserve_(open_reserve()) {}

Acceptor::~Acceptor() {
  if (reserve_ >= 0) ::close(reserve_);
}

void Acceptor::start() {
  loops_.front()->post([self = shared_from_this()] { self->wait(); });
}

void Acceptor::close() {
  loops_.front()->post([self = shared_from_this()] {
    boost::system::error_code ignored;
    self->socket_.close(ignored);
    self->pause_timer_.cancel();
  });
}

void Acceptor::wait() {
  socket_.async_wait(Socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& failure) {
                       if (!failure && self->socket_.is_open()) self->accept_waiting();
                     });
}

void Acceptor::accept_waiting() {
  for (int i = 0; i < kMaxAcceptsInARow; ++i) {
    const Accepted accepted = accept_one();
    if (accepted == Accepted::none_waiting) break;
    if (accepted == Accepted::out_of_resources && !shed_one()) return pause();
  }
  wait();
}

Acceptor::Accepted Acceptor::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int descriptor = ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    admit(descriptor, peer_from(address));
    return Accepted::connection;
  }
  switch (errno) {
    case EAGAIN:
      return Accepted::none_waiting;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return Accepted::out_of_resources;
    default:  // the connection died in the queue, or a network error meant for it (accept(2), "Error
              // handling")
      return Accepted::connection;
  }
}

// Out of descriptors: takes one connection with the reserve and refuses it. False when that failed too.
bool Acceptor::shed_one() {
  if (reserve_ < 0) reserve_ = open_reserve();
  if (reserve_ < 0) return false;
  ::close(std::exchange(reserve_, -1));
  const int descriptor = ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) refuse(descriptor);
  const bool progress = descriptor >= 0 || errno == EAGAIN;
  reserve_ = open_reserve();
  return progress;
}

void Acceptor::admit(int descriptor, Peer peer) {
  if (!service_.connections.admit(peer)) return refuse(descriptor);
  const std::shared_ptr<Loop>& loop = loops_[next_loop_++ % loops_.size()];
  Connection::Socket socket(loop->io());
  boost::system::error_code failure;
  socket.assign(tcp::v6(), descriptor, failure);  // the family matters to nothing used later
  if (failure) {
    service_.connections.release(peer);
    return refuse(descriptor);
  }
  auto connection = std::make_shared<Connection>(loop, std::move(socket), std::move(peer));
  loop->post([connection] { connection->start(); });
}

void Acceptor::refuse(int descriptor) {
  ++service_.refused_connections;
  std::size_t sent = 0;
  send_now(descriptor, refusal_, {}, sent);
  // What has already been received would turn the close into a reset, which may overtake the answer.
  std::array<char, 4096> discarded;
  while (::recv(descriptor, discarded.data(), discarded.size(), MSG_DONTWAIT) ==
         static_cast<ssize_t>(discarded.size())) {
  }
  ::shutdown(descriptor, SHUT_WR);
  ::close(descriptor);
}

void Acceptor::pause() {
  service_.logger.warn(
      "cannot accept connections: no file descriptors or memory left; raise the limit (ulimit -n)");
  pause_timer_.expires_after(kPause);
  pause_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& failure) {
    if (!failure && self->socket_.is_open()) self->accept_waiting();
  });
}

}  // namespace authplane::http_beast
