#include "authserver/domain/resource.h"

#include <algorithm>

namespace authplane::authserver {

std::string_view to_string(BackendKind value) noexcept {
  return value == BackendKind::mint ? "mint" : "broker";
}

std::optional<BackendKind> parse_backend_kind(std::string_view text) noexcept {
  if (text == "mint") return BackendKind::mint;
  if (text == "broker") return BackendKind::broker;
  return std::nullopt;
}

bool is_slug(std::string_view text) noexcept {
  constexpr std::size_t kMaxBytes = 64;
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kMaxBytes && alphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}

ScopeSet Resource::scope_names() const {
  ScopeSet names;
  for (const ResourceScope& scope : scopes) names.insert(scope.name);
  return names;
}

}  // namespace authplane::authserver
