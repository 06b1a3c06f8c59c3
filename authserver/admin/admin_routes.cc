#include "authserver/admin/admin_routes.h"

#include "authserver/admin/problem.h"
#include "authserver/domain/json_writer.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

constexpr std::string_view kScheme = "Bearer ";

HttpResponse unauthorized(std::string_view description) {
  std::string body;
  JsonObjectWriter(body).string("error", "unauthorized").string("error_description", description).finish();
  HttpResponse response = json_response(401, std::move(body));
  response.headers.add("WWW-Authenticate", "Bearer realm=\"admin\"");
  return response;
}

}  // namespace

Outcome<std::string> AdminCall::param(std::size_t index) const {
  auto value = params.get(index);
  if (!value) return fail(DomainErrorCode::invalid_request, value.error().message);
  return std::move(*value);
}

Outcome<Form> AdminCall::query() const {
  auto form = Form::parse(http.query());
  if (!form) return fail(DomainErrorCode::invalid_request, "the query string is malformed");
  if (form->first_repeated())
    return fail(DomainErrorCode::invalid_request, "a query parameter is sent more than once");
  return std::move(*form);
}

AdminKey::AdminKey(const SecretString& api_key)
    : configured_(!api_key.empty()), digest_(sha256(api_key.expose())) {}

std::optional<HttpResponse> AdminKey::refuse(const HttpRequest& request) const {
  if (!configured_) return unauthorized("no admin API key is configured; set admin.api_key");
  const auto authorization = request.headers.get("Authorization");
  if (!authorization || !authorization->starts_with(kScheme)) {
    return unauthorized("send Authorization: Bearer and the admin API key");
  }
  // Digests have one length, so the comparison tells nothing about the key's.
  const Sha256Digest presented = sha256(authorization->substr(kScheme.size()));
  if (!constant_time_equal(as_bytes(presented), as_bytes(digest_)))
    return unauthorized("the admin API key is wrong");
  return std::nullopt;
}

void AdminRoutes::add(std::string method, std::string pattern, Handler handler) {
  router_.add(
      std::move(method), std::move(pattern),
      [&key = key_, &logger = logger_, handler = std::move(handler)](const HttpRequest& request,
                                                                     const PathParams& params) {
        if (auto refused = key.refuse(request)) return std::move(*refused);
        auto response = handler(
            {.http = request, .params = params, .actor = {.id = "admin", .ip = request.remote_address}});
        return response ? std::move(*response) : problem_of(response.error(), logger);
      });
}

}  // namespace authplane::authserver
