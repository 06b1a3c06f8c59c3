#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <authplane/agent/user_session.h>
#include <authplane/base/mutex.h>

#include "agent/client_identity.h"
#include "agent/discovery.h"
#include "client/net/fetch.h"

namespace authplane::agent {

// The state that all copies of a UserSession share. Whoever needs a new token takes the store's lease for
// this server first and looks again: the lease, not a mutex, is held during network calls and logins.
class UserSession::Core {
 public:
  // `options` are checked and complete.
  Core(UserSessionOptions options, Url server, const net::FetchSettings& fetch);

  Result<TokenResponse> token();
  std::optional<TokenResponse> current() AUTHPLANE_EXCLUDES(mutex_);
  bool signed_in() AUTHPLANE_EXCLUDES(mutex_);
  Result<TokenResponse> token_after(const Refusal& refusal);
  Result<void> logout();

  const UserSessionOptions& options() const { return options_; }

 private:
  // What is wrong with the token in hand.
  struct Need {
    std::string refused{};       // this token, by the server
    bool challenged = false;     // by a 401
    std::string metadata_url{};  // of that challenge
    ScopeSet suggested{};        // scopes of that challenge
    ScopeSet required{};         // by a 403
  };
  struct Held {
    TokenResponse token;  // without refresh token
    std::string issuer;
    bool by_login = false;
    SteadyTime since{};
  };

  std::optional<TokenResponse> usable(const Need& need) AUTHPLANE_EXCLUDES(mutex_);
  TokenResponse adopt(const Target& target, const StoredLogin& login, bool by_login)
      AUTHPLANE_EXCLUDES(mutex_);
  bool is_fresh(const std::optional<std::chrono::sys_seconds>& expires_at) const;
  Result<void> count_step_up(const Need& need) AUTHPLANE_EXCLUDES(mutex_);
  Result<void> check_login_would_help(const Target& target, const Need& need) AUTHPLANE_EXCLUDES(mutex_);

  Result<TokenResponse> obtain(const Need& need) AUTHPLANE_EXCLUDES(mutex_);
  Result<std::shared_ptr<const Target>> find_target(const Need& need) AUTHPLANE_EXCLUDES(mutex_);
  Result<std::optional<ClientIdentity>> identity(const Target& target);
  Result<std::optional<StoredLogin>> stored_login(const Target& target, const ClientIdentity& client);
  // nullopt: only the user can help.
  Result<std::optional<TokenResponse>> reuse(const Target& target, const ClientIdentity& client,
                                             const StoredLogin& login, const Need& need);
  Result<TokenResponse> login(const Target& target, const std::string& earlier_scope, const Need& need);
  ScopeSet scope_to_ask_for(const Target& target, const std::string& earlier_scope, const Need& need) const;
  Result<void> keep(const Target& target, const ClientIdentity& client, const StoredLogin& login);

  const UserSessionOptions options_;
  const Url server_;
  const net::Fetcher fetcher_;
  const Discovery discovery_;

  Mutex mutex_;
  std::shared_ptr<const Target> target_ AUTHPLANE_GUARDED_BY(mutex_);
  std::optional<Held> held_ AUTHPLANE_GUARDED_BY(mutex_);
  std::map<std::string, int> step_ups_ AUTHPLANE_GUARDED_BY(mutex_);  // by the scopes that were demanded
};

}  // namespace authplane::agent
