#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <authplane/agent/browser.h>
#include <authplane/agent/token_store.h>
#include <authplane/client/network.h>
#include <authplane/client/options.h>
#include <authplane/dpop/provider.h>
#include <authplane/jose/key.h>

namespace authplane::agent {

// A client that the operator of the authorization server has registered, with the redirect URI
// http://127.0.0.1/callback (the port is ignored, RFC 8252 section 7.3) and the grants authorization_code and
// refresh_token.
struct RegisteredClient {
  std::string id{};
  // "" = a public client. Else sent by client_secret_basic, or by client_secret_post where the server's
  // metadata offer only that; a server that takes neither is invalid_argument.
  std::string secret{};
  // Instead of a secret: private_key_jwt, as with ClientKey. A server whose metadata offer other methods or
  // algorithms only is invalid_argument.
  std::optional<PrivateKey> key{};
  std::string key_id{};  // `kid` of the assertions, "" = none
};

// Options of UserSession::create(). How the agent introduces itself is decided in this order: `client`, then
// `client_metadata_url` where the server takes such, then registration: the stored one, else a new one. With
// `client` a stored registration is not used, and its logins are not found.
struct UserSessionOptions {
  // The protected server's endpoint, an absolute http(s) URL. Tokens go to exactly this URL.
  std::string server_url{};
  // What the user reads on the consent page when the agent registers itself.
  std::string client_name = "Authplane agent";
  std::optional<RegisteredClient> client{};
  // https URL of a client ID metadata document that names http://127.0.0.1/callback; it is the client id.
  std::string client_metadata_url{};
  bool allow_registration = true;  // dynamic client registration (RFC 7591)
  // The only authorization server to be trusted; "" takes the first one the server names.
  std::string issuer{};
  // Also servers of MCP revision 2025-03-26, which publish no protected resource metadata: one whose
  // challenge, if there was one, names no metadata and that answers 4xx for every well-known URL of them is
  // taken for its own authorization server. The issuer is the server's origin; where that publishes no
  // metadata either, the endpoints are /authorize, /token and /register there. PKCE, state and `resource` are
  // sent all the same.
  bool allow_server_as_issuer = false;
  // Asked for in every login, besides the scopes of the server's challenge, or all scopes_supported of its
  // metadata when the challenge names none or there was none; the scopes of the login before, where it is
  // still stored; and offline_access where the authorization server announces it.
  std::vector<std::string> scopes{};
  // Null: make_memory_token_store().
  std::shared_ptr<TokenStore> store{};
  OpenUrl open_url{};  // empty: print_and_open()
  // Of the redirect URI; 0 = any free port. Another number only for authorization servers that compare ports.
  std::uint16_t redirect_port = 0;
  // How long a user may take for login and consent, 1 ms to 1 h.
  std::chrono::milliseconds login_timeout{300'000};
  // How often a 403 may send the user to a login for the same set of scopes, in the life of a session, 0 to
  // 10; 0 = never: such a 403 is insufficient_scope. Never reset.
  int max_step_ups = 3;
  // Binds the tokens to this provider's key (RFC 9449). A key that lives as long as the process makes stored
  // logins useless to the next one.
  dpop::ProviderPtr dpop{};
  // As in ClientOptions.
  std::optional<bool> dev_mode{};
  std::optional<net::FetchSettings> fetch{};
  Seams seams{};  // `sleep` is not used
};

}  // namespace authplane::agent
