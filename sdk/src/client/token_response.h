#pragma once

#include <chrono>
#include <string_view>

#include <authplane/base/result.h>
#include <authplane/client/responses.h>

namespace authplane {

enum class Grant { client_credentials, token_exchange, authorization_code, refresh_token };
// Whether the request carried a DPoP proof: then only a bound token will do (RFC 9449 section 5).
enum class ProofSent { no, yes };

// Judges the body of a 2xx response of the token endpoint. Errors: protocol_error naming the member.
Result<TokenResponse> parse_token_response(std::string_view body, Grant grant, ProofSent proof_sent,
                                           std::chrono::sys_seconds now, std::size_t max_bytes);

// Judges the body of a 2xx response of the introspection endpoint. Errors: protocol_error when it is no JSON
// object.
Result<Introspection> parse_introspection(std::string_view body, std::size_t max_bytes);

}  // namespace authplane
