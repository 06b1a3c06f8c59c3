#include "client_reply.h"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>

#include "elicitation.h"
#include "sse.h"

namespace authplane::mcp {
namespace {

constexpr std::size_t kMaxQuotedBytes = 512;
constexpr std::size_t kMaxDepth = 64;

Unexpected<Error> bad(std::string_view what, const std::string& problem) {
  return Err(ErrorCode::protocol_error, "mcp " + std::string(what) + ": " + problem);
}

std::string printable(std::string_view foreign) {
  return header_safe(foreign.substr(0, kMaxQuotedBytes));
}

// The value of one challenge parameter, `name="value"` or `name=value`; "" when absent. Good enough to report
// with; decisions about access are the server's.
std::string challenge_parameter(std::string_view challenge, std::string_view name) {
  for (std::size_t at = challenge.find(name); at != std::string_view::npos;
       at = challenge.find(name, at + 1)) {
    const bool starts_word = at == 0 || challenge[at - 1] == ' ' || challenge[at - 1] == ',';
    auto rest = challenge.substr(at + name.size());
    if (!starts_word || !rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    if (!rest.starts_with('"')) return std::string(rest.substr(0, rest.find_first_of(", ")));
    rest.remove_prefix(1);
    return std::string(rest.substr(0, rest.find('"')));
  }
  return {};
}

Error access_error(const HttpResponse& response, std::string_view what) {
  std::string challenges;
  for (const auto challenge : response.headers.all("www-authenticate")) {
    if (!challenges.empty()) challenges += ", ";
    challenges += challenge;
  }
  OAuthDetail detail{.error = challenge_parameter(challenges, "error"),
                     .http_status = response.status,
                     .description = challenge_parameter(challenges, "error_description")};
  const bool scope = response.status == 403 && detail.error == "insufficient_scope";
  Error error;
  error.code = scope ? ErrorCode::insufficient_scope : ErrorCode::access_denied;
  error.message =
      "mcp " + std::string(what) + ": the server answered HTTP " + std::to_string(response.status);
  // The challenge is shown as sent, quotes included; only line breaks and the like are taken out.
  if (!challenges.empty()) {
    error.message += ", WWW-Authenticate: ";
    for (const char c : challenges.substr(0, 2 * kMaxQuotedBytes))
      error.message += c >= ' ' && c <= '~' ? c : ' ';
  }
  error.oauth = std::move(detail);
  if (const auto nonce = response.headers.get("dpop-nonce")) error.dpop_nonce = *nonce;
  return error;
}

std::string error_text(const Json& error) {
  const auto* code = find_member(error, "code");
  const auto* message = find_string(error, "message");
  std::string text = "JSON-RPC error";
  if (code != nullptr && code->is_number_integer()) text += " " + to_json_text(*code);
  if (message != nullptr) text += ": " + printable(*message);
  return text;
}

// -32042 is consent_required and brings its pages; all other errors are protocol errors.
Error rpc_failure(std::string_view what, const Json& error) {
  Error failure = bad(what, error_text(error)).error;
  auto pages = parse_elicitations(error);
  if (pages.empty()) return failure;
  failure.code = ErrorCode::consent_required;
  ConsentDetail consent;
  consent.consent_url = pages.front().url;
  consent.service_id = "unknown_service";
  consent.cause = pages.front().message;
  consent.elicitations = std::move(pages);
  failure.consent = std::move(consent);
  return failure;
}

class ReplyReader {
 public:
  ReplyReader(std::int64_t id, std::string_view what, std::size_t max_bytes,
              const Client::NotificationHandler& on_notification)
      : id_(id),
        what_(what),
        limits_{.max_bytes = max_bytes, .max_depth = kMaxDepth},
        on_notification_(on_notification) {}

  Result<Json> read_json(std::string_view body) {
    take(body);
    return finish();
  }

  Result<Json> read_stream(std::string_view body) {
    SseParser parser(
        [this](const SseEvent& event) {
          if (event.type == "message" && !event.data.empty()) take(event.data);
        },
        limits_.max_bytes);
    if (!parser.feed(body)) return bad(what_, "an event of the stream is too large");
    return finish();
  }

 private:
  void take(std::string_view text) {
    if (outcome_) return;
    auto message = parse_json_object(text, limits_);
    if (!message) {
      outcome_ = Err(std::move(message).error());
      return;
    }
    if (const auto* method = find_string(*message, "method")) return notify(*method, *message);
    const auto* id = find_member(*message, "id");
    const auto* error = find_object(*message, "error");
    // A server that could not read our id answers without one; with one request per POST it can only be ours.
    const bool ours = id != nullptr ? *id == id_ : error != nullptr;
    if (!ours) return;
    if (error != nullptr) {
      outcome_ = Err(rpc_failure(what_, *error));
    } else if (const auto* result = find_object(*message, "result")) {
      outcome_ = *result;
    } else {
      outcome_ = bad(what_, "the answer has neither result nor error");
    }
  }

  void notify(const std::string& method, const Json& message) {
    if (!on_notification_ || find_member(message, "id") != nullptr) return;
    const auto* params = find_object(message, "params");
    on_notification_(method, params != nullptr ? *params : Json::object());
  }

  Result<Json> finish() {
    if (!outcome_) return bad(what_, "the server's answer holds no response to the request");
    return *std::move(outcome_);
  }

  const std::int64_t id_;
  const std::string_view what_;
  const JsonLimits limits_;
  const Client::NotificationHandler& on_notification_;
  std::optional<Result<Json>> outcome_;
};

std::string media_type(const Headers& headers) {
  const auto value = headers.get("content-type").value_or("");
  auto type = value.substr(0, value.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return ascii_lower(type);
}

}  // namespace

Error http_error(const HttpResponse& response, std::string_view what) {
  if (response.status == 401 || response.status == 403) return access_error(response, what);
  return bad(what, "the server answered HTTP " + std::to_string(response.status)).error;
}

Result<Json> read_reply(const HttpResponse& response, std::int64_t id, std::string_view what,
                        std::size_t max_bytes, const Client::NotificationHandler& on_notification) {
  const auto type = media_type(response.headers);
  const bool success = response.status >= 200 && response.status < 300;
  if (response.status == 401 || response.status == 403) return Err(http_error(response, what));
  ReplyReader reader(id, what, max_bytes, on_notification);
  if (success && type == "text/event-stream") return reader.read_stream(response.body);
  if (type != "application/json") {
    if (!success) return Err(http_error(response, what));
    return bad(what, "the answer is neither application/json nor text/event-stream");
  }
  auto reply = reader.read_json(response.body);
  if (success) return reply;
  auto error = http_error(response, what);
  if (!reply) error.message += ", " + reply.error().message;
  return Err(std::move(error));
}

}  // namespace authplane::mcp
