#include <future>
#include <thread>

#include "standin_fixture.h"

namespace authplane::gh_standin {
namespace {

TEST_F(StandinTest, ACodeGivesTokensInTheShapeGithubGivesThem) {
  const auto response = redeem(code());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json; charset=utf-8");
  const auto body = json(response);
  EXPECT_EQ(body["access_token"].get<std::string>().size(), 40U);
  EXPECT_EQ(body["access_token"].get<std::string>().substr(0, 4), "gho_");
  EXPECT_EQ(body["refresh_token"].get<std::string>().size(), 80U);
  EXPECT_EQ(body["refresh_token"].get<std::string>().substr(0, 4), "ghr_");
  EXPECT_EQ(body["token_type"], "bearer");
  EXPECT_EQ(body["scope"], "repo read:user");
  EXPECT_EQ(body["expires_in"], 28800);
  EXPECT_EQ(body["refresh_token_expires_in"], 15897600);
}

TEST_F(StandinTest, AFormGoesToThoseWhoDoNotAcceptJson) {
  const auto response = token({{"grant_type", "authorization_code"},
                               {"code", code()},
                               {"redirect_uri", kCallback},
                               {"code_verifier", kVerifier}},
                              {});
  EXPECT_EQ(response.headers.get("Content-Type"), "application/x-www-form-urlencoded; charset=utf-8");
  const Form form = parse_form(response.body);
  EXPECT_TRUE(field(form, "access_token").starts_with("gho_"));
  EXPECT_EQ(field(form, "expires_in"), "28800");
}

TEST_F(StandinTest, ACodeIsGoodOnceAndForTenMinutes) {
  const auto spent = code();
  EXPECT_EQ(redeem(spent).status, 200);
  expect_error(redeem(spent), 200, "bad_verification_code");
  const auto late = code();
  clock.advance(std::chrono::minutes(10));
  expect_error(redeem(late), 200, "bad_verification_code");
  const auto in_time = code();
  clock.advance(std::chrono::minutes(10) - std::chrono::seconds(1));
  EXPECT_NE(member(redeem(in_time), "access_token"), "");
}

TEST_F(StandinTest, ACodeIsForTheClientTheVerifierAndTheCallback) {
  expect_error(redeem(code(), {{"client_secret", "wrong"}}), 200, "incorrect_client_credentials");
  expect_error(redeem(code(), {{"client_id", "other"}}), 200, "incorrect_client_credentials");
  expect_error(redeem(code(), {{"code_verifier", ""}}), 200, "bad_verification_code");
  expect_error(redeem(code(), {{"code_verifier", std::string(43, 'x')}}), 200, "bad_verification_code");
  expect_error(redeem(code(), {{"redirect_uri", "http://evil.example/"}}), 200, "redirect_uri_mismatch");
  expect_error(redeem("made-up"), 200, "bad_verification_code");
  expect_error(redeem(code(), {{"grant_type", "password"}}), 400, "unsupported_grant_type");
}

TEST_F(StandinTest, TheSecretIsTakenFromTheBodyAlone) {
  Changes fields = {{"client_secret", ""}, {"grant_type", "refresh_token"}};
  const auto response = token(
      fields, {{"Accept", "application/json"}, {"Authorization", "Basic " + base64_encode("id:the-secret")}});
  expect_error(response, 200, "incorrect_client_credentials");
  EXPECT_EQ(seen("token")[0]["authorization_header"], true);
}

TEST_F(StandinTest, TellsWhatCameIn) {
  redeem(code());
  refresh("ghr_unknown", "repo");
  const auto rows = seen("token");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["grant_type"], "authorization_code");
  EXPECT_EQ(rows[0]["redirect_uri"], kCallback);
  EXPECT_EQ(rows[0]["accept"], "application/json");
  for (const char* name : {"client_id", "client_secret", "code", "code_verifier"}) {
    EXPECT_EQ(rows[0][name]["match"], true) << name;
  }
  EXPECT_EQ(rows[0]["issued"], true);
  EXPECT_EQ(rows[1]["scope"], "repo");
  EXPECT_EQ(rows[1]["refresh_token"]["match"], false);
  EXPECT_EQ(rows[1]["issued"], false);
}

TEST_F(StandinTest, RefreshingRotates) {
  for (const char* name : {"approve", "rotate"}) {
    mode(name);
    const std::string first = connect()["refresh_token"];
    const auto renewed = refresh(first, "repo");
    EXPECT_EQ(member(renewed, "scope"), "repo");
    const auto second = member(renewed, "refresh_token");
    EXPECT_NE(second, first);
    expect_error(refresh(first), 200, "bad_refresh_token");
    EXPECT_EQ(call("/user/repos", member(refresh(second), "access_token")).status, 200);
  }
}

TEST_F(StandinTest, NoRotateKeepsTheRefreshToken) {
  mode("no_rotate");
  const std::string kept = connect()["refresh_token"];
  const auto first = refresh(kept), second = refresh(kept);
  EXPECT_EQ(member(first, "refresh_token"), kept);
  EXPECT_NE(member(first, "access_token"), member(second, "access_token"));
  EXPECT_EQ(call("/user", member(first, "access_token")).status, 200);
}

TEST_F(StandinTest, NoRefreshGivesNone) {
  const std::string kept = connect()["refresh_token"];
  mode("no_refresh");
  const auto first = connect();
  EXPECT_FALSE(first.contains("refresh_token"));
  EXPECT_FALSE(first.contains("expires_in"));
  EXPECT_EQ(call("/user", first["access_token"]).status, 200);
  EXPECT_FALSE(json(refresh(kept)).contains("refresh_token"));
  EXPECT_NE(member(refresh(kept), "access_token"), "");
}

TEST_F(StandinTest, MoreThanWasGrantedCannotBeRefreshed) {
  expect_error(refresh(connect()["refresh_token"], "repo admin:org"), 400, "invalid_scope");
}

TEST_F(StandinTest, ScopesAreSpelledTheWayTheModeSays) {
  const auto scope_with = [&](const char* name) -> nlohmann::json {
    mode(name);
    const auto body = connect();
    return body.contains("scope") ? body["scope"] : nlohmann::json();
  };
  EXPECT_EQ(scope_with("scope_comma"), "repo,read:user");
  EXPECT_EQ(scope_with("scope_absent"), nullptr);
  EXPECT_EQ(scope_with("scope_empty"), "");
  EXPECT_EQ(scope_with("scope_subset"), "read:user");
}

TEST_F(StandinTest, ASmallerGrantIsOneEverywhere) {
  const std::string full = connect()["refresh_token"];
  mode("scope_subset");
  const auto downgraded = refresh(full, "repo");
  EXPECT_EQ(member(downgraded, "scope"), "read:user");
  EXPECT_EQ(call("/user/repos", member(downgraded, "access_token")).status, 403);
  const auto small = connect();
  mode("approve");
  expect_error(refresh(small["refresh_token"], "repo"), 400, "invalid_scope");
}

TEST_F(StandinTest, FormBodyIgnoresAccept) {
  mode("form_body");
  const auto response = redeem(code());
  EXPECT_TRUE(field(parse_form(response.body), "refresh_token").starts_with("ghr_")) << response.body;
}

TEST_F(StandinTest, FailuresSpendNothing) {
  const std::string refresh_token = connect()["refresh_token"];
  const std::string kept_code = code();
  for (const char* name : {"error_200", "error_400", "http_500", "huge_body", "bad_json", "redirect_hop"}) {
    mode(name);
    refresh(refresh_token);
    redeem(kept_code);
  }
  for (const auto& row : seen("token")) {
    EXPECT_EQ(row["issued"], row["mode"] == "approve") << row;
  }
  mode("approve");
  EXPECT_NE(member(refresh(refresh_token), "access_token"), "");
  EXPECT_NE(member(redeem(kept_code), "access_token"), "");
}

TEST_F(StandinTest, FailuresLookAsTheirModeSays) {
  const auto with = [&](const char* name) {
    mode(name, true);
    return refresh("ghr_x");
  };
  expect_error(with("error_200"), 200, "bad_refresh_token");
  expect_error(with("error_400"), 400, "invalid_grant");
  EXPECT_EQ(with("http_500").status, 500);
  EXPECT_GT(with("huge_body").body.size(), 1024U * 1024U);
  const auto broken = with("bad_json");
  EXPECT_EQ(broken.status, 200);
  EXPECT_TRUE(json(broken).is_discarded());
  const auto away = with("redirect_hop");
  EXPECT_EQ(away.status, 302);
  EXPECT_EQ(away.headers.get("Location"), "/_hop");
  EXPECT_TRUE(seen("hop").empty());
  EXPECT_NE(member(send("GET", "/_hop"), "access_token"), "");
  EXPECT_EQ(seen("hop").size(), 1U);
  mode("error_200", true);
  expect_error(redeem(code()), 200, "bad_verification_code");
}

TEST_F(StandinTest, SlowAnswersInTheEndAndDoesNotRotate) {
  const std::string kept = connect()["refresh_token"];
  mode("slow:1", true);
  EXPECT_EQ(member(refresh(kept), "refresh_token"), kept);
  EXPECT_NE(member(refresh(kept), "refresh_token"), kept);
}

TEST_F(StandinTest, ASlowRequestHoldsNobodyElseUpAndEndsWithAReset) {
  const std::string kept = connect()["refresh_token"], other = connect()["refresh_token"];
  mode("slow:600000", true);
  auto waiting = std::async(std::launch::async, [&] { return refresh(kept); });
  // It has arrived and waits: the row is there, without an answer.
  while (seen("token").size() < 3) std::this_thread::yield();
  EXPECT_FALSE(seen("token")[2].contains("status"));
  mode("no_rotate");
  EXPECT_NE(member(refresh(other), "access_token"), "");
  EXPECT_FALSE(seen("token")[2].contains("status"));
  send("POST", "/_control/reset");
  expect_error(waiting.get(), 200, "bad_refresh_token");
}

TEST_F(StandinTest, ReleasingEndsAWaitForGood) {
  const std::string kept = connect()["refresh_token"];
  mode("slow:600000");
  auto waiting = std::async(std::launch::async, [&] { return refresh(kept); });
  standin.release();
  EXPECT_NE(member(waiting.get(), "access_token"), "");
  EXPECT_NE(member(refresh(kept), "access_token"), "");
}

}  // namespace
}  // namespace authplane::gh_standin
