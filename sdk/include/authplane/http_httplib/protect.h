#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <httplib.h>

#include <authplane/http_httplib/server.h>
#include <authplane/resource/setup.h>

// OAuth protection for a plain cpp-httplib server (0.11.4 to 0.53), for handlers written against ::httplib.
// Servers built on HttpRoute need none of this: RequestGuard::protect() and mcp::Auth make finished routes.

namespace authplane {

struct ProtectOptions {
  std::string issuer{};    // byte for byte as the authorization server spells it
  std::string resource{};  // audience of the tokens, byte for byte as registered
  // Instead of `resource`: base_url and mcp_path, joined with exactly one slash.
  std::string base_url{};
  std::string mcp_path = "/mcp";
  std::vector<std::string> scopes{};           // advertised, not enforced
  std::vector<std::string> required_scopes{};  // of every request
  std::vector<std::string> public_paths{};     // exact raw paths that need no token, for example "/health"
  // Unset: AUTHPLANE_DEV_MODE. In dev mode refusals tell expected and seen values to the caller.
  std::optional<bool> dev_mode{};
  // The server's own pre-routing handler. cpp-httplib holds one only and does not give it back, so protect()
  // takes it here and calls it after a request passed.
  ::httplib::Server::HandlerWithResponse pre_routing{};
  // Proofs of possession (RFC 9449). Unset: bound tokens and proofs are refused.
  std::optional<dpop::Inbound> dpop{};
  ClientOptions client{};
  ResourceOptions resource_options{};
  std::optional<Client> existing_client{};
};

namespace protect_detail {

// What the pre-routing handler found out about the request this thread is working on. cpp-httplib handles a
// request on one thread from head to answer, and every request of a protected server passes the pre-routing
// handler, which overwrites this. Compared by the request's address, so outside of the request it is nothing,
// not something stale.
struct CurrentRequest {
  const void* request = nullptr;
  std::optional<Authenticated> authenticated;
};
inline thread_local CurrentRequest current_request;

// Status, fields and body. For handlers, which run when the request's body has been read.
inline void write(HttpResponse from, ::httplib::Response& to) {
  to.status = from.status;
  std::string content_type = "text/plain";
  for (const auto& [name, value] : from.headers) {
    if (name == "Content-Type") {
      content_type = value;
    } else {
      to.set_header(name.c_str(), value.c_str());
    }
  }
  if (!from.body.empty()) to.set_content(from.body, content_type.c_str());
}

// The same for the pre-routing handler, which runs before the body is read.
inline void write_early(const ::httplib::Request& request, HttpResponse from, ::httplib::Response& to) {
  const bool has_body =
      request.has_header("Transfer-Encoding") ||
      (request.has_header("Content-Length") && request.get_header_value("Content-Length") != "0");
  std::string body = from.body.empty() ? "\n" : from.body;
  const auto type = from.headers.get("Content-Type");
  std::string content_type(type.value_or("text/plain"));
  write(std::move(from), to);
  if (!has_body || request.method == "HEAD" || GuardedExchange::current()) return;
  // The body was not read (a GuardedServer has read it). Left on a kept-alive connection its bytes would be
  // taken for the next request, which behind a proxy is somebody else's. Old versions offer no way to close
  // but a provider that fails: it hands over the whole answer first.
  if (to.status == 204) to.status = 200;  // 204 has no body to fail with
  to.body.clear();
  to.headers.erase("Content-Type");
  to.set_header("Connection", "close");
  const std::size_t size = body.size();
  to.set_content_provider(
      size, content_type.c_str(),
      [body = std::move(body)](std::size_t offset, std::size_t length, ::httplib::DataSink& sink) {
        sink.write(body.data() + offset, length);
        return false;
      });
}

}  // namespace protect_detail

// Claims and token of the request a handler is answering; nullptr for a public path or another request. Valid
// until the handler returns, on the handler's thread only.
inline const Authenticated* authenticated(const ::httplib::Request& request) {
  const protect_detail::CurrentRequest& current = protect_detail::current_request;
  return current.request == &request && current.authenticated ? &*current.authenticated : nullptr;
}

// A copyable handle on what protect() created. The server's handler keeps its own copy.
class HttplibProtection {
 public:
  const Client& client() const { return state_->guarded.client; }
  const Resource& resource() const { return state_->guarded.guard.resource(); }
  const RequestGuard& guard() const { return state_->guarded.guard; }

  // `handler` for callers with these scopes only: 403 with the challenge otherwise. Forgets the claims when
  // the handler returns.
  ::httplib::Server::Handler require(std::vector<std::string> scopes,
                                     ::httplib::Server::Handler handler) const {
    return [state = state_, scopes = std::move(scopes), handler = std::move(handler)](
               const ::httplib::Request& request, ::httplib::Response& response) {
      struct Scope {
        ~Scope() { protect_detail::current_request = {}; }
      } scope;
      const Authenticated* caller = authenticated(request);
      if (!caller) {  // a public path, or a server this was not made for
        Error error;
        error.code = ErrorCode::token_missing;
        error.message = "the handler needs a token, and the request was let through without one";
        return protect_detail::write(state->guarded.guard.reject(error), response);
      }
      if (auto allowed = state->guarded.guard.require_scopes(*caller, scopes); !allowed) {
        return protect_detail::write(std::move(allowed.error()), response);
      }
      handler(request, response);
    };
  }

  // Closes the client if protect() created it.
  void close() noexcept {
    if (state_->guarded.owns_client) state_->guarded.client.close();
  }

 private:
  struct State {
    GuardedResource guarded;
    std::vector<std::string> public_paths;
    ::httplib::Server::HandlerWithResponse pre_routing;
  };
  explicit HttplibProtection(std::shared_ptr<State> state) : state_(std::move(state)) {}
  friend Result<HttplibProtection> protect(::httplib::Server&, ProtectOptions);

  std::shared_ptr<State> state_;
};

// Puts the metadata document and the token check in front of everything the server does. Call it after the
// server's own set_pre_routing_handler(), which it replaces (see ProtectOptions::pre_routing), and before
// listen(). Errors: those of Client::create and Resource::create.
inline Result<HttplibProtection> protect(::httplib::Server& server, ProtectOptions options) {
  auto guarded = make_guarded_resource(take_guard_setup(options));
  if (!guarded) return Err(std::move(guarded.error()));
  auto state = std::make_shared<HttplibProtection::State>(HttplibProtection::State{
      std::move(*guarded), std::move(options.public_paths), std::move(options.pre_routing)});

  using Outcome = ::httplib::Server::HandlerResponse;
  server.set_pre_routing_handler([state](const ::httplib::Request& request, ::httplib::Response& response) {
    protect_detail::current_request = {};
    const RequestGuard& guard = state->guarded.guard;
    const GuardedExchange* exchange = GuardedExchange::current();
    const HttpRequest head = exchange ? exchange->request() : httplib_detail::to_request(request, {});
    if (head.path() == guard.resource().metadata_path()) {
      protect_detail::write_early(request, guard.metadata_response(head.method), response);
      return Outcome::Handled;
    }
    if (std::find(state->public_paths.begin(), state->public_paths.end(), head.path()) ==
        state->public_paths.end()) {
      auto authenticated = guard.authenticate(head);
      if (!authenticated) {
        protect_detail::write_early(request, std::move(authenticated.error()), response);
        return Outcome::Handled;
      }
      if (!authenticated->dpop_nonce.empty())
        response.set_header("DPoP-Nonce", authenticated->dpop_nonce.c_str());
      protect_detail::current_request = {&request, std::move(*authenticated)};
    }
    return state->pre_routing ? state->pre_routing(request, response) : Outcome::Unhandled;
  });
  return HttplibProtection(std::move(state));
}

}  // namespace authplane
