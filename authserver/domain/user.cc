#include "authserver/domain/user.h"

namespace authplane::authserver {

std::string_view to_string(UserRole value) noexcept {
  return value == UserRole::admin ? "admin" : "user";
}

std::string_view to_string(UserStatus value) noexcept {
  return value == UserStatus::active ? "active" : "disabled";
}

std::optional<UserRole> parse_user_role(std::string_view text) noexcept {
  if (text == "user") return UserRole::user;
  if (text == "admin") return UserRole::admin;
  return std::nullopt;
}

std::optional<UserStatus> parse_user_status(std::string_view text) noexcept {
  if (text == "active") return UserStatus::active;
  if (text == "disabled") return UserStatus::disabled;
  return std::nullopt;
}

}  // namespace authplane::authserver
