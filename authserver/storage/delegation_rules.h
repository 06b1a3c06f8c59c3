#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "authserver/domain/broker_grant_store.h"
#include "authserver/domain/broker_provider_store.h"
#include "authserver/domain/fronting_store.h"
#include "authserver/domain/issuance_store.h"
#include "authserver/domain/xaa_store.h"

// What every backend decides and answers alike about fronting links, upstream providers and grants, trusted
// identity providers and exchanged tokens.

namespace authplane::authserver {

// By source and target, which is the order they are listed in.
using FrontingLinks = std::map<std::pair<std::string, std::string>, FrontingLink>;

inline std::pair<std::string, std::string> key_of(const FrontingLink& link) {
  return {link.source_slug, link.target_slug};
}

inline std::optional<FrontingLink> find_link(const FrontingLinks& links, std::string_view source,
                                             std::string_view target) {
  const auto found = links.find({std::string(source), std::string(target)});
  return found == links.end() ? std::nullopt : std::optional<FrontingLink>(found->second);
}

inline std::vector<FrontingLink> list_links(const FrontingLinks& links, const FrontingFilter& filter,
                                            const Page& page) {
  std::vector<FrontingLink> out;
  std::size_t skipped = 0;
  for (const auto& [key, link] : links) {
    if (out.size() >= page.limit) break;
    if (filter.source_slug && *filter.source_slug != link.source_slug) continue;
    if (filter.target_slug && *filter.target_slug != link.target_slug) continue;
    if (skipped++ >= page.offset) out.push_back(link);
  }
  return out;
}

// Those that mention the resource, on either side.
inline std::vector<FrontingLink> links_of(const FrontingLinks& links, std::string_view slug) {
  std::vector<FrontingLink> out;
  for (const auto& [key, link] : links) {
    if (link.source_slug == slug || link.target_slug == slug) out.push_back(link);
  }
  return out;
}

inline Unexpected<DomainError> fronting_link_not_found() {
  return fail(DomainErrorCode::not_found, "fronting link not found");
}

// `find_resource(slug)` answers something that points to a Resource, or is null.
template <class FindResource>
Outcome<void> judge_link(const FrontingLink& link, FindResource find_resource) {
  if (auto ok = check_fronting_shape(link); !ok) return ok;
  const auto source = find_resource(link.source_slug);
  if (!source) return fail(DomainErrorCode::invalid_request, "no resource has the slug " + link.source_slug);
  const auto target = find_resource(link.target_slug);
  if (!target) return fail(DomainErrorCode::invalid_request, "no resource has the slug " + link.target_slug);
  return check_fronting_link(link, *source, *target);
}

// REQUIRES: judge_link passed.
inline Outcome<void> judge_new_link(const FrontingLink& link, const FrontingLinks& links) {
  if (links.contains(key_of(link))) {
    return fail(DomainErrorCode::conflict,
                link.source_slug + " fronts " + link.target_slug + " already: change that link");
  }
  std::vector<FrontingLink> all;
  for (const auto& [key, other] : links) all.push_back(other);
  if (fronting_reaches(all, link.target_slug, link.source_slug)) {
    return fail(DomainErrorCode::invalid_request, link.target_slug + " fronts " + link.source_slug +
                                                      " already, directly or over others: links must not form"
                                                      " a cycle");
  }
  return {};
}

inline Outcome<void> judge_fronted_change(const FrontingLinks& links, const Resource& stored,
                                          const Resource& changed) {
  return check_fronted_change(links_of(links, stored.slug), stored, changed);
}

inline Unexpected<DomainError> resource_is_linked() {
  return fail(DomainErrorCode::conflict,
              "fronting links mention the resource: remove them first or delete with cascade");
}

inline Unexpected<DomainError> no_such_provider() {
  return fail(DomainErrorCode::invalid_request, "broker_provider_id names no broker provider");
}

inline Unexpected<DomainError> provider_not_found() {
  return fail(DomainErrorCode::not_found, "broker provider not found");
}

inline Unexpected<DomainError> provider_version_conflict() {
  return fail(DomainErrorCode::conflict,
              "the broker provider was changed by someone else: read it again and repeat the change");
}

inline Unexpected<DomainError> provider_is_used(std::string_view by) {
  return fail(DomainErrorCode::conflict, "the broker provider is used by " + std::string(by));
}

// What BrokerProviderStore::update may change, and nothing else.
inline BrokerProvider merged(const BrokerProvider& stored, const BrokerProvider& changed) {
  BrokerProvider next = changed;
  next.created_at = stored.created_at;
  next.version = stored.version + 1;
  return next;
}

inline Unexpected<DomainError> broker_grant_not_found() {
  return fail(DomainErrorCode::not_found, "broker grant not found");
}

inline Unexpected<DomainError> broker_grant_exists() {
  return fail(DomainErrorCode::conflict, "the broker grant id is taken");
}

inline Unexpected<DomainError> broker_grant_changed() {
  return fail(DomainErrorCode::conflict, "the connection was changed meanwhile");
}

inline Unexpected<DomainError> user_may_not_connect(std::string_view id) {
  return fail(DomainErrorCode::access_denied, "the user may not connect accounts",
              "user " + std::string(id) + " was removed or is disabled");
}

inline Unexpected<DomainError> pending_connect_exists() {
  return fail(DomainErrorCode::conflict, "the connect request exists");
}

// The row of the user and the provider after they connected again.
inline BrokerGrant reconnected(BrokerGrant stored, const BrokerGrant& grant) {
  stored.scopes_granted = grant.scopes_granted;
  stored.credential = grant.credential;
  stored.enc_backend = grant.enc_backend;
  stored.updated_at = grant.updated_at;
  stored.revoked_at.reset();
  ++stored.version;
  return stored;
}

inline BrokerGrant with_credential(BrokerGrant stored, std::string_view credential,
                                   std::string_view enc_backend, WallTime now) {
  stored.credential = credential;
  stored.enc_backend = enc_backend;
  stored.updated_at = now;
  ++stored.version;
  return stored;
}

// REQUIRES: active.
inline BrokerGrant without_credential(BrokerGrant stored, WallTime now) {
  stored.credential.clear();
  stored.enc_backend.clear();
  stored.revoked_at = stored.updated_at = now;
  return stored;
}

inline Unexpected<DomainError> idp_not_found() {
  return fail(DomainErrorCode::not_found, "identity provider not found");
}

inline Unexpected<DomainError> idp_taken(std::string_view what) {
  return fail(DomainErrorCode::conflict, "another identity provider has this " + std::string(what));
}

inline Unexpected<DomainError> no_such_idp() {
  return fail(DomainErrorCode::invalid_request, "idp_id names no identity provider");
}

inline Unexpected<DomainError> policy_not_found() {
  return fail(DomainErrorCode::not_found, "policy not found");
}

inline Unexpected<DomainError> policy_exists() {
  return fail(DomainErrorCode::conflict, "the policy id is taken");
}

inline Unexpected<DomainError> mapping_not_found() {
  return fail(DomainErrorCode::not_found, "subject mapping not found");
}

inline Unexpected<DomainError> mapping_exists() {
  return fail(DomainErrorCode::conflict, "the subject mapping exists");
}

inline Unexpected<DomainError> no_such_local_user() {
  return fail(DomainErrorCode::invalid_request, "local_user_id names no user");
}

// What XaaStore::update_idp may change, and nothing else.
inline TrustedIdp merged(TrustedIdp stored, const TrustedIdp& changed) {
  stored.name = changed.name;
  stored.enabled = changed.enabled;
  stored.updated_at = changed.updated_at;
  return stored;
}

// What XaaStore::update_policy may change, and nothing else.
inline XaaPolicy merged(const XaaPolicy& stored, const XaaPolicy& changed) {
  XaaPolicy next = changed;
  next.idp_id = stored.idp_id;
  next.created_at = stored.created_at;
  return next;
}

inline Unexpected<DomainError> exchange_refused(std::string why) {
  return fail(DomainErrorCode::invalid_grant, "the subject token is not good any more", std::move(why));
}

// Whether a token may be recorded that was had for `parent` under `consent`; null when there is none.
template <class ParentPointer, class ConsentPointer>
Outcome<void> judge_exchange(const NewIssuance& issuance, const ParentPointer& parent, bool user_is_active,
                             const ConsentPointer& consent) {
  const Issuance& row = issuance.row;
  if (!parent || !parent->is_live(row.issued_at) || parent->backend_kind != BackendKind::mint) {
    return exchange_refused("it expired or was revoked meanwhile");
  }
  if (!row.subject_user_id.empty() && !user_is_active) {
    return exchange_refused("user " + row.subject_user_id + " was removed or is disabled");
  }
  if (issuance.exchange->consent_grant_id.empty()) return {};
  if (!consent || consent->user_id != row.subject_user_id ||
      !consent->covers(issuance.exchange->consented_scopes)) {
    return fail(DomainErrorCode::consent_required, "the user has to consent first",
                "consent " + issuance.exchange->consent_grant_id + " was revoked or narrowed meanwhile");
  }
  return {};
}

}  // namespace authplane::authserver
