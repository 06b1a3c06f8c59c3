// The part of verify_proof() behind the signature. An input is the JSON of a header, a line break, and the
// JSON of the claims; `$jwk` in the header stands for the key that signs.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/dpop/proof.h>
#include <authplane/dpop/target_uri.h>
#include <authplane/json/json.h>

#include "check.h"
#include "signing_key.h"

using namespace authplane;

namespace {

constexpr std::string_view kHtu = "https://rs.example/mcp";

std::string compact_proof(std::string_view input) {
  static const std::string jwk = to_json_text(signing_key().public_key().to_jwk());
  const std::size_t line_break = input.find('\n');
  std::string header(input.substr(0, line_break));
  if (const auto at = header.find("$jwk"); at != std::string::npos) header.replace(at, 4, jwk);
  const auto claims = line_break == std::string_view::npos ? "" : input.substr(line_break + 1);
  std::string text = base64url_encode(header) + "." + base64url_encode(claims);
  const std::string signature = signing_key().sign(text).value();
  return text += "." + base64url_encode(signature);
}

// What was accepted, judged once more in the plainest way.
void check_accepted(std::string_view input, const dpop::Proof& proof) {
  FUZZ_CHECK(proof.thumbprint == signing_key().public_key().thumbprint());
  const auto claims = parse_json_object(input.substr(input.find('\n') + 1)).value();
  FUZZ_CHECK(claims.at("jti") == proof.jti && !proof.jti.empty() && proof.jti.size() <= 256);
  FUZZ_CHECK(claims.at("htm") == "POST");
  FUZZ_CHECK(dpop::normalize_htu(claims.at("htu").get<std::string>()).value() == kHtu);
  FUZZ_CHECK(claims.at("ath") == "pwv1DlMc4agXVh8vXVtmRdToBr7PWMzF6M9rgEWgkKg");
  FUZZ_CHECK(claims.at("iat").is_number());
  FUZZ_CHECK(proof.nonce == "n-1");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const dpop::ProofTarget target{
      .method = "POST",
      .htu = kHtu,
      .access_token = "token-a",
      .accepts_nonce = [](const std::optional<std::string>& nonce) { return nonce == "n-1"; }};
  const std::chrono::sys_seconds now(std::chrono::seconds(1'767'225'600));
  const auto proof = dpop::verify_proof(compact_proof(input), target, {}, now);
  if (proof) {
    check_accepted(input, *proof);
  } else {
    FUZZ_CHECK(proof.error().code == ErrorCode::invalid_dpop_proof ||
               proof.error().code == ErrorCode::use_dpop_nonce);
  }
  return 0;
}
