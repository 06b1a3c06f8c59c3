#include "authserver/http/consent_urls.h"

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>

namespace authplane::authserver {

std::string consent_url(std::string_view issuer, const MissingConsent& missing) {
  const std::string base(issuer);
  Form query;
  query.add("resource", missing.resource_slug);
  if (!missing.provider_slug.empty()) {
    query.add("return_url", base + "/connections");
    return base + "/connect/" + percent_encode(missing.provider_slug) + "?" + query.encode();
  }
  if (missing.is_insufficient && !missing.scopes.empty()) query.add("scope", missing.scopes.to_string());
  return base + "/authorize?" + query.encode();
}

}  // namespace authplane::authserver
