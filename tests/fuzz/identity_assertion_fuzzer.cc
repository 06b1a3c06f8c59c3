// An identity assertion, before and behind its signature. An input is the JSON of a header, a line break, and
// the JSON of the claims; it is signed by the provider's key. What has no line break is taken as it is.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/json/json.h>

#include "authserver/xaa/identity_assertion.h"
#include "check.h"
#include "signing_key.h"

using namespace authplane;
using namespace authplane::authserver;

namespace {

constexpr std::string_view kIssuer = "https://idp.example";
constexpr std::string_view kAudience = "https://as.example";
constexpr std::int64_t kNow = 1'767'225'600;

const JwkSet& keys() {
  static const JwkSet set =
      JwkSet::parse(Json{{"keys", {public_jwk(signing_key().public_key(), "k", JwsAlgorithm::ES256)}}}.dump())
          .value();
  return set;
}

bool is_name(const Json& claims, const char* name) {
  return claims.at(name).is_string() && !claims.at(name).get<std::string>().empty();
}

// What was accepted, judged once more in the plainest way.
void check_accepted(std::string_view head, std::string_view body, const IdentityAssertion& assertion) {
  const Json header = parse_json_object(head).value();
  FUZZ_CHECK(header.at("typ") == "oauth-id-jag+jwt" && header.at("alg") == "ES256");
  FUZZ_CHECK(!header.contains("crit") && (!header.contains("kid") || header.at("kid") == "k"));
  const Json claims = parse_json_object(body).value();
  FUZZ_CHECK(claims.at("iss") == kIssuer && claims.at("aud") == kAudience);
  FUZZ_CHECK(is_name(claims, "sub") && is_name(claims, "client_id") && is_name(claims, "jti"));
  FUZZ_CHECK(claims.at("sub") == assertion.subject && assertion.subject.size() <= kMaxAssertedSubject);
  FUZZ_CHECK(claims.at("client_id") == assertion.client_id && claims.at("jti") == assertion.jti);
  const double iat = claims.at("iat").get<double>(), exp = claims.at("exp").get<double>();
  FUZZ_CHECK(exp > kNow - 31 && iat < kNow + 31 && iat > kNow - 301);
  FUZZ_CHECK(claims.contains("scope") == assertion.scopes.has_value());
  FUZZ_CHECK(claims.contains("resource") == !assertion.resources.empty());
  for (const std::string& resource : assertion.resources) FUZZ_CHECK(!resource.empty());
}

void check(std::string_view text, std::string_view head, std::string_view body) {
  const auto hint = peek_assertion(text);
  const auto assertion = verify_assertion(text,
                                          {.issuer = kIssuer,
                                           .audience = kAudience,
                                           .max_age = std::chrono::minutes(5),
                                           .now = WallTime(std::chrono::seconds(kNow))},
                                          keys());
  if (hint) FUZZ_CHECK(!hint->issuer.empty());
  if (assertion) {
    FUZZ_CHECK(hint && hint->issuer == kIssuer);
    check_accepted(head, body, *assertion);
    return;
  }
  const Error& error = assertion.error();
  FUZZ_CHECK(error.code == ErrorCode::invalid_signature || error.code == ErrorCode::invalid_claims ||
             error.code == ErrorCode::token_expired);
  FUZZ_CHECK(
      std::all_of(error.message.begin(), error.message.end(), [](char c) { return c >= 0x20 && c < 0x7F; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line_break = input.find('\n');
  if (line_break == std::string_view::npos) {
    check(input, "", "");
    return 0;
  }
  const std::string_view head = input.substr(0, line_break), body = input.substr(line_break + 1);
  std::string text = base64url_encode(head) + "." + base64url_encode(body);
  const std::string signature = signing_key().sign(text).value();
  check(text += "." + base64url_encode(signature), head, body);
  return 0;
}
