#include "agent/loopback_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/pages.h"

namespace authplane::agent {
namespace {

// Room for one browser that opens a few connections ahead, and for nobody who wants to fill memory.
GuardOptions small_guard() {
  GuardOptions options;
  options.workers = 2;
  options.max_connections = 32;
  options.max_head_bytes = 16 * 1024;
  options.max_body_bytes = 1024;
  options.max_buffered_bytes = 64 * 1024;
  options.max_requests_per_connection = 16;
  options.head_timeout = options.body_timeout = options.write_timeout = std::chrono::seconds(5);
  return options;
}

Unexpected<Error> failed(std::uint16_t port, int error) {
  return Err(ErrorCode::runtime_error,
             "cannot listen on 127.0.0.1" + (port == 0 ? "" : ":" + std::to_string(port)) +
                 " for the answer of the login: " + std::generic_category().message(error));
}

// A descriptor until somebody takes it.
struct NewSocket {
  int fd;
  ~NewSocket() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Result<std::unique_ptr<LoopbackListener>> LoopbackListener::open(std::uint16_t port) {
  NewSocket socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (socket.fd < 0) return failed(port, errno);
  const int on = 1;
  if (port != 0) ::setsockopt(socket.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.fd, generic, size) != 0 || ::listen(socket.fd, 16) != 0 ||
      ::getsockname(socket.fd, generic, &size) != 0) {
    return failed(port, errno);
  }
  return std::unique_ptr<LoopbackListener>(
      new LoopbackListener(std::exchange(socket.fd, -1), ntohs(address.sin_port)));
}

LoopbackListener::LoopbackListener(int socket, std::uint16_t port)
    : socket_(socket),
      host_("127.0.0.1:" + std::to_string(port)),
      redirect_uri_("http://" + host_ + std::string(kRedirectPath)) {}

LoopbackListener::~LoopbackListener() {
  ::shutdown(socket_, SHUT_RDWR);  // accept() returns
  if (thread_.joinable()) thread_.join();
  if (guard_) guard_->stop();
  ::close(socket_);
}

void LoopbackListener::start(Judge judge) {
  judge_ = std::move(judge);
  guard_ = std::make_unique<ConnectionGuard>(small_guard(), [this](GuardedExchange& exchange) {
    return exchange.respond(respond(exchange.request()));
  });
  thread_ = std::thread([this] { accept_connections(); });
}

void LoopbackListener::accept_connections() {
  for (;;) {
    const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection >= 0) {
      guard_->adopt(connection);
    } else if (errno == EINVAL || errno == EBADF) {
      return;  // shut down
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // until a descriptor is free
    }
  }
}

HttpResponse LoopbackListener::respond(const HttpRequest& request) {
  if (request.headers.get("Host") != host_) return plain_page(403, "This address is not for you.");
  if (request.path() != kRedirectPath) return plain_page(404, "There is nothing here.");
  if (request.method != "GET") return plain_page(405, "Only GET is answered here.");
  {
    MutexLock lock(mutex_);
    if (std::exchange(taken_, true)) return plain_page(410, "This login has had its answer.");
  }
  Result<std::string> outcome = [&]() -> Result<std::string> {
    const auto answer = Form::parse(request.query());
    if (!answer) return Err(ErrorCode::access_denied, "login refused: the answer is malformed");
    return judge_(*answer);
  }();
  const HttpResponse page = outcome ? success_page() : failure_page();
  {
    MutexLock lock(mutex_);
    outcome_ = std::move(outcome);
  }
  answered_.notify_all();
  return page;
}

std::optional<Result<std::string>> LoopbackListener::wait(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  MutexLock lock(mutex_);
  while (!outcome_) {
    if (lock.wait_until(answered_, deadline) == std::cv_status::timeout) break;
  }
  return outcome_;
}

}  // namespace authplane::agent
