#include "authserver/identity/connect_state.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

namespace authplane::authserver {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::size_t kRandomBytes = 16;
constexpr std::size_t kMaxLength = 256;
constexpr std::chrono::minutes kSkew{1};  // between servers that share the secret

// No part but the last has a dot.
std::string message(std::string_view first, std::string_view rest) {
  return std::string(first) + "." + std::string(rest);
}

using Parts = std::array<std::string_view, 6>;

std::optional<Parts> split(std::string_view text) {
  Parts parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i + 1 == parts.size())) return std::nullopt;
    parts[i] = text.substr(0, dot);
    text.remove_prefix(std::min(parts[i].size() + 1, text.size()));
  }
  return parts;
}

std::optional<std::chrono::sys_seconds> read_time(std::string_view digits) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

}  // namespace

ConnectState ConnectState::make(const SessionKeys& keys, const ConnectBinding& binding,
                                std::chrono::sys_seconds now, Random& random) {
  std::string nonce = random.token(kRandomBytes);
  std::string return_tag = keys.tag(KeyPurpose::connect_return_url, message(nonce, binding.return_url));
  std::string text = std::string(kVersion) + "." + nonce + "." +
                     std::to_string(now.time_since_epoch().count()) + "." +
                     keys.tag(KeyPurpose::connect_user, message(nonce, binding.user_id)) + "." + return_tag;
  text += "." + keys.tag(KeyPurpose::connect_state, text + "." + std::string(binding.provider_id));
  return {std::move(text), std::move(nonce), std::move(return_tag)};
}

Result<ConnectState, ConnectStateFault> ConnectState::open(const SessionKeys& keys, std::string_view text,
                                                           std::string_view user_id,
                                                           std::string_view provider_id,
                                                           std::chrono::sys_seconds now,
                                                           std::chrono::seconds max_age) {
  const auto parts = text.size() > kMaxLength ? std::nullopt : split(text);
  if (!parts) return Err(ConnectStateFault::forged);
  const auto& [version, nonce, time, user_tag, return_tag, tag] = *parts;
  const std::string_view signed_part = text.substr(0, text.size() - tag.size() - 1);
  if (!keys.verify(KeyPurpose::connect_state, message(signed_part, provider_id), tag) || version != kVersion)
    return Err(ConnectStateFault::forged);
  if (!keys.verify(KeyPurpose::connect_user, message(nonce, user_id), user_tag))
    return Err(ConnectStateFault::of_another_user);
  const auto begun_at = read_time(time);
  if (!begun_at || now >= *begun_at + max_age || *begun_at > now + kSkew)
    return Err(ConnectStateFault::expired);
  return ConnectState(std::string(text), std::string(nonce), std::string(return_tag));
}

std::string ConnectState::id() const {
  return base64url_encode(as_bytes(sha256(text_)));
}

bool ConnectState::leads_to(const SessionKeys& keys, std::string_view return_url) const {
  return keys.verify(KeyPurpose::connect_return_url, message(random_, return_url), return_tag_);
}

}  // namespace authplane::authserver
