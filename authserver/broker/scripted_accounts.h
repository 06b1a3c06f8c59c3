#pragma once

// For tests only: an upstream provider on a scripted transport, as strict as those out there: codes and,
// while `rotates`, refresh tokens count once. Where a test wants it to misbehave, it changes a public member.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>
#include <authplane/base/hash.h>
#include <authplane/testing/testing.h>

namespace authplane::authserver {

class ScriptedAccounts {
 public:
  static constexpr const char* kTokenUrl = "https://accounts.example/oauth/token";
  static constexpr const char* kRevokeUrl = "https://accounts.example/oauth/revoke";
  static constexpr const char* kClientId = "app 7";  // has to be encoded
  static constexpr const char* kSecret = "canary-client+secret";
  static constexpr const char* kCallback = "https://as.example/connect/hub/callback";

  ScriptedAccounts() {
    network->on(kTokenUrl, [this](const OutboundRequest& request) { return token_endpoint(request); });
    network->on(kRevokeUrl, [this](const OutboundRequest& request) { return revoke_endpoint(request); });
  }

  static nlohmann::json config() {
    return {{"client_id", kClientId},
            {"client_secret_ref", "CONNECTOR_HUB_SECRET"},
            {"authorize_url", "https://accounts.example/oauth/authorize"},
            {"token_url", kTokenUrl},
            {"revoke_url", kRevokeUrl}};
  }
  static HttpResponse json(int status, const nlohmann::json& body) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json; charset=utf-8"}},
            .body = body.dump(),
            .stream = {}};
  }

  // A code for that verifier.
  std::string give_code(const std::string& verifier) {
    return give_code_for_challenge(base64url_encode(as_bytes(sha256(verifier))));
  }
  std::string give_code_for_challenge(std::string challenge) {
    const std::lock_guard lock(mutex_);
    challenge_ = std::move(challenge);
    return code_ = "canary-code-" + std::to_string(++counter_);
  }
  // A refresh token that is live.
  std::string give_refresh_token() {
    const std::lock_guard lock(mutex_);
    return new_refresh_token();
  }
  bool is_live(const std::string& refresh_token) const {
    const std::lock_guard lock(mutex_);
    return live_.count(refresh_token) != 0;
  }
  bool gave(const std::string& access_token) const {
    const std::lock_guard lock(mutex_);
    return given_.count(access_token) != 0;
  }
  int refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
  }
  Form last_form() const { return Form::parse(network->requests().back().body).value(); }

  std::shared_ptr<testing::ScriptedTransport> network = std::make_shared<testing::ScriptedTransport>();
  bool rotates = true;
  bool gives_refresh_tokens = true;
  std::optional<nlohmann::json> scope = "repo read:user";
  // Called with each request before it is judged; what it returns is the answer.
  std::function<std::optional<Result<HttpResponse>>(const OutboundRequest&)> instead;
  std::function<HttpResponse(nlohmann::json)> write = [](nlohmann::json body) { return json(200, body); };

 private:
  std::string new_refresh_token() {
    const std::string token = "canary-refresh-" + std::to_string(++counter_);
    live_.insert(token);
    return token;
  }

  Result<HttpResponse> token_endpoint(const OutboundRequest& request) {
    if (instead) {
      if (auto answer = instead(request)) return std::move(*answer);
    }
    const Form form = Form::parse(request.body).value();
    if (request.method != "POST" || request.headers.get("Accept") != "application/json" ||
        form.get("client_id") != kClientId || form.get("client_secret") != kSecret) {
      return json(401, {{"error", "invalid_client"}});
    }
    const std::lock_guard lock(mutex_);
    const bool is_good = form.get("grant_type") == "refresh_token" ? refresh(form) : redeem(form);
    if (!is_good) {
      ++refused_;
      return json(400, {{"error", "invalid_grant"}, {"error_description", "canary-description"}});
    }
    const std::string access_token = "canary-access-" + std::to_string(++counter_);
    given_.insert(access_token);
    nlohmann::json body = {{"access_token", access_token}, {"token_type", "bearer"}, {"expires_in", 28800}};
    if (scope) body["scope"] = *scope;
    const bool is_new = rotates || form.get("grant_type") != "refresh_token";
    if (gives_refresh_tokens && is_new) body["refresh_token"] = new_refresh_token();
    return write(body);
  }

  bool redeem(const Form& form) {
    const std::string code = std::exchange(code_, "");
    const std::string challenge = base64url_encode(as_bytes(sha256(form.get("code_verifier").value_or(""))));
    return !code.empty() && form.get("code") == code && challenge == challenge_ &&
           form.get("redirect_uri") == kCallback && form.get("grant_type") == "authorization_code";
  }

  bool refresh(const Form& form) {
    const auto used = live_.find(std::string(form.get("refresh_token").value_or("")));
    if (used == live_.end()) return false;
    if (rotates) live_.erase(used);
    return true;
  }

  Result<HttpResponse> revoke_endpoint(const OutboundRequest& request) {
    if (instead) {
      if (auto answer = instead(request)) return std::move(*answer);
    }
    const Form form = Form::parse(request.body).value();
    if (form.get("client_secret") != kSecret) return json(401, {{"error", "invalid_client"}});
    const std::lock_guard lock(mutex_);
    live_.erase(std::string(form.get("token").value_or("")));
    return HttpResponse{};
  }

  mutable std::mutex mutex_;
  std::string code_, challenge_;
  std::set<std::string> live_, given_;
  int counter_ = 0, refused_ = 0;
};

}  // namespace authplane::authserver
