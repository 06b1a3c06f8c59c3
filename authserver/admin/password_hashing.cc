#include "authserver/admin/password_hashing.h"

#include <string>

namespace authplane::authserver {
namespace {

DomainError refused(PasswordRefusal why, const PasswordPolicy& policy) {
  switch (why) {
    case PasswordRefusal::too_short:
      return {DomainErrorCode::invalid_request,
              policy.min_bytes <= 1
                  ? "password must not be empty"
                  : "password is shorter than " + std::to_string(policy.min_bytes) + " bytes",
              ""};
    case PasswordRefusal::too_long:
      return {DomainErrorCode::invalid_request,
              "password is longer than " + std::to_string(policy.max_bytes) + " bytes", ""};
    case PasswordRefusal::overloaded:
      break;
  }
  return {DomainErrorCode::unavailable, "too many passwords are being hashed; try again", ""};
}

}  // namespace

PasswordHashing password_hashing(PasswordPolicy policy, HashSlots& slots, Random& random) {
  return [policy, &slots, &random](std::string_view password) -> Outcome<std::string> {
    auto row = hash_password(password, policy, slots, random);
    if (!row) return Err(refused(row.error(), policy));
    return std::move(*row);
  };
}

}  // namespace authplane::authserver
