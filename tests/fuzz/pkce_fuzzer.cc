// PKCE (RFC 7636). An input is a verifier, a line break, and a challenge; `$` for the challenge stands for
// the one of that verifier.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "authserver/domain/pkce.h"
#include "check.h"

using namespace authplane::authserver;

namespace {

constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
constexpr std::string_view kBase64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Section 4.2, with nothing of ours.
std::string plain_challenge(std::string_view verifier) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  FUZZ_CHECK(EVP_Digest(verifier.data(), verifier.size(), digest, nullptr, EVP_sha256(), nullptr) == 1);
  unsigned char text[48];
  FUZZ_CHECK(EVP_EncodeBlock(text, digest, 32) == 44);
  std::string out(reinterpret_cast<const char*>(text), 43);  // without the '=' at the end
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

bool is_plain_verifier(std::string_view text) {
  return text.size() >= 43 && text.size() <= 128 &&
         text.find_first_not_of(kUnreserved) == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line_break = std::min(input.find('\n'), input.size());
  const std::string_view verifier = input.substr(0, line_break);
  std::string challenge(input.substr(std::min(line_break + 1, input.size())));
  const std::string made = plain_challenge(verifier);
  if (challenge == "$") challenge = made;

  FUZZ_CHECK(is_code_challenge(made));
  FUZZ_CHECK(code_verifier_matches(verifier, made) == is_plain_verifier(verifier));
  FUZZ_CHECK(code_verifier_matches(verifier, challenge) ==
             (is_plain_verifier(verifier) && challenge == made));
  // The method `plain` is nobody's way in.
  FUZZ_CHECK(!code_verifier_matches(verifier, verifier) && !code_verifier_matches(challenge, challenge));
  if (is_code_challenge(challenge)) {
    FUZZ_CHECK(challenge.size() == 43 && challenge.find_first_not_of(kBase64url) == std::string::npos);
  }
  if (!challenge.empty()) {
    std::string cut = challenge;
    cut.pop_back();
    FUZZ_CHECK(!is_code_challenge(cut) || !is_code_challenge(challenge));
    FUZZ_CHECK(!code_verifier_matches(verifier, cut) || challenge != made);
  }
  return 0;
}
