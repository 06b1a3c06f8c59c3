#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/result.h>
#include <authplane/base/url.h>
#include <authplane/json/json.h>

namespace authplane {

// A checked authorization server metadata document (RFC 8414 section 2).
struct Metadata {
  std::string issuer;
  Url jwks_uri;
  std::uint64_t fingerprint = 0;  // of jwks_uri
  std::optional<Url> token_endpoint;
  std::optional<Url> introspection_endpoint;
  std::optional<Url> revocation_endpoint;
};

enum class SchemePolicy { https_only, http_too };

// https://host/tenant -> https://host/.well-known/oauth-authorization-server/tenant (RFC 8414 section 3.1).
// Slashes at the end of the issuer's path are dropped here and nowhere else; percent-encoding is kept as
// written.
Result<Url> metadata_url(const Url& issuer);

// Checks, in this order: JSON object; `issuer` present; equal to `expected_issuer` byte for byte; `jwks_uri`
// present; every endpoint an absolute URL with an allowed scheme and no fragment (RFC 6749 section 3.2).
// Errors: metadata_fetch_error; missing_metadata_endpoint for an absent jwks_uri. Messages do not name the
// document's URL; the caller adds it.
Result<Metadata> parse_metadata(std::string_view body, std::string_view expected_issuer, SchemePolicy schemes,
                                std::size_t max_bytes);

// Its parts, for those who read other members of the same document. An endpoint that is absent or null is
// nullopt.
Result<void> check_metadata_issuer(const Json& document, std::string_view expected_issuer);
Result<std::optional<Url>> metadata_endpoint(const Json& document, std::string_view name,
                                             SchemePolicy schemes);

}  // namespace authplane
