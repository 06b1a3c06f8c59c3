#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/client_store.h"
#include "authserver/domain/resource_store.h"

namespace authplane::authserver {

struct ResourceRegistration {
  std::string slug;  // lower-cased, then [a-z0-9][a-z0-9-]{0,63}
  std::string uri;   // "" or an absolute http(s) URI without fragment; kept byte for byte
  BackendKind backend_kind = BackendKind::mint;
  std::string display_name;
  std::vector<ResourceScope> scopes;
  ResourcePolicy policy;
};

// Absent = unchanged; a present list or policy replaces the old one whole.
struct ResourceChanges {
  std::optional<std::string> slug, uri, display_name;
  std::optional<BackendKind> backend_kind;
  std::optional<std::vector<ResourceScope>> scopes;
  std::optional<ResourcePolicy> policy;
  bool empty() const { return !slug && !uri && !display_name && !backend_kind && !scopes && !policy; }
};

// The lists of client ids in a resource's policy.
enum class PolicyList { exchange_allowed_clients, runtime_clients };

// Registers and manages protected resources, and writes an audit row for each change. Thread-safe.
// Broker resources need a provider, and this server has none to name: they are refused with invalid_request.
// Errors beside those named: not_found for an unknown id or slug, conflict (slug in use, somebody changed the
// resource meanwhile), invalid_request for a broken rule, and unavailable and internal from the store.
class ResourceService {
 public:
  // The references outlive the service.
  ResourceService(ResourceStore& store, ClientStore& clients, AuditService& audit, IdGenerator& ids,
                  const Clock& clock)
      : store_(store), clients_(clients), audit_(audit), ids_(ids), clock_(clock) {}

  Outcome<Resource> create(const ResourceRegistration& registration, const Actor& actor);
  Outcome<Resource> get(std::string_view id) const;
  Outcome<Resource> get_by_slug(std::string_view slug) const;
  // By id, or else by slug: for operators who type either.
  Outcome<Resource> get_by_id_or_slug(std::string_view id_or_slug) const;
  Outcome<std::vector<Resource>> list(const ResourceFilter& filter, const Page& page) const;
  // No changes: nothing is written.
  Outcome<Resource> update(std::string_view id, const ResourceChanges& changes, const Actor& actor);
  // Errors: conflict while unexpired tokens name the resource.
  Outcome<void> remove(std::string_view id, const Actor& actor);

  // The list after the change. Idempotent: a change that changes nothing is neither written nor audited.
  Outcome<std::vector<std::string>> policy_clients(std::string_view slug, PolicyList list) const;
  Outcome<std::vector<std::string>> add_policy_client(std::string_view slug, PolicyList list,
                                                      std::string_view client_id, const Actor& actor);
  Outcome<std::vector<std::string>> remove_policy_client(std::string_view slug, PolicyList list,
                                                         std::string_view client_id, const Actor& actor);

 private:
  Outcome<void> check_policy(const ResourcePolicy& policy) const;
  Outcome<std::vector<std::string>> change_policy(std::string_view slug, PolicyList list,
                                                  std::string_view client_id, bool present,
                                                  const Actor& actor);

  ResourceStore& store_;
  ClientStore& clients_;
  AuditService& audit_;
  IdGenerator& ids_;
  const Clock& clock_;
};

}  // namespace authplane::authserver
