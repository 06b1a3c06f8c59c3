#pragma once

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <authplane/base/encoding.h>
#include <authplane/base/http.h>
#include <authplane/http_httplib/guard.h>

// The only public header besides headers.h that sees cpp-httplib (0.11 and newer). All code here is inline,
// compiled in the program with the program's own version of the library; differences between versions are
// detected, not assumed.

namespace authplane {
namespace httplib_detail {

// What the library reads a request from and writes its response to. No `override`: the set of virtual
// functions differs between versions, and each is overridden where it exists.
class ExchangeStream : public ::httplib::Stream {
 public:
  explicit ExchangeStream(GuardedExchange& exchange) : exchange_(exchange) {}

  virtual bool is_readable() const { return true; }
  virtual bool wait_readable() const { return true; }
  virtual bool is_writable() const { return writable(); }
  virtual bool wait_writable() const { return writable(); }
  virtual bool is_peer_alive() const { return exchange_.peer_alive(); }
  virtual ssize_t read(char* out, size_t size) { return static_cast<ssize_t>(exchange_.read(out, size)); }
  virtual ssize_t write(const char* bytes, size_t size) {
    return exchange_.write({bytes, size}) ? static_cast<ssize_t>(size) : -1;
  }
  virtual void get_remote_ip_and_port(std::string& ip, int& port) const {
    ip = exchange_.request().remote_address;
    port = exchange_.remote_port();
  }
  virtual void get_local_ip_and_port(std::string& ip, int& port) const {
    ip = exchange_.local_address();
    port = exchange_.local_port();
  }
  // Older versions refuse descriptors that select() cannot hold, although nothing here selects.
  virtual socket_t socket() const { return exchange_.socket() < FD_SETSIZE ? exchange_.socket() : 0; }
  virtual time_t duration() const { return 0; }

 private:
  // Asked before a content provider runs, which may wait long for its first byte: the head must not wait with
  // it.
  bool writable() const { return exchange_.flush() && exchange_.peer_alive(); }

  GuardedExchange& exchange_;
};

// The library's thread pool is replaced by ConnectionGuard: accepted sockets are handed over on the accepting
// thread.
class HandOverQueue : public ::httplib::TaskQueue {
 public:
  using Enqueued = decltype(std::declval<::httplib::TaskQueue&>().enqueue(std::function<void()>()));

  explicit HandOverQueue(std::shared_ptr<ConnectionGuard> guard) : guard_(std::move(guard)) {}
  Enqueued enqueue(std::function<void()> hand_over) override {
    hand_over();
    return Enqueued(true);
  }
  void shutdown() override { guard_->stop(); }

 private:
  std::shared_ptr<ConnectionGuard> guard_;
};

class SinkAdapter : public BodySink {
 public:
  explicit SinkAdapter(::httplib::DataSink& sink) : sink_(sink) {}
  bool write(std::string_view bytes) override {
    return bytes.empty() || sink_.write(bytes.data(), bytes.size());
  }

 private:
  ::httplib::DataSink& sink_;
};

// A literal path as a route pattern. "/:" would start a path parameter in newer versions.
inline std::string literal_pattern(std::string_view path) {
  std::string pattern;
  for (const char c : path) {
    if (std::string_view("^$\\.*+?()[]{}|").find(c) != std::string_view::npos) {
      pattern += '\\';
      pattern += c;
    } else if (c == ':') {
      pattern += "[:]";
    } else {
      pattern += c;
    }
  }
  return pattern;
}

inline HttpRequest to_request(const ::httplib::Request& in, std::string body) {
  HttpRequest request;
  request.method = in.method;
  request.target = in.target;
  for (const auto& [name, value] : in.headers) request.headers.add(name, value);
  for (const char* pseudo : {"REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR", "LOCAL_PORT"})
    request.headers.remove(pseudo);
  request.body = std::move(body);
  request.remote_address = in.remote_addr;
  return request;
}

inline void set_stream(const ::httplib::Request& in, HttpResponse& response, ::httplib::Response& out) {
  const std::string type(response.headers.get("Content-Type").value_or("application/octet-stream"));
  auto provide = [stream = std::move(response.stream)](size_t, ::httplib::DataSink& sink) {
    if (GuardedExchange* exchange = GuardedExchange::current()) exchange->start_stream();
    SinkAdapter adapter(sink);
    try {
      stream(adapter);
    } catch (...) {
      return false;  // the head is out: ending the connection is all that is left to say
    }
    sink.done();
    return true;
  };
  if (in.version == "HTTP/1.0") {
    out.set_content_provider(type, std::move(provide));
  } else {
    out.set_chunked_content_provider(type, std::move(provide));
  }
}

inline void to_library(const ::httplib::Request& in, HttpResponse response, ::httplib::Response& out) {
  out.status = response.status;
  const bool streamed = static_cast<bool>(response.stream);
  for (const auto& [name, value] : response.headers) {
    if (!(streamed && equals_ignore_case(name, "Content-Type"))) out.set_header(name, value);
  }
  if (streamed) {
    set_stream(in, response, out);
  } else {
    out.body = std::move(response.body);
  }
}

// Runs a handler. Literal patterns match the decoded path, so "/%6Dcp" arrives here for "/mcp" and is turned
// away.
inline void dispatch(const HttpRoute& route, const HttpRequest& request, const ::httplib::Request& in,
                     ::httplib::Response& out) {
  if (request.path() != route.path) {
    out.status = 404;
    return;
  }
  try {
    to_library(in, route.handler(request), out);
  } catch (...) {
    out = ::httplib::Response();
    out.status = 500;
  }
}

inline void dispatch_without_body(const HttpRoute& route, const ::httplib::Request& in,
                                  ::httplib::Response& out) {
  if (const GuardedExchange* exchange = GuardedExchange::current()) {
    dispatch(route, exchange->request(), in, out);
  } else {
    dispatch(route, to_request(in, in.body), in, out);
  }
}

// A plain ::httplib::Server parses form and multipart bodies behind the handler's back; reading the content
// here keeps it as it came.
inline void dispatch_with_body(const HttpRoute& route, const ::httplib::Request& in, ::httplib::Response& out,
                               const ::httplib::ContentReader& reader) {
  if (const GuardedExchange* exchange = GuardedExchange::current()) {
    return dispatch(route, exchange->request(), in, out);
  }
  if (in.is_multipart_form_data()) {
    out.status = 415;
    return;
  }
  const std::size_t limit = GuardOptions().max_body_bytes;
  std::string body;
  bool too_large = false;
  const bool complete = reader([&](const char* bytes, size_t size) {
    too_large = body.size() + size > limit;
    if (!too_large) body.append(bytes, size);
    return !too_large;
  });
  if (!complete) {
    out.status = too_large ? 413 : 400;
    out.set_header("Connection", "close");
    return;
  }
  dispatch(route, to_request(in, std::move(body)), in, out);
}

}  // namespace httplib_detail

// A cpp-httplib server that can face the internet. Requests are read by ConnectionGuard, so slow and idle
// clients hold no thread, limits hold in every version of the library, and ambiguous requests are refused.
// Listens with a backlog of 4096 and TCP_NODELAY; a port in use is an error (the library would share it).
// Differences from ::httplib::Server: no chunked or coded request bodies, no Range, no compression, no
// WebSocket, and new_task_queue is taken. Register routes and handlers before listen(), as with the library.
// stop() lets requests in flight finish.
class GuardedServer : public ::httplib::Server {
 public:
  explicit GuardedServer(GuardOptions options = {}) : options_(options) {
    set_keep_alive_max_count(options_.max_requests_per_connection);
    set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(options_.idle_timeout).count());
    set_payload_max_length(options_.max_body_bytes);
    set_socket_options([](socket_t socket) {
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    // Some versions put the exception's text into a response header otherwise.
    set_exception_handler([](const ::httplib::Request&, ::httplib::Response& response, std::exception_ptr) {
      response = ::httplib::Response();
      response.status = 500;
    });
    new_task_queue = [this] { return start_guard(); };
  }

  // Answers requests for exactly these raw paths itself, without handing them to the library: its routing,
  // hooks (pre-routing, logger, default headers) and own header parsing are left out, which saves half the
  // time of a small request. Before listen().
  void add_routes(std::vector<HttpRoute> routes) {
    for (HttpRoute& route : routes)
      handlers_.insert_or_assign(std::move(route.path), std::move(route.handler));
  }

  // True while connections are accepted; the library's own answer comes a little earlier, before there is a
  // guard.
  bool is_running() const { return accepting_ && ::httplib::Server::is_running(); }

 private:
  // Called by listen() once the socket is bound; the library's own backlog is compiled in and as small as 5.
  ::httplib::TaskQueue* start_guard() {
    accepting_ = false;
    ::listen(svr_sock_, 4096);
    guard_ = std::make_shared<ConnectionGuard>(options_,
                                               [this](GuardedExchange& exchange) { return serve(exchange); });
    auto queue = std::make_unique<httplib_detail::HandOverQueue>(guard_);
    accepting_ = true;
    return queue.release();
  }

  bool process_and_close_socket(socket_t socket) override {
    guard_->adopt(socket);
    return true;
  }

  bool serve(GuardedExchange& exchange) {
    const auto handler = handlers_.find(exchange.request().path());
    if (handler != handlers_.end()) return answer(handler->second, exchange);
    httplib_detail::ExchangeStream stream(exchange);
    bool closed = false;
    return serve(*this, stream, exchange, closed);
  }

  static bool answer(const HttpHandler& handler, GuardedExchange& exchange) {
    HttpResponse response;
    try {
      response = handler(exchange.request());
    } catch (...) {
      response = {.status = 500, .headers = {}, .body = {}, .stream = {}};
    }
    return exchange.respond(response);
  }

  // From 0.18 on the addresses are arguments.
  template <class Self>
  static bool serve(Self& self, ::httplib::Stream& stream, GuardedExchange& exchange, bool& closed) {
    const std::function<void(::httplib::Request&)> no_setup;
    if constexpr (requires { self.process_request(stream, "", 0, "", 0, false, closed, no_setup); }) {
      return self.process_request(stream, exchange.request().remote_address, exchange.remote_port(),
                                  exchange.local_address(), exchange.local_port(), exchange.close_after(),
                                  closed, no_setup);
    } else {
      return self.process_request(stream, exchange.close_after(), closed, no_setup);
    }
  }

  const GuardOptions options_;
  std::map<std::string, HttpHandler, std::less<>> handlers_;  // by raw path; constant once listening
  std::shared_ptr<ConnectionGuard> guard_;
  std::atomic<bool> accepting_{false};
};

// Adds the routes to a server of the library, for every method (HEAD is answered as GET without the body).
// Handlers get the raw target; field values are what the library made of them, unless the server is a
// GuardedServer. Everything else is answered by the server's other routes, or 404. Call before listen().
inline void mount(::httplib::Server& server, std::vector<HttpRoute> routes) {
  server.set_tcp_nodelay(true);
  for (HttpRoute& entry : routes) {
    const auto route = std::make_shared<const HttpRoute>(std::move(entry));
    const std::string pattern = httplib_detail::literal_pattern(route->path);
    const auto without_body = [route](const ::httplib::Request& in, ::httplib::Response& out) {
      httplib_detail::dispatch_without_body(*route, in, out);
    };
    const auto with_body = [route](const ::httplib::Request& in, ::httplib::Response& out,
                                   const ::httplib::ContentReader& reader) {
      httplib_detail::dispatch_with_body(*route, in, out, reader);
    };
    server.Get(pattern, ::httplib::Server::Handler(without_body));
    server.Options(pattern, ::httplib::Server::Handler(without_body));
    server.Post(pattern, ::httplib::Server::HandlerWithContentReader(with_body));
    server.Put(pattern, ::httplib::Server::HandlerWithContentReader(with_body));
    server.Patch(pattern, ::httplib::Server::HandlerWithContentReader(with_body));
    server.Delete(pattern, ::httplib::Server::HandlerWithContentReader(with_body));
    // A DELETE without content reaches only handlers of this kind.
    server.Delete(pattern, ::httplib::Server::Handler(without_body));
  }
}

// The same on a GuardedServer; see add_routes() for what such routes leave out.
inline void mount(GuardedServer& server, std::vector<HttpRoute> routes) {
  server.add_routes(std::move(routes));
}

}  // namespace authplane
