#include "authserver/http/password_sign_in.h"

namespace authplane::authserver {
namespace {

using Reason = SignInRefusal::Reason;

std::string_view outcome_of(Reason reason) {
  switch (reason) {
    case Reason::wrong_credentials:
      return "failure";
    case Reason::locked_out:
      return "locked_out";
    case Reason::overloaded:
      return "overloaded";
    case Reason::failed:
      return "error";
  }
  return "error";
}

// Why the user may not sign in with a password at all; "" when they may.
std::string_view obstacle(const std::optional<User>& user) {
  if (!user) return "user_not_found";
  if (!user->is_active()) return "user_disabled";
  if (user->provider != kLocalProvider || user->password_hash.empty()) return "user_not_local";
  return "";
}

}  // namespace

std::optional<SignInRefusal> PasswordSignIn::refuse_early(std::string_view email,
                                                          std::string_view address) const {
  // What is too long for an address is kept out of everything else.
  const std::string identity = normalize_email(email);
  if (identity.empty() || identity.size() > kMaxEmailBytes) return refuse(Reason::wrong_credentials);
  const auto wait = deps_.lockout.locked_for(identity, address);
  if (!wait) return std::nullopt;
  SignInRefusal refusal = refuse(Reason::locked_out);
  refusal.retry_after = *wait;
  return refusal;
}

Result<User, SignInRefusal> PasswordSignIn::check(std::string_view email, std::string_view password,
                                                  std::string_view address) const {
  if (const auto refusal = refuse_early(email, address)) return Err(*refusal);
  const std::string identity = normalize_email(email);
  auto user = deps_.users.find_by_email(identity);
  if (!user) {
    deps_.logger.error("sign-in not possible", {{"cause", user.error().detail}});
    return Err(refuse(Reason::failed));
  }
  const std::string_view hindered = obstacle(*user);
  const PasswordCheck checked = hindered.empty() ? deps_.hasher.check(password, (*user)->password_hash)
                                                 : deps_.hasher.check_nobody(password);
  if (checked.verdict == PasswordVerdict::overloaded) return Err(refuse(Reason::overloaded));
  const User* known = *user ? &**user : nullptr;
  if (!hindered.empty()) return Err(refuse_credentials(hindered, known, identity, address));
  if (checked.verdict == PasswordVerdict::unusable_row) {
    deps_.logger.error("stored password hash is not usable; set a new password", {{"user_id", known->id}});
    return Err(refuse_credentials("unusable_stored_hash", known, identity, address));
  }
  if (checked.verdict == PasswordVerdict::mismatch)
    return Err(refuse_credentials("invalid_credentials", known, identity, address));
  deps_.lockout.record_success(identity, address);
  if (checked.needs_rehash) store_fresh_hash(*known, password);
  deps_.audit.record("user.login", {.id = known->id, .ip = std::string(address)}, "", "");
  deps_.metrics.counter("authserver_login_attempts_total", {{"outcome", "success"}}).add();
  return std::move(**user);
}

SignInRefusal PasswordSignIn::refuse(Reason reason) const {
  deps_.metrics.counter("authserver_login_attempts_total", {{"outcome", outcome_of(reason)}}).add();
  if (reason == Reason::locked_out)
    deps_.metrics.counter("authserver_auth_denied_total", {{"reason", "locked_out"}}).add();
  return {.reason = reason};
}

SignInRefusal PasswordSignIn::refuse_credentials(std::string_view reason, const User* user,
                                                 std::string_view email, std::string_view address) const {
  const Actor actor{.id = user != nullptr ? user->id : "", .ip = std::string(address)};
  deps_.audit.post("user.login_failed", actor, "", audit_detail({{"reason", reason}}));
  if (deps_.lockout.record_failure(email, address) == LoginLockout::Outcome::locked) {
    const WallTime until =
        deps_.clock.now() + deps_.lockout.locked_for(email, address).value_or(std::chrono::seconds(0));
    deps_.logger.warn("sign-in locked after repeated failures",
                      {{"remote", address}, {"user_id", actor.id}, {"until", format_rfc3339(until)}});
    deps_.audit.post("auth.locked_out", actor, "", audit_detail({{"until", format_rfc3339(until)}}));
  }
  return refuse(Reason::wrong_credentials);
}

// For rows of another scheme or cost. That somebody changed the user meanwhile is no reason to fail.
void PasswordSignIn::store_fresh_hash(const User& user, std::string_view password) const {
  const auto row = deps_.hasher.hash(password);
  if (!row) return;
  User changed = user;
  changed.password_hash = *row;
  changed.updated_at = deps_.clock.now();
  if (const auto stored = deps_.users.update(changed); !stored) {
    deps_.logger.warn("password hash not renewed",
                      {{"user_id", user.id}, {"cause", stored.error().description}});
  }
}

}  // namespace authplane::authserver
