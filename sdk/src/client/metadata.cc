#include "client/metadata.h"

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/json/json.h>

#include "client/fingerprint.h"
#include "client/members.h"

namespace authplane {
namespace {

constexpr std::size_t kMaxExcerpt = 200;

Unexpected<Error> refuse(std::string problem) {
  return Err(ErrorCode::metadata_fetch_error, std::move(problem));
}

std::string excerpt(std::string_view foreign) {
  return "'" + header_safe(foreign.substr(0, kMaxExcerpt)) + "'";
}

Result<Url> jwks_uri_of(const Json& document, SchemePolicy schemes) {
  const Json* member = find_member(document, "jwks_uri");
  if (!member || member->is_null() ||
      (member->is_string() && member->get_ref<const std::string&>().empty())) {
    return Err(ErrorCode::missing_metadata_endpoint,
               "member jwks_uri is missing; tokens cannot be verified without the server's keys");
  }
  auto url = metadata_endpoint(document, "jwks_uri", schemes);
  if (!url) return Err(std::move(url).error());
  return std::move(**url);
}

}  // namespace

Result<std::optional<Url>> metadata_endpoint(const Json& document, std::string_view name,
                                             SchemePolicy schemes) {
  const Json* member = find_member(document, name);
  if (!member || member->is_null()) return std::optional<Url>();
  const std::string field(name);
  if (!member->is_string()) return refuse("member " + field + " is not a string");
  const auto& text = member->get_ref<const std::string&>();
  auto url = Url::parse(text);
  if (!url) return refuse("member " + field + " is not an absolute https URL: " + url.error().message);
  const bool https = url->scheme() == "https";
  if (!https && url->scheme() != "http")
    return refuse("member " + field + " " + excerpt(text) + " is not an https URL");
  if (!https && schemes == SchemePolicy::https_only) {
    return refuse("member " + field + " " + excerpt(text) +
                  " is not an https URL; use https, or dev_mode for development");
  }
  if (url->has_fragment()) return refuse("member " + field + " has a fragment");
  return std::optional<Url>(std::move(*url));
}

Result<void> check_metadata_issuer(const Json& document, std::string_view expected_issuer) {
  const std::string* issuer = find_string(document, "issuer");
  if (!issuer || issuer->empty()) return refuse("member issuer is missing or empty");
  if (*issuer != expected_issuer) {
    return refuse("issuer mismatch: configured '" + std::string(expected_issuer) + "', announced " +
                  excerpt(*issuer) + "; make both the same string, a slash at the end included");
  }
  return {};
}

Result<TokenEndpointAuth> token_endpoint_auth(const Json& document) {
  auto methods = string_list(document, "token_endpoint_auth_methods_supported");
  if (!methods) return Err(std::move(methods).error());
  auto algorithms = string_list(document, "token_endpoint_auth_signing_alg_values_supported");
  if (!algorithms) return Err(std::move(algorithms).error());
  return TokenEndpointAuth{.methods = std::move(*methods), .signing_algorithms = std::move(*algorithms)};
}

Result<Url> metadata_url(const Url& issuer) {
  std::string_view path = issuer.path();
  while (path.ends_with('/')) path.remove_suffix(1);
  return Url::parse(issuer.origin() + "/.well-known/oauth-authorization-server" + std::string(path));
}

Result<Metadata> parse_metadata(std::string_view body, std::string_view expected_issuer, SchemePolicy schemes,
                                std::size_t max_bytes, KeySet key_set) {
  auto document = parse_json_object(body, {.max_bytes = max_bytes, .max_depth = 32});
  if (!document) return refuse("not a usable JSON document: " + document.error().message);
  if (auto ok = check_metadata_issuer(*document, expected_issuer); !ok) return Err(std::move(ok).error());

  auto jwks_uri = key_set == KeySet::required ? jwks_uri_of(*document, schemes) : Result<Url>(Url());
  if (!jwks_uri) return Err(std::move(jwks_uri).error());
  auto token = metadata_endpoint(*document, "token_endpoint", schemes);
  if (!token) return Err(std::move(token).error());
  auto introspection = metadata_endpoint(*document, "introspection_endpoint", schemes);
  if (!introspection) return Err(std::move(introspection).error());
  auto revocation = metadata_endpoint(*document, "revocation_endpoint", schemes);
  if (!revocation) return Err(std::move(revocation).error());

  const std::uint64_t mark = fingerprint(jwks_uri->text());
  return Metadata{.issuer = std::string(expected_issuer),
                  .jwks_uri = std::move(*jwks_uri),
                  .fingerprint = mark,
                  .token_endpoint = std::move(*token),
                  .introspection_endpoint = std::move(*introspection),
                  .revocation_endpoint = std::move(*revocation),
                  .token_auth = token_endpoint_auth(*document).value_or(TokenEndpointAuth())};
}

}  // namespace authplane
