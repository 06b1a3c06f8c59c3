#include "authserver/admin/xaa_views.h"

#include <nlohmann/json.hpp>

#include "authserver/domain/json_writer.h"

namespace authplane::authserver {

OrderedJson view_of(const TrustedIdp& idp) {
  OrderedJson view;
  view["id"] = idp.id;
  view["name"] = idp.name;
  view["issuer"] = idp.issuer;
  view["jwks_uri"] = idp.jwks_uri;
  view["audience"] = idp.audience;
  view["enabled"] = idp.enabled;
  view["created_at"] = format_rfc3339(idp.created_at);
  view["updated_at"] = format_rfc3339(idp.updated_at);
  return view;
}

OrderedJson view_of(const XaaPolicy& policy) {
  OrderedJson view;
  view["id"] = policy.id;
  view["name"] = policy.name;
  view["idp_id"] = policy.idp_id;
  view["client_ids"] = policy.client_ids;
  if (policy.scopes) view["scopes"] = policy.scopes->tokens();
  view["resources"] = policy.resources;
  view["enabled"] = policy.enabled;
  view["created_at"] = format_rfc3339(policy.created_at);
  view["updated_at"] = format_rfc3339(policy.updated_at);
  return view;
}

OrderedJson view_of(const SubjectMapping& mapping) {
  OrderedJson view;
  view["id"] = mapping.id;
  view["idp_id"] = mapping.idp_id;
  view["idp_subject"] = mapping.idp_subject;
  view["local_user_id"] = mapping.local_user_id;
  view["created_at"] = format_rfc3339(mapping.created_at);
  return view;
}

}  // namespace authplane::authserver
