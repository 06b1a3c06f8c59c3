#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/http/user_token_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr const char* kInactive = R"({"active":false})";

class IntrospectionTest : public UserTokenTest {
 protected:
  // A token of the client "web" for itself.
  std::string machine_token(std::string_view resource = kResource) {
    change_client("web", [](Client& client) { client.scope = "mcp:echo"; });
    Form form;
    form.add("grant_type", "client_credentials");
    if (!resource.empty()) form.add("resource", std::string(resource));
    return tokens_of(token(form, secret_of("web"))).access;
  }
  std::string denial(std::string_view client_id, const std::string& reason, std::string_view access_token) {
    return "token.introspect_denied actor= client=" + std::string(client_id) + " reason=" + reason +
           " jti=" + claims_of(access_token)["jti"].get<std::string>();
  }
  void expect_inactive(std::string_view text, std::string_view client_id = "rs") {
    const HttpResponse response = introspect(text, secret_of(client_id));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, kInactive);
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  }
};

TEST_F(IntrospectionTest, ActiveTokenIsDescribedByExactlyTheDocumentedMembersInOrder) {
  const std::string access = first_tokens().access;
  const HttpResponse response = introspect(access, secret_of("rs"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.get("Pragma"), "no-cache");
  const std::string jti = claims_of(access)["jti"];
  EXPECT_EQ(response.body, R"({"active":true,"scope":"mcp:echo mcp:add","client_id":"app","sub":"user-1",)"
                           R"("aud":"https://rs.example/mcp","iss":"https://as.example","exp":1767226500,)"
                           R"("iat":1767225600,"jti":")" +
                               jti + R"(","token_type":"Bearer"})");
  EXPECT_THAT(audit_lines(),
              Contains("token.introspected actor= client=rs jti=" + jti + " issuing_client=app"));
  EXPECT_EQ(server.metrics.count("authserver_introspection_total{result=active}"), 1);
}

TEST_F(IntrospectionTest, BoundTokenOfAnAgentNamesItsKeyAndTheAgent) {
  Client agent = public_client("agent");
  agent.is_agent = true;
  server.add(agent);
  const std::string access = tokens_of(token(code_form("agent", code_for("agent")), "", proof())).access;
  const Json body = json_of(introspect(access, secret_of("rs")));
  EXPECT_EQ(body["token_type"], "DPoP");
  EXPECT_EQ(body["cnf"], claims_of(access)["cnf"]);
  EXPECT_EQ(body["agent_id"], "agent");
}

TEST_F(IntrospectionTest, SecretMayComeInTheBody) {
  Form form;
  form.add("token", first_tokens().access);
  form.add("client_id", "rs");
  form.add("client_secret", std::string(kSecret));
  form.add("token_type_hint", "refresh_token");
  EXPECT_EQ(json_of(server.send(request_to("/oauth/introspect", form)))["active"], true);
}

TEST_F(IntrospectionTest, ClientMayAskAboutItsOwnTokenAndTheResourceAboutThoseForIt) {
  const std::string access = machine_token();
  EXPECT_EQ(json_of(introspect(access, secret_of("web")))["active"], true);
  EXPECT_TRUE(is_active(access));
  expect_inactive(access, "stranger");
  EXPECT_THAT(audit_lines(), Contains(denial("stranger", "caller_not_authorized_for_token", access)));
}

TEST_F(IntrospectionTest, RuntimeClientOfOneResourceLearnsNothingOfAnother) {
  Resource other = *(*server.storage.resources().catalog())->find_by_slug("other");
  other.policy.runtime_client_ids = {"stranger"};
  ASSERT_TRUE(server.storage.resources().update(other));
  expect_inactive(first_tokens().access, "stranger");
  expect_inactive(machine_token(""), "rs");
}

// --- everything else is inactive, and looks the same

TEST_F(IntrospectionTest, ExpiredTokenIsInactive) {
  const std::string access = first_tokens().access;
  server.clock.advance(15min - 1s);
  EXPECT_TRUE(is_active(access));
  server.clock.advance(1s);
  expect_inactive(access);
}

TEST_F(IntrospectionTest, RevokedTokensAreInactiveWithTheReasonInTheAuditLog) {
  const std::string access = first_tokens().access;
  ASSERT_EQ(revoke(access, "app").status, 200);
  expect_inactive(access);
  EXPECT_THAT(audit_lines(), Contains(denial("rs", "issuance_revoked", access)));

  const std::string machine = machine_token("");
  ASSERT_EQ(revoke(machine, "", secret_of("web")).status, 200);
  expect_inactive(machine, "web");
  EXPECT_THAT(audit_lines(), Contains(denial("web", "machine_token_revoked", machine)));

  change_client("web", [](Client& client) { client.scope.clear(); });
  const std::string code = code_without_resource("web");
  const std::string bare = tokens_of(token(code_form("web", code), secret_of("web"))).access;
  ASSERT_EQ(revoke(bare, "", secret_of("web")).status, 200);
  expect_inactive(bare, "web");
  EXPECT_THAT(audit_lines(), Contains(denial("web", "token_revoked", bare)));
}

TEST_F(IntrospectionTest, TokenOfASuspendedClientOrADisabledUserIsInactive) {
  const std::string access = first_tokens().access;
  ASSERT_TRUE(server.storage.clients().transition("app", ClientStatus::suspended, server.clock.now()));
  expect_inactive(access);
  EXPECT_THAT(audit_lines(), Contains(denial("rs", "issuing_client_inactive", access)));
  ASSERT_TRUE(server.storage.clients().transition("app", ClientStatus::active, server.clock.now()));
  EXPECT_TRUE(is_active(access));
  ASSERT_TRUE(server.storage.users().transition("user-1", UserStatus::disabled, server.clock.now()));
  expect_inactive(access);
  EXPECT_THAT(audit_lines(), Contains(denial("rs", "subject_inactive", access)));
}

TEST_F(IntrospectionTest, MachineTokenDependsOnNoUser) {
  const std::string access = machine_token();
  ASSERT_TRUE(server.storage.users().transition("user-1", UserStatus::disabled, server.clock.now()));
  EXPECT_TRUE(is_active(access));
}

TEST_F(IntrospectionTest, RefreshTokensCodesAndNonsenseAreInactive) {
  for (const std::string& text : {first_tokens().refresh, code_for("app"), std::string("x"),
                                  std::string("a.b.c"), std::string(20000, 'a'), std::string("....")}) {
    expect_inactive(text);
  }
  EXPECT_THAT(audit_lines(), Contains("token.introspect_denied actor= client=rs reason=invalid_token"));
}

TEST_F(IntrospectionTest, EveryChangedOrCutTokenIsInactive) {
  const std::string access = first_tokens().access;
  for (std::size_t i = 0; i < access.size(); ++i) {
    std::string changed = access;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    ASSERT_EQ(introspect(changed, secret_of("rs")).body, kInactive) << "byte " << i;
    const std::string cut = i == 0 ? "." : access.substr(0, i);
    ASSERT_EQ(introspect(cut, secret_of("rs")).body, kInactive) << "cut " << i;
  }
}

TEST_F(IntrospectionTest, TokensSignedWithTheServersKeyButNotIssuedByItAreInactive) {
  const SigningKeySetPtr keys = server.keys.keys();
  const std::string access = first_tokens().access;
  const OrderedJson header = {{"alg", "ES256"}, {"typ", "at+jwt"}, {"kid", keys->kid}};
  const auto signed_as = [&](const OrderedJson& head, const Json& claims) {
    return sign_jws(head, to_json_text(claims), keys->current).value();
  };
  const Json good = claims_of(access);
  ASSERT_TRUE(is_active(signed_as(header, good)));
  const auto changed = [&](const char* name, const Json& value) {
    Json claims = good;
    claims[name] = value;
    return claims;
  };
  const auto without = [&](const char* name) {
    Json claims = good;
    claims.erase(name);
    return claims;
  };
  expect_inactive(signed_as(header, changed("iss", "https://as.example/")));
  expect_inactive(signed_as(header, changed("jti", "00000000-0000-7000-8000-000000000000")));
  expect_inactive(signed_as(header, changed("jti", "nonsense")));
  expect_inactive(signed_as(header, changed("exp", 1e300)));
  expect_inactive(signed_as(header, changed("exp", "1767226500")));
  expect_inactive(signed_as(header, changed("exp", true)));
  for (const char* name : {"iss", "jti", "sub", "client_id", "exp", "iat"})
    expect_inactive(signed_as(header, without(name)));
  for (const char* typ : {"JWT", "dpop+jwt", "AT+JWT", ""}) {
    OrderedJson other = header;
    other["typ"] = typ;
    expect_inactive(signed_as(other, good));
  }
  OrderedJson critical = header;
  critical["crit"] = OrderedJson::array({"exp"});
  expect_inactive(signed_as(critical, good));
}

TEST_F(IntrospectionTest, TokensOfTheKeyBeforeARotationStayActive) {
  const std::string access = first_tokens().access;
  ASSERT_TRUE(server.keys.rotate({}));
  EXPECT_TRUE(is_active(access));
  EXPECT_TRUE(is_active(first_tokens().access));
}

TEST_F(IntrospectionTest, AStoreThatFailsMakesTokensInactiveWithoutAnAuditRow) {
  const std::string access = first_tokens().access;
  const std::size_t before = audit_lines().size();
  server.storage.refuse_users = DomainErrorCode::internal;
  expect_inactive(access);
  server.storage.refuse_users.reset();
  server.storage.refuse_resources = DomainErrorCode::unavailable;
  expect_inactive(access);
  EXPECT_EQ(audit_lines().size(), before);
  EXPECT_TRUE(server.logger.contains("disk full"));
  EXPECT_EQ(server.metrics.count("authserver_introspection_total{result=error}"), 2);
}

// --- who may call at all

TEST_F(IntrospectionTest, CallersThatFailToAuthenticateAreInvalidClient) {
  const std::string access = first_tokens().access;
  const HttpResponse wrong = introspect(access, basic("rs", "wrong"));
  expect_error(wrong, 401, "invalid_client", "authentication failed");
  EXPECT_EQ(introspect(access, basic("nobody", kSecret)).body, wrong.body);
  EXPECT_EQ(introspect(access, basic("app", kSecret)).body, wrong.body);
  expect_error(introspect(access, ""), 401, "invalid_client", "required");
  Form by_id;
  by_id.add("token", access);
  by_id.add("client_id", "app");
  expect_error(server.send(request_to("/oauth/introspect", by_id)), 401, "invalid_client", "required");
}

TEST_F(IntrospectionTest, OnlyKnownCallersAreAudited) {
  const std::string access = first_tokens().access;
  const std::size_t before = audit_lines().size();
  introspect(access, basic("nobody", kSecret));
  introspect(access, basic("app", kSecret));
  introspect(access, basic("rs", ""));
  introspect(access, "");
  EXPECT_EQ(audit_lines().size(), before);
  introspect(access, basic("rs", "wrong"));
  EXPECT_THAT(audit_lines(),
              Contains("token.introspect_denied actor= client=rs reason=invalid_client_secret"));
  ASSERT_TRUE(server.storage.clients().transition("rs", ClientStatus::suspended, server.clock.now()));
  introspect(access, basic("rs", "wrong"));
  expect_error(introspect(access, secret_of("rs")), 401, "invalid_client", "suspended");
  EXPECT_THAT(audit_lines(), Contains("token.introspect_denied actor= client=rs reason=client_not_active"));
}

TEST_F(IntrospectionTest, MalformedRequestsAreRefused) {
  expect_error(introspect("", secret_of("rs")), 400, "invalid_request", "token is missing");
  HttpRequest request = request_to("/oauth/introspect", Form(), secret_of("rs"));
  request.body = "token=a&token=b";
  expect_error(server.send(request), 400, "invalid_request", "more than once");
  request.body = std::string(64 * 1024 + 1, 'a');
  expect_error(server.send(request), 413, "invalid_request", "64 KiB");
  request.body = "token=%zz";
  expect_error(server.send(request), 400, "invalid_request", "well-formed");
  request.body = "{}";
  request.headers.set("Content-Type", "application/json");
  expect_error(server.send(request), 400, "invalid_request", "form-urlencoded");
  request.method = "GET";
  EXPECT_EQ(server.send(request).status, 405);
}

}  // namespace
}  // namespace authplane::authserver
