#include "metadata.h"

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

namespace authplane::detail {

std::string protected_resource_metadata(std::string_view resource, std::string_view issuer,
                                        const std::vector<std::string>& scopes) {
  OrderedJson document;
  document["resource"] = resource;
  document["authorization_servers"] = OrderedJson::array({issuer});
  document["bearer_methods_supported"] = OrderedJson::array({"header"});
  if (!scopes.empty()) document["scopes_supported"] = scopes;
  return to_json_text(document);
}

}  // namespace authplane::detail
