#pragma once

#include <optional>
#include <string_view>

namespace authplane {

// Signature algorithms this project implements (RFC 7518, RFC 8037). `none` and the HS family do not exist
// here: a header naming them cannot be represented.
enum class JwsAlgorithm { ES256, RS256, PS256, EdDSA };

std::string_view to_string(JwsAlgorithm algorithm) noexcept;
// Exact case, as in the `alg` header parameter; nullopt for everything else.
std::optional<JwsAlgorithm> parse_jws_algorithm(std::string_view name) noexcept;

}  // namespace authplane
