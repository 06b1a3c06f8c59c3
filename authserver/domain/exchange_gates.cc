#include "authserver/domain/exchange_gates.h"

#include <algorithm>
#include <limits>

namespace authplane::authserver {
namespace {

Unexpected<ExchangeRefusal> denied(std::string_view reason, std::string description) {
  return refuse(DomainErrorCode::access_denied, reason, std::move(description));
}

}  // namespace

bool is_listed(const std::vector<std::string>& client_ids, std::string_view client_id) {
  return std::find(client_ids.begin(), client_ids.end(), client_id) != client_ids.end();
}

Exchanged<void> check_operator_gate(const Resource& target, std::string_view client_id) {
  const auto& allowed = target.policy.exchange_allowed_client_ids;
  if (allowed.empty() || is_listed(allowed, client_id)) return {};
  return denied("operator_gate_denied", "the client may not exchange tokens for this resource");
}

Exchanged<void> check_cross_client(const Resource& target, std::string_view client_id,
                                   const PresentedToken& subject) {
  if (client_id == subject.client_id || is_listed(target.policy.exchange_allowed_client_ids, client_id) ||
      is_listed(target.policy.runtime_client_ids, client_id)) {
    return {};
  }
  return denied("cross_client_not_authorized",
                "the subject_token was issued to another client; an operator has to add this client to "
                "policy.exchange.allowed_client_ids of the resource " +
                    target.slug);
}

Exchanged<void> check_fronting_caller(const Resource& source, const Resource& target,
                                      std::string_view client_id) {
  if (is_listed(target.policy.exchange_allowed_client_ids, client_id) ||
      is_listed(source.policy.runtime_client_ids, client_id)) {
    return {};
  }
  return denied("fronting_caller_not_authorized",
                "only the gateway exchanges here; an operator has to add this client to "
                "policy.runtime.client_ids of the resource " +
                    source.slug + " or to policy.exchange.allowed_client_ids of " + target.slug);
}

TokenSource source_of(const PresentedToken& subject, const ResourceCatalog& catalog,
                      std::string_view issuer) {
  if (const std::string& id = subject.row.resource_id; !id.empty()) {
    ResourcePtr recorded = catalog.find_by_id(id);
    const bool is_gone = recorded == nullptr;
    return {.resource = std::move(recorded), .is_unclear = is_gone};
  }
  TokenSource source;
  for (const std::string& audience : subject.audience) {
    if (audience.empty() || audience == issuer) continue;
    ResourceMatch match = catalog.resolve(audience);
    if (match.match == Match::one) return {.resource = std::move(match.resource), .is_unclear = false};
    source.is_unclear = true;
  }
  return source;
}

Exchanged<ResourcePtr> attested_actor(const ResourceCatalog& catalog, std::string_view client_id) {
  const Page everything{.limit = std::numeric_limits<std::size_t>::max(), .offset = 0};
  ResourcePtr actor;
  bool is_listed_elsewhere = false;
  for (const ResourcePtr& resource : catalog.list({}, everything)) {
    if (!is_listed(resource->policy.runtime_client_ids, client_id)) continue;
    if (resource->backend_kind != BackendKind::mint) {
      is_listed_elsewhere = true;
    } else if (actor) {
      return denied("agent_attestation_ambiguous_actor",
                    "the client is listed in policy.runtime.client_ids of several resources; it has to be "
                    "exactly one that issues tokens");
    } else {
      actor = resource;
    }
  }
  if (actor) return actor;
  return denied(is_listed_elsewhere ? "agent_attestation_actor_not_mint" : "agent_attestation_unknown_actor",
                "the client acts for no resource; an operator has to add it to policy.runtime.client_ids of "
                "exactly one that issues tokens");
}

}  // namespace authplane::authserver
