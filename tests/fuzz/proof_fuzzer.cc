// verify_proof() with whatever came in the DPoP header.

#include <cstdint>
#include <string_view>

#include <authplane/dpop/proof.h>

#include "check.h"

using namespace authplane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const dpop::ProofTarget target{
      .method = "POST", .htu = "https://rs.example/mcp", .access_token = "token-a", .accepts_nonce = {}};
  const std::chrono::sys_seconds now(std::chrono::seconds(1'767'225'600));
  const auto proof = dpop::verify_proof(text, target, {}, now);
  if (proof) {
    FUZZ_CHECK(size <= 8192 && !proof->jti.empty() && proof->jti.size() <= 256);
    FUZZ_CHECK(proof->thumbprint.size() == 43);
  } else {
    FUZZ_CHECK(proof.error().code == ErrorCode::invalid_dpop_proof);
    FUZZ_CHECK(!proof.error().message.empty());
  }
  return 0;
}
