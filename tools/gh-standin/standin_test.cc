#include "standin_fixture.h"

namespace authplane::gh_standin {
namespace {

TEST(Modes, AreReadAndWritten) {
  for (const char* name : {"approve",     "deny",         "interactive",  "wrong_state", "scope_subset",
                           "scope_comma", "scope_absent", "scope_empty",  "no_refresh",  "no_rotate",
                           "rotate",      "form_body",    "error_200",    "error_400",   "http_500",
                           "huge_body",   "bad_json",     "redirect_hop", "slow:0",      "slow:250"}) {
    const auto behaviour = parse_behaviour(name);
    ASSERT_TRUE(behaviour) << name;
    EXPECT_EQ(to_string(*behaviour), name);
  }
  for (const char* name : {"", "Approve", "slow", "slow:", "slow:-1", "slow:1s", "slow:600001", "nonsense"}) {
    EXPECT_FALSE(parse_behaviour(name)) << name;
  }
}

TEST(Modes, OnceIsForTheEndpointItConcerns) {
  ModeSwitch modes({Mode::no_rotate, {}});
  modes.set({Mode::deny, {}}, true);
  EXPECT_EQ(modes.take(Endpoint::token).mode, Mode::approve);
  EXPECT_EQ(modes.take(Endpoint::authorize).mode, Mode::deny);
  EXPECT_EQ(modes.take(Endpoint::authorize).mode, Mode::approve);
  EXPECT_EQ(modes.take(Endpoint::token).mode, Mode::no_rotate);
  modes.set({Mode::http_500, {}}, false);
  EXPECT_EQ(modes.take(Endpoint::token).mode, Mode::http_500);
  EXPECT_EQ(modes.take(Endpoint::token).mode, Mode::http_500);
  modes.reset();
  EXPECT_EQ(modes.current().mode, Mode::no_rotate);
}

TEST_F(StandinTest, ApprovesAndSendsTheStateBack) {
  const Form back = brought_back(authorize());
  EXPECT_EQ(field(back, "state"), "s-1");
  EXPECT_EQ(field(back, "code").size(), 20U);
  EXPECT_EQ(field(back, "code").find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST_F(StandinTest, SendsNobodyAnywhereForAnUnknownClientOrCallback) {
  EXPECT_EQ(authorize({{"client_id", "other"}}).status, 404);
  EXPECT_EQ(authorize({{"redirect_uri", std::string(kCallback) + "/"}}).status, 400);
  EXPECT_EQ(authorize({{"redirect_uri", "http://evil.example/"}}).status, 400);
  EXPECT_EQ(authorize({{"state", ""}}).status, 400);
  EXPECT_EQ(authorize({{"response_type", "token"}}).status, 400);
  for (const auto& row : seen("authorize")) EXPECT_NE(row["outcome"], "approved");
  EXPECT_EQ(seen("authorize").size(), 5U);
}

TEST_F(StandinTest, DemandsAProofKey) {
  for (const Changes& changes :
       {Changes{{"code_challenge", ""}}, Changes{{"code_challenge", "short"}},
        Changes{{"code_challenge_method", "plain"}}, Changes{{"code_challenge_method", ""}}}) {
    const Form back = brought_back(authorize(changes));
    EXPECT_EQ(field(back, "error"), "invalid_request");
    EXPECT_EQ(field(back, "state"), "s-1");
    EXPECT_EQ(back.count("code"), 0U);
  }
}

TEST_F(StandinTest, DenyAndWrongStateAreForOneRequestWhenAskedSo) {
  mode("deny", true);
  EXPECT_EQ(field(brought_back(authorize()), "error"), "access_denied");
  EXPECT_NE(field(brought_back(authorize()), "code"), "");
  mode("wrong_state");
  EXPECT_EQ(field(brought_back(authorize()), "state"), "s-1x");
  EXPECT_EQ(field(brought_back(authorize()), "state"), "s-1x");
}

TEST_F(StandinTest, AsksAPersonWhenInteractive) {
  mode("interactive");
  const auto page = authorize({{"scope", "<repo> \"x\""}});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body.find("<repo>"), std::string::npos);
  EXPECT_NE(page.body.find("name=\"answer\" value=\"deny\""), std::string::npos);
  const auto answer = [&](const char* word) {
    return brought_back(send("POST", "/login/oauth/authorize", question({{"answer", word}})));
  };
  EXPECT_EQ(field(answer("deny"), "error"), "access_denied");
  EXPECT_EQ(answer("anything").count("code"), 0U);
  EXPECT_NE(field(answer("approve"), "code"), "");
  EXPECT_EQ(
      send("POST", "/login/oauth/authorize", question({{"redirect_uri", "http://evil.example/"}})).status,
      400);
}

TEST_F(StandinTest, TheApiTellsWhatATokenIsWorth) {
  const auto tokens = connect();
  const std::string access = tokens["access_token"];
  const auto user = call("/user", access);
  EXPECT_EQ(user.status, 200);
  EXPECT_EQ(json(user), (nlohmann::json{{"login", "octocat"}, {"id", 1}}));
  EXPECT_EQ(user.headers.get("X-OAuth-Scopes"), "repo read:user");
  EXPECT_EQ(json(call("/user/repos", access)).size(), 2U);
  EXPECT_EQ(call("/user", access + "x").status, 401);
  EXPECT_EQ(send("GET", "/user").status, 401);
  const std::string narrow = member(refresh(tokens["refresh_token"], "read:user"), "access_token");
  EXPECT_EQ(call("/user", narrow).status, 200);
  EXPECT_EQ(call("/user/repos", narrow).status, 403);
}

TEST_F(StandinTest, ExpiringEndsAccessTokensOnly) {
  const auto tokens = connect();
  EXPECT_EQ(send("POST", "/_control/expire").status, 200);
  EXPECT_EQ(call("/user", tokens["access_token"]).status, 401);
  EXPECT_EQ(call("/user", member(refresh(tokens["refresh_token"]), "access_token")).status, 200);
}

TEST_F(StandinTest, RevokingEndsTheWholeGrant) {
  const auto tokens = connect(), others = connect();
  const std::string access = tokens["access_token"], refresh_token = tokens["refresh_token"];
  const auto revoke = [&](const std::string& token, const std::string& secret) {
    return send("POST", "/login/oauth/revoke",
                encode({{"client_id", "id"}, {"client_secret", secret}, {"token", token}}, {}));
  };
  EXPECT_EQ(revoke(refresh_token, "wrong").status, 401);
  EXPECT_EQ(call("/user", access).status, 200);
  EXPECT_EQ(revoke(refresh_token, "the-secret").status, 200);
  EXPECT_EQ(call("/user", access).status, 401);
  expect_error(refresh(refresh_token), 200, "bad_refresh_token");
  EXPECT_EQ(revoke(refresh_token, "the-secret").status, 200);
  EXPECT_EQ(call("/user", others["access_token"]).status, 200);
  const auto rows = seen("revoke");
  EXPECT_EQ(rows[0]["client_secret"]["match"], false);
  EXPECT_EQ(rows[1]["token"]["match"], true);
  EXPECT_EQ(rows[2]["token"]["match"], false);
}

TEST_F(StandinTest, ResettingForgetsEverything) {
  mode("http_500");
  connect();
  EXPECT_EQ(send("POST", "/_control/reset").status, 200);
  EXPECT_TRUE(seen("token").empty());
  const auto tokens = connect();
  EXPECT_EQ(call("/user", tokens["access_token"]).status, 200);
  EXPECT_EQ(send("POST", "/_control/reset").status, 200);
  EXPECT_EQ(call("/user", tokens["access_token"]).status, 401);
}

TEST_F(StandinTest, TheControlRefusesWhatItDoesNotKnow) {
  EXPECT_EQ(send("GET", "/_control/health").status, 200);
  for (const char* body :
       {"", "[]", "{}", R"({"mode":"nonsense"})", R"({"mode":1})", R"({"mode":"deny","once":1})"}) {
    EXPECT_EQ(send("POST", "/_control/mode", body).status, 400) << body;
  }
  EXPECT_EQ(send("GET", "/_control/mode").status, 405);
  EXPECT_EQ(send("POST", "/_control/requests").status, 405);
  EXPECT_EQ(send("GET", "/login/oauth/access_token").status, 405);
  EXPECT_EQ(send("POST", "/user").status, 405);
}

TEST_F(StandinTest, WhatItShowsHoldsNoSecret) {
  const auto tokens = connect();
  refresh(tokens["refresh_token"]);
  send(
      "POST", "/login/oauth/revoke",
      encode({{"client_id", "id"}, {"client_secret", "the-secret"}, {"token", tokens["refresh_token"]}}, {}));
  const std::string shown = send("GET", "/_control/requests").body;
  const auto secrets = standin.secrets();
  EXPECT_EQ(secrets.size(), 7U);  // a code, two tokens, a verifier, two tokens of the refresh, the client's
  for (const auto& secret : secrets) EXPECT_EQ(shown.find(secret), std::string::npos) << secret;
  EXPECT_NE(shown.find("\"match\":true"), std::string::npos);
}

}  // namespace
}  // namespace authplane::gh_standin
