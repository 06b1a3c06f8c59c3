#include <authplane/testing/scripted_authorization_server.h>

#include <algorithm>
#include <stdexcept>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/base/url.h>
#include <authplane/jose/jws.h>

namespace authplane::testing {
namespace {

using nlohmann::json;

HttpResponse json_answer(int status, const json& body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          .body = body.dump(),
          .stream = {}};
}

HttpResponse oauth_error(const std::string& error) {
  return json_answer(error == "invalid_client" ? 401 : 400, {{"error", error}});
}

std::string value(const Form& form, std::string_view name) {
  return std::string(form.get(name).value_or(""));
}

void require(bool condition, const char* problem) {
  if (!condition) throw std::runtime_error(std::string("authorization request: ") + problem);
}

}  // namespace

ScriptedAuthorizationServer::ScriptedAuthorizationServer(std::shared_ptr<ScriptedTransport> network,
                                                         std::string issuer, std::string resource)
    : issuer_(std::move(issuer)), resource_(std::move(resource)) {
  metadata = {{"issuer", issuer_},
              {"authorization_endpoint", issuer_ + "/authorize"},
              {"token_endpoint", issuer_ + "/token"},
              {"registration_endpoint", issuer_ + "/register"},
              {"revocation_endpoint", issuer_ + "/revoke"},
              {"response_types_supported", {"code"}},
              {"grant_types_supported", {"authorization_code", "refresh_token"}},
              {"code_challenge_methods_supported", {"S256"}},
              {"token_endpoint_auth_methods_supported", {"none", "client_secret_basic"}},
              {"authorization_response_iss_parameter_supported", true}};
  resource_metadata = {{"resource", resource_},
                       {"authorization_servers", {issuer_}},
                       {"scopes_supported", {"read"}},
                       {"bearer_methods_supported", {"header"}}};

  const Url issuer_url = Url::parse(issuer_).value();
  const Url resource_url = Url::parse(resource_).value();
  const auto document = [](const json& source) {
    return [&source](const OutboundRequest&) -> Result<HttpResponse> { return json_answer(200, source); };
  };
  network->on(issuer_url.origin() + "/.well-known/oauth-authorization-server" + issuer_url.path(),
              document(metadata));
  network->on(resource_url.origin() + "/.well-known/oauth-protected-resource" + resource_url.path(),
              document(resource_metadata));
  network->on(issuer_ + "/register", [this](const OutboundRequest& r) { return answer_register(r); });
  network->on(issuer_ + "/token", [this](const OutboundRequest& r) { return answer_token(r); });
  network->on(issuer_ + "/revoke", [this](const OutboundRequest& r) { return answer_revoke(r); });
}

HttpResponse ScriptedAuthorizationServer::answer_register(const OutboundRequest& request) {
  const json body = json::parse(request.body);
  std::lock_guard lock(mutex_);
  registrations_.push_back(body);
  const std::string id = "registered-" + std::to_string(++counter_);
  clients_[id] = body.at("redirect_uris").get<std::vector<std::string>>();
  json answer = body;
  answer["client_id"] = id;
  return json_answer(201, answer);
}

std::string ScriptedAuthorizationServer::approve(const std::string& authorization_url) {
  const Url url = Url::parse(authorization_url).value();
  const Form request = Form::parse(url.query()).value();
  std::lock_guard lock(mutex_);
  authorization_requests_.push_back(request);
  require(!request.first_repeated(), "a parameter is repeated");
  require(value(request, "response_type") == "code", "response_type");
  require(value(request, "code_challenge_method") == "S256", "code_challenge_method");
  require(value(request, "code_challenge").size() == 43, "code_challenge");
  require(value(request, "resource") == resource_, "resource");
  require(!value(request, "state").empty(), "state");
  const std::string client = value(request, "client_id");
  const bool is_registered = client.starts_with("registered-");
  require(!client.empty() && (!is_registered || clients_.contains(client)), "client_id");
  const std::string redirect = value(request, "redirect_uri");
  const Url redirect_url = Url::parse(redirect).value();
  require(redirect_url.host() == "127.0.0.1" && redirect_url.path() == "/callback", "redirect_uri");

  Form answer;
  if (error.empty()) {
    const std::string code = "code-" + std::to_string(++counter_);
    codes_[code] = {.request = request, .scope = granted_scope.value_or(value(request, "scope"))};
    answer.add("code", code);
  } else {
    answer.add("error", error);
  }
  answer.add("state", state.value_or(value(request, "state")));
  if (const std::string from = iss.value_or(issuer_); !from.empty()) answer.add("iss", from);
  return redirect + "?" + answer.encode();
}

bool ScriptedAuthorizationServer::is_authenticated(const std::string& client_id, const Form& form) {
  const auto key = client_keys.find(client_id);
  if (key == client_keys.end()) return form.count("client_assertion") == 0;
  const std::string assertion = value(form, "client_assertion");
  const auto jws = parse_unverified_jws(assertion);
  if (!jws ||
      value(form, "client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    return false;
  const auto algorithm = parse_jws_algorithm(jws->header.value("alg", ""));
  if (!algorithm || !key->second.fits(*algorithm) ||
      !key->second.verify(*algorithm, jws->signing_input, jws->signature))
    return false;
  const json claims = json::parse(jws->payload);
  const auto lifetime = claims.at("exp").get<std::int64_t>() - claims.at("iat").get<std::int64_t>();
  const std::string jti = claims.at("jti");
  const bool spent =
      std::find(spent_assertions_.begin(), spent_assertions_.end(), jti) != spent_assertions_.end();
  spent_assertions_.push_back(jti);
  return !spent && claims.at("iss") == client_id && claims.at("sub") == client_id &&
         claims.at("aud") == issuer_ && lifetime > 0 && lifetime <= 300;
}

HttpResponse ScriptedAuthorizationServer::answer_token(const OutboundRequest& request) {
  const Form form = Form::parse(request.body).value();
  const bool bound = request.headers.contains("DPoP");
  std::lock_guard lock(mutex_);
  token_requests_.push_back(form);
  const std::string client = value(form, "client_id");
  if (client.starts_with("registered-") && !clients_.contains(client)) return oauth_error("invalid_client");
  if (value(form, "grant_type") == "authorization_code") return redeem_code(form, bound);
  if (value(form, "grant_type") == "refresh_token") return refresh(form, bound);
  return oauth_error("unsupported_grant_type");
}

HttpResponse ScriptedAuthorizationServer::redeem_code(const Form& form, bool bound) {
  const auto found = codes_.find(value(form, "code"));
  if (found == codes_.end() || found->second.spent) return oauth_error("invalid_grant");
  Code& code = found->second;
  code.spent = true;
  const std::string challenge = base64url_encode(as_bytes(sha256(value(form, "code_verifier"))));
  if (!is_authenticated(value(code.request, "client_id"), form)) return oauth_error("invalid_client");
  if (challenge != value(code.request, "code_challenge") ||
      value(form, "redirect_uri") != value(code.request, "redirect_uri")) {
    return oauth_error("invalid_grant");
  }
  if (value(form, "resource") != resource_) return oauth_error("invalid_target");
  grants_.push_back({.client_id = value(code.request, "client_id"),
                     .resource = resource_,
                     .scope = code.scope,
                     .access_token = {},
                     .refresh_token = {},
                     .spent = {}});
  return token_response(grants_.back(), bound, issues_refresh_tokens);
}

HttpResponse ScriptedAuthorizationServer::refresh(const Form& form, bool bound) {
  const std::string token = value(form, "refresh_token");
  for (Grant& grant : grants_) {
    const bool spent = std::find(grant.spent.begin(), grant.spent.end(), token) != grant.spent.end();
    if (spent) grant.ended = true;
    if (token.empty() || grant.refresh_token != token || grant.ended) continue;
    if (!is_authenticated(grant.client_id, form)) return oauth_error("invalid_client");
    if (value(form, "resource") != grant.resource) return oauth_error("invalid_target");
    if (rotates) grant.spent.push_back(token);
    return token_response(grant, bound, rotates);
  }
  return oauth_error("invalid_grant");
}

HttpResponse ScriptedAuthorizationServer::token_response(Grant& grant, bool bound, bool with_refresh_token) {
  const std::string number = std::to_string(++counter_);
  grant.access_token = "access-" + number;
  json body = {{"access_token", grant.access_token},
               {"token_type", bound ? "DPoP" : "Bearer"},
               {"expires_in", expires_in},
               {"scope", grant.scope}};
  if (with_refresh_token) body["refresh_token"] = grant.refresh_token = "refresh-" + number;
  return json_answer(200, body);
}

HttpResponse ScriptedAuthorizationServer::answer_revoke(const OutboundRequest& request) {
  const Form form = Form::parse(request.body).value();
  const std::string token = value(form, "token");
  std::lock_guard lock(mutex_);
  for (Grant& grant : grants_) {
    if (grant.refresh_token != token) continue;
    if (!is_authenticated(grant.client_id, form)) return oauth_error("invalid_client");
    grant.ended = true;
  }
  return json_answer(200, json::object());
}

const ScriptedAuthorizationServer::Grant* ScriptedAuthorizationServer::live_grant(
    const std::string& access_token) const {
  for (const Grant& grant : grants_) {
    if (!grant.ended && grant.access_token == access_token) return &grant;
  }
  return nullptr;
}

bool ScriptedAuthorizationServer::is_live(const std::string& access_token) const {
  std::lock_guard lock(mutex_);
  return live_grant(access_token) != nullptr;
}

std::string ScriptedAuthorizationServer::scope_of(const std::string& access_token) const {
  std::lock_guard lock(mutex_);
  const Grant* grant = live_grant(access_token);
  return grant ? grant->scope : "";
}

void ScriptedAuthorizationServer::revoke_everything() {
  std::lock_guard lock(mutex_);
  for (Grant& grant : grants_) grant.ended = true;
}

void ScriptedAuthorizationServer::forget_clients() {
  std::lock_guard lock(mutex_);
  clients_.clear();
}

std::vector<Form> ScriptedAuthorizationServer::authorization_requests() const {
  std::lock_guard lock(mutex_);
  return authorization_requests_;
}

std::vector<Form> ScriptedAuthorizationServer::token_requests() const {
  std::lock_guard lock(mutex_);
  return token_requests_;
}

std::vector<json> ScriptedAuthorizationServer::registrations() const {
  std::lock_guard lock(mutex_);
  return registrations_;
}

}  // namespace authplane::testing
