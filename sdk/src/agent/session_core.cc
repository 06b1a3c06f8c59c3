#include "agent/session_core.h"

#include <utility>

#include "agent/challenge.h"
#include "agent/login.h"
#include "agent/token_endpoint.h"

namespace authplane::agent {
namespace {

using std::chrono::seconds;

constexpr seconds kExpiryBuffer{15};         // a token is renewed this long before it expires
constexpr seconds kJustLoggedIn{60};         // refused within this time: another login would not help
constexpr std::size_t kMaxStepUpKinds = 64;  // the server chooses the scopes, so there is an end

// Scopes of a challenge: those that are none are not asked for.
ScopeSet challenged_scopes(std::string_view text) {
  ScopeSet scopes;
  for (const std::string& token : ScopeSet::split(text)) {
    if (is_scope_token(token)) scopes.insert(token);
  }
  return scopes;
}

void add(ScopeSet& scopes, const ScopeSet& more) {
  for (const std::string& token : more) scopes.insert(token);
}

LoginKey key_of(const Target& target, const ClientIdentity& client) {
  return {.issuer = target.server.issuer, .client_id = client.id, .resource = target.resource.resource};
}

}  // namespace

UserSession::Core::Core(UserSessionOptions options, Url server, const net::FetchSettings& fetch)
    : options_(std::move(options)),
      server_(std::move(server)),
      fetcher_(fetch, options_.seams.transport, options_.seams.resolver, options_.seams.clock),
      discovery_(fetcher_, server_,
                 {.issuer = options_.issuer, .allow_server_as_issuer = options_.allow_server_as_issuer}) {}

bool UserSession::Core::is_fresh(const std::optional<std::chrono::sys_seconds>& expires_at) const {
  return !expires_at || *expires_at - kExpiryBuffer > options_.seams.clock->now_seconds();
}

std::optional<TokenResponse> UserSession::Core::usable(const Need& need) {
  MutexLock lock(mutex_);
  if (!held_ || held_->token.access_token == need.refused || !is_fresh(held_->token.expires_at))
    return std::nullopt;
  if (!need.required.is_subset_of(ScopeSet::split(held_->token.scope))) return std::nullopt;
  return held_->token;
}

TokenResponse UserSession::Core::adopt(const Target& target, const StoredLogin& login, bool by_login) {
  TokenResponse token{.access_token = login.access_token,
                      .token_type = login.token_type,
                      .expires_at = login.expires_at,
                      .scope = login.scope,
                      .cnf_jkt = login.key_thumbprint};
  if (token.expires_at) token.expires_in = *token.expires_at - options_.seams.clock->now_seconds();
  MutexLock lock(mutex_);
  held_ = Held{.token = token,
               .issuer = target.server.issuer,
               .by_login = by_login,
               .since = options_.seams.clock->steady_now()};
  return token;
}

Result<TokenResponse> UserSession::Core::token() {
  return obtain({});
}

std::optional<TokenResponse> UserSession::Core::current() {
  return usable({});
}

bool UserSession::Core::signed_in() {
  MutexLock lock(mutex_);
  return held_.has_value();
}

Result<TokenResponse> UserSession::Core::token_after(const Refusal& refusal) {
  if (!is_refusal(refusal.status, refusal.headers)) {
    return Err(ErrorCode::invalid_argument,
               "HTTP " + std::to_string(refusal.status) + " is no refusal a token could cure");
  }
  const TokenChallenge challenge = read_challenge(refusal.headers);
  Need need{.refused = refusal.token};
  if (refusal.status == 401) {
    need.challenged = true;
    need.metadata_url = challenge.resource_metadata;
    need.suggested = challenged_scopes(challenge.scope);
  } else {
    need.required = challenged_scopes(challenge.scope);
    if (need.required.empty())
      return Err(ErrorCode::insufficient_scope,
                 "the server " + server_.text() + " wants more scopes and does not say which");
  }
  return obtain(need);
}

Result<TokenResponse> UserSession::Core::obtain(const Need& need) {
  if (auto token = usable(need)) return std::move(*token);
  const auto lease = options_.store->lease(options_.server_url);
  if (!lease) return Err(lease.error());
  if (auto token = usable(need)) return std::move(*token);  // got by somebody else while we waited

  const auto target = find_target(need);
  if (!target) return Err(target.error());
  const auto client = identity(**target);
  if (!client) return Err(client.error());
  std::string earlier_scope;
  if (*client) {
    const auto stored = stored_login(**target, **client);
    if (!stored) return Err(stored.error());
    if (*stored) {
      auto token = reuse(**target, **client, **stored, need);
      if (!token) return Err(std::move(token).error());
      if (*token) return std::move(**token);
      earlier_scope = (*stored)->scope;
    }
  }
  return login(**target, earlier_scope, need);
}

Result<std::shared_ptr<const Target>> UserSession::Core::find_target(const Need& need) {
  {
    MutexLock lock(mutex_);
    // A 401 may mean that the server trusts another authorization server now.
    if (target_ && !need.challenged) return target_;
  }
  auto found = discovery_.find(need.metadata_url);
  if (!found) return Err(std::move(found).error());
  if (found->resource.dpop_required && !options_.dpop) {
    return Err(ErrorCode::invalid_argument,
               "the server " + server_.text() + " takes only tokens bound to a key; set option dpop");
  }
  if (found->is_own_issuer) {
    options_.seams.logger->warn("agent: no protected resource metadata; the server is its own issuer",
                                {{"server", server_.text()}, {"issuer", found->server.issuer}});
  }
  auto target = std::make_shared<const Target>(std::move(*found));
  MutexLock lock(mutex_);
  target_ = target;
  return target;
}

Result<std::optional<ClientIdentity>> UserSession::Core::identity(const Target& target) {
  auto known = known_identity(options_, target.server);
  if (!known || *known) return known;
  const auto stored = options_.store->find_client(target.server.issuer);
  if (!stored) return Err(stored.error());
  if (!*stored || ((*stored)->expires_at && *(*stored)->expires_at <= options_.seams.clock->now_seconds()))
    return std::optional<ClientIdentity>();
  return std::optional(ClientIdentity{.id = (*stored)->id,
                                      .secret = (*stored)->secret,
                                      .method = (*stored)->method,
                                      .self_registered = true});
}

Result<std::optional<StoredLogin>> UserSession::Core::stored_login(const Target& target,
                                                                   const ClientIdentity& client) {
  auto login = options_.store->find_login(key_of(target, client));
  if (!login || !*login) return login;
  const std::string& key = options_.dpop ? options_.dpop->thumbprint() : std::string();
  if ((*login)->key_thumbprint != key) return std::optional<StoredLogin>();  // of no use without its key
  return login;
}

Result<std::optional<TokenResponse>> UserSession::Core::reuse(const Target& target,
                                                              const ClientIdentity& client,
                                                              const StoredLogin& login, const Need& need) {
  const auto only_the_user = [] { return std::optional<TokenResponse>(); };
  if (!need.required.is_subset_of(ScopeSet::split(login.scope))) return only_the_user();
  if (login.access_token != need.refused && is_fresh(login.expires_at))
    return std::optional(adopt(target, login, false));
  if (login.refresh_token.empty() || !need.required.empty()) return only_the_user();

  const TokenEndpoint endpoint(fetcher_, target.server, client, options_.dpop, options_.seams);
  auto tokens = endpoint.refresh(login.refresh_token, target.resource.resource);
  if (!tokens) {
    const ErrorCode code = tokens.error().code;
    if (code != ErrorCode::invalid_grant && !(code == ErrorCode::invalid_client && client.self_registered)) {
      return Err(std::move(tokens).error());
    }
    options_.seams.logger->info("agent: the login has ended",
                                {{"issuer", target.server.issuer}, {"cause", tokens.error().message}});
    auto dropped = code == ErrorCode::invalid_grant ? options_.store->drop_login(key_of(target, client))
                                                    : options_.store->drop_client(target.server.issuer);
    if (!dropped) return Err(std::move(dropped).error());
    MutexLock lock(mutex_);
    held_.reset();
    return only_the_user();
  }
  const StoredLogin renewed{
      .access_token = tokens->access_token,
      .token_type = tokens->token_type,
      .expires_at = tokens->expires_at,
      .refresh_token = tokens->refresh_token.empty() ? login.refresh_token : tokens->refresh_token,
      .scope = tokens->scope.empty() ? login.scope : tokens->scope,
      .key_thumbprint = login.key_thumbprint};
  if (auto kept = keep(target, client, renewed); !kept) return Err(std::move(kept).error());
  return std::optional(adopt(target, renewed, false));
}

// MCP authorization, "scope selection": the challenge, else everything the server announces.
ScopeSet UserSession::Core::scope_to_ask_for(const Target& target, const std::string& earlier_scope,
                                             const Need& need) const {
  ScopeSet scope = need.required;
  add(scope, need.suggested);
  if (scope.empty()) scope = target.resource.scopes;
  add(scope, ScopeSet::of(options_.scopes));
  add(scope, ScopeSet::split(earlier_scope));
  if (target.server.offers_offline_access) scope.insert("offline_access");
  return scope;
}

Result<TokenResponse> UserSession::Core::login(const Target& target, const std::string& earlier_scope,
                                               const Need& need) {
  if (auto ok = check_login_would_help(target, need); !ok) return Err(std::move(ok).error());
  if (auto ok = count_step_up(need); !ok) return Err(std::move(ok).error());
  auto client = identity(target);  // again: a registration may have been dropped
  if (!client) return Err(std::move(client).error());
  auto result = run_login(options_, fetcher_, target, std::move(*client),
                          scope_to_ask_for(target, earlier_scope, need));
  if (!result) return Err(std::move(result).error());
  const TokenResponse& tokens = result->tokens;
  const StoredLogin login{.access_token = tokens.access_token,
                          .token_type = tokens.token_type,
                          .expires_at = tokens.expires_at,
                          .refresh_token = tokens.refresh_token,
                          .scope = tokens.scope,
                          .key_thumbprint = options_.dpop ? options_.dpop->thumbprint() : std::string()};
  if (auto kept = keep(target, result->client, login); !kept) return Err(std::move(kept).error());
  return adopt(target, login, true);
}

Result<void> UserSession::Core::check_login_would_help(const Target& target, const Need& need) {
  MutexLock lock(mutex_);
  if (!held_ || !held_->by_login || held_->token.access_token != need.refused) return {};
  if (!need.required.empty()) {
    if (!need.required.is_subset_of(ScopeSet::split(held_->token.scope))) return {};
    return Err(ErrorCode::insufficient_scope, "the server " + server_.text() + " demands '" +
                                                  need.required.to_string() +
                                                  "' of a token that has just been granted it");
  }
  if (held_->issuer != target.server.issuer) return {};  // the server trusts another one by now
  if (options_.seams.clock->steady_now() - held_->since > kJustLoggedIn) return {};
  return Err(ErrorCode::access_denied,
             "the server " + server_.text() +
                 " refuses a token its authorization server has just issued; compare issuer and resource URI "
                 "in the settings of both");
}

Result<void> UserSession::Core::count_step_up(const Need& need) {
  if (need.required.empty()) return {};
  MutexLock lock(mutex_);
  const std::string scopes = need.required.to_string();
  const bool full = step_ups_.size() >= kMaxStepUpKinds && !step_ups_.contains(scopes);
  if (full || step_ups_[scopes] >= options_.max_step_ups) {
    Error error = Err(ErrorCode::insufficient_scope,
                      "the server " + server_.text() + " wants '" + scopes +
                          "' again; the user was asked often enough, so no further login is started")
                      .error;
    error.required_scopes = need.required.tokens();
    return Err(std::move(error));
  }
  ++step_ups_[scopes];
  return {};
}

Result<void> UserSession::Core::keep(const Target& target, const ClientIdentity& client,
                                     const StoredLogin& login) {
  return options_.store->put_login(key_of(target, client), login);
}

Result<void> UserSession::Core::logout() {
  const auto lease = options_.store->lease(options_.server_url);
  if (!lease) return Err(lease.error());
  {
    MutexLock lock(mutex_);
    held_.reset();
  }
  const auto target = find_target({});
  if (!target) return Err(target.error());
  const auto client = identity(**target);
  if (!client) return Err(client.error());
  if (!*client) return {};
  const LoginKey key = key_of(**target, **client);
  const auto login = options_.store->find_login(key);
  if (!login) return Err(login.error());
  if (!*login) return {};
  if (auto dropped = options_.store->drop_login(key); !dropped) return dropped;
  if ((*login)->refresh_token.empty()) return {};
  const TokenEndpoint endpoint(fetcher_, (*target)->server, **client, options_.dpop, options_.seams);
  return endpoint.revoke((*login)->refresh_token);
}

}  // namespace authplane::agent
