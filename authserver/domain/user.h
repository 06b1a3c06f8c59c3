#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>

namespace authplane::authserver {

enum class UserRole { user, admin };
// A disabled user neither logs in nor receives tokens, and may be made active again.
enum class UserStatus { active, disabled };

std::string_view to_string(UserRole value) noexcept;
std::string_view to_string(UserStatus value) noexcept;
// Exact names as printed by to_string; nullopt for everything else.
std::optional<UserRole> parse_user_role(std::string_view text) noexcept;
std::optional<UserStatus> parse_user_status(std::string_view text) noexcept;

inline constexpr std::string_view kLocalProvider = "local";

inline constexpr std::size_t kMaxEmailBytes = 254;  // RFC 5321 section 4.5.3.1.3, without the brackets

// The form in which e-mail addresses are stored and looked up: without white space around, ASCII letters in
// lower case.
std::string normalize_email(std::string_view text);
// Whether a user may have this address: one '@' with something on both sides, and nothing that a mailbox
// without quotes cannot hold (RFC 5321 section 4.1.2).
bool is_email_address(std::string_view normalized);

// Somebody who logs in and gives consent. A plain value.
struct User {
  std::string id;
  std::string email;  // normalized and unique; "" = none (federated users may have none)
  std::string name;
  std::string password_hash;  // "" = cannot log in with a password; never the password itself
  UserRole role = UserRole::user;
  UserStatus status = UserStatus::active;
  std::string provider{kLocalProvider};  // or the tag of the identity provider
  std::string provider_sub;              // the provider's name for the user, unique per provider; "" = local
  std::int64_t version = 1;              // optimistic lock, counts committed changes
  WallTime created_at{};
  WallTime updated_at{};
  WallTime sessions_since{};  // browser logins from then or earlier are over

  bool is_active() const { return status == UserStatus::active; }
  friend bool operator==(const User&, const User&) = default;
};

}  // namespace authplane::authserver
