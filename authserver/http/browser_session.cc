#include "authserver/http/browser_session.h"

namespace authplane::authserver {
namespace {

std::string label_of(const User& user) {
  if (!user.email.empty()) return user.email;
  return user.name.empty() ? user.id : user.name;
}

}  // namespace

BrowserSessions::Found BrowserSessions::find(const Headers& headers) const {
  const auto cookie = find_cookie(headers, options_.cookie);
  if (!cookie) return {};
  const auto session = open_session(deps_.keys, *cookie, deps_.clock.now_seconds());
  if (!session) return {.user = {}, .is_stale = true};
  SignedIn found{.user_id = session->user_id, .label = session->user_id, .cookie = std::string(*cookie)};
  const auto user = deps_.users.get(session->user_id);
  if (user) {
    if (!user->is_active() || session->began_at <= user->sessions_since)
      return {.user = {}, .is_stale = true};
    found.label = label_of(*user);
    return {.user = std::move(found), .is_stale = false};
  }
  if (user.error().code == DomainErrorCode::not_found) return {.user = {}, .is_stale = true};
  deps_.logger.error(options_.fail_closed ? "session refused: its user cannot be looked up"
                                          : "session kept although its user cannot be looked up",
                     {{"user_id", session->user_id}, {"cause", user.error().detail}});
  if (options_.fail_closed) return {.user = {}, .is_stale = true};
  return {.user = std::move(found), .is_stale = false};
}

std::string BrowserSessions::start(std::string_view user_id, WallTime proving_since) const {
  const Session session{.user_id = std::string(user_id),
                        .began_at = proving_since,
                        .expires_at = deps_.clock.now_seconds() + options_.max_age};
  return set_cookie(options_.cookie, seal_session(deps_.keys, session, deps_.random), options_.max_age);
}

}  // namespace authplane::authserver
