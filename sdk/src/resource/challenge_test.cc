#include <authplane/resource/challenge.h>

#include "test_support.h"

namespace authplane {
namespace {

constexpr const char* kRealm = "https://rs.example/mcp";
constexpr const char* kMetadata = "https://rs.example/.well-known/oauth-protected-resource/mcp";

Error error_of(ErrorCode code, std::string message = "seen and expected") {
  Error error;
  error.code = code;
  error.message = std::move(message);
  return error;
}

ChallengeOptions full() {
  return {.realm = kRealm, .resource_metadata = kMetadata};
}
ChallengeOptions talkative() {
  return {.description = ErrorDescription::message};
}

TEST(Challenge, WithoutCredentialsSaysOnlyWhereToLook) {
  const Error missing = error_of(ErrorCode::token_missing);
  EXPECT_EQ(www_authenticate(missing), "Bearer");
  EXPECT_EQ(www_authenticate(missing, {.resource_metadata = kMetadata}),
            "Bearer resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"");
  EXPECT_EQ(www_authenticate(missing, full()),
            "Bearer realm=\"https://rs.example/mcp\", "
            "resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"");
}

TEST(Challenge, OfABadTokenHasEveryParameterInOrder) {
  EXPECT_EQ(www_authenticate(error_of(ErrorCode::invalid_claims), full()),
            "Bearer realm=\"https://rs.example/mcp\", error=\"invalid_token\", "
            "error_description=\"The access token is expired, revoked, malformed or not meant for this "
            "resource.\", "
            "resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"");
}

TEST(Challenge, OfAMissingScopeNamesAllRequiredScopes) {
  Error error = error_of(ErrorCode::insufficient_scope);
  error.required_scopes = {"a", "b"};
  EXPECT_EQ(www_authenticate(error, {.resource_metadata = "https://rs.example/prm"}),
            "Bearer error=\"insufficient_scope\", "
            "error_description=\"The access token lacks a scope that this request needs.\", scope=\"a b\", "
            "resource_metadata=\"https://rs.example/prm\"");
  EXPECT_EQ(http_status(error), 403);
}

TEST(Challenge, OfA401NamesTheMinimumScopeWhenItIsKnown) {
  EXPECT_EQ(www_authenticate(error_of(ErrorCode::token_missing), {.scope = {"mcp:echo"}}),
            "Bearer scope=\"mcp:echo\"");
}

TEST(Challenge, Rfc6750ErrorResponseMustMapErrorCodes) {
  struct Row {
    ErrorCode code;
    int status;
    const char* start;
  };
  const Row rows[] = {
      {ErrorCode::token_expired, 401, "Bearer error=\"invalid_token\", error_description=\"m\""},
      {ErrorCode::invalid_signature, 401, "Bearer error=\"invalid_token\", error_description=\"m\""},
      {ErrorCode::invalid_claims, 401, "Bearer error=\"invalid_token\", error_description=\"m\""},
      {ErrorCode::token_inactive, 401, "Bearer error=\"invalid_token\", error_description=\"m\""},
      {ErrorCode::insufficient_scope, 403, "Bearer error=\"insufficient_scope\", error_description=\"m\""},
      {ErrorCode::dpop_proof_missing, 401, "DPoP error=\"invalid_token\", error_description=\"m\""},
      {ErrorCode::invalid_dpop_proof, 401, "DPoP error=\"invalid_dpop_proof\", error_description=\"m\""},
      {ErrorCode::dpop_replay_detected, 401, "DPoP error=\"invalid_token\", error_description=\"m\""},
      {ErrorCode::dpop_binding_mismatch, 401, "DPoP error=\"invalid_token\", error_description=\"m\""},
      {ErrorCode::dpop_multiple_proofs, 401, "DPoP error=\"invalid_dpop_proof\", error_description=\"m\""},
      {ErrorCode::dpop_not_supported, 401, "Bearer error=\"invalid_token\", error_description=\"m\""},
  };
  for (const Row& row : rows) {
    const Error error = error_of(row.code, "m");
    EXPECT_EQ(http_status(error), row.status) << to_string(row.code);
    EXPECT_EQ(www_authenticate(error, talkative()), row.start) << to_string(row.code);
  }
}

TEST(Challenge, ErrorsOfTheTokenFollowTheSchemeItCameUnder) {
  ChallengeOptions dpop = full();
  dpop.scheme = TokenScheme::dpop;
  for (ErrorCode code : {ErrorCode::token_expired, ErrorCode::insufficient_scope, ErrorCode::token_inactive,
                         ErrorCode::invalid_dpop_proof}) {
    EXPECT_EQ(www_authenticate(error_of(code), dpop).substr(0, 5), "DPoP ") << to_string(code);
  }
  for (ErrorCode code : {ErrorCode::token_missing, ErrorCode::dpop_not_supported}) {
    EXPECT_EQ(www_authenticate(error_of(code), dpop).substr(0, 7), "Bearer ") << to_string(code);
  }
}

TEST(Challenge, WithoutCredentialsBothSchemesAreNamedWhereProofsAreRequired) {
  ChallengeOptions options = full();
  options.dpop_algs = "ES256 RS256 PS256";
  const HttpResponse response = error_response(error_of(ErrorCode::token_missing), options);
  const auto values = response.headers.all("WWW-Authenticate");
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0],
            "Bearer realm=\"https://rs.example/mcp\", "
            "resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"");
  EXPECT_EQ(values[1],
            "DPoP algs=\"ES256 RS256 PS256\", "
            "resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"");
  EXPECT_EQ(error_response(error_of(ErrorCode::token_expired), options).headers.count("WWW-Authenticate"),
            1u);
}

TEST(Challenge, Rfc6750ErrorResponseRealmShouldBeIncluded) {
  for (ErrorCode code : {ErrorCode::token_expired, ErrorCode::invalid_dpop_proof}) {
    EXPECT_NE(www_authenticate(error_of(code), full()).find("realm=\"https://rs.example/mcp\", "),
              std::string::npos);
  }
}

TEST(Challenge, DemandedNonceIsHandedOver) {
  Error error = error_of(ErrorCode::invalid_dpop_proof);
  error.dpop_nonce = "fresh";
  const HttpResponse response = error_response(error);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.headers.get("DPoP-Nonce"), "fresh");
  EXPECT_EQ(response.headers.get("WWW-Authenticate").value_or("").substr(0, 28),
            "DPoP error=\"use_dpop_nonce\",");
}

TEST(Challenge, UnavailableDependenciesAre503WithoutAChallenge) {
  for (ErrorCode code :
       {ErrorCode::jwks_unavailable, ErrorCode::metadata_fetch_error, ErrorCode::circuit_open,
        ErrorCode::missing_metadata_endpoint, ErrorCode::revocation_check_failed}) {
    const HttpResponse response = error_response(error_of(code), full());
    EXPECT_EQ(response.status, 503) << to_string(code);
    EXPECT_FALSE(response.headers.contains("WWW-Authenticate"));
    EXPECT_EQ(response.body, R"({"error":"temporarily_unavailable",)"
                             R"("error_description":"The access token cannot be checked at the moment."})");
  }
}

TEST(Challenge, EverythingElseIs500AndTellsNothing) {
  for (ErrorCode code : {ErrorCode::protocol_error, ErrorCode::ssrf_blocked, ErrorCode::transport_error,
                         ErrorCode::runtime_error, ErrorCode::invalid_argument, ErrorCode::closed,
                         ErrorCode::invalid_client, ErrorCode::invalid_grant, ErrorCode::oauth_error,
                         ErrorCode::use_dpop_nonce, ErrorCode::consent_required}) {
    const HttpResponse response = error_response(error_of(code, "inner detail"), talkative());
    EXPECT_EQ(response.status, 500) << to_string(code);
    EXPECT_FALSE(response.headers.contains("WWW-Authenticate"));
    EXPECT_EQ(response.body,
              R"({"error":"server_error","error_description":"The server could not handle the request."})");
  }
}

TEST(Challenge, BodyRepeatsTheChallenge) {
  const HttpResponse response = error_response(error_of(ErrorCode::token_expired), full());
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(response.body,
            R"({"error":"invalid_token","error_description":)"
            R"("The access token is expired, revoked, malformed or not meant for this resource."})");
}

TEST(Challenge, WithoutCredentialsTheBodyIsEmpty) {
  const HttpResponse response = error_response(error_of(ErrorCode::token_missing), full());
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
}

TEST(Challenge, MessageGoesOutOnlyWhenAskedFor) {
  const Error error = error_of(ErrorCode::invalid_claims, "audience mismatch: the token has aud 'x'");
  EXPECT_EQ(www_authenticate(error, full()).find("audience"), std::string::npos);
  EXPECT_NE(www_authenticate(error, talkative()).find("audience mismatch: the token has aud 'x'"),
            std::string::npos);
  EXPECT_NE(error_response(error, talkative()).body.find("audience mismatch"), std::string::npos);
}

TEST(Challenge, ValuesCannotBreakOutOfTheirQuotes) {
  const Error error = error_of(ErrorCode::invalid_claims, " kid \"a\"\r\nSet-Cookie: x\\ \xc3\xa9 \x01");
  EXPECT_EQ(www_authenticate(error, {.realm = "a\"b", .description = ErrorDescription::message}),
            "Bearer realm=\"a b\", error=\"invalid_token\", error_description=\"kid  a Set-Cookie: x\"");
}

TEST(Challenge, InvalidRequestIs400) {
  const HttpResponse response = invalid_request_response(full());
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.get("WWW-Authenticate").value_or("").substr(0, 67),
            "Bearer realm=\"https://rs.example/mcp\", error=\"invalid_request\", err");
}

}  // namespace
}  // namespace authplane
