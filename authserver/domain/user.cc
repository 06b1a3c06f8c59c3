#include "authserver/domain/user.h"

#include <authplane/base/encoding.h>

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

std::string normalize_email(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return ascii_lower(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

}  // namespace authplane::authserver
