#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <authplane/base/result.h>

#include "authserver/http_beast/loop.h"

namespace authplane::http_beast {

// The listening socket. Takes every waiting connection at once, refuses those over a limit with a 503 instead
// of leaving them in the kernel's queue, and deals the others out to the loops in turn. Runs on the first
// loop.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  using Socket =
      boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  // Binds and listens. Errors: invalid_argument (not an IP address), runtime_error (names address, cause and
  // fix).
  static Result<std::shared_ptr<Acceptor>> bind(const ListenerOptions& options,
                                                std::vector<std::shared_ptr<Loop>> loops);

  Acceptor(Socket socket, std::uint16_t port, std::vector<std::shared_ptr<Loop>> loops);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  std::uint16_t port() const { return port_; }
  // Any thread.
  void start();
  void close();

 private:
  enum class Accepted { connection, none_waiting, out_of_resources };

  void wait();
  void accept_waiting();
  Accepted accept_one();
  bool shed_one();
  void admit(int descriptor, Peer peer);
  void refuse(int descriptor);
  void pause();

  Socket socket_;
  const std::uint16_t port_;
  const std::vector<std::shared_ptr<Loop>> loops_;
  Service& service_;
  const std::string refusal_;  // what a connection over a limit is told
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                    boost::asio::io_context::executor_type>
      pause_timer_;
  std::size_t next_loop_ = 0;
  int reserve_;  // a descriptor to give up when there are none left, so that a connection can still be
                 // refused
};

}  // namespace authplane::http_beast
