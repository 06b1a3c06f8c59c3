#include "tier03.h"

#include <authplane/base/encoding.h>

// What a token is worth to somebody who stole it, with or without the requests it was sent in: nothing,
// anywhere.

namespace authplane::e2e {
namespace {

class Theft : public Tier03Test {
 protected:
  void SetUp() override {
    token_ = bound_token();
    session_ = open_session(token_);
  }
  // The owner notices nothing: the session is there and answers.
  void TearDown() override {
    EXPECT_EQ(first_text(call(token_, echo_call("still mine"), session_)), "still mine");
  }

  // A request as the thief saw it, which the owner has sent or is about to send.
  Headers captured(const std::string& scheme = "DPoP") const {
    auto headers = presented(token_, proof(token_).build(), scheme);
    headers.add("Mcp-Session-Id", session_);
    return headers;
  }
  static Reply send(const std::string& method, const std::string& path, Headers headers,
                    const nlohmann::json& body = echo_call(kCanary)) {
    headers.set("Content-Type", "application/json");
    headers.set("Accept", "application/json, text/event-stream");
    return http(method, origin() + path, headers, body.is_null() ? "" : body.dump());
  }
  static std::string origin() { return "http://127.0.0.1:" + std::to_string(tier->server->port()); }
  static void expect_401(const Reply& reply) {
    EXPECT_EQ(reply.status, 401) << reply.body;
    EXPECT_EQ(reply.body.find(kCanary), std::string::npos) << "the tool ran";
    EXPECT_NE(reply.header("WWW-Authenticate"), "");
  }
  // Whatever is done with it, under every scheme.
  void expect_worthless(const std::string& stolen_token, const std::string& proof_text) const {
    for (const char* scheme : {"Bearer", "DPoP", "bearer", "dpop"}) {
      SCOPED_TRACE(scheme);
      const auto headers = presented(stolen_token, proof_text, scheme);
      expect_401(post(headers, initialize_call()));
      expect_401(post(headers, echo_call(kCanary), session_));
      auto with_session = headers;
      with_session.add("Mcp-Session-Id", session_);
      expect_401(send("DELETE", "/mcp", with_session, nullptr));
    }
  }

  std::string token_, session_;
};

TEST_F(Theft, TheTokenAlone) {
  expect_worthless(token_, "");
}

TEST_F(Theft, TheTokenAndAKeyOfTheThief) {
  const auto of_thief = [&](ProofBuilder changed) { expect_worthless(token_, changed.build()); };
  of_thief(proof(token_).key(thief()));
  of_thief(proof(token_).key(thief()).header("jwk", key().public_key().to_jwk()));
  of_thief(proof(token_).key(thief()).header("kid", key().public_key().thumbprint()));
}

TEST_F(Theft, ATokenRewrittenForTheKeyOfTheThief) {
  auto claims = jwt_part(token_, 1);
  claims["cnf"]["jkt"] = thief().public_key().thumbprint();
  const auto first = token_.find('.'), second = token_.rfind('.');
  const auto bound_to_thief =
      token_.substr(0, first + 1) + base64url_encode(claims.dump()) + token_.substr(second);
  expect_worthless(bound_to_thief, proof(bound_to_thief).key(thief()).build());
  claims.erase("cnf");
  const auto bearer = token_.substr(0, first + 1) + base64url_encode(claims.dump()) + token_.substr(second);
  expect_worthless(bearer, "");
}

TEST_F(Theft, ACapturedRequestDoesNotWorkAgainHoweverItIsChanged) {
  const auto headers = captured();
  ASSERT_EQ(first_text(send("POST", "/mcp", headers, echo_call("mine"))), "mine");
  expect_401(send("POST", "/mcp", headers));
  expect_401(send("POST", "/mcp", headers, add_call()));
  expect_401(send("POST", "/mcp", headers, initialize_call()));
  expect_401(send("POST", "/mcp?again=1", headers));
  expect_401(send("DELETE", "/mcp", headers, nullptr));
  expect_worthless(token_, std::string(*headers.get("DPoP")));
  // A signature has one spelling: padding and the unused bits of the last character are no other one.
  const std::string proof_text(*headers.get("DPoP"));
  expect_worthless(token_, proof_text + "=");
  auto respelled = proof_text;
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  respelled.back() = alphabet[alphabet.find(respelled.back()) ^ 1];
  expect_worthless(token_, respelled);
}

// Intercepted: the thief has the proof, and the server has not seen it.
TEST_F(Theft, AnInterceptedProofGoesWithNoOtherRequest) {
  const auto unspent = proof(token_).build();
  expect_401(send("DELETE", "/mcp", presented(token_, unspent), nullptr));
  expect_401(send("PUT", "/mcp", presented(token_, unspent)));
  const auto other_token = bound_token("mcp:add");
  expect_401(post(presented(other_token, unspent), initialize_call()));
  expect_token_request_refused(unspent);
  expect_worthless(token_, token_proof().build());

  const int port = free_port();
  const auto elsewhere = resource_at(port);
  tier->as.register_resource("elsewhere", elsewhere, {"mcp:echo"});
  const auto server = tier->start_server("elsewhere", port, elsewhere);
  const auto token_elsewhere = bound_token("mcp:echo", elsewhere);
  for (const auto& text : {unspent, proof(token_elsewhere).build()}) {
    expect_401(post_mcp(server->url(), initialize_call(), presented(token_elsewhere, text)));
    expect_401(post_mcp(server->url(), initialize_call(), presented(token_, text)));
  }
  // None of these attempts has spent it.
  EXPECT_EQ(post(presented(token_, unspent), initialize_call()).status, 200);
}

TEST_F(Theft, AProofThatWasKeptForLater) {
  expect_worthless(token_, proof(token_).claim("iat", in_seconds(-400)).build());
  expect_worthless(token_, proof(token_).claim("iat", in_seconds(400)).build());
}

TEST_F(Theft, TheTokenOpensNothingAtTheAuthorizationServer) {
  const auto admin = "http://127.0.0.1:" + std::to_string(tier->as.admin_port());
  for (const char* scheme : {"Bearer", "DPoP"}) {
    SCOPED_TRACE(scheme);
    const auto with_proof = [&](const std::string& method, const std::string& url) {
      return presented(token_,
                       ProofBuilder(now()).key(key()).method(method).url(url).access_token(token_).build(),
                       scheme);
    };
    EXPECT_EQ(http("GET", admin + "/admin/clients", presented(token_, "", scheme)).status, 401);
    EXPECT_EQ(http("GET", admin + "/admin/clients", with_proof("GET", admin + "/admin/clients")).status, 401);
    auto headers = with_proof("POST", tier->token_endpoint());
    headers.add("Content-Type", "application/x-www-form-urlencoded");
    const auto reply = http("POST", tier->as.url("/oauth/token"), headers, "grant_type=client_credentials");
    EXPECT_EQ(reply.status, 401) << reply.body;
    EXPECT_EQ(reply.json().value("error", ""), "invalid_client") << reply.body;
  }
}

// With its proof spent, the request for a token is of no use either, to anybody.
TEST_F(Theft, ACapturedTokenRequest) {
  const auto once = token_proof().build();
  ASSERT_EQ(token_reply("mcp:echo", once).status, 200);
  expect_token_request_refused(once);
  expect_token_request_refused(once + "=");
  const auto thiefs_client = tier->as.register_client("thief", "mcp:echo");
  const auto reply = tier->as.token(thiefs_client, "mcp:echo", tier->resource, {{"DPoP", once}});
  EXPECT_EQ(reply.status, 400) << reply.body;
  EXPECT_EQ(reply.json().value("error", ""), "invalid_dpop_proof") << reply.body;
}

}  // namespace
}  // namespace authplane::e2e
