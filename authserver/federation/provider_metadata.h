#pragma once

#include <string>
#include <string_view>

#include <authplane/base/result.h>
#include <authplane/base/url.h>

namespace authplane::authserver {

// What a sign-in needs of a provider's metadata (OpenID Connect Discovery 1.0 section 3).
struct ProviderMetadata {
  Url authorization_endpoint, token_endpoint, jwks_uri;
  bool takes_basic = true;     // client_secret_basic; else client_secret_post
  bool names_itself = false;   // its authorization responses have `iss` (RFC 9207)
  bool offers_groups = false;  // the scope `groups`
};

// Checks that the document is that of `issuer`, byte for byte, that its endpoints are https URLs (or http,
// where that is allowed), and that there is a way to authenticate and an algorithm in common. Errors:
// metadata_fetch_error.
Result<ProviderMetadata> parse_provider_metadata(std::string_view body, std::string_view issuer,
                                                 bool allow_http);

}  // namespace authplane::authserver
