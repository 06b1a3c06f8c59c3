#include "authserver/admin/token_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/paging.h"
#include "authserver/admin/views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

HttpResponse list_response(const TokenList& list) {
  return json_response(200, to_json_text(view_of(list)));
}

Outcome<HttpResponse> list(const TokenInventory& tokens, const AdminCall& call) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  const auto page = read_page(*query, kLenientPaging);
  if (!page) return Err(page.error());
  const auto found = tokens.list(
      {.client_id = given(*query, "client_id"), .user_id = given(*query, "user_id"), .page = *page});
  if (!found) return Err(found.error());
  return list_response(*found);
}

Outcome<HttpResponse> list_of_user(const TokenInventory& tokens, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto query = call.query();
  if (!query) return Err(query.error());
  const auto page = read_page(*query, kLenientPaging);
  if (!page) return Err(page.error());
  const auto found = tokens.list_of_user(*id, *page);
  if (!found) return Err(found.error());
  return list_response(*found);
}

Outcome<HttpResponse> revoke(TokenInventory& tokens, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto revoked = tokens.revoke(*id, call.actor);
  if (!revoked) return Err(revoked.error());
  return no_content();
}

Outcome<HttpResponse> force_logout(TokenInventory& tokens, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto revoked = tokens.force_logout(*id, call.actor);
  if (!revoked) return Err(revoked.error());
  OrderedJson body;
  body["user_id"] = *id;
  body["tokens_revoked"] = revoked->families;
  return json_response(200, to_json_text(body));
}

}  // namespace

void add_token_routes(AdminRoutes& routes, TokenInventory& tokens) {
  using Call = const AdminCall&;
  routes.add("GET", "/admin/tokens", [&tokens](Call call) { return list(tokens, call); });
  routes.add("DELETE", "/admin/tokens/{jti}", [&tokens](Call call) { return revoke(tokens, call); });
  routes.add("GET", "/admin/users/{id}/tokens", [&tokens](Call call) { return list_of_user(tokens, call); });
  routes.add("DELETE", "/admin/users/{id}/tokens",
             [&tokens](Call call) { return force_logout(tokens, call); });
}

}  // namespace authplane::authserver
