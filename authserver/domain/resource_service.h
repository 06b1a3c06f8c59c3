#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/broken_rules.h"
#include "authserver/domain/metrics.h"
#include "authserver/domain/storage.h"

namespace authplane::authserver {

struct ResourceRegistration {
  std::string slug;  // lower-cased, then [a-z0-9][a-z0-9-]{0,63}
  std::string uri;   // "" or an absolute http(s) URI without fragment; kept byte for byte
  BackendKind backend_kind = BackendKind::mint;
  // A broker resource has one provider, named in either way or in both; a mint resource has none.
  std::string broker_provider_id, broker_provider_slug;
  std::string display_name;
  std::vector<ResourceScope> scopes;
  ResourcePolicy policy;
};

// Those that can be judged without looking anything up; create() refuses for the first of them.
BrokenRules broken_rules(const ResourceRegistration& registration);

// Absent = unchanged; a present list or policy replaces the old one whole. A resource that becomes mint
// loses its provider.
struct ResourceChanges {
  std::optional<std::string> slug, uri, broker_provider_id, display_name;
  std::optional<BackendKind> backend_kind;
  std::optional<std::vector<ResourceScope>> scopes;
  std::optional<ResourcePolicy> policy;
  bool empty() const {
    return !slug && !uri && !broker_provider_id && !display_name && !backend_kind && !scopes && !policy;
  }
};

// The lists in a resource's policy: two of client ids and, for broker resources only, one of URLs that people
// may be sent to after they connected an account.
enum class PolicyList { exchange_allowed_clients, runtime_clients, connect_return_urls };

// Registers and manages protected resources, and writes an audit row for each change. Thread-safe.
// Errors beside those named: not_found for an unknown id or slug, conflict (slug in use, somebody changed the
// resource meanwhile), invalid_request for a broken rule, and unavailable and internal from the store.
class ResourceService {
 public:
  // The references outlive the service.
  ResourceService(Storage& storage, AuditService& audit, IdGenerator& ids, const Clock& clock,
                  Metrics& metrics);

  Outcome<Resource> create(const ResourceRegistration& registration, const Actor& actor);
  Outcome<Resource> get(std::string_view id) const;
  Outcome<Resource> get_by_slug(std::string_view slug) const;
  // By id, or else by slug: for operators who type either.
  Outcome<Resource> get_by_id_or_slug(std::string_view id_or_slug) const;
  Outcome<std::vector<Resource>> list(const ResourceFilter& filter, const Page& page) const;
  // What an operator should hear about a resource that was accepted: that others have its URI, which is then
  // refused as ambiguous. "" = nothing.
  Outcome<std::string> advice(const Resource& resource) const;
  // No changes: nothing is written. Errors: invalid_request also when a fronting link needs what would go.
  Outcome<Resource> update(std::string_view id, const ResourceChanges& changes, const Actor& actor);
  // Errors: conflict while unexpired tokens or consent name the resource, or, as `mode` says, links.
  Outcome<void> remove(std::string_view id, RemoveResource mode, const Actor& actor);

  // The list, after the change. Idempotent: a change that changes nothing is neither written nor audited.
  Outcome<std::vector<std::string>> policy_list(std::string_view slug, PolicyList list) const;
  Outcome<std::vector<std::string>> add_to_policy(std::string_view slug, PolicyList list,
                                                  std::string_view entry, const Actor& actor);
  Outcome<std::vector<std::string>> remove_from_policy(std::string_view slug, PolicyList list,
                                                       std::string_view entry, const Actor& actor);

 private:
  Outcome<std::string> provider_of(const ResourceRegistration& registration) const;
  Outcome<void> check_provider(const Resource& resource) const;
  Outcome<void> check_policy(const ResourcePolicy& policy) const;
  Outcome<Resource> with_policy_list(std::string_view slug, PolicyList list) const;
  Outcome<std::vector<std::string>> change_policy(std::string_view slug, PolicyList list,
                                                  std::string_view entry, bool present, const Actor& actor);
  void count(std::string_view op) {
    metrics_.counter("authplane_resource_server_ops_total", {{"op", op}}).add();
  }

  ResourceStore& store_;
  BrokerProviderStore& providers_;
  ClientStore& clients_;
  AuditService& audit_;
  IdGenerator& ids_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace authplane::authserver
