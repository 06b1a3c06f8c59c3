#pragma once

#include <string_view>

namespace authplane::authserver {

// Proof Key for Code Exchange (RFC 7636), method S256 only.

// Whether `text` can be the challenge of some verifier: 43 characters of base64url that encode 32 bytes.
bool is_code_challenge(std::string_view text);
// Whether `verifier` has the form of section 4.1 and is what `challenge` was made from. In constant time for
// every verifier of that form.
bool code_verifier_matches(std::string_view verifier, std::string_view challenge);

}  // namespace authplane::authserver
