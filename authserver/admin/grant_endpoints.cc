#include "authserver/admin/grant_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

Outcome<HttpResponse> list_of_user(const ConsentGrantService& grants, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto found = grants.list_of_user(*id);
  if (!found) return Err(found.error());
  return json_response(200, to_json_text(user_grants_view(*found)));
}

Outcome<HttpResponse> revoke_consent(ConsentGrantService& grants, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto revoked = grants.revoke(*id, call.actor);
  if (!revoked) return Err(revoked.error());
  return no_content();
}

}  // namespace

void add_grant_routes(AdminRoutes& routes, ConsentGrantService& grants) {
  routes.add("GET", "/admin/users/{id}/grants",
             [&grants](const AdminCall& call) { return list_of_user(grants, call); });
  routes.add("DELETE", "/admin/grants/consent/{id}",
             [&grants](const AdminCall& call) { return revoke_consent(grants, call); });
}

}  // namespace authplane::authserver
