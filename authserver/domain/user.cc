#include "authserver/domain/user.h"

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

bool may_stand_in_email(unsigned char c) {
  constexpr std::string_view kSpecial = "\"(),:;<>[\\]";
  return c > 0x20 && c != 0x7F && kSpecial.find(static_cast<char>(c)) == std::string_view::npos;
}

}  // namespace

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

bool is_email_address(std::string_view normalized) {
  const auto at = normalized.find('@');
  return at != 0 && at != std::string_view::npos && at + 1 != normalized.size() &&
         normalized.find('@', at + 1) == std::string_view::npos && normalized.size() <= kMaxEmailBytes &&
         is_valid_utf8(normalized) && std::all_of(normalized.begin(), normalized.end(), may_stand_in_email);
}

}  // namespace authplane::authserver
