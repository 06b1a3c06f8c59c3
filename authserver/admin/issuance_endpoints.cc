#include "authserver/admin/issuance_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/paging.h"
#include "authserver/admin/views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

// An empty value is as good as none.
Outcome<IssuanceSearch> read_search(const Form& query) {
  IssuanceSearch search;
  search.subject_user_id = given(query, "user");
  search.client_id = given(query, "client");
  search.resource_id = given(query, "resource");
  search.jti = given(query, "jti");
  if (const auto text = given(query, "since"); text && !search.jti) {
    search.since = parse_rfc3339(*text);
    if (!search.since) return fail(DomainErrorCode::invalid_request, "since must be an RFC 3339 time");
  }
  if (const auto text = query.get("limit")) {
    const auto limit = parse_integer(*text);
    if (!limit || *limit < 1) return fail(DomainErrorCode::invalid_request, "limit must be 1 to 5000");
    search.limit = static_cast<std::size_t>(*limit);
  }
  return search;
}

Outcome<HttpResponse> list(IssuanceService& issuances, const AdminCall& call) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  const auto search = read_search(*query);
  if (!search) return Err(search.error());
  const auto found = issuances.list(*search);
  if (!found) return Err(found.error());
  return json_response(200, to_json_text(view_of(*found)));
}

Outcome<HttpResponse> get(IssuanceService& issuances, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto issuance = issuances.get(*id);
  if (!issuance) return Err(issuance.error());
  return json_response(200, to_json_text(view_of(*issuance)));
}

Outcome<HttpResponse> revoke(IssuanceService& issuances, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto revoked = issuances.revoke(*id, call.actor);
  if (!revoked) return Err(revoked.error());
  return no_content();
}

}  // namespace

void add_issuance_routes(AdminRoutes& routes, IssuanceService& issuances) {
  routes.add("GET", "/admin/issuances",
             [&issuances](const AdminCall& call) { return list(issuances, call); });
  routes.add("GET", "/admin/issuances/{id}",
             [&issuances](const AdminCall& call) { return get(issuances, call); });
  routes.add("DELETE", "/admin/issuances/{id}",
             [&issuances](const AdminCall& call) { return revoke(issuances, call); });
}

}  // namespace authplane::authserver
