#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <authplane/base/random.h>
#include <authplane/testing/fake_clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/domain/storage.h"

// What every storage backend must do. A backend compiles these sources into its test and instantiates the
// suite with a way to open an empty storage.

namespace authplane::authserver {

struct OpenedStorage {
  std::shared_ptr<void> environment;  // outlives the storage: a directory to remove, a logger
  std::unique_ptr<Storage> storage;
  std::function<std::unique_ptr<Storage>()> open_again = {};  // none: nothing survives the storage
};

struct StorageBackend {
  std::string name;
  std::function<OpenedStorage()> open;
};
inline void PrintTo(const StorageBackend& backend, std::ostream* out) {
  *out << backend.name;
}

class StorageConformance : public ::testing::TestWithParam<StorageBackend> {
 protected:
  Client make_client(std::string id);
  Resource make_resource(std::string slug, std::string uri);
  // One hour of life, for `client_id`, without a resource.
  Issuance make_issuance(std::string client_id);
  AuditEvent make_event(std::string action);

  // The same, stored.
  Client stored_client(const std::string& id);
  Resource stored_resource(const std::string& slug);
  Issuance stored_issuance(const Issuance& issuance);

  User make_user(std::string id);
  // Pending, for ten minutes.
  Authorization make_authorization(std::string client_id, std::string user_id, const Resource* resource);
  Approval make_approval(const Authorization& authorization, std::string_view code);
  // The token a redeemed code is answered with.
  NewIssuance make_start(const Authorization& authorization, std::string_view refresh_token);
  // The token `presented` is answered with, and its successor.
  NewIssuance make_rotation(const TokenFamily& family, std::string_view presented,
                            std::string_view successor);

  FrontingLink make_link(const Resource& source, const Resource& target);
  BrokerProvider make_provider(std::string slug);
  // Connected, with a credential that says so.
  BrokerGrant make_broker_grant(std::string user_id, std::string provider_id);
  PendingConnect make_pending(std::string user_id, std::string provider_id);
  TrustedIdp make_idp(std::string issuer);
  XaaPolicy make_policy(std::string idp_id);
  SubjectMapping make_mapping(std::string idp_id, std::string subject, std::string user_id);
  // A token that `client_id` got for `parent`, at `resource`, for an hour.
  Issuance make_exchanged(const Issuance& parent, std::string client_id, const Resource* resource);
  // The same, ready to be recorded under a consent, or under none.
  NewIssuance make_exchange(const Issuance& parent, std::string client_id, const Resource* resource,
                            const ConsentGrant* consent);

  BrokerProvider stored_provider(const std::string& slug);
  BrokerGrant stored_broker_grant(const std::string& user_id, const std::string& provider_id);
  TrustedIdp stored_idp(const std::string& issuer);

  User stored_user(const std::string& id);
  Authorization stored_authorization(const Authorization& authorization);
  // Approved and redeemed.
  Authorization redeemed_authorization(const std::string& client_id, const std::string& user_id,
                                       const Resource* resource);
  // A user at a client whose code was redeemed: the family, its first refresh token and access token.
  struct Session {
    TokenFamily family;
    std::string refresh_token;
    Issuance access;
  };
  Session stored_session(const std::string& client_id, const std::string& user_id, const Resource* resource);
  // "client-1" and "user-1", stored, at `resource`.
  Session first_session(const Resource* resource = nullptr);
  // The next access token of the session, which moves on to its next refresh token.
  Issuance refreshed(Session& session);

  bool is_live(const Issuance& issuance);
  static TokenHash hash_of(std::string_view secret) { return sha256(secret); }
  // The storage is closed and opened again, if it can be.
  void reopen();

  UserStore& users() { return opened_.storage->users(); }
  AuthorizationStore& authorizations() { return opened_.storage->authorizations(); }
  ConsentGrantStore& consent_grants() { return opened_.storage->consent_grants(); }
  TokenFamilyStore& families() { return opened_.storage->families(); }
  ClientStore& clients() { return opened_.storage->clients(); }
  ResourceStore& resources() { return opened_.storage->resources(); }
  IssuanceStore& issuances() { return opened_.storage->issuances(); }
  FrontingStore& fronting_links() { return opened_.storage->fronting_links(); }
  BrokerProviderStore& broker_providers() { return opened_.storage->broker_providers(); }
  BrokerGrantStore& broker_grants() { return opened_.storage->broker_grants(); }
  XaaStore& xaa() { return opened_.storage->xaa(); }
  AuditStore& audit() { return opened_.storage->audit(); }
  std::chrono::sys_seconds now_seconds() const { return clock_.now_seconds(); }

  testing::FakeClock clock_;
  SystemRandom random_;
  IdGenerator ids_{clock_, random_};
  OpenedStorage opened_ = GetParam().open();
};

template <class T>
bool failed_with(const Outcome<T>& outcome, DomainErrorCode code) {
  return !outcome && outcome.error().code == code;
}

}  // namespace authplane::authserver
