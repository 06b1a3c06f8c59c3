#pragma once

// For tests only: a broker over a storage, with one user, one provider and one resource.

#include <future>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <authplane/testing/testing.h>

#include "authserver/broker/broker.h"
#include "authserver/broker/scripted_accounts.h"
#include "authserver/domain/counting_metrics.h"
#include "authserver/domain/storage.h"
#include "authserver/sealing/aes_sealer.h"
#include "authserver/sealing/owner.h"
#include "authserver/storage/memory/memory_storage.h"

namespace authplane::authserver {

using Vended = Result<UpstreamToken, UpstreamRefusal>;

class BrokerFixture {
 public:
  explicit BrokerFixture(std::unique_ptr<Storage> storage = make_memory_storage())
      : storage_(std::move(storage)) {
    User user;
    user.id = "user-1";
    user.email = "user-1@example.com";
    EXPECT_TRUE(storage_->users().insert(user));
    provider.id = "provider-1";
    provider.slug = "hub";
    provider.display_name = "Hub";
    provider.config_data = ScriptedAccounts::config().dump();
    EXPECT_TRUE(storage_->broker_providers().insert(provider));
  }

  Storage& storage() { return *storage_; }
  BrokerGrantStore& grants() { return storage_->broker_grants(); }
  static SecretString key(char c) { return SecretString(std::string(kMasterKeyBytes, c)); }

  std::unique_ptr<Broker> make_broker(Broker::Options options = {}) {
    return std::make_unique<Broker>(options, deps());
  }
  Broker::Deps deps() {
    return {.providers = storage_->broker_providers(),
            .grants = grants(),
            .sealer = sealer.get(),
            .transport = accounts.network,
            .secrets = [](std::string_view name) -> std::optional<SecretString> {
              if (name != "CONNECTOR_HUB_SECRET") return std::nullopt;
              return SecretString(ScriptedAccounts::kSecret);
            },
            .ids = ids,
            .clock = clock,
            .logger = logger,
            .metrics = metrics};
  }

  // An account that is connected, with a refresh token the provider honours.
  BrokerGrant connected(const std::string& scopes = "repo read:user") {
    BrokerGrant grant;
    grant.id = "grant-1";
    grant.user_id = "user-1";
    grant.provider_id = provider.id;
    grant.scopes_granted = ScopeSet::split(scopes);
    grant.credential =
        sealer->seal(accounts.give_refresh_token(), grant_owner("user-1", provider.id)).value();
    grant.enc_backend = std::string(sealer->driver());
    return grants().connect(grant).value();
  }
  // What is stored, "" when it does not open.
  std::string stored_token(const std::string& grant_id = "grant-1") {
    const BrokerGrant grant = grants().get(grant_id).value();
    const auto opened = sealer->open(grant.credential, grant_owner(grant.user_id, grant.provider_id));
    return opened ? std::string(opened->text.expose()) : "";
  }
  void configure(const std::string& member, const nlohmann::json& value) {
    nlohmann::json config = nlohmann::json::parse(provider.config_data);
    config[member] = value;
    if (value.is_null()) config.erase(member);
    provider.config_data = config.dump();
    provider = storage_->broker_providers().update(provider).value();
  }

  UpstreamRequest request(const std::string& scopes = "repo", const std::string& user = "user-1") const {
    Resource resource;
    resource.id = "resource-1";
    resource.slug = "hub-api";
    resource.backend_kind = BackendKind::broker;
    resource.broker_provider_id = provider.id;
    resource.scopes = {{"repo", "", ""}, {"profile", "", "read:user"}, {"org", "", "admin:org"}};
    return {user, std::make_shared<const Resource>(std::move(resource)), ScopeSet::split(scopes)};
  }
  static Vended vend(Broker& broker, UpstreamRequest request) {
    const auto answer = std::make_shared<std::promise<Vended>>();
    broker.vend(std::move(request), [answer](Vended vended) { answer->set_value(std::move(vended)); });
    return answer->get_future().get();
  }
  // By a broker of its own, which is gone afterwards.
  Vended vend(UpstreamRequest request) { return vend(*make_broker(), std::move(request)); }
  Vended vend() { return vend(request()); }
  double refreshes(const std::string& outcome) const {
    return metrics.count("authserver_upstream_token_refresh_total{provider=hub,outcome=" + outcome + "}");
  }

  testing::FakeClock clock;
  testing::SeededRandom random;
  testing::RecordingLogger logger;
  CountingMetrics metrics;
  IdGenerator ids{clock, random};
  ScriptedAccounts accounts;
  std::unique_ptr<Sealer> sealer = make_aes_sealer(key('k'), {}, random);
  BrokerProvider provider;

 private:
  std::unique_ptr<Storage> storage_;
};

inline UpstreamRefusal::Reason reason_of(const Vended& vended) {
  EXPECT_FALSE(vended);
  return vended ? UpstreamRefusal::Reason{} : vended.error().reason;
}

}  // namespace authplane::authserver
