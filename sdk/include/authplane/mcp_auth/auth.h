#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/http.h>
#include <authplane/base/result.h>
#include <authplane/client/client.h>
#include <authplane/mcp/server.h>
#include <authplane/resource/guard.h>

// Authorization of an MCP server as an OAuth resource server (MCP authorization, RFC 9728, RFC 6750).

namespace authplane::mcp {

// What the call of a tool gets whose scopes the token lacks.
enum class ScopeRefusal {
  challenge,   // 403 with the challenge before anything of the request runs, so that a client can step up
  tool_error,  // 200 with an `isError` result, in place of that call alone, for clients that show nothing
               // else
};

struct AuthOptions {
  std::string issuer{};    // byte for byte as the authorization server spells it
  std::string resource{};  // URL of the MCP endpoint, byte for byte as registered: the audience of its tokens
  // Instead of `resource`: base_url and mcp_path, joined with exactly one slash.
  std::string base_url{};
  std::string mcp_path = "/mcp";
  std::vector<std::string> scopes{};           // advertised to clients, not enforced
  std::vector<std::string> required_scopes{};  // of every request, `initialize` included
  // Tool name -> all scopes a call of it needs; checked before the tool runs.
  std::map<std::string, std::vector<std::string>, std::less<>> tool_scopes{};
  ScopeRefusal scope_refusal = ScopeRefusal::challenge;
  bool hide_tools = false;  // leave tools the token may not call out of tools/list
  // Development: http and loopback are allowed, and refusals tell expected and seen values to the caller.
  // Unset: AUTHPLANE_DEV_MODE.
  std::optional<bool> dev_mode{};
  // Proofs of possession (RFC 9449). Unset: bound tokens and proofs are refused, never taken for bearer
  // tokens.
  std::optional<dpop::Inbound> dpop{};
  authplane::ClientOptions client{};   // its issuer and dev_mode are filled from above when unset
  ResourceOptions resource_options{};  // its scopes are filled from above
  std::optional<authplane::Client> existing_client{};  // used instead of a new one, and never closed
};

// A copyable handle; thread-safe. The client it created lives as long as the last copy, the routes made from
// it included.
class Auth {
 public:
  // Blocks for discovery; a server that is not up yet is waited for (30 s, or client.startup_timeout, or
  // AUTHPLANE_STARTUP_TIMEOUT). Errors: those of Client::create and Resource::create; invalid_argument.
  static Result<Auth> create(AuthOptions options);

  // The metadata route and the MCP endpoint at the path of the resource, behind the guard; nothing else.
  // `server` must outlive their use.
  std::vector<HttpRoute> routes(const Server& server) const;
  // The MCP endpoint alone: authenticates, then lets `server` answer with the caller's context. Once per
  // request: a proof is spent by it. Pages of the server's allowed_origins can read refusals too, and their
  // CORS preflights need no token.
  HttpResponse handle(const Server& server, const HttpRequest& request) const;

  // A token for something behind this server, in exchange for the caller's (RFC 8693): one line of a handler.
  //   const auto token = auth.exchange(call, {.scopes = {"repo"}, .resources = {"github"}}).value();
  // An empty subject_token means the caller's, which goes to the token endpoint alone and into no log,
  // message or result. client.auth must hold this server's own credentials. Throws UrlElicitationRequired,
  // for the handler to let pass, when the user has to agree or connect first: to_url_elicitation(). All other
  // errors are those of Client::exchange(), and token_missing when the server runs without Auth. Cached only
  // with client.cache_exchanges.
  Result<TokenResponse> exchange(const ToolCall& call, ExchangeOptions options) const;

  const authplane::Client& client() const;
  const Resource& resource() const { return guard().resource(); }
  const RequestGuard& guard() const;

  // Closes the client if it was created here; requests are then refused with 500. May be called repeatedly.
  void close() noexcept;

 private:
  struct State;
  explicit Auth(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// What a tool answers when the authorization server wants the user to agree first: throw it, or write its
// error() by other means than Server. nullopt for every other error, and without a consent_url of http or
// https. Each call makes a new elicitation id.
std::optional<UrlElicitationRequired> to_url_elicitation(const Error& error);

// Who calls: claims and token of the request a tool call belongs to. nullptr when the server runs without
// Auth. Valid as long as the context. The token is a credential: it belongs into Auth::exchange() or
// Client::exchange(), and never into a log, a result, or a request to another server.
const Authenticated* authenticated(const RequestContext& context);
const Authenticated* authenticated(const ToolCall& call);

// Second line of defence inside a handler: throws ArgumentError, which becomes an `isError` result, when the
// token lacks the scope or the call is not authenticated. Too late for a 403: use AuthOptions::tool_scopes
// for that.
void require_scope(const ToolCall& call, std::string_view scope);

}  // namespace authplane::mcp
