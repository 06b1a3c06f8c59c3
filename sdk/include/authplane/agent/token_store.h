#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <authplane/base/result.h>
#include <authplane/client/options.h>

// Where an agent keeps what a user's login gave it, so that the next run needs no login.

namespace authplane::agent {

// One login. Tokens of one authorization server, client or resource are never looked up for another.
struct LoginKey {
  std::string issuer{};
  std::string client_id{};
  std::string resource{};
  friend bool operator==(const LoginKey&, const LoginKey&) = default;
};

struct StoredLogin {
  std::string access_token{};
  std::string token_type{};
  std::optional<std::chrono::sys_seconds> expires_at{};  // nullopt: the server did not say
  std::string refresh_token{};                           // "" when there is none
  std::string scope{};                                   // granted, separated by spaces
  std::string key_thumbprint{};  // of the DPoP key the tokens are bound to (RFC 7638), "" for bearer tokens
};

// A client that this program registered itself (RFC 7591). Kept per issuer.
struct StoredClient {
  std::string id{};
  std::string secret{};  // "" = a public client
  AuthMethod method = AuthMethod::client_secret_basic;
  std::optional<std::chrono::sys_seconds> expires_at{};  // of the secret
};

// Thread-safe. The other functions are called while the caller holds a lease, so they must not wait for one.
// Errors: runtime_error or invalid_argument with the cause; a store that cannot be read or written stops a
// login rather than lose it.
class TokenStore {
 public:
  // Held while it lives.
  class Lease {
   public:
    virtual ~Lease() = default;
  };

  virtual ~TokenStore() = default;
  virtual Result<std::optional<StoredLogin>> find_login(const LoginKey& key) = 0;
  virtual Result<void> put_login(const LoginKey& key, const StoredLogin& login) = 0;
  virtual Result<void> drop_login(const LoginKey& key) = 0;
  virtual Result<std::optional<StoredClient>> find_client(const std::string& issuer) = 0;
  virtual Result<void> put_client(const std::string& issuer, const StoredClient& client) = 0;
  // With the logins of that client.
  virtual Result<void> drop_client(const std::string& issuer) = 0;

  // Waits until nobody else who shares the store holds a lease of that name. Taken for the length of a
  // refresh or a login: a refresh token works once, so two must not use the same one. Not re-entrant: taking
  // a name twice on one thread waits for ever. There is no time limit.
  virtual Result<std::unique_ptr<Lease>> lease(const std::string& name) = 0;
};

// Forgets with the process. Never null.
std::shared_ptr<TokenStore> make_memory_token_store();

// One JSON file, readable by its owner only, not encrypted, replaced as a whole by rename(2). Beside it
// stands `path`.lock, which lets several processes share it and is never removed. A file that others may read
// or write, that belongs to somebody else, or that is no regular file is refused, a symbolic link too. The
// folder has to exist. Never null, and touches nothing until it is used: what is wrong with the path is the
// error of the first call. Linux only.
std::shared_ptr<TokenStore> make_file_token_store(std::string path);

}  // namespace authplane::agent
