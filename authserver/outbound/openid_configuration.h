#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <authplane/base/http.h>
#include <authplane/base/result.h>
#include <authplane/base/url.h>
#include <authplane/json/json.h>

// The metadata document of an OpenID provider (OpenID Connect Discovery 1.0), as far as all who read one
// agree.

namespace authplane::authserver {

inline constexpr std::size_t kMaxConfigurationBytes = 128 * 1024;

// https://host/tenant -> https://host/tenant/.well-known/openid-configuration, a slash at the end dropped
// (section 4).
Result<Url> openid_configuration_url(std::string_view issuer);

// A document that names `issuer`, byte for byte. Errors: metadata_fetch_error.
Result<Json> parse_openid_configuration(std::string_view body, std::string_view issuer);

// A member that is an https URL (or http, where that is allowed) without fragment and user information.
// Errors: metadata_fetch_error.
Result<Url> endpoint_of(const Json& configuration, std::string_view name, bool allow_http);

// Where the provider says its keys are. One call, in the calling thread; see fetch_document(). Errors:
// invalid_argument, metadata_fetch_error; each names URL and cause.
Result<Url> discover_jwks_uri(HttpTransport& transport, std::string_view issuer, bool allow_http);

}  // namespace authplane::authserver
