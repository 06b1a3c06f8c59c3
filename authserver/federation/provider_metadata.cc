#include "authserver/federation/provider_metadata.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <authplane/jose/algorithm.h>
#include <authplane/json/json.h>

#include "authserver/outbound/openid_configuration.h"

namespace authplane::authserver {
namespace {

Unexpected<Error> refuse_document(std::string problem) {
  return Err(ErrorCode::metadata_fetch_error, std::move(problem));
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

Result<ProviderMetadata> parse_provider_metadata(std::string_view body, std::string_view issuer,
                                                 bool allow_http) {
  const auto document = parse_openid_configuration(body, issuer);
  if (!document) return Err(document.error());
  ProviderMetadata metadata;
  for (const auto& [name, member] :
       {std::pair("authorization_endpoint", &metadata.authorization_endpoint),
        std::pair("token_endpoint", &metadata.token_endpoint), std::pair("jwks_uri", &metadata.jwks_uri)}) {
    auto url = endpoint_of(*document, name, allow_http);
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
