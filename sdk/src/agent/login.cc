#include "agent/login.h"

#include <chrono>
#include <exception>
#include <utility>

#include "agent/authorization_request.h"
#include "agent/loopback_listener.h"
#include "agent/registration.h"
#include "agent/token_endpoint.h"

namespace authplane::agent {
namespace {

Result<ClientIdentity> registered_now(const UserSessionOptions& options, const net::Fetcher& fetcher,
                                      const ServerMetadata& server, const std::string& redirect_uri) {
  const auto client = register_client(fetcher, server, options.client_name, redirect_uri);
  if (!client) return Err(client.error());
  if (auto kept = options.store->put_client(server.issuer, *client); !kept)
    return Err(std::move(kept).error());
  options.seams.logger->info("agent: registered", {{"issuer", server.issuer}, {"client_id", client->id}});
  return ClientIdentity{
      .id = client->id, .secret = client->secret, .method = client->method, .self_registered = true};
}

// open_url may be the application's own; what it throws ends here.
Result<void> show(const OpenUrl& open_url, const std::string& url) {
  if (auto ok = check_browser_url(url); !ok) return ok;
  try {
    return open_url(url);
  } catch (const std::exception& e) {
    return Err(ErrorCode::runtime_error, std::string("open_url failed: ") + e.what());
  }
}

Unexpected<Error> timed_out(const std::string& issuer, std::chrono::milliseconds limit) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limit).count();
  return Err(ErrorCode::access_denied, "login at " + issuer +
                                           " timed out: no answer from the browser within " +
                                           std::to_string(seconds) + " s; start it again");
}

}  // namespace

Result<LoginResult> run_login(const UserSessionOptions& options, const net::Fetcher& fetcher,
                              const Target& target, std::optional<ClientIdentity> client,
                              const ScopeSet& scope) {
  const ServerMetadata& server = target.server;
  const bool old_registration = client && client->self_registered;
  // Declared before the listener, which calls into it until its end.
  std::optional<AuthorizationRequest> request;
  auto listener = LoopbackListener::open(options.redirect_port);
  if (!listener) return Err(std::move(listener).error());
  const std::string& redirect_uri = (*listener)->redirect_uri();
  if (!client) {
    auto registered = registered_now(options, fetcher, server, redirect_uri);
    if (!registered) return Err(std::move(registered).error());
    client = std::move(*registered);
  }

  request.emplace(
      server,
      AuthorizationRequest::Parameters{.client_id = client->id,
                                       .redirect_uri = redirect_uri,
                                       .resource = target.resource.resource,
                                       .scope = scope,
                                       .dpop_jkt = options.dpop ? options.dpop->thumbprint() : ""},
      *options.seams.random);
  options.seams.logger->info(
      "agent: waiting for the user",
      {{"issuer", server.issuer}, {"resource", target.resource.resource}, {"scope", scope.to_string()}});
  (*listener)->start([&request](const Form& answer) { return request->code_of(answer); });
  if (auto shown = show(options.open_url, request->url()); !shown) return Err(std::move(shown).error());
  const auto code = (*listener)->wait(options.login_timeout);
  if (!code) {
    // A server that does not know the client any more tells the user, and nobody else.
    if (old_registration) (void)options.store->drop_client(server.issuer);
    return timed_out(server.issuer, options.login_timeout);
  }
  if (!*code) return Err(code->error());

  const TokenEndpoint endpoint(fetcher, server, *client, options.dpop, options.seams);
  auto tokens = endpoint.exchange_code({.code = **code,
                                        .code_verifier = request->code_verifier(),
                                        .redirect_uri = redirect_uri,
                                        .resource = target.resource.resource});
  if (!tokens) {
    if (client->self_registered && tokens.error().code == ErrorCode::invalid_client)
      (void)options.store->drop_client(server.issuer);
    return Err(std::move(tokens).error());
  }
  if (tokens->scope.empty()) tokens->scope = scope.to_string();  // as asked for (RFC 6749 section 5.1)
  return LoginResult{.client = std::move(*client), .tokens = std::move(*tokens)};
}

}  // namespace authplane::agent
