#include "authserver/domain/resource.h"

namespace authplane::authserver {

std::string_view to_string(BackendKind value) noexcept {
  return value == BackendKind::mint ? "mint" : "broker";
}

std::optional<BackendKind> parse_backend_kind(std::string_view text) noexcept {
  if (text == "mint") return BackendKind::mint;
  if (text == "broker") return BackendKind::broker;
  return std::nullopt;
}

ScopeSet Resource::scope_names() const {
  ScopeSet names;
  for (const ResourceScope& scope : scopes) names.insert(scope.name);
  return names;
}

}  // namespace authplane::authserver
