#include "authserver/admin/scope_map_body.h"

#include <nlohmann/json.hpp>

namespace authplane::authserver {

Outcome<ScopeMap> read_scope_map(const Json& object) {
  const auto wrong = [] {
    return fail(DomainErrorCode::invalid_request,
                "scope_map must map each scope to an array of scopes, as in {\"a\":[\"b\",\"c\"]}");
  };
  if (!object.is_object()) return wrong();
  ScopeMap scope_map;
  for (const auto& [from, targets] : object.items()) {
    if (!targets.is_array()) return wrong();
    std::vector<std::string>& to = scope_map[from];
    for (const Json& target : targets) {
      if (!target.is_string()) return wrong();
      to.push_back(target.get<std::string>());
    }
  }
  return scope_map;
}

}  // namespace authplane::authserver
