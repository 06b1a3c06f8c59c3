#include "metadata.h"

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

namespace authplane::detail {

std::string protected_resource_metadata(std::string_view resource, std::string_view issuer,
                                        const std::vector<std::string>& scopes, const DpopPolicy& dpop) {
  OrderedJson document;
  document["resource"] = resource;
  document["authorization_servers"] = OrderedJson::array({issuer});
  document["bearer_methods_supported"] = OrderedJson::array({"header"});
  if (!scopes.empty()) document["scopes_supported"] = scopes;
  if (dpop.configured()) {
    OrderedJson& algorithms = document["dpop_signing_alg_values_supported"] = OrderedJson::array();
    for (JwsAlgorithm algorithm : dpop.algorithms()) algorithms.push_back(to_string(algorithm));
    document["dpop_bound_access_tokens_required"] = dpop.required();
  }
  return to_json_text(document);
}

}  // namespace authplane::detail
