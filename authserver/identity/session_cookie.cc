#include "authserver/identity/session_cookie.h"

#include <charconv>
#include <stdexcept>
#include <vector>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::string_view kVersion = "2";
constexpr std::size_t kMaxUserId = 128;
constexpr std::size_t kMaxCookie = 512;

std::vector<std::string_view> split_at_dots(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t dot; (dot = text.find('.')) != std::string_view::npos;) {
    parts.push_back(text.substr(0, dot));
    text.remove_prefix(dot + 1);
  }
  parts.push_back(text);
  return parts;
}

// A time as its distance from the epoch in units of its own.
template <class Time>
std::optional<Time> parse_time(std::string_view digits) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return Time(typename Time::duration(count));
}

}  // namespace

std::string seal_session(const SessionKeys& keys, const Session& session, Random& random) {
  if (session.user_id.empty() || session.user_id.size() > kMaxUserId) {
    throw std::invalid_argument("a session needs a user id of 1 to 128 bytes");
  }
  std::string text = std::string(kVersion) + "." + base64url_encode(session.user_id) + "." +
                     std::to_string(session.began_at.time_since_epoch().count()) + "." +
                     std::to_string(session.expires_at.time_since_epoch().count()) + "." + random.token(16);
  text += "." + keys.tag(KeyPurpose::session_cookie, text);
  return text;
}

std::optional<Session> open_session(const SessionKeys& keys, std::string_view cookie,
                                    std::chrono::sys_seconds now) {
  if (cookie.size() > kMaxCookie) return std::nullopt;
  const std::size_t last_dot = cookie.rfind('.');
  if (last_dot == std::string_view::npos) return std::nullopt;
  const std::string_view signed_part = cookie.substr(0, last_dot);
  if (!keys.verify(KeyPurpose::session_cookie, signed_part, cookie.substr(last_dot + 1))) {
    return std::nullopt;
  }
  const auto parts = split_at_dots(signed_part);
  if (parts.size() != 5 || parts[0] != kVersion) return std::nullopt;
  auto user_id = base64url_decode(parts[1]);
  const auto began_at = parse_time<WallTime>(parts[2]);
  const auto expires_at = parse_time<std::chrono::sys_seconds>(parts[3]);
  if (!user_id || user_id->empty() || !began_at || !expires_at || now >= *expires_at) return std::nullopt;
  return Session{std::move(*user_id), *began_at, *expires_at};
}

}  // namespace authplane::authserver
