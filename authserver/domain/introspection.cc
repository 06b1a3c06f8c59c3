#include "authserver/domain/introspection.h"

#include <utility>

#include "authserver/domain/exchange_gates.h"
#include "authserver/domain/liveness.h"

namespace authplane::authserver {
namespace {

std::string_view revoked_reason(const Issuance& row) {
  if (!row.resource_id.empty()) return "issuance_revoked";
  return row.is_machine_token() ? "machine_token_revoked" : "token_revoked";
}

// A token that a client had for one of its own is not on record with a resource, but may be for one.
ResourceMatch resource_of(const Issuance& row, const Json& claims, const ResourceCatalog& catalog) {
  if (!row.resource_id.empty()) {
    ResourcePtr recorded = catalog.find_by_id(row.resource_id);
    return {.match = recorded ? Match::one : Match::none, .resource = std::move(recorded)};
  }
  const Json* audience = find_array(claims, "aud");
  if (audience == nullptr || audience->empty() || !audience->front().is_string()) return {};
  if (audience->front() == claims["iss"]) return {};
  return catalog.find_by_uri(audience->front().get_ref<const std::string&>());
}

}  // namespace

Introspection IntrospectionService::introspect(const Client& caller, std::string_view token) {
  auto claims = tokens_.read(token);
  if (!claims) {
    audit_denial(caller.id, "invalid_token", "");
    return {};
  }
  const std::string jti = (*claims)["jti"].get<std::string>();
  const auto reason = why_inactive(caller, *claims);
  if (!reason) {
    const DomainError& error = reason.error();
    logger_.error(
        "token not introspected",
        {{"client_id", caller.id}, {"cause", error.detail.empty() ? error.description : error.detail}});
    return {.result = IntrospectionResult::error, .claims = {}};
  }
  if (!reason->empty()) {
    audit_denial(caller.id, *reason, jti);
    return {};
  }
  audit_.post("token.introspected", {.id = "", .ip = ""}, caller.id,
              audit_detail({{"jti", jti}, {"issuing_client", (*claims)["client_id"].get<std::string>()}}));
  return {.result = IntrospectionResult::active, .claims = std::move(*claims)};
}

// Entitlement first: a caller that may not ask learns nothing, not even in the audit log's words, of the
// rest.
Outcome<std::string_view> IntrospectionService::why_inactive(const Client& caller, const Json& claims) {
  const auto found = storage_.issuances().find_by_jti(*find_string(claims, "jti"));
  if (!found) return Err(found.error());
  if (!*found) return std::string_view("invalid_token");
  const Issuance& row = **found;
  const auto silent = why_silent(caller, row, claims);
  if (!silent || !silent->empty()) return silent;
  if (!row.is_live(clock_.now_seconds())) return revoked_reason(row);
  const auto client = is_active_client(storage_.clients(), row.client_id);
  if (!client) return Err(client.error());
  if (!*client) return std::string_view("issuing_client_inactive");
  if (row.subject_user_id.empty()) return std::string_view();
  const auto user = is_active_user(storage_.users(), row.subject_user_id);
  if (!user) return Err(user.error());
  return std::string_view(*user ? "" : "subject_inactive");
}

Outcome<std::string_view> IntrospectionService::why_silent(const Client& caller, const Issuance& row,
                                                           const Json& claims) {
  if (row.client_id == caller.id) return std::string_view();
  const auto catalog = storage_.resources().catalog();
  if (!catalog) return Err(catalog.error());
  const ResourceMatch match = resource_of(row, claims, **catalog);
  if (match.match == Match::ambiguous) return std::string_view("ambiguous_runtime_binding");
  const bool may_ask = match.resource && is_listed(match.resource->policy.runtime_client_ids, caller.id);
  return std::string_view(may_ask ? "" : "caller_not_authorized_for_token");
}

void IntrospectionService::audit_refused_caller(std::string_view client_id, std::string_view reason) {
  if (reason == "invalid_client_secret") {
    audit_denial(client_id, reason, "");
  } else if (reason == "client_suspended" || reason == "client_revoked") {
    audit_denial(client_id, "client_not_active", "");
  }
}

void IntrospectionService::audit_denial(std::string_view client_id, std::string_view reason,
                                        std::string_view jti) {
  audit_.post(
      "token.introspect_denied", {.id = "", .ip = ""}, client_id,
      jti.empty() ? audit_detail({{"reason", reason}}) : audit_detail({{"reason", reason}, {"jti", jti}}));
}

}  // namespace authplane::authserver
