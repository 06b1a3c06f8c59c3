#pragma once

#include <memory>
#include <optional>
#include <string>

#include <authplane/agent/options.h>
#include <authplane/base/http.h>
#include <authplane/base/result.h>
#include <authplane/client/responses.h>

// An agent that acts for a user: from a protected server's URL to an access token, by way of the user's
// browser (MCP authorization; RFC 9728, RFC 8414, RFC 7591, RFC 8252, RFC 7636, RFC 9207, RFC 8707).

namespace authplane::agent {

// What a protected server answered.
struct Refusal {
  std::string token{};  // that was sent, "" when none was
  int status = 0;       // 401 or 403
  Headers headers{};
};

// One user's access to one protected server. A copyable handle on shared state. Thread-safe: threads, and
// processes that share a token store, wait for each other's login or refresh instead of starting their own.
//
// token(), token_after() and logout() block, and cannot be cancelled: token() and token_after() for as long
// as the user takes, at most login_timeout (5 minutes by default) besides the network calls, and all three as
// long again behind each login or refresh that somebody else has under way. ClientOptions::timeout of an MCP
// client that uses the session covers none of this.
//
// Tokens that are returned have no refresh_token: it stays here.
//
// Errors of the functions that yield tokens: metadata_fetch_error and missing_metadata_endpoint (documents
// that are absent, or refused, with the reason); ssrf_blocked; transport_error; protocol_error; access_denied
// (the user said no, the answer is not to be trusted, or the server refuses what it has just been given);
// insufficient_scope (asked too often); invalid_argument (no way to introduce this client); those of the
// token store and of open_url; and the OAuth errors of the authorization server. Nothing is retried by itself
// but one request whose proof lacked a nonce.
class UserSession {
 public:
  // Checks the options; nothing is sent. Errors: invalid_argument.
  static Result<UserSession> create(UserSessionOptions options);

  // A usable token: the one in hand, a stored one, a refreshed one, or, with the user's help, a new one.
  // Finds the authorization server by the well-known URLs of server_url.
  Result<TokenResponse> token() const;

  // The token in hand while it is fresh, that is, until 15 s before it expires; else nullopt. Sends nothing,
  // reads no store, asks nobody, waits for nobody.
  std::optional<TokenResponse> current() const;

  // Whether there is a token in hand, fresh or not: token() probably needs no user. Returns at once.
  bool signed_in() const;

  // A token that is worth another try after a 401, or a 403 with error="insufficient_scope": what another
  // thread or process has got meanwhile, a refreshed one, or the result of a login with the scopes the
  // challenge asks for.
  Result<TokenResponse> token_after(const Refusal& refusal) const;

  // Forgets the token in hand, then the login in the store, then revokes its refresh token where the server
  // has an endpoint for that. Access tokens are not revoked here: unless the server ends them with the
  // refresh token they stay valid until they expire, also in the hands of other sessions on the same store.
  // The registration is kept. Without a stored login nothing is revoked; the server's metadata are fetched
  // when they are not known yet. After an error of the store or of the metadata the stored login may still be
  // there; after an error of the revocation it is forgotten, but its refresh token may still be good. The
  // next call of token() or token_after() asks the user.
  Result<void> logout() const;

  const std::string& server_url() const noexcept;
  const dpop::ProviderPtr& dpop() const noexcept;  // null without options.dpop

 private:
  class Core;
  explicit UserSession(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

// Whether a response is one that token_after() is for.
bool is_refusal(int status, const Headers& headers);

}  // namespace authplane::agent
