#include "authserver/federation/provider_metadata.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/jose/algorithm.h>
#include <authplane/json/json.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxExcerpt = 200;

Unexpected<Error> refuse_document(std::string problem) {
  return Err(ErrorCode::metadata_fetch_error, std::move(problem));
}

Result<Url> endpoint(const Json& document, std::string_view name, bool allow_http) {
  const std::string* text = find_string(document, name);
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

// nullptr when the member is absent; providers that leave one out mean its default.
const Json* strings(const Json& document, std::string_view name) {
  return find_array(document, name);
}

bool has(const Json& list, std::string_view value) {
  return std::any_of(list.begin(), list.end(), [&](const Json& entry) { return entry == value; });
}

bool has_algorithm(const Json& list) {
  return std::any_of(list.begin(), list.end(), [](const Json& entry) {
    return entry.is_string() && parse_jws_algorithm(entry.get_ref<const std::string&>());
  });
}

}  // namespace

Result<Url> provider_metadata_url(std::string_view issuer) {
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  return Url::parse(std::string(issuer) + "/.well-known/openid-configuration");
}

Result<ProviderMetadata> parse_provider_metadata(std::string_view body, std::string_view issuer,
                                                 bool allow_http) {
  const auto document = parse_json_object(body);
  if (!document) return refuse_document("not a usable JSON document: " + document.error().message);
  const std::string* announced = find_string(*document, "issuer");
  if (!announced || *announced != issuer) {
    return refuse_document("issuer mismatch: configured '" + std::string(issuer) + "', announced '" +
                           header_safe(announced ? announced->substr(0, kMaxExcerpt) : std::string()) +
                           "'; make both the same string, a slash at the end included");
  }
  ProviderMetadata metadata;
  for (const auto& [name, member] :
       {std::pair("authorization_endpoint", &metadata.authorization_endpoint),
        std::pair("token_endpoint", &metadata.token_endpoint), std::pair("jwks_uri", &metadata.jwks_uri)}) {
    auto url = endpoint(*document, name, allow_http);
    if (!url) return Err(std::move(url).error());
    *member = std::move(*url);
  }
  if (const Json* methods = strings(*document, "token_endpoint_auth_methods_supported")) {
    metadata.takes_basic = has(*methods, "client_secret_basic");
    if (!metadata.takes_basic && !has(*methods, "client_secret_post"))
      return refuse_document("it takes neither client_secret_basic nor client_secret_post");
  }
  const Json* algorithms = strings(*document, "id_token_signing_alg_values_supported");
  if (algorithms && !has_algorithm(*algorithms))
    return refuse_document("it signs ID tokens with none of ES256, RS256, PS256, EdDSA");
  const Json* scopes = strings(*document, "scopes_supported");
  metadata.offers_groups = scopes && has(*scopes, "groups");
  const Json* iss = find_member(*document, "authorization_response_iss_parameter_supported");
  metadata.names_itself = iss && *iss == true;
  return metadata;
}

}  // namespace authplane::authserver
