#include "authserver/outbound/openid_configuration.h"

#include <authplane/base/encoding.h>

#include "authserver/outbound/document.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxExcerpt = 200;

Unexpected<Error> refuse_document(std::string problem) {
  return Err(ErrorCode::metadata_fetch_error, std::move(problem));
}

}  // namespace

Result<Url> openid_configuration_url(std::string_view issuer) {
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  return Url::parse(std::string(issuer) + "/.well-known/openid-configuration");
}

Result<Json> parse_openid_configuration(std::string_view body, std::string_view issuer) {
  auto document = parse_json_object(body, {.max_bytes = kMaxConfigurationBytes});
  if (!document) return refuse_document("not a usable JSON document: " + document.error().message);
  const std::string* announced = find_string(*document, "issuer");
  if (!announced || *announced != issuer) {
    return refuse_document("issuer mismatch: configured '" + std::string(issuer) + "', announced '" +
                           header_safe(announced ? announced->substr(0, kMaxExcerpt) : std::string()) +
                           "'; make both the same string, a slash at the end included");
  }
  return document;
}

Result<Url> endpoint_of(const Json& configuration, std::string_view name, bool allow_http) {
  const std::string* text = find_string(configuration, name);
  const std::string member = "member " + std::string(name);
  if (!text) return refuse_document(member + " is missing or no string");
  auto url = Url::parse(*text);
  if (!url) return refuse_document(member + " is no URL: " + url.error().message);
  if (url->scheme() != "https" && !(allow_http && url->scheme() == "http"))
    return refuse_document(member + " is not an https URL");
  if (url->has_fragment() || url->has_userinfo())
    return refuse_document(member + " has a fragment or user information");
  return url;
}

Result<Url> discover_jwks_uri(HttpTransport& transport, std::string_view issuer, bool allow_http) {
  const auto url = openid_configuration_url(issuer);
  if (!url) return Err(url.error());
  const auto response =
      fetch_document(transport, *url, kMaxConfigurationBytes, ErrorCode::metadata_fetch_error);
  if (!response) return Err(response.error());
  const auto document = parse_openid_configuration(response->body, issuer);
  if (!document) return document_error(*url, document.error().code, document.error().message);
  auto jwks_uri = endpoint_of(*document, "jwks_uri", allow_http);
  if (!jwks_uri) return document_error(*url, jwks_uri.error().code, jwks_uri.error().message);
  return jwks_uri;
}

}  // namespace authplane::authserver
