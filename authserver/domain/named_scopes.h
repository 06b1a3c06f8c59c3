#pragma once

#include <string>

#include <authplane/oauth/scope.h>

namespace authplane::authserver {

// Scopes for an error_description, cut to a bounded length. Scope tokens hold nothing that one must not.
inline std::string named(const ScopeSet& scopes) {
  constexpr std::size_t kMaxNamedScopes = 200;
  std::string text = scopes.to_string();
  if (text.size() > kMaxNamedScopes) text.replace(kMaxNamedScopes, std::string::npos, "...");
  return text;
}

}  // namespace authplane::authserver
