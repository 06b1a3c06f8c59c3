#pragma once

// For tests only: an OpenID provider on a scripted transport. It holds this server to the specifications it
// knows (client authentication, PKCE, codes that count once); where a test wants it to misbehave, it changes
// a public member.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>
#include <authplane/base/hash.h>
#include <authplane/testing/testing.h>

#include "authserver/federation/openid_provider.h"

namespace authplane::authserver {

class ScriptedProvider {
 public:
  static constexpr const char* kIssuer = "https://login.example/tenant";
  static constexpr const char* kClientId = "authplane at:login";  // has to be encoded for Basic
  static constexpr const char* kSecret = "canary-upstream/secret";
  static constexpr const char* kCallback = "https://as.example/oidc/callback";

  explicit ScriptedProvider(const Clock& clock, std::string issuer = kIssuer,
                            std::string callback = kCallback)
      : issuer_(std::move(issuer)), callback_(std::move(callback)), clock_(clock) {
    metadata = {{"issuer", issuer_},
                {"authorization_endpoint", issuer_ + "/authorize?p=1"},
                {"token_endpoint", issuer_ + "/token"},
                {"jwks_uri", issuer_ + "/keys"},
                {"scopes_supported", {"openid", "groups"}},
                {"id_token_signing_alg_values_supported", {"none", "HS256", "ES256"}}};
    network->on(issuer_ + "/.well-known/openid-configuration",
                [this](const OutboundRequest&) { return json(200, metadata.dump()); });
    network->on(issuer_ + "/keys", [this](const OutboundRequest&) { return json(200, keys); });
    network->on(issuer_ + "/token", [this](const OutboundRequest& request) { return answer_token(request); });
  }

  static std::string url(const std::string& path) { return std::string(kIssuer) + path; }
  static ProviderOptions options() {
    ProviderOptions options;
    options.issuer = kIssuer;
    options.client_id = kClientId;
    options.client_secret = SecretString(kSecret);
    options.redirect_uri = kCallback;
    return options;
  }
  static Result<HttpResponse> json(int status, std::string body) {
    return HttpResponse{.status = status,
                        .headers = {{"Content-Type", "application/json"}},
                        .body = std::move(body),
                        .stream = {}};
  }

  // The user's part: signs in and agrees. Returns the callback as path and query. Throws std::runtime_error
  // for a request that a provider would answer with a page.
  std::string approve(const std::string& authorization_url) {
    const Form request = Form::parse(authorization_url.substr(authorization_url.find('?') + 1)).value();
    const auto expect = [&](std::string_view name, std::string_view value) {
      if (request.get(name) != value) throw std::runtime_error("bad parameter " + std::string(name));
    };
    expect("p", "1");
    expect("response_type", "code");
    expect("client_id", kClientId);
    expect("redirect_uri", callback_);
    expect("code_challenge_method", "S256");
    const std::lock_guard lock(mutex_);
    const std::string code = "canary-code-" + std::to_string(++codes_given_);
    codes_.insert_or_assign(code, request);
    Form answer;
    answer.add("code", code);
    answer.add("state", std::string(request.get("state").value_or("")));
    if (!iss.empty()) answer.add("iss", iss);
    return "/oidc/callback?" + answer.encode();
  }

  // An ID token as this provider makes it for the user of that nonce.
  testing::TokenBuilder id_token(std::string nonce) const {
    testing::TokenBuilder token(clock_.now_seconds());
    token.header("typ", "JWT").issuer(issuer_).claim("aud", kClientId).claim("nonce", std::move(nonce));
    token.without_claim("client_id").without_claim("jti");
    for (const auto& [name, value] : user.items()) token.claim(name, value);
    return token.key(key);
  }

  std::shared_ptr<testing::ScriptedTransport> network = std::make_shared<testing::ScriptedTransport>();
  nlohmann::json metadata;
  PrivateKey key = testing::test_key();
  std::string keys = testing::jwks_document({testing::test_key()});
  nlohmann::ordered_json user = {
      {"sub", "upstream-7"}, {"email", "Eve@Example.org"}, {"email_verified", true}, {"name", "Eve"}};
  std::string iss;  // of authorization responses, "" = none
  // Writes the token, which it may have changed.
  std::function<std::string(testing::TokenBuilder)> sign = [](testing::TokenBuilder token) {
    return token.build();
  };
  std::function<Result<HttpResponse>(const OutboundRequest&)> token_answer;  // instead of the real one

 private:
  Result<HttpResponse> answer_token(const OutboundRequest& request) {
    if (token_answer) return token_answer(request);
    const Form form = Form::parse(request.body).value();
    const std::string basic = "Basic " + base64_encode(form_encode(kClientId) + ":" + form_encode(kSecret));
    const bool authenticated =
        form.count("client_secret") == 0
            ? request.headers.get("Authorization") == basic
            : form.get("client_id") == kClientId && form.get("client_secret") == kSecret;
    if (!authenticated) return json(401, R"({"error":"invalid_client"})");
    const std::lock_guard lock(mutex_);
    const auto found = codes_.find(std::string(form.get("code").value_or("")));
    if (found == codes_.end()) return json(400, R"({"error":"invalid_grant"})");
    const Form asked = found->second;
    codes_.erase(found);
    const std::string challenge = base64url_encode(as_bytes(sha256(form.get("code_verifier").value_or(""))));
    if (form.get("grant_type") != "authorization_code" || form.get("redirect_uri") != callback_ ||
        challenge != asked.get("code_challenge")) {
      return json(400, R"({"error":"invalid_grant"})");
    }
    const nlohmann::json body = {{"access_token", "canary-access-token"},
                                 {"token_type", "Bearer"},
                                 {"id_token", sign(id_token(std::string(asked.get("nonce").value_or(""))))}};
    return json(200, body.dump());
  }

  const std::string issuer_, callback_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Form> codes_;
  int codes_given_ = 0;
};

}  // namespace authplane::authserver
