#include "authserver/domain/liveness.h"

namespace authplane::authserver {

Outcome<bool> is_active_client(ClientStore& clients, std::string_view id) {
  const auto found = clients.get(id);
  if (found) return (*found)->status == ClientStatus::active;
  if (found.error().code == DomainErrorCode::not_found) return false;
  return Err(found.error());
}

Outcome<bool> is_active_user(UserStore& users, std::string_view id) {
  const auto found = users.get(id);
  if (found) return found->is_active();
  if (found.error().code == DomainErrorCode::not_found) return false;
  return Err(found.error());
}

}  // namespace authplane::authserver
