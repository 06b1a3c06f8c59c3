#include "authserver/broker/token_reply.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>
#include <authplane/base/media_type.h>
#include <authplane/json/json.h>

namespace authplane::authserver {
namespace {

using Reason = UpstreamFailure::Reason;

constexpr std::size_t kMaxTokenBytes = 16 * 1024;
constexpr std::int64_t kLongestLifetime = std::int64_t{10} * 366 * 24 * 3600;

struct KnownError {
  std::string_view name;
  Reason reason;
};
// The names of RFC 6749, then those of GitHub and Slack.
constexpr std::array kErrors = std::to_array<KnownError>({
    {"invalid_grant", Reason::rejected},
    {"invalid_scope", Reason::scope_refused},
    {"invalid_client", Reason::misconfigured},
    {"invalid_request", Reason::misconfigured},
    {"unauthorized_client", Reason::misconfigured},
    {"unsupported_grant_type", Reason::misconfigured},
    {"server_error", Reason::unavailable},
    {"temporarily_unavailable", Reason::unavailable},
    {"bad_refresh_token", Reason::rejected},
    {"bad_verification_code", Reason::rejected},
    {"incorrect_client_credentials", Reason::misconfigured},
    {"redirect_uri_mismatch", Reason::misconfigured},
    {"slow_down", Reason::unavailable},
    {"code_already_used", Reason::rejected},
    {"invalid_code", Reason::rejected},
    {"invalid_refresh_token", Reason::rejected},
    {"token_expired", Reason::rejected},
    {"token_revoked", Reason::rejected},
    {"bad_client_secret", Reason::misconfigured},
    {"invalid_client_id", Reason::misconfigured},
    {"internal_error", Reason::unavailable},
    {"ratelimited", Reason::unavailable},
});

Unexpected<UpstreamFailure> failed(Reason reason, const HttpResponse& response, std::string_view what) {
  return {UpstreamFailure{
      reason, "the provider answered with status " + std::to_string(response.status) + std::string(what)}};
}

Unexpected<UpstreamFailure> unreadable(const HttpResponse& response) {
  return failed(Reason::unavailable, response, " and something that is not a token response");
}

Unexpected<UpstreamFailure> known_failure(const HttpResponse& response, std::string_view error) {
  for (const KnownError& known : kErrors) {
    if (known.name == error) return failed(known.reason, response, " and " + std::string(known.name));
  }
  return failed(Reason::misconfigured, response, " and an error this server does not know");
}

// A form as the JSON object it would have been.
std::optional<Json> read_form(std::string_view body) {
  const auto form = Form::parse(body);
  if (!form || form->empty() || form->first_repeated()) return std::nullopt;
  Json object = Json::object();
  for (const auto& [name, value] : form->fields()) object[name] = value;
  return object;
}

std::optional<Json> read_body(const HttpResponse& response, TokenResponseFormat format) {
  const std::string type = media_type(response.headers);
  const bool is_form = type == "application/x-www-form-urlencoded" ||
                       (format == TokenResponseFormat::form && type != "application/json");
  if (is_form) return read_form(response.body);
  auto parsed = parse_json_object(response.body, {.max_bytes = UpstreamClient::kMaxResponseBytes});
  if (!parsed) return std::nullopt;
  return std::move(*parsed);
}

// RFC 6749 appendix A.12 and A.17.
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTokenBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

void insert_scopes(std::string_view text, ScopeSet& scopes) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" ,\t\r\n"), text.size());
    if (is_scope_token(text.substr(0, end))) scopes.insert(std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// An empty one says as little as none: some providers send it for credentials without scopes of their own.
std::optional<ScopeSet> read_scopes(const Json& reply) {
  ScopeSet scopes;
  if (const std::string* text = find_string(reply, "scope")) insert_scopes(*text, scopes);
  if (const Json* list = find_array(reply, "scope")) {
    for (const Json& item : *list) {
      if (item.is_string()) insert_scopes(item.get_ref<const std::string&>(), scopes);
    }
  }
  if (scopes.empty()) return std::nullopt;
  return scopes;
}

std::optional<std::chrono::seconds> read_lifetime(const Json& reply) {
  const Json* value = find_member(reply, "expires_in");
  double seconds = 0;
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) {
    seconds = value->get<double>();
  } else if (const std::string* text = find_string(reply, "expires_in")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  }
  if (!(seconds >= 1 && seconds <= static_cast<double>(kLongestLifetime))) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

bool is_bearer(const Json& reply) {
  const std::string* type = find_string(reply, "token_type");
  return type == nullptr || equals_ignore_case(*type, "bearer");
}

Result<UpstreamReply, UpstreamFailure> read_tokens(const Json& reply, const HttpResponse& response) {
  const std::string* access = find_string(reply, "access_token");
  const std::string* refresh = find_string(reply, "refresh_token");
  if (access == nullptr || !is_token(*access)) return unreadable(response);
  if (refresh != nullptr && !refresh->empty() && !is_token(*refresh)) return unreadable(response);
  return UpstreamReply{.access_token = SecretString(*access),
                       .refresh_token = SecretString(refresh != nullptr ? *refresh : std::string()),
                       .expires_in = read_lifetime(reply),
                       .scopes = read_scopes(reply)};
}

}  // namespace

Result<UpstreamReply, UpstreamFailure> read_token_reply(const HttpResponse& response,
                                                        TokenResponseFormat format) {
  const int status = response.status;
  if (status >= 300 && status < 400) {
    return failed(Reason::misconfigured, response, ", a redirect, which is not followed; correct the URL");
  }
  if (status >= 500 || status == 429 || status == 408) return failed(Reason::unavailable, response, "");
  const std::optional<Json> reply = read_body(response, format);
  if (!reply) return unreadable(response);
  const std::string* error = find_string(*reply, "error");
  if (error != nullptr && !error->empty()) return known_failure(response, *error);
  if (status < 200 || status >= 300) return unreadable(response);
  if (format == TokenResponseFormat::slack) {
    // The tokens of a person; beside them may be those of a bot. Its token_type is not that of RFC 6749.
    const Json* person = find_object(*reply, "authed_user");
    const bool is_wrapped = person != nullptr && find_string(*person, "access_token") != nullptr;
    return read_tokens(is_wrapped ? *person : *reply, response);
  }
  if (!is_bearer(*reply)) {
    return failed(Reason::misconfigured, response, " and a token that is no bearer token");
  }
  return read_tokens(*reply, response);
}

}  // namespace authplane::authserver
