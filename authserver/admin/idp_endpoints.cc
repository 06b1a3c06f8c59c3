#include "authserver/admin/idp_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/body_reader.h"
#include "authserver/admin/xaa_views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

using Handler = Outcome<HttpResponse> (*)(TrustedIdpService&, const AdminCall&, const std::string& id);

Outcome<HttpResponse> answer(const Outcome<TrustedIdp>& idp, int status = 200) {
  if (!idp) return Err(idp.error());
  return json_response(status, to_json_text(view_of(*idp)));
}

Outcome<HttpResponse> create(TrustedIdpService& idps, const AdminCall& call) {
  const auto body = parse_body(call.http.body);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  const IdpRegistration registration{.name = reader.required_string("name").value_or(""),
                                     .issuer = reader.required_string("issuer").value_or(""),
                                     .jwks_uri = reader.string("jwks_uri").value_or(""),
                                     .audience = reader.string("audience").value_or("")};
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return answer(idps.create(registration, call.actor), 201);
}

Outcome<HttpResponse> list(TrustedIdpService& idps) {
  const auto found = idps.list();
  if (!found) return Err(found.error());
  OrderedJson body = OrderedJson::array();
  for (const TrustedIdp& idp : *found) body.push_back(view_of(idp));
  return json_response(200, to_json_text(body));
}

Outcome<HttpResponse> get(TrustedIdpService& idps, const AdminCall&, const std::string& id) {
  return answer(idps.get(id));
}

Outcome<HttpResponse> update(TrustedIdpService& idps, const AdminCall& call, const std::string& id) {
  const auto body = parse_body(call.http.body);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  const IdpChanges changes{.name = reader.string("name"), .enabled = reader.boolean("enabled")};
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return answer(idps.update(id, changes, call.actor));
}

Outcome<HttpResponse> remove(TrustedIdpService& idps, const AdminCall& call, const std::string& id) {
  if (const auto removed = idps.remove(id, call.actor); !removed) return Err(removed.error());
  return no_content();
}

Outcome<HttpResponse> refresh_keys(TrustedIdpService& idps, const AdminCall& call, const std::string& id) {
  if (const auto refreshed = idps.refresh_keys(id, call.actor); !refreshed) return Err(refreshed.error());
  OrderedJson body;
  body["status"] = "refreshed";
  return json_response(200, to_json_text(body));
}

}  // namespace

void add_idp_routes(AdminRoutes& routes, TrustedIdpService& idps) {
  routes.add("POST", "/admin/idps", [&idps](const AdminCall& call) { return create(idps, call); });
  routes.add("GET", "/admin/idps", [&idps](const AdminCall&) { return list(idps); });
  const auto add_for_one = [&](const char* method, const char* path, Handler handler) {
    routes.add(method, path, [&idps, handler](const AdminCall& call) -> Outcome<HttpResponse> {
      const auto id = call.param(0);
      if (!id) return Err(id.error());
      return handler(idps, call, *id);
    });
  };
  add_for_one("GET", "/admin/idps/{id}", get);
  add_for_one("PUT", "/admin/idps/{id}", update);
  add_for_one("DELETE", "/admin/idps/{id}", remove);
  add_for_one("POST", "/admin/idps/{id}/refresh-keys", refresh_keys);
}

}  // namespace authplane::authserver
