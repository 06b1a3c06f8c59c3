#include "authserver/federation/pending_sign_in.h"

#include <charconv>
#include <optional>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

namespace authplane::authserver {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kMaxCookie = 4096;
constexpr std::chrono::minutes kSkew{1};

PendingSignIn derive(const SessionKeys& keys, std::string_view cookie, std::string_view signed_part,
                     std::string redirect) {
  return {.cookie = std::string(cookie),
          .redirect = std::move(redirect),
          .state = keys.tag(KeyPurpose::provider_state, signed_part),
          .nonce = keys.tag(KeyPurpose::provider_nonce, signed_part),
          .code_verifier = keys.tag(KeyPurpose::provider_verifier, signed_part)};
}

struct Content {
  std::chrono::sys_seconds begun_at;
  std::string redirect;
};

// Of a cookie that is ours, so the form is that of begin_sign_in(); an older version's may differ.
std::optional<Content> read(std::string_view text) {
  const auto next = [&text] {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::string_view part = text.substr(0, dot);
    text.remove_prefix(std::min(dot + 1, text.size()));
    return part;
  };
  if (next() != kVersion) return std::nullopt;
  next();  // random
  const std::string_view digits = next();
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  auto redirect = base64url_decode(next());
  if (error != std::errc() || end != digits.data() + digits.size() || !redirect) return std::nullopt;
  return Content{std::chrono::sys_seconds(std::chrono::seconds(seconds)), std::move(*redirect)};
}

}  // namespace

PendingSignIn begin_sign_in(const SessionKeys& keys, std::string_view redirect, std::chrono::sys_seconds now,
                            Random& random) {
  const std::string text = std::string(kVersion) + "." + random.token(kRandomBytes) + "." +
                           std::to_string(now.time_since_epoch().count()) + "." + base64url_encode(redirect);
  return derive(keys, text + "." + keys.tag(KeyPurpose::provider_cookie, text), text, std::string(redirect));
}

FederationResult<PendingSignIn> resume_sign_in(const SessionKeys& keys, std::string_view cookie,
                                               std::string_view state, std::chrono::sys_seconds now,
                                               std::chrono::seconds max_age) {
  const auto stale = [](const char* cause) { return refuse(FederationRefusal::Reason::stale, cause); };
  if (cookie.empty()) return stale("callback from a browser without the cookie of a sign-in");
  const std::size_t last_dot = cookie.rfind('.');
  if (cookie.size() > kMaxCookie || last_dot == std::string_view::npos)
    return stale("the sign-in cookie is malformed");
  const std::string_view signed_part = cookie.substr(0, last_dot);
  if (!keys.verify(KeyPurpose::provider_cookie, signed_part, cookie.substr(last_dot + 1)))
    return stale("the sign-in cookie was not made by this server with its present session.secret");
  if (!keys.verify(KeyPurpose::provider_state, signed_part, state))
    return stale("state is not that of the sign-in this browser began");
  auto content = read(signed_part);
  if (!content) return stale("the sign-in cookie has another version");
  if (now >= content->begun_at + max_age) return stale("the sign-in was begun too long ago");
  if (content->begun_at > now + kSkew) return stale("the sign-in was begun in the future");
  return derive(keys, cookie, signed_part, std::move(content->redirect));
}

std::string code_challenge(std::string_view verifier) {
  return base64url_encode(as_bytes(sha256(verifier)));
}

}  // namespace authplane::authserver
