#pragma once

#include <string>
#include <string_view>

namespace authplane::authserver {

// Whom something is sealed for. The parts are ids of this server, which have no ':'. Changing one of these
// makes what was sealed with it unreadable.

// The credential of a connected account.
inline std::string grant_owner(std::string_view user_id, std::string_view provider_id) {
  return "broker:" + std::string(user_id) + ":" + std::string(provider_id);
}
// The secrets in the configuration of a provider.
inline std::string provider_owner(std::string_view provider_id) {
  return "provider:" + std::string(provider_id);
}
// The code verifier of a user on the way to a provider.
inline std::string pending_connect_owner(std::string_view user_id, std::string_view provider_id) {
  return "connect:" + std::string(user_id) + ":" + std::string(provider_id);
}

}  // namespace authplane::authserver
