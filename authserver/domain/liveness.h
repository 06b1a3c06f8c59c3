#pragma once

#include <string_view>

#include "authserver/domain/client_store.h"
#include "authserver/domain/errors.h"
#include "authserver/domain/user_store.h"

// Whether those a token names still may be there. Nobody who is unknown is active. Errors: unavailable,
// internal.

namespace authplane::authserver {

Outcome<bool> is_active_client(ClientStore& clients, std::string_view id);
Outcome<bool> is_active_user(UserStore& users, std::string_view id);

}  // namespace authplane::authserver
