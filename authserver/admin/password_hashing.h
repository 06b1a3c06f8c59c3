#pragma once

#include "authserver/domain/user_service.h"
#include "authserver/identity/password.h"

namespace authplane::authserver {

// Passwords as the identity module hashes them, for the services of the domain. The references outlive it.
PasswordHashing password_hashing(PasswordPolicy policy, HashSlots& slots, Random& random);

}  // namespace authplane::authserver
