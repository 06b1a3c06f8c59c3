#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include <authplane/base/mutex.h>

#include "authserver/domain/storage.h"
#include "authserver/storage/delegation_rules.h"

namespace authplane::authserver::memory {

// All rows, under one lock: a verb holds it from its first read to its last write, which makes it a
// transaction.
struct State {
  Mutex mutex;
  std::unordered_map<std::string, ClientPtr> clients AUTHPLANE_GUARDED_BY(mutex);
  std::unordered_map<std::string, Resource> resources AUTHPLANE_GUARDED_BY(mutex);
  std::shared_ptr<const ResourceCatalog> catalog AUTHPLANE_GUARDED_BY(mutex) =
      std::make_shared<ResourceCatalog>();
  std::map<TimeOrderedId, Issuance, std::greater<>> issuances AUTHPLANE_GUARDED_BY(mutex);  // newest first
  std::map<TimeOrderedId, AuditEvent, std::greater<>> audit AUTHPLANE_GUARDED_BY(mutex);    // newest first
  std::map<SpentProof::Key, std::chrono::sys_seconds> spent_proofs AUTHPLANE_GUARDED_BY(mutex);  // expiry
  std::unordered_map<std::string, std::string> settings AUTHPLANE_GUARDED_BY(mutex);
  std::unordered_map<std::string, User> users AUTHPLANE_GUARDED_BY(mutex);
  std::unordered_map<std::string, Authorization> authorizations AUTHPLANE_GUARDED_BY(mutex);
  std::unordered_map<std::string, ConsentGrant> consent_grants AUTHPLANE_GUARDED_BY(mutex);
  std::map<TimeOrderedId, TokenFamily, std::greater<>> families AUTHPLANE_GUARDED_BY(mutex);  // newest first
  std::map<TokenHash, RefreshToken> refresh_tokens AUTHPLANE_GUARDED_BY(mutex);
  // Access tokens by family.
  std::map<TimeOrderedId, std::set<TimeOrderedId>> family_tokens AUTHPLANE_GUARDED_BY(mutex);
  FrontingLinks fronting_links AUTHPLANE_GUARDED_BY(mutex);
  std::unordered_map<std::string, BrokerProvider> broker_providers AUTHPLANE_GUARDED_BY(mutex);
  std::map<std::string, BrokerGrant> broker_grants AUTHPLANE_GUARDED_BY(mutex);
  std::unordered_map<std::string, PendingConnect> pending_connects AUTHPLANE_GUARDED_BY(mutex);
  std::map<std::string, TrustedIdp> idps AUTHPLANE_GUARDED_BY(mutex);
  std::map<std::string, XaaPolicy> xaa_policies AUTHPLANE_GUARDED_BY(mutex);
  std::map<std::string, SubjectMapping> subject_mappings AUTHPLANE_GUARDED_BY(mutex);
  std::map<Sha256Digest, WallTime> spent_assertions AUTHPLANE_GUARDED_BY(mutex);  // expiry
};

std::unique_ptr<ClientStore> make_client_store(State& state);
std::unique_ptr<ResourceStore> make_resource_store(State& state);
std::unique_ptr<IssuanceStore> make_issuance_store(State& state);
std::unique_ptr<UserStore> make_user_store(State& state);
std::unique_ptr<AuthorizationStore> make_authorization_store(State& state);
std::unique_ptr<ConsentGrantStore> make_consent_grant_store(State& state);
std::unique_ptr<TokenFamilyStore> make_token_family_store(State& state);
std::unique_ptr<FrontingStore> make_fronting_store(State& state);
std::unique_ptr<BrokerProviderStore> make_broker_provider_store(State& state);
std::unique_ptr<BrokerGrantStore> make_broker_grant_store(State& state);
std::unique_ptr<XaaStore> make_xaa_store(State& state);

}  // namespace authplane::authserver::memory
