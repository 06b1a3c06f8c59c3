#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/base/mutex.h>
#include <authplane/base/secret.h>

#include "authserver/broker/account_tasks.h"
#include "authserver/broker/credential_keeper.h"
#include "authserver/broker/oauth_provider.h"
#include "authserver/broker/upstream_client.h"
#include "authserver/domain/broker_grant_store.h"
#include "authserver/domain/broker_provider_store.h"
#include "authserver/domain/ids.h"
#include "authserver/domain/metrics.h"
#include "authserver/domain/upstream_tokens.h"
#include "authserver/sealing/sealer.h"

namespace authplane::authserver {

// The provider's names for scopes of the resource.
ScopeSet upstream_names(const Resource& resource, const ScopeSet& scopes);

// A user who comes back from a provider.
struct UpstreamConnection {
  std::string user_id;
  std::string provider_id;
  SecretString code;
  SecretString code_verifier;
  std::string redirect_uri;  // as it was sent
  ScopeSet scopes;           // asked for, the provider's names
};

// Everything that is said to upstream providers for users: connecting an account, having tokens of it,
// disconnecting it. Calls run on threads of the broker, those about one account one after the other: two that
// refresh at once would lose the credential of a provider that replaces it with every use. Thread-safe.
class Broker final : public UpstreamTokens {
 public:
  struct Deps {
    BrokerProviderStore& providers;
    BrokerGrantStore& grants;
    Sealer* sealer;                            // null: everything is refused as misconfigured
    std::shared_ptr<HttpTransport> transport;  // guarded, see make_upstream_transport()
    SecretLookup secrets;
    IdGenerator& ids;
    const Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };
  struct Options {
    bool allow_http = false;  // for development, in the URLs of providers
    AccountTasks::Limits tasks = {};
    CredentialKeeper::Patience patience = {};
  };
  // What the deps refer to outlives the broker.
  Broker(Options options, Deps deps);
  ~Broker() override;
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  void vend(UpstreamRequest request, Done done) override;

  // For connect(), to be had before what the user brings is used up. null: too many are connecting accounts,
  // and the user may come again with the same in a moment. Must not outlive the broker.
  AccountTasks::Place reserve_connection(const std::string& provider_id, const std::string& user_id) {
    return tasks_.reserve(AccountTasks::Kind::connection, provider_id, user_id);
  }
  // Redeems the code and stores the account. `place` is one of this user and provider. `done` as in vend(). A
  // provider that gives no refresh token is refused as misconfigured, a code it does not take as
  // not_connected.
  using Connected = std::function<void(Result<BrokerGrant, UpstreamRefusal>)>;
  void connect(AccountTasks::Place place, UpstreamConnection connection, Connected done);

  // Tells the provider that a credential is not needed any more, if it wants to know. `grant` as it was
  // before it was revoked. Best effort: a failure is logged, nobody waits.
  void revoke_upstream(BrokerGrant grant);

  // The configuration of a provider, for the request that starts connecting. Err: for the operator's log.
  Result<OAuthProvider, std::string> open_provider(const BrokerProvider& provider) {
    return oauth_providers_.open(provider);
  }

  // Refuses what comes from now on and what has not begun as unavailable, and waits for the rest, since a
  // call that is cut off may have cost a credential. Must not be called from a `done`.
  void close() { tasks_.close(); }

 private:
  Result<UpstreamToken, UpstreamRefusal> vend_now(const UpstreamRequest& request);
  Result<BrokerGrant, UpstreamRefusal> connect_now(const UpstreamConnection& connection);
  void revoke_now(const BrokerGrant& grant);
  Result<BrokerProvider, UpstreamRefusal> find_provider(std::string_view id);
  Result<BrokerGrant, UpstreamRefusal> find_grant(const std::string& user_id, const BrokerProvider& provider);
  Result<OAuthProvider, UpstreamRefusal> open(const BrokerProvider& provider);
  Result<UpstreamReply, UpstreamRefusal> refresh(const OAuthProvider& provider, Credential& credential,
                                                 const ScopeSet& scopes);
  Result<BrokerGrant, UpstreamRefusal> still_connected(const OAuthProvider& provider, const Credential& used);
  Unexpected<UpstreamRefusal> disconnected_meanwhile(const OAuthProvider& provider,
                                                     const SecretString& refresh_token);
  void note_excess(const BrokerProvider& provider, const Resource& resource, const ScopeSet& excess)
      AUTHPLANE_EXCLUDES(mutex_);
  void tell_provider(const OAuthProvider& provider, const SecretString& refresh_token);
  void count_refresh(const std::string& provider_slug, std::string_view outcome);

  const Deps deps_;
  OAuthProviders oauth_providers_;
  const UpstreamClient client_;
  CredentialKeeper keeper_;
  Mutex mutex_;
  // Ids of providers and resources of which note_excess() has spoken.
  std::set<std::pair<std::string, std::string>> noted_ AUTHPLANE_GUARDED_BY(mutex_);
  AccountTasks tasks_;  // last: its threads use everything above
};

}  // namespace authplane::authserver
