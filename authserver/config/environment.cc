#include "authserver/config/environment.h"

namespace authplane::authserver {

Environment Environment::from_process(const char* const* variables) {
  Environment result;
  for (; variables != nullptr && *variables != nullptr; ++variables) {
    std::string_view entry = *variables;
    std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    result.set(std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1)));
  }
  return result;
}

}  // namespace authplane::authserver
