#include "authserver/http/client_authentication.h"

#include <optional>
#include <string_view>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

// The credentials after "Basic ", nullopt when the field uses another scheme.
std::optional<std::string_view> basic_credentials(std::string_view authorization) {
  constexpr std::string_view kScheme = "basic";
  if (authorization.size() <= kScheme.size() || authorization[kScheme.size()] != ' ') return std::nullopt;
  if (!equals_ignore_case(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  std::string_view rest = authorization.substr(kScheme.size() + 1);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  while (!rest.empty() && rest.back() == ' ') rest.remove_suffix(1);
  return rest;
}

std::optional<PresentedClient> decode_basic(std::string_view credentials) {
  std::optional<std::string> pair = base64_decode(credentials);
  if (!pair) return std::nullopt;
  const SecretString wiped_later(std::move(*pair));
  const std::string_view text = wiped_later.expose();
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::optional<std::string> id = form_decode(text.substr(0, colon));
  std::optional<std::string> secret = form_decode(text.substr(colon + 1));
  if (!id || !secret) return std::nullopt;
  return PresentedClient{.client_id = std::move(*id), .client_secret = SecretString(std::move(*secret))};
}

}  // namespace

Result<PresentedClient, OAuthError> read_client_authentication(const Headers& headers, const Form& form) {
  if (headers.count("Authorization") > 1) {
    return Err(OAuthError{OAuthErrorCode::invalid_request, "more than one Authorization header"});
  }
  const std::string_view body_id = form.get("client_id").value_or("");
  const std::string_view body_secret = form.get("client_secret").value_or("");

  if (const auto authorization = headers.get("Authorization")) {
    if (const auto credentials = basic_credentials(*authorization)) {
      if (!body_secret.empty()) {
        return Err(
            OAuthError{OAuthErrorCode::invalid_request,
                       "client credentials both in the Authorization header and in the body; send one"});
      }
      if (auto client = decode_basic(*credentials)) return std::move(*client);
    }
  }
  return PresentedClient{.client_id = std::string(body_id),
                         .client_secret = SecretString(std::string(body_secret))};
}

}  // namespace authplane::authserver
