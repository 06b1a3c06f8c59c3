#include "authserver/admin/user_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/body_reader.h"
#include "authserver/admin/views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

HttpResponse user_response(int status, const User& user) {
  return json_response(status, to_json_text(view_of(user)));
}

Outcome<NewUser> read_new_user(std::string_view text) {
  const auto body = parse_body(text);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  NewUser user;
  user.email = reader.required_string("email").value_or("");
  user.password = SecretString(reader.required_string("password").value_or(""));
  user.name = reader.string("name").value_or("");
  // Any other role is a user's.
  user.role = reader.string("role").value_or("") == "admin" ? UserRole::admin : UserRole::user;
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return user;
}

Outcome<HttpResponse> create(UserService& users, const AdminCall& call) {
  const auto user = read_new_user(call.http.body);
  if (!user) return Err(user.error());
  const auto created = users.create(*user, call.actor);
  if (!created) return Err(created.error());
  return user_response(201, *created);
}

Outcome<HttpResponse> list(UserService& users) {
  const auto found = users.list();
  if (!found) return Err(found.error());
  OrderedJson body = OrderedJson::array();
  for (const User& user : *found) body.push_back(view_of(user));
  return json_response(200, to_json_text(body));
}

Outcome<HttpResponse> get(UserService& users, const AdminCall&, const std::string& id) {
  const auto user = users.get(id);
  if (!user) return Err(user.error());
  return user_response(200, *user);
}

Outcome<HttpResponse> update(UserService& users, const AdminCall& call, const std::string& id) {
  const auto body = parse_body(call.http.body);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  UserChanges changes{.email = reader.string("email"), .name = reader.string("name")};
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  const auto user = users.update(id, changes, call.actor);
  if (!user) return Err(user.error());
  return user_response(200, *user);
}

Outcome<HttpResponse> remove(UserService& users, const AdminCall& call, const std::string& id) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  const bool force = query->get("force") == "true";
  const auto removed =
      users.remove(id, force ? RemoveUser::revoke_tokens : RemoveUser::unless_live_families, call.actor);
  if (!removed) return Err(removed.error());
  return no_content();
}

template <Outcome<User> (UserService::*method)(std::string_view, const Actor&)>
Outcome<HttpResponse> transition(UserService& users, const AdminCall& call, const std::string& id) {
  const auto user = (users.*method)(id, call.actor);
  if (!user) return Err(user.error());
  OrderedJson body;
  body["status"] = to_string(user->status);
  return json_response(200, to_json_text(body));
}

}  // namespace

void add_user_routes(AdminRoutes& routes, UserService& users) {
  routes.add("POST", "/admin/users", [&users](const AdminCall& call) { return create(users, call); });
  routes.add("GET", "/admin/users", [&users](const AdminCall&) { return list(users); });
  const auto add_for_one =
      [&](const char* method, const char* path,
          Outcome<HttpResponse> (*handler)(UserService&, const AdminCall&, const std::string&)) {
        routes.add(method, path, [&users, handler](const AdminCall& call) -> Outcome<HttpResponse> {
          const auto id = call.param(0);
          if (!id) return Err(id.error());
          return handler(users, call, *id);
        });
      };
  add_for_one("GET", "/admin/users/{id}", get);
  add_for_one("PATCH", "/admin/users/{id}", update);
  add_for_one("DELETE", "/admin/users/{id}", remove);
  add_for_one("PATCH", "/admin/users/{id}/disable", transition<&UserService::disable>);
  add_for_one("PATCH", "/admin/users/{id}/enable", transition<&UserService::enable>);
}

}  // namespace authplane::authserver
