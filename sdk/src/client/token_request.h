#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/form.h>
#include <authplane/base/http.h>
#include <authplane/client/responses.h>

// The requests a client sends to the authorization server, as values.

namespace authplane {

inline constexpr std::string_view kAccessTokenType = "urn:ietf:params:oauth:token-type:access_token";
inline constexpr std::string_view kTokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";

// Empty, or nothing but white space.
bool is_blank(std::string_view text) noexcept;

std::vector<std::string> without_empty(std::vector<std::string> values);

// With defaults filled in and empty list elements dropped. Errors: invalid_argument.
Result<ExchangeOptions> normalize(ExchangeOptions options);

// Lists go out in the caller's order, repetitions included. Elements must not be empty.
Form client_credentials_form(const std::vector<std::string>& scopes,
                             const std::vector<std::string>& resources);
// `options` must be normalized.
Form exchange_form(const ExchangeOptions& options);
Form introspection_form(std::string_view token);
Form revocation_form(std::string_view token, std::string_view token_type_hint);

// The one place where a request to an endpoint of the authorization server takes shape. `headers` come from
// authentication.
OutboundRequest endpoint_request(const Url& endpoint, const Form& form, Headers headers,
                                 std::size_t max_response_bytes);

}  // namespace authplane
