#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/admin/test_admin.h"
#include "authserver/identity/password.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPassword = "canary correct horse";

class UserEndpointsTest : public AdminTest {
 protected:
  static std::string user_body(const std::string& email = "ada@example.com") {
    return R"({"email":")" + email + R"(","password":")" + kPassword + R"(","name":"Ada","role":"admin"})";
  }
  std::string create_ada() { return json_of(call("POST", "/admin/users", user_body()))["id"]; }
  bool logs_in(const std::string& id, const std::string& password) {
    HashSlots slots(1);
    const PasswordHasher hasher(config.passwords, slots, random);
    return hasher.check(password, storage.users().get(id).value().password_hash).verdict ==
           PasswordVerdict::match;
  }
};

TEST_F(UserEndpointsTest, CreatedUserHasExactlyTheDocumentedMembersAndAPassword) {
  const HttpResponse response = call("POST", "/admin/users", user_body(" Ada@Example.com"));
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  const std::string id = json_of(response)["id"];
  EXPECT_EQ(response.body, R"({"id":")" + id +
                               R"(","email":"ada@example.com","name":"Ada","role":"admin","status":"active",)"
                               R"("provider":"local","created_at":"2026-01-01T00:00:00.000000Z"})");
  EXPECT_EQ(call("GET", "/admin/users/" + id).body, response.body);
  EXPECT_EQ(call("GET", "/admin/users").body, "[" + response.body + "]");
  EXPECT_TRUE(storage.users().get(id).value().password_hash.starts_with("$argon2id$"));
  EXPECT_TRUE(logs_in(id, kPassword));
  EXPECT_FALSE(logs_in(id, "wrong"));
  EXPECT_EQ(last_audit().action, "user.created");
  EXPECT_EQ(last_audit().actor_id, "admin");
  EXPECT_EQ(last_audit().detail, "user=" + id);
}

TEST_F(UserEndpointsTest, OnlyAdminIsAnotherRole) {
  for (const auto& [role, stored] : std::vector<std::pair<std::string, std::string>>{{R"("admin")", "admin"},
                                                                                     {R"("user")", "user"},
                                                                                     {R"("root")", "user"},
                                                                                     {R"("Admin")", "user"},
                                                                                     {"null", "user"}}) {
    const HttpResponse response = call("POST", "/admin/users",
                                       R"({"email":"u)" + std::to_string(audit_rows().size()) +
                                           R"(@example.com","password":"a long one","role":)" + role + "}");
    ASSERT_EQ(response.status, 201) << response.body;
    EXPECT_EQ(json_of(response)["role"], stored) << role;
  }
}

TEST_F(UserEndpointsTest, EachBrokenRuleIs400AndNothingIsStored) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "JSON"},
      {"[]", "JSON"},
      {R"({"email":"a@b.c")", "JSON"},
      {R"({"email":"a@b.c","email":"d@e.f","password":"p"})", "JSON"},
      {"{}", "email is required"},
      {R"({"email":null,"password":"p"})", "email is required"},
      {R"({"email":"a@b.c"})", "password is required"},
      {R"({"email":7,"password":"p"})", "email must be a string"},
      {R"({"email":"a@b.c","password":7})", "password must be a string"},
      {R"({"email":"a@b.c","password":"p","name":7})", "name must be a string"},
      {R"({"email":"a@b.c","password":"p","role":7})", "role must be a string"},
      {R"({"email":"","password":"p"})", "email must be an address"},
      {R"({"email":"nobody","password":"p"})", "email must be an address"},
      {R"({"email":")" + std::string(251, 'a') + R"(@b.c","password":"p"})", "254 bytes"},
      {R"({"email":"a@b.c","password":""})", "password must not be empty"},
      {R"({"email":"a@b.c","password":"seven77"})", "password is shorter than 8 characters"},
      {R"({"email":"a@b.c","password":"eight\u0000bells"})", "control character"},
      {R"({"email":"a@b.c","password":"eight\tbells"})", "control character"},
      {R"({"email":"a@b.c","password":"eight\u007fbells"})", "control character"},
      {R"({"email":"a@b.c","password":"eight\u0085bells"})", "control character"},
      {R"({"email":"a@b.c","password":"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"})",
       "shorter than 8 characters"},
      {R"({"email":"a@b.c","password":")" + std::string(1025, 'p') + R"("})", "password is longer than 1024"},
      {R"({"email":"a@b.c","password":"p","name":")" + std::string(256, 'n') + R"("})", "name is longer"},
      {R"({"email":"a@b.c","password":")" + std::string(1024 * 1024, 'p') + R"("})", "larger than"}};
  for (const auto& [body, detail] : cases) expect_problem(call("POST", "/admin/users", body), 400, detail);
  EXPECT_EQ(call("GET", "/admin/users").body, "[]");
  EXPECT_TRUE(audit_rows().empty());
}

TEST_F(UserEndpointsTest, AddressBelongsToOneUserHoweverItIsTyped) {
  create_ada();
  expect_problem(call("POST", "/admin/users", user_body("ADA@example.com ")), 409, "e-mail address");
  const std::string other = create_user("bob@example.com");
  expect_problem(call("PATCH", "/admin/users/" + other, R"({"email":"Ada@Example.com"})"), 409,
                 "e-mail address");
}

TEST_F(UserEndpointsTest, PatchChangesOnlyWhatIsNamed) {
  const std::string id = create_ada();
  const std::string path = "/admin/users/" + id;
  const auto created_rows = audit_rows().size();
  const Json changed = json_of(call("PATCH", path, R"({"name":"Countess","role":"user","password":"x"})"));
  EXPECT_EQ(changed["name"], "Countess");
  EXPECT_EQ(changed["email"], "ada@example.com");
  EXPECT_EQ(changed["role"], "admin");
  EXPECT_TRUE(logs_in(id, kPassword));
  EXPECT_EQ(last_audit().action, "user.updated");
  EXPECT_EQ(last_audit().detail, "user=" + id);
  EXPECT_EQ(json_of(call("PATCH", path, R"({"email":"Lovelace@Example.com"})"))["email"],
            "lovelace@example.com");
  EXPECT_EQ(audit_rows().size(), created_rows + 2);
  EXPECT_EQ(call("PATCH", path, R"({"name":"Countess"})").status, 200);
  EXPECT_EQ(call("PATCH", path, "{}").status, 200);
  EXPECT_EQ(audit_rows().size(), created_rows + 2);
  expect_problem(call("PATCH", path, R"({"email":""})"), 400, "email must be an address");
  expect_problem(call("PATCH", path, R"({"name":7})"), 400, "name must be a string");
  expect_problem(call("PATCH", path, ""), 400, "JSON");
}

TEST_F(UserEndpointsTest, DisablingAndEnablingGoBackAndForth) {
  const std::string path = "/admin/users/" + create_ada();
  expect_problem(call("PATCH", path + "/enable"), 409, "active already");
  EXPECT_EQ(call("PATCH", path + "/disable").body, R"({"status":"disabled"})");
  EXPECT_EQ(last_audit().action, "user.disabled");
  EXPECT_EQ(json_of(call("GET", path))["status"], "disabled");
  expect_problem(call("PATCH", path + "/disable"), 409, "disabled already");
  EXPECT_EQ(call("PATCH", path + "/enable").body, R"({"status":"active"})");
  EXPECT_EQ(last_audit().action, "user.enabled");
}

TEST_F(UserEndpointsTest, UnknownUserIs404) {
  for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
           {"GET", ""}, {"PATCH", ""}, {"DELETE", ""}, {"PATCH", "/disable"}, {"PATCH", "/enable"}}) {
    expect_problem(call(method, "/admin/users/nobody" + path, method == "PATCH" ? "{}" : ""), 404,
                   "user not found");
  }
  expect_problem(call("GET", "/admin/users/" + std::string(257, 'x')), 400, "");
}

TEST_F(UserEndpointsTest, DeletedUserIsGoneAndTheAddressIsFree) {
  const std::string id = create_ada();
  EXPECT_EQ(call("DELETE", "/admin/users/" + id).status, 204);
  EXPECT_EQ(last_audit().action, "user.deleted");
  EXPECT_EQ(last_audit().detail, "user=" + id + " force=false");
  expect_problem(call("DELETE", "/admin/users/" + id), 404, "");
  EXPECT_NE(create_ada(), id);
}

TEST_F(UserEndpointsTest, DeletingAUserWithLiveTokensNeedsForce) {
  const std::string user = create_ada();
  const Session session = sign_in(create_client(), user, create_resource());
  expect_problem(call("DELETE", "/admin/users/" + user), 409, "live tokens");
  expect_problem(call("DELETE", "/admin/users/" + user + "?force=1"), 409, "live tokens");
  ASSERT_TRUE(is_live(session.access));
  EXPECT_EQ(call("DELETE", "/admin/users/" + user + "?force=true").status, 204);
  EXPECT_EQ(last_audit().detail, "user=" + user + " force=true");
  EXPECT_FALSE(is_live(session.access));
  EXPECT_FALSE(storage.families().get(session.family.id));
  EXPECT_FALSE(storage.consent_grants().get(session.grant.id));
}

TEST_F(UserEndpointsTest, NoPasswordHashOrAddressShowsAnywhereElse) {
  const std::string id = create_ada();
  const std::string path = "/admin/users/" + id;
  std::string seen;
  const auto look = [&](const HttpResponse& response) { seen += response.body; };
  look(call("POST", "/admin/users", user_body()));
  look(
      call("POST", "/admin/users", R"({"email":"no address","password":")" + std::string(kPassword) + "\"}"));
  look(call("POST", "/admin/users", R"({"password":")" + std::string(kPassword)));
  look(call("PATCH", path, R"({"name":"x","password":")" + std::string(kPassword) + "\"}"));
  look(call("GET", path));
  look(call("GET", "/admin/users"));
  look(call("GET", "/admin/audit"));
  for (const AuditEvent& row : audit_rows()) seen += row.detail + row.action + row.client_id;
  EXPECT_THAT(seen, Not(HasSubstr(kPassword)));
  EXPECT_THAT(seen, Not(HasSubstr("argon2id")));
  EXPECT_FALSE(logger.contains(kPassword));
  EXPECT_FALSE(logger.contains("argon2id"));
  EXPECT_FALSE(logger.contains("ada@example.com"));
  for (const AuditEvent& row : audit_rows()) EXPECT_THAT(row.detail, Not(HasSubstr("ada@")));
}

TEST_F(UserEndpointsTest, OfManyThatTakeOneAddressAtOnceOneGetsIt) {
  std::atomic<int> created = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const int status = call("POST", "/admin/users", user_body()).status;
      ++(status == 201 ? created : refused);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(json_of(call("GET", "/admin/users")).size(), 1u);
}

TEST_F(UserEndpointsTest, ConcurrentChangesAreNotLost) {
  const std::string id = create_ada();
  std::vector<std::thread> threads;
  for (const char* body : {R"({"name":"Countess"})", R"({"email":"lovelace@example.com"})"}) {
    threads.emplace_back([&, body] {
      for (int status = 409; status == 409;) status = call("PATCH", "/admin/users/" + id, body).status;
    });
  }
  for (std::thread& thread : threads) thread.join();
  const User user = storage.users().get(id).value();
  EXPECT_EQ(user.name, "Countess");
  EXPECT_EQ(user.email, "lovelace@example.com");
  EXPECT_EQ(user.version, 3);
}

}  // namespace
}  // namespace authplane::authserver
