#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

#include "answers.h"
#include "standin.h"

// POST /login/oauth/access_token and POST /login/oauth/revoke.

namespace authplane::gh_standin {
namespace {

constexpr int kAccessTokenSeconds = 28'800, kRefreshTokenSeconds = 15'897'600;
constexpr const char* kSmallScope = "read:user";

nlohmann::json matches(bool match) {
  return {{"match", match}};
}

bool accepts_json(const HttpRequest& request) {
  const auto accept = request.headers.get("Accept");
  return accept && accept->find("application/json") != std::string_view::npos;
}

// GitHub says what is wrong under status 200.
HttpResponse github_error(const std::string& error, const std::string& why, bool json) {
  return token_answer(200, {{"error", error}, {"error_description", why}}, json);
}

// What a mode answers whatever was asked; nullopt when it leaves that to the ledger.
std::optional<HttpResponse> fault(Mode mode, bool refreshing, bool json) {
  switch (mode) {
    case Mode::error_200:
      return github_error(refreshing ? "bad_refresh_token" : "bad_verification_code",
                          "it is not valid or has expired", json);
    case Mode::error_400:
      return token_answer(400, {{"error", "invalid_grant"}, {"error_description", "it has ended"}}, json);
    case Mode::http_500:
      return html_answer(500, "<h1>Something went wrong</h1>");
    case Mode::huge_body:
      return json_answer(200, {{"padding", std::string(2 * 1024 * 1024, 'x')}});
    case Mode::bad_json: {
      auto response = json_answer(200, {});
      response.body = R"({"access_token":"gho_)";
      return response;
    }
    case Mode::redirect_hop: {
      HttpResponse response;
      response.status = 302;
      response.headers.add("Location", "/_hop");
      return response;
    }
    default:
      return std::nullopt;
  }
}

ScopeSet granted(const ScopeSet& wanted, Mode mode) {
  return mode == Mode::scope_subset ? ScopeSet::split(kSmallScope) : wanted;
}

std::string joined(const ScopeSet& scopes, char separator) {
  std::string text;
  for (const auto& scope : scopes) text += (text.empty() ? "" : std::string(1, separator)) + scope;
  return text;
}

HttpResponse issued(const IssuedTokens& tokens, const std::string& refresh_token, Mode mode, bool json) {
  nlohmann::ordered_json members = {{"access_token", tokens.access_token}, {"token_type", "bearer"}};
  if (mode == Mode::scope_empty) {
    members["scope"] = "";
  } else if (mode != Mode::scope_absent) {
    members["scope"] = joined(tokens.scopes, mode == Mode::scope_comma ? ',' : ' ');
  }
  if (!refresh_token.empty()) {
    members["expires_in"] = kAccessTokenSeconds;
    members["refresh_token"] = refresh_token;
    members["refresh_token_expires_in"] = kRefreshTokenSeconds;
  }
  return token_answer(200, members, json);
}

}  // namespace

HttpResponse Standin::token(const HttpRequest& request) {
  if (request.method != "POST") return wrong_method("POST");
  const Form form = parse_form(request.body);
  const std::string grant_type = field(form, "grant_type");
  std::unique_lock lock(mutex_);
  const Behaviour behaviour = mode_.take(Endpoint::token);
  const Row row = record("token", {{"grant_type", grant_type},
                                   {"scope", field(form, "scope")},
                                   {"redirect_uri", field(form, "redirect_uri")},
                                   {"accept", std::string(request.headers.get("Accept").value_or(""))},
                                   {"authorization_header", request.headers.contains("Authorization")},
                                   {"mode", to_string(behaviour)}});
  if (!field(form, "code_verifier").empty()) verifiers_.push_back(field(form, "code_verifier"));
  const bool client_right = client_is_right(form, row);
  if (behaviour.mode == Mode::slow) wait(lock, behaviour.delay);

  const bool json = accepts_json(request) && behaviour.mode != Mode::form_body;
  const auto answer = [&]() -> HttpResponse {
    if (auto failure = fault(behaviour.mode, grant_type == "refresh_token", json)) return *std::move(failure);
    if (!client_right) return github_error("incorrect_client_credentials", "no such client or secret", json);
    if (grant_type == "authorization_code") return redeem(form, behaviour, json, row);
    if (grant_type == "refresh_token") return refresh(form, behaviour, json, row);
    return token_answer(400, {{"error", "unsupported_grant_type"}}, json);
  }();
  (*row)["status"] = answer.status;
  (*row)["issued"] = answer.status == 200 && answer.body.find("gho_") != std::string::npos &&
                     behaviour.mode != Mode::bad_json;
  return answer;
}

HttpResponse Standin::redeem(const Form& form, const Behaviour& behaviour, bool json, const Row& row) {
  const auto code = ledger_.take_code(field(form, "code"));
  const std::string challenge = base64url_encode(as_bytes(sha256(field(form, "code_verifier"))));
  const bool verifier_right = code && code->code_challenge == challenge;
  const bool redirect_right = field(form, "redirect_uri") == options_.callback;
  (*row)["code"] = matches(code.has_value());
  (*row)["code_verifier"] = matches(verifier_right);
  if (!code || !verifier_right) {
    return github_error("bad_verification_code", "the code is not valid or has expired", json);
  }
  if (!redirect_right) {
    return github_error("redirect_uri_mismatch", "redirect_uri is not the one the code was sent to", json);
  }
  const auto tokens = ledger_.open(granted(code->scopes, behaviour.mode), behaviour.mode != Mode::no_refresh);
  return issued(tokens, tokens.refresh_token, behaviour.mode, json);
}

HttpResponse Standin::refresh(const Form& form, const Behaviour& behaviour, bool json, const Row& row) {
  const std::string used = field(form, "refresh_token");
  const auto covered = ledger_.granted_to(used);
  (*row)["refresh_token"] = matches(covered.has_value());
  if (!covered)
    return github_error("bad_refresh_token", "the refresh token is not valid or has expired", json);
  const auto asked = ScopeSet::split(field(form, "scope"));
  if (!asked.is_subset_of(*covered)) return token_answer(400, {{"error", "invalid_scope"}}, json);

  const Mode mode = behaviour.mode;
  const bool rotate = mode != Mode::no_rotate && mode != Mode::no_refresh && mode != Mode::slow;
  const auto tokens = ledger_.refresh(used, granted(asked.empty() ? *covered : asked, mode), rotate);
  const std::string next = rotate ? tokens.refresh_token : mode == Mode::no_refresh ? "" : used;
  return issued(tokens, next, mode, json);
}

HttpResponse Standin::revoke(const HttpRequest& request) {
  if (request.method != "POST") return wrong_method("POST");
  const Form form = parse_form(request.body);
  const std::string token = field(form, "token");
  std::lock_guard lock(mutex_);
  const Row row = record("revoke", {{"token_type_hint", field(form, "token_type_hint")}});
  (*row)["token"] = matches(ledger_.granted_to(token) || ledger_.scopes_of(token));
  const bool client_right = client_is_right(form, row);
  if (client_right) ledger_.revoke(token);
  (*row)["status"] = client_right ? 200 : 401;
  return client_right ? json_answer(200, nlohmann::json::object())
                      : json_answer(401, {{"error", "invalid_client"}});
}

bool Standin::client_is_right(const Form& form, const Row& row) const {
  const bool id = field(form, "client_id") == options_.client_id;
  const bool secret = field(form, "client_secret") == options_.client_secret;
  (*row)["client_id"] = matches(id);
  (*row)["client_secret"] = matches(secret);
  return id && secret;
}

void Standin::wait(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds delay) {
  const auto resets = resets_;
  changed_.wait_for(lock, delay, [&] { return released_ || resets_ != resets; });
}

}  // namespace authplane::gh_standin
