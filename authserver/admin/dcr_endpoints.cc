#include "authserver/admin/dcr_endpoints.h"

#include "authserver/admin/body_reader.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

HttpResponse mode_response(RegistrationMode mode) {
  OrderedJson body;
  body["mode"] = to_string(mode);
  return json_response(200, to_json_text(body));
}

Outcome<RegistrationMode> read_mode(std::string_view text) {
  const auto body = parse_body(text);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  const auto mode = parse_registration_mode(reader.required_string("mode").value_or(""));
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  if (!mode)
    return fail(DomainErrorCode::invalid_request, "mode must be open, approved_redirects or admin_only");
  return *mode;
}

}  // namespace

void add_dcr_routes(AdminRoutes& routes, RegistrationPolicy& policy, AuditService& audit,
                    const Clock& clock) {
  routes.add("GET", "/admin/settings/dcr", [&policy](const AdminCall&) -> Outcome<HttpResponse> {
    const auto mode = policy.mode();
    if (!mode) return Err(mode.error());
    return mode_response(*mode);
  });
  routes.add("PATCH", "/admin/settings/dcr",
             [&policy, &audit, &clock](const AdminCall& call) -> Outcome<HttpResponse> {
               const auto mode = read_mode(call.http.body);
               if (!mode) return Err(mode.error());
               const auto before = policy.set_mode(*mode, call.actor, audit, clock.now());
               if (!before) return Err(before.error());
               return mode_response(*mode);
             });
}

}  // namespace authplane::authserver
