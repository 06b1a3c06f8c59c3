#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/base/url.h>
#include <authplane/json/json.h>

namespace authplane {

// How clients may authenticate at the token endpoint (RFC 8414 section 2). Lists that are nullopt were not
// given.
struct TokenEndpointAuth {
  std::optional<std::vector<std::string>> methods{};
  std::optional<std::vector<std::string>> signing_algorithms{};
};

// A checked authorization server metadata document (RFC 8414 section 2).
struct Metadata {
  std::string issuer;
  Url jwks_uri;                   // empty with KeySet::unused
  std::uint64_t fingerprint = 0;  // of jwks_uri
  std::optional<Url> token_endpoint;
  std::optional<Url> introspection_endpoint;
  std::optional<Url> revocation_endpoint;
  TokenEndpointAuth token_auth;  // lists that are malformed count as not given
};

enum class SchemePolicy { https_only, http_too };
// Whether tokens are verified with the server's keys.
enum class KeySet { required, unused };

// https://host/tenant -> https://host/.well-known/oauth-authorization-server/tenant (RFC 8414 section 3.1).
// Slashes at the end of the issuer's path are dropped here and nowhere else; percent-encoding is kept as
// written.
Result<Url> metadata_url(const Url& issuer);

// Checks, in this order: JSON object; `issuer` present; equal to `expected_issuer` byte for byte; `jwks_uri`
// present; every endpoint an absolute URL with an allowed scheme and no fragment (RFC 6749 section 3.2).
// Errors: metadata_fetch_error; missing_metadata_endpoint for an absent jwks_uri. Messages do not name the
// document's URL; the caller adds it.
Result<Metadata> parse_metadata(std::string_view body, std::string_view expected_issuer, SchemePolicy schemes,
                                std::size_t max_bytes, KeySet key_set = KeySet::required);

// Its parts, for those who read other members of the same document. An endpoint that is absent or null is
// nullopt.
Result<void> check_metadata_issuer(const Json& document, std::string_view expected_issuer);
Result<std::optional<Url>> metadata_endpoint(const Json& document, std::string_view name,
                                             SchemePolicy schemes);
Result<TokenEndpointAuth> token_endpoint_auth(const Json& document);

}  // namespace authplane
