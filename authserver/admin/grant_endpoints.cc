#include "authserver/admin/grant_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

Outcome<HttpResponse> list_of_user(const GrantEndpointDeps& deps, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto consent = deps.consent.list_of_user(*id);
  if (!consent) return Err(consent.error());
  const auto accounts = deps.accounts.list_of_user(*id);
  if (!accounts) return Err(accounts.error());
  return json_response(200, to_json_text(user_grants_view(*consent, *accounts)));
}

template <class Grants>
Outcome<HttpResponse> revoke(Grants& grants, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto revoked = grants.revoke(*id, call.actor);
  if (!revoked) return Err(revoked.error());
  return no_content();
}

}  // namespace

void add_grant_routes(AdminRoutes& routes, const GrantEndpointDeps& deps) {
  routes.add("GET", "/admin/users/{id}/grants",
             [deps](const AdminCall& call) { return list_of_user(deps, call); });
  routes.add("DELETE", "/admin/grants/consent/{id}",
             [deps](const AdminCall& call) { return revoke(deps.consent, call); });
  routes.add("DELETE", "/admin/grants/broker/{id}",
             [deps](const AdminCall& call) { return revoke(deps.accounts, call); });
}

}  // namespace authplane::authserver
