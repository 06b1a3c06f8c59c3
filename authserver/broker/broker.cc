#include "authserver/broker/broker.h"

#include <exception>
#include <utility>

namespace authplane::authserver {
namespace {

using Reason = UpstreamRefusal::Reason;

// How often somebody else may get ahead of one request.
constexpr int kMostRefused = 10;
constexpr std::size_t kMostLogged = 200;

Unexpected<UpstreamRefusal> refuse(Reason reason, const BrokerProvider& provider, std::string detail) {
  return {UpstreamRefusal{reason, provider.slug, "provider " + provider.slug + ": " + std::move(detail)}};
}

Unexpected<UpstreamRefusal> refuse(const UpstreamFailure& failure, const OAuthProvider& provider) {
  const auto reason = [&] {
    switch (failure.reason) {
      case UpstreamFailure::Reason::rejected:
        return Reason::not_connected;
      case UpstreamFailure::Reason::scope_refused:
        return Reason::scope_insufficient;
      case UpstreamFailure::Reason::unavailable:
        return Reason::unavailable;
      case UpstreamFailure::Reason::misconfigured:
        break;
    }
    return Reason::misconfigured;
  }();
  return {UpstreamRefusal{reason, provider.slug, "provider " + provider.slug + ": " + failure.detail}};
}

std::string_view outcome_of(const UpstreamFailure& failure) {
  switch (failure.reason) {
    case UpstreamFailure::Reason::rejected:
      return "rejected";
    case UpstreamFailure::Reason::scope_refused:
      return "scope_insufficient";
    case UpstreamFailure::Reason::unavailable:
      return "unavailable";
    case UpstreamFailure::Reason::misconfigured:
      break;
  }
  return "misconfigured";
}

// Runs `work` and hands on what comes of it.
template <class T>
AccountTasks::Task task_of(std::function<Result<T, UpstreamRefusal>()> work,
                           std::function<void(Result<T, UpstreamRefusal>)> done) {
  const auto unavailable = [](std::string detail) {
    return Err(UpstreamRefusal{Reason::unavailable, "", std::move(detail)});
  };
  const auto run = [work = std::move(work), done, unavailable] {
    Result<T, UpstreamRefusal> result = unavailable("");
    try {
      result = work();
    } catch (const std::exception& broken) {
      result = unavailable(broken.what());
    }
    done(std::move(result));
  };
  return {run, [done, unavailable] {
            done(unavailable(
                "too many calls for the account, the provider or in all wait, this one waited too "
                "long, or the server is stopping"));
          }};
}

}  // namespace

ScopeSet upstream_names(const Resource& resource, const ScopeSet& scopes) {
  ScopeSet names;
  for (const ResourceScope& scope : resource.scopes) {
    if (!scopes.contains(scope.name)) continue;
    for (const std::string& name : ScopeSet::split(scope.upstream.empty() ? scope.name : scope.upstream))
      names.insert(name);
  }
  return names;
}

Broker::Broker(Options options, Deps deps)
    : deps_(std::move(deps)),
      oauth_providers_({deps_.sealer, deps_.secrets, options.allow_http, deps_.logger}),
      client_(deps_.transport),
      keeper_(deps_.grants, deps_.sealer, deps_.clock, deps_.logger, options.patience),
      tasks_(options.tasks, deps_.clock) {}

Broker::~Broker() {
  close();
}

void Broker::vend(UpstreamRequest request, Done done) {
  const std::string provider_id = request.resource->broker_provider_id;
  const std::string user_id = request.user_id;
  tasks_.run(AccountTasks::Kind::token, provider_id, user_id,
             task_of<UpstreamToken>([this, request = std::move(request)] { return vend_now(request); },
                                    std::move(done)));
}

void Broker::connect(AccountTasks::Place place, UpstreamConnection connection, Connected done) {
  const auto shared = std::make_shared<const UpstreamConnection>(std::move(connection));
  tasks_.run(std::move(place),
             task_of<BrokerGrant>([this, shared] { return connect_now(*shared); }, std::move(done)));
}

void Broker::revoke_upstream(BrokerGrant grant) {
  const auto shared = std::make_shared<const BrokerGrant>(std::move(grant));
  const auto log = [this, shared](const char* cause) {
    deps_.logger.warn("a provider was not told that an account is disconnected",
                      {{"grant", shared->id}, {"cause", cause}});
  };
  tasks_.run(AccountTasks::Kind::revocation, shared->provider_id, shared->user_id,
             {[this, shared, log] {
                try {
                  revoke_now(*shared);
                } catch (const std::exception& broken) {
                  log(broken.what());
                }
              },
              [log] { log("the server is stopping, or too many calls wait"); }});
}

Result<UpstreamToken, UpstreamRefusal> Broker::vend_now(const UpstreamRequest& request) {
  const SteadyTime begun = deps_.clock.steady_now();
  auto provider = find_provider(request.resource->broker_provider_id);
  if (!provider) return Err(std::move(provider).error());
  const ScopeSet scopes = upstream_names(*request.resource, request.scopes);
  // Without any the provider would hand out everything the user ever allowed.
  if (scopes.empty() || !request.scopes.is_subset_of(request.resource->scope_names())) {
    return refuse(Reason::misconfigured, *provider,
                  "what is asked for is no scope of " + request.resource->slug);
  }
  auto grant = find_grant(request.user_id, *provider);
  if (!grant) return Err(std::move(grant).error());
  const auto insufficient = [&] {
    return refuse(Reason::scope_insufficient, *provider, "the user allowed less than is asked for");
  };
  if (!scopes.is_subset_of(grant->scopes_granted)) return insufficient();
  const auto oauth = open(*provider);
  if (!oauth) return Err(oauth.error());
  auto credential = keeper_.open(std::move(*grant));
  if (!credential) {
    return refuse(Reason::misconfigured, *provider,
                  "the credential of a connected account cannot be opened: " + credential.error().detail);
  }
  auto reply = refresh(*oauth, *credential, scopes);
  if (!reply) return Err(std::move(reply).error());
  const auto still = still_connected(*oauth, *credential);
  if (!still) return Err(still.error());
  const bool is_covered =
      scopes.is_subset_of(still->scopes_granted) && (!reply->scopes || scopes.is_subset_of(*reply->scopes));
  count_refresh(provider->slug, is_covered ? "success" : "scope_insufficient");
  if (!is_covered) return insufficient();
  if (reply->scopes) note_excess(*provider, *request.resource, reply->scopes->minus(scopes));
  deps_.metrics
      .counter("authserver_upstream_token_issued_total",
               {{"provider", provider->slug}, {"resource", request.resource->slug}})
      .add();
  deps_.metrics
      .histogram("authserver_upstream_token_issuance_duration_seconds", {{"provider", provider->slug}})
      .observe(std::chrono::duration<double>(deps_.clock.steady_now() - begun).count());
  return UpstreamToken{std::move(reply->access_token), reply->expires_in, provider->slug};
}

// Has a new access token, and what replaces the credential stored.
Result<UpstreamReply, UpstreamRefusal> Broker::refresh(const OAuthProvider& provider, Credential& credential,
                                                       const ScopeSet& scopes) {
  for (int refused = 0;; ++refused) {
    auto reply = client_.refresh(provider, credential.refresh_token, scopes);
    if (reply) {
      const bool is_new =
          !reply->refresh_token.empty() && !(reply->refresh_token == credential.refresh_token);
      if (!is_new && !credential.needs_saving) return std::move(*reply);
      const SecretString& valid = is_new ? reply->refresh_token : credential.refresh_token;
      if (keeper_.keep(credential, valid) == CredentialKeeper::Kept::revoked) {
        return disconnected_meanwhile(provider, valid);
      }
      credential.refresh_token = valid.clone();
      return std::move(*reply);
    }
    // Another process may have used the credential at the same time, and have the one that came of it.
    if (reply.error().reason == UpstreamFailure::Reason::rejected && refused < kMostRefused) {
      auto newer = keeper_.newer_than(credential);
      if (newer && *newer) {
        credential = std::move(**newer);
        continue;
      }
    }
    count_refresh(provider.slug, outcome_of(reply.error()));
    return refuse(reply.error(), provider);
  }
}

// The row as it is after the provider has answered: nobody gets a token of an account that was disconnected
// while the provider was asked.
Result<BrokerGrant, UpstreamRefusal> Broker::still_connected(const OAuthProvider& provider,
                                                             const Credential& used) {
  auto grant = deps_.grants.get(used.grant.id);
  if (grant && grant->is_active()) return std::move(*grant);
  if (grant || grant.error().code == DomainErrorCode::not_found) {
    return disconnected_meanwhile(provider, used.refresh_token);
  }
  count_refresh(provider.slug, "unavailable");
  return Err(UpstreamRefusal{Reason::unavailable, provider.slug,
                             "provider " + provider.slug +
                                 ": the connected account could not be looked at: " +
                                 grant.error().description + " " + grant.error().detail});
}

Unexpected<UpstreamRefusal> Broker::disconnected_meanwhile(const OAuthProvider& provider,
                                                           const SecretString& refresh_token) {
  tell_provider(provider, refresh_token);
  count_refresh(provider.slug, "rejected");
  return Err(UpstreamRefusal{Reason::not_connected, provider.slug,
                             "provider " + provider.slug + ": the account was disconnected meanwhile"});
}

// Says once of each resource that tokens for it can do more than was asked for.
void Broker::note_excess(const BrokerProvider& provider, const Resource& resource, const ScopeSet& excess) {
  if (excess.empty()) return;
  {
    const MutexLock lock(mutex_);
    if (!noted_.emplace(provider.id, resource.id).second) return;
  }
  deps_.logger.warn(
      "a provider gives more scopes than were asked for; its tokens are handed out all the same",
      {{"provider", provider.slug},
       {"resource", resource.slug},
       {"more", excess.to_string().substr(0, kMostLogged)}});
}

Result<BrokerGrant, UpstreamRefusal> Broker::connect_now(const UpstreamConnection& connection) {
  auto provider = find_provider(connection.provider_id);
  if (!provider) return Err(std::move(provider).error());
  const auto oauth = open(*provider);
  if (!oauth) return Err(oauth.error());
  if (deps_.sealer == nullptr) {
    return refuse(Reason::misconfigured, *provider, "data_encryption.driver is not set");
  }
  const auto reply =
      client_.redeem(*oauth, connection.code, connection.code_verifier, connection.redirect_uri);
  if (!reply) return refuse(reply.error(), *oauth);
  if (reply->refresh_token.empty()) {
    return refuse(Reason::misconfigured, *provider,
                  "it gave no refresh token, without which no account can be connected; see its settings of "
                  "the application, or extra_auth_params");
  }
  const auto sealed = keeper_.seal(reply->refresh_token, connection.user_id, provider->id);
  if (!sealed) return refuse(Reason::unavailable, *provider, sealed.error().detail);
  const WallTime now = deps_.clock.now();
  auto stored = deps_.grants.connect({.id = deps_.ids.opaque(),
                                      .user_id = connection.user_id,
                                      .provider_id = provider->id,
                                      .scopes_granted = reply->scopes.value_or(connection.scopes),
                                      .credential = *sealed,
                                      .enc_backend = std::string(deps_.sealer->driver()),
                                      .version = 1,
                                      .created_at = now,
                                      .updated_at = now,
                                      .revoked_at = std::nullopt});
  if (stored) return std::move(*stored);
  const bool is_refused = stored.error().code == DomainErrorCode::access_denied;
  if (is_refused) tell_provider(*oauth, reply->refresh_token);
  return refuse(is_refused ? Reason::not_connected : Reason::unavailable, *provider,
                "the account was not stored: " + stored.error().description + " " + stored.error().detail);
}

void Broker::revoke_now(const BrokerGrant& grant) {
  const auto provider = find_provider(grant.provider_id);
  const auto oauth =
      provider ? open(*provider) : Result<OAuthProvider, UpstreamRefusal>(Err(provider.error()));
  const auto credential = keeper_.open(grant);
  if (oauth && credential) return tell_provider(*oauth, credential->refresh_token);
  deps_.logger.warn(
      "a provider was not told that an account is disconnected",
      {{"grant", grant.id}, {"cause", oauth ? credential.error().detail : oauth.error().detail}});
}

Result<BrokerProvider, UpstreamRefusal> Broker::find_provider(std::string_view id) {
  auto provider = deps_.providers.find(id);
  if (!provider) {
    return Err(UpstreamRefusal{Reason::unavailable, "",
                               "the provider could not be looked up: " + provider.error().description + " " +
                                   provider.error().detail});
  }
  if (!*provider) {
    return Err(UpstreamRefusal{Reason::misconfigured, "", "there is no provider " + std::string(id)});
  }
  return std::move(**provider);
}

Result<BrokerGrant, UpstreamRefusal> Broker::find_grant(const std::string& user_id,
                                                        const BrokerProvider& provider) {
  auto grant = deps_.grants.find_active(user_id, provider.id);
  if (!grant) {
    return refuse(Reason::unavailable, provider,
                  "the connected account could not be looked up: " + grant.error().description + " " +
                      grant.error().detail);
  }
  if (!*grant) return refuse(Reason::not_connected, provider, "the user has no account connected");
  return std::move(**grant);
}

Result<OAuthProvider, UpstreamRefusal> Broker::open(const BrokerProvider& provider) {
  auto opened = oauth_providers_.open(provider);
  if (!opened) return refuse(Reason::misconfigured, provider, std::move(opened).error());
  return std::move(*opened);
}

void Broker::tell_provider(const OAuthProvider& provider, const SecretString& refresh_token) {
  const auto told = client_.revoke(provider, refresh_token);
  if (told) return;
  deps_.logger.warn("a provider was not told that an account is disconnected",
                    {{"provider", provider.slug}, {"cause", told.error().detail}});
}

void Broker::count_refresh(const std::string& provider_slug, std::string_view outcome) {
  deps_.metrics
      .counter("authserver_upstream_token_refresh_total", {{"provider", provider_slug}, {"outcome", outcome}})
      .add();
}

}  // namespace authplane::authserver
