#pragma once

// For tests only: the public API over memory storage, a clock that stands still and keys made once per
// process.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>
#include <authplane/json/json.h>
#include <authplane/testing/testing.h>

#include "authserver/domain/client_secret.h"
#include "authserver/domain/counting_metrics.h"
#include "authserver/http/public_api.h"
#include "authserver/storage/memory/memory_storage.h"

namespace authplane::authserver {

// Keys of the process-wide test set, one more published with each rotation.
class TestKeyStore final : public SigningKeyStore {
 public:
  TestKeyStore() { make_set(); }
  SigningKeySetPtr keys() const override {
    const std::lock_guard lock(mutex_);
    return set_;
  }
  Outcome<SigningKeySetPtr> rotate(std::chrono::sys_seconds) override {
    const std::lock_guard lock(mutex_);
    ++generation_;
    make_set();
    return set_;
  }
  Outcome<SigningKeySetPtr> reload(std::chrono::sys_seconds) override { return keys(); }

 private:
  void make_set() {
    const PrivateKey& current = testing::test_key(JwsAlgorithm::ES256, generation_);
    std::vector<VerificationKey> published;
    for (std::size_t i = generation_ + 1; i-- > 0;) {
      const PublicKey& key = testing::test_key(JwsAlgorithm::ES256, i).public_key();
      published.push_back({key.thumbprint(), JwsAlgorithm::ES256, key});
    }
    set_ = std::make_shared<const SigningKeySet>(
        SigningKeySet{current.public_key().thumbprint(), current, std::move(published)});
  }

  mutable std::mutex mutex_;
  std::size_t generation_ = 0;
  SigningKeySetPtr set_;
};

using Refusal = std::optional<DomainErrorCode>;

// Pass on to another store until told to fail.
class FragileClients final : public ClientStore {
 public:
  FragileClients(ClientStore& inner, const Refusal& refusal) : inner_(inner), refusal_(refusal) {}
  Outcome<void> insert(const Client& client) override { return inner_.insert(client); }
  Outcome<ClientPtr> get(std::string_view id) override {
    if (refusal_) return fail(*refusal_, "refused", "disk full");
    return inner_.get(id);
  }
  Outcome<std::vector<Client>> list(const ClientFilter& filter, const Page& page) override {
    return inner_.list(filter, page);
  }
  Outcome<Client> update(const Client& changed) override { return inner_.update(changed); }
  Outcome<void> rotate_secret(std::string_view id, std::string_view hash, WallTime now) override {
    return inner_.rotate_secret(id, hash, now);
  }
  Outcome<Client> transition(std::string_view id, ClientStatus to, WallTime now) override {
    return inner_.transition(id, to, now);
  }
  Outcome<void> remove(std::string_view id, RemoveClient mode, WallTime now) override {
    return inner_.remove(id, mode, now);
  }
  Outcome<std::size_t> purge_unused(const UnusedClients& which, WallTime now) override {
    return inner_.purge_unused(which, now);
  }

 private:
  ClientStore& inner_;
  const Refusal& refusal_;
};

class FragileResources final : public ResourceStore {
 public:
  FragileResources(ResourceStore& inner, const Refusal& refusal) : inner_(inner), refusal_(refusal) {}
  Outcome<std::shared_ptr<const ResourceCatalog>> catalog() override {
    if (refusal_) return fail(*refusal_, "refused", "disk full");
    return inner_.catalog();
  }
  Outcome<void> insert(const Resource& resource) override { return inner_.insert(resource); }
  Outcome<Resource> update(const Resource& changed) override { return inner_.update(changed); }
  Outcome<std::vector<FrontingLink>> remove(std::string_view id, RemoveResource mode, WallTime now) override {
    return inner_.remove(id, mode, now);
  }

 private:
  ResourceStore& inner_;
  const Refusal& refusal_;
};

class FragileUsers final : public UserStore {
 public:
  FragileUsers(UserStore& inner, const Refusal& refusal, std::function<void()>& after_lookup)
      : inner_(inner), refusal_(refusal), after_lookup_(after_lookup) {}
  Outcome<void> insert(const User& user) override { return inner_.insert(user); }
  Outcome<User> get(std::string_view id) override {
    if (refusal_) return fail(*refusal_, "refused", "disk full");
    return inner_.get(id);
  }
  Outcome<std::optional<User>> find_by_email(std::string_view email) override {
    if (refusal_) return fail(*refusal_, "refused", "disk full");
    auto found = inner_.find_by_email(email);
    if (after_lookup_) std::exchange(after_lookup_, nullptr)();
    return found;
  }
  Outcome<std::optional<User>> find_by_provider(std::string_view provider, std::string_view sub) override {
    return inner_.find_by_provider(provider, sub);
  }
  Outcome<std::vector<User>> list(const Page& page) override { return inner_.list(page); }
  Outcome<User> update(const User& changed) override { return inner_.update(changed); }
  Outcome<User> transition(std::string_view id, UserStatus to, WallTime now) override {
    return inner_.transition(id, to, now);
  }
  Outcome<void> remove(std::string_view id, RemoveUser mode, WallTime now) override {
    return inner_.remove(id, mode, now);
  }

 private:
  UserStore& inner_;
  const Refusal& refusal_;
  std::function<void()>& after_lookup_;
};

// Without its providers when told so.
class FragileProviders final : public BrokerProviderStore {
 public:
  FragileProviders(BrokerProviderStore& inner, const bool& are_gone) : inner_(inner), are_gone_(are_gone) {}
  Outcome<void> insert(const BrokerProvider& provider) override { return inner_.insert(provider); }
  Outcome<std::optional<BrokerProvider>> find(std::string_view id) override {
    if (are_gone_) return std::optional<BrokerProvider>();
    return inner_.find(id);
  }
  Outcome<std::optional<BrokerProvider>> find_by_slug(std::string_view slug) override {
    return inner_.find_by_slug(slug);
  }
  Outcome<std::vector<BrokerProvider>> list() override { return inner_.list(); }
  Outcome<BrokerProvider> update(const BrokerProvider& changed) override { return inner_.update(changed); }
  Outcome<void> remove(std::string_view id) override { return inner_.remove(id); }

 private:
  BrokerProviderStore& inner_;
  const bool& are_gone_;
};

class FragileGrants final : public BrokerGrantStore {
 public:
  FragileGrants(BrokerGrantStore& inner, const Refusal& refusal) : inner_(inner), refusal_(refusal) {}
  Outcome<BrokerGrant> get(std::string_view id) override { return inner_.get(id); }
  Outcome<std::optional<BrokerGrant>> find_active(std::string_view user, std::string_view provider) override {
    if (refusal_) return fail(*refusal_, "refused", "disk full");
    return inner_.find_active(user, provider);
  }
  Outcome<std::vector<BrokerGrant>> list_of_user(std::string_view user_id) override {
    if (refusal_) return fail(*refusal_, "refused", "disk full");
    return inner_.list_of_user(user_id);
  }
  Outcome<std::vector<BrokerGrant>> list_after(std::string_view after, std::size_t limit) override {
    return inner_.list_after(after, limit);
  }
  Outcome<BrokerGrant> connect(const BrokerGrant& grant) override {
    if (refusal_) return fail(*refusal_, "refused", "disk full");
    return inner_.connect(grant);
  }
  Outcome<BrokerGrant> replace_credential(std::string_view id, std::int64_t version,
                                          std::string_view credential, std::string_view enc_backend,
                                          WallTime now) override {
    return inner_.replace_credential(id, version, credential, enc_backend, now);
  }
  Outcome<RevokedBrokerGrant> revoke(std::string_view id, WallTime now) override {
    return inner_.revoke(id, now);
  }
  Outcome<void> begin(const PendingConnect& pending) override {
    if (refusal_) return fail(*refusal_, "refused", "disk full");
    return inner_.begin(pending);
  }
  Outcome<std::optional<PendingConnect>> finish(std::string_view id, WallTime now) override {
    if (refusal_) return fail(*refusal_, "refused", "disk full");
    return inner_.finish(id, now);
  }
  Outcome<std::size_t> purge_pending(WallTime now) override { return inner_.purge_pending(now); }

 private:
  BrokerGrantStore& inner_;
  const Refusal& refusal_;
};

// The same for a whole storage.
class FragileStorage final : public Storage, IssuanceStore {
 public:
  explicit FragileStorage(Storage& inner) : inner_(inner) {}
  bool unreachable = false;
  std::optional<DomainErrorCode> refuse_issuances;
  std::optional<DomainErrorCode> refuse_clients, refuse_resources, refuse_users;  // look-ups of them
  std::optional<DomainErrorCode> refuse_broker_grants;
  bool providers_vanish = false;
  std::function<void()> before_append = nullptr;       // called once, between a decision and its record
  std::function<void()> after_email_lookup = nullptr;  // called once, when a user was found by address

  ClientStore& clients() override { return clients_; }
  ResourceStore& resources() override { return resources_; }
  IssuanceStore& issuances() override { return *this; }
  UserStore& users() override { return users_; }
  AuthorizationStore& authorizations() override { return inner_.authorizations(); }
  ConsentGrantStore& consent_grants() override { return inner_.consent_grants(); }
  TokenFamilyStore& families() override { return inner_.families(); }
  FrontingStore& fronting_links() override { return inner_.fronting_links(); }
  BrokerProviderStore& broker_providers() override { return providers_; }
  BrokerGrantStore& broker_grants() override { return broker_grants_; }
  XaaStore& xaa() override { return inner_.xaa(); }
  AuditStore& audit() override { return inner_.audit(); }
  SettingsStore& settings() override { return inner_.settings(); }
  StatsStore& stats() override { return inner_.stats(); }
  Outcome<void> ping() override {
    if (unreachable) return fail(DomainErrorCode::unavailable, "down", "disk gone");
    return inner_.ping();
  }
  std::string_view driver() const override { return inner_.driver(); }

 private:
  void start(IssuanceAppend& append) override { inner_.issuances().start(append); }
  void append_async(NewIssuance issuance, AppendCallback done) override {
    if (before_append) std::exchange(before_append, nullptr)();
    if (refuse_issuances) return done(fail(*refuse_issuances, "refused", "disk full"));
    inner_.issuances().append_async(std::move(issuance), std::move(done));
  }
  Outcome<Issuance> get(const TimeOrderedId& id) override { return inner_.issuances().get(id); }
  Outcome<std::optional<Issuance>> find_by_jti(std::string_view jti) override {
    return inner_.issuances().find_by_jti(jti);
  }
  Outcome<TokenState> token_state(std::string_view jti, WallTime now) override {
    return inner_.issuances().token_state(jti, now);
  }
  Outcome<std::vector<Issuance>> query(const IssuanceQuery& query) override {
    return inner_.issuances().query(query);
  }
  Outcome<MachineTokenPage> list_machine_tokens(const std::optional<std::string>& id,
                                                const Page& page) override {
    return inner_.issuances().list_machine_tokens(id, page);
  }
  Outcome<RevokedIssuance> revoke(const TimeOrderedId& id, WallTime now) override {
    if (refuse_issuances) return fail(*refuse_issuances, "refused", "disk full");
    return inner_.issuances().revoke(id, now);
  }
  Outcome<std::size_t> purge_expired_machine_tokens(WallTime now) override {
    return inner_.issuances().purge_expired_machine_tokens(now);
  }
  Outcome<std::size_t> purge_spent_proofs(WallTime now) override {
    return inner_.issuances().purge_spent_proofs(now);
  }
  Outcome<std::optional<TimeOrderedId>> newest_id() override { return inner_.issuances().newest_id(); }

  Storage& inner_;
  FragileClients clients_{inner_.clients(), refuse_clients};
  FragileResources resources_{inner_.resources(), refuse_resources};
  FragileUsers users_{inner_.users(), refuse_users, after_email_lookup};
  FragileGrants broker_grants_{inner_.broker_grants(), refuse_broker_grants};
  FragileProviders providers_{inner_.broker_providers(), providers_vanish};
};

inline constexpr std::string_view kIssuer = "https://as.example";
inline constexpr std::string_view kResource = "https://rs.example/mcp";
inline constexpr std::string_view kSecret = "canary-client-secret";

// The least that argon2id can do.
inline constexpr Argon2Cost kCheapHash{.memory_kib = 8, .passes = 1, .lanes = 1};

inline BrowserOptions cheap_passwords() {
  BrowserOptions options;
  options.passwords.cost = kCheapHash;
  return options;
}

struct TestServer {
  TestServer() = default;
  explicit TestServer(std::unique_ptr<Storage> other) : memory(std::move(other)) {}

  testing::FakeClock clock;
  testing::SeededRandom random;
  testing::RecordingLogger logger;
  CountingMetrics metrics;
  IdGenerator ids{clock, random};
  SecretString pepper{"a pepper for tests"};
  SecretString session_secret{"a session secret for tests"};
  std::unique_ptr<Storage> memory = make_memory_storage();
  FragileStorage storage{*memory};
  TestKeyStore keys;
  PublicApiConfig config{.issuer = std::string(kIssuer),
                         .client_credentials_enabled = true,
                         .client_credentials_token_expiry = std::chrono::seconds(3600),
                         .dpop = {},
                         .browser = cheap_passwords(),
                         .allowed_origins = {},
                         .rate_limit = std::nullopt};
  std::shared_ptr<HttpTransport> client_documents;  // null: off
  std::shared_ptr<OpenIdProvider> provider;         // null: off
  std::shared_ptr<UpstreamTokens> upstream_tokens;  // null: off
  ConnectTools connect;                             // empty: off
  std::shared_ptr<IdpKeys> idp_keys;                // null: off
  HttpHandler handler;
  DeferredHandler deferred;  // the same, answering later

  // Takes `config` as it is now.
  void start() {
    deferred = PublicApi::create_deferred({.config = config,
                                           .client_secret_pepper = pepper,
                                           .session_secret = session_secret,
                                           .storage = storage,
                                           .signing_keys = keys,
                                           .ids = ids,
                                           .clock = clock,
                                           .random = random,
                                           .logger = logger,
                                           .metrics = metrics,
                                           .client_documents = client_documents,
                                           .provider = provider,
                                           .upstream_tokens = upstream_tokens,
                                           .connect = connect,
                                           .idp_keys = idp_keys});
    handler = blocking(deferred);
  }

  Client client_named(std::string id) const {
    Client client;
    client.id = std::move(id);
    client.secret_hash = hash_client_secret(pepper, kSecret);
    client.name = "agent";
    client.grant_types = {"client_credentials"};
    client.response_types = {"code"};
    client.token_endpoint_auth_method = ClientAuthMethod::client_secret_basic;
    client.scope = "mcp:echo mcp:other";
    client.issued_at = client.updated_at = clock.now();
    return client;
  }
  void add(const Client& client) { storage.clients().insert(client).value(); }

  Resource resource_named(std::string slug, std::string uri, std::vector<std::string> scopes) const {
    Resource resource;
    resource.id = "id-" + slug;
    resource.slug = std::move(slug);
    resource.uri = std::move(uri);
    for (std::string& scope : scopes) resource.scopes.push_back({std::move(scope), "", ""});
    resource.created_at = resource.updated_at = clock.now();
    return resource;
  }
  void add(const Resource& resource) { storage.resources().insert(resource).value(); }

  std::vector<AuditEvent> audit_rows() {
    return storage.audit()
        .query({.action = {}, .actor_id = {}, .client_id = {}, .since = {}, .until = {}, .page = {1000, 0}})
        .value();
  }

  HttpResponse send(HttpRequest request) const {
    if (request.remote_address.empty()) request.remote_address = "192.0.2.7";
    return handler(request);
  }
  HttpResponse get(std::string target, Headers headers = {}) const {
    return send({.method = "GET",
                 .target = std::move(target),
                 .headers = std::move(headers),
                 .body = "",
                 .remote_address = ""});
  }
};

inline std::string basic(std::string_view id, std::string_view secret) {
  return "Basic " + base64_encode(form_encode(id) + ":" + form_encode(secret));
}

inline Json json_of(const HttpResponse& response) {
  return parse_json(response.body).value();
}

}  // namespace authplane::authserver
