#include "authserver/broker/oauth_provider.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>
#include <authplane/json/json.h>

#include "authserver/sealing/owner.h"

namespace authplane::authserver {
namespace {

// Set by this server in every authorization request, or able to replace what it sets.
constexpr std::array<std::string_view, 11> kReserved = {
    "client_id",     "client_secret", "code_challenge", "code_challenge_method",
    "redirect_uri",  "request",       "request_uri",    "response_mode",
    "response_type", "scope",         "state"};

bool is_reserved(std::string_view name) {
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

bool is_printable(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

// Collects the members of one configuration; the first mistake is the one that is told.
class Reader {
 public:
  Reader(const Json& config, bool allow_http) : config_(config), allow_http_(allow_http) {}

  Result<OAuthProviderConfig, std::string> run() {
    OAuthProviderConfig result;
    result.client_id = text("client_id");
    if (!is_printable(result.client_id)) wrong("client_id", "is missing; set the id of the application");
    secret(result);
    result.authorize_url = url("authorize_url");
    result.token_url = url("token_url");
    if (!text("revoke_url").empty()) result.revoke_url = url("revoke_url");
    const Form query = Form::parse(result.authorize_url.query()).value_or(Form());
    for (const auto& [name, value] : query.fields()) {
      if (is_reserved(name)) wrong("authorize_url", "has the parameter " + name + "; remove it");
    }
    extra_auth_params(result);
    response_format(result);
    if (!problem_.empty()) return Err(std::move(problem_));
    return result;
  }

 private:
  void wrong(const std::string& member, const std::string& what) {
    if (problem_.empty()) problem_ = "config_data." + member + " " + what;
  }

  // "" when absent.
  std::string text(const std::string& member) {
    const Json* value = find_member(config_, member);
    if (value == nullptr) return {};
    if (const std::string* found = find_string(config_, member)) return *found;
    wrong(member, "is not a string");
    return {};
  }

  Url url(const std::string& member) {
    const std::string given = text(member);
    auto parsed = Url::parse(given);
    if (given.empty()) {
      wrong(member, "is missing; set the URL of the provider");
    } else if (parsed && parsed->scheme() == "http" && !allow_http_) {
      wrong(member,
            "is http; use https, or with a localhost issuer broker.allow_private_upstreams permits it");
    } else if (!parsed || parsed->has_fragment() || parsed->has_userinfo() ||
               (parsed->scheme() != "https" && parsed->scheme() != "http")) {
      wrong(member, "is not an https URL without user information and fragment");
    } else {
      return std::move(*parsed);
    }
    return {};
  }

  void secret(OAuthProviderConfig& result) {
    result.secret_variable = text("client_secret_ref");
    std::string member = "client_secret_ref";
    if (result.secret_variable.empty()) {
      member = "client_secret_env";
      result.secret_variable = text(member);
      result.uses_old_reference = !result.secret_variable.empty();
    }
    if (!result.secret_variable.empty() && !is_secret_variable(result.secret_variable)) {
      wrong(member,
            "does not name a variable of the form CONNECTOR_NAME or AUTHPLANE_VAULT_NAME, in capitals; "
            "rename the variable");
    }
  }

  void extra_auth_params(OAuthProviderConfig& result) {
    const Json* extra = find_member(config_, "extra_auth_params");
    if (extra == nullptr) return;
    if (!extra->is_object()) return wrong("extra_auth_params", "is not an object");
    for (const auto& [name, value] : extra->items()) {
      if (is_reserved(name)) continue;
      const std::string* text = find_string(*extra, name);
      if (text == nullptr) return wrong("extra_auth_params." + header_safe(name), "is not a string");
      result.extra_auth_params.emplace_back(name, *text);
    }
  }

  void response_format(OAuthProviderConfig& result) {
    const std::string format = text("response_format");
    if (format == "form") {
      result.response_format = TokenResponseFormat::form;
    } else if (format == "slack") {
      result.response_format = TokenResponseFormat::slack;
    } else if (!format.empty() && format != "standard") {
      wrong("response_format", "is not known; use standard, form or slack");
    }
  }

  const Json& config_;
  const bool allow_http_;
  std::string problem_;
};

}  // namespace

Result<OAuthProviderConfig, std::string> parse_oauth_config(std::string_view config_data, bool allow_http) {
  const auto config = parse_json_object(config_data);
  if (!config) return Err("config_data is not a JSON object: " + config.error().message);
  return Reader(*config, allow_http).run();
}

std::string authorization_url(const OAuthProvider& provider, std::string_view redirect_uri,
                              const ScopeSet& scopes, std::string_view state,
                              std::string_view code_challenge) {
  const OAuthProviderConfig& config = provider.config;
  Form query;
  query.add("response_type", "code");
  query.add("client_id", config.client_id);
  query.add("redirect_uri", std::string(redirect_uri));
  if (!scopes.empty()) query.add("scope", scopes.to_string());
  query.add("state", std::string(state));
  query.add("code_challenge", std::string(code_challenge));
  query.add("code_challenge_method", "S256");
  for (const auto& [name, value] : config.extra_auth_params) query.add(name, value);
  return config.authorize_url.text() + (config.authorize_url.has_query() ? "&" : "?") + query.encode();
}

Result<OAuthProvider, std::string> OAuthProviders::open(const BrokerProvider& provider) {
  if (provider.protocol != BrokerProtocol::oauth) {
    return Err("protocol " + std::string(to_string(provider.protocol)) +
               " is not in this build; providers with protocol oauth are");
  }
  auto config = parse_oauth_config(provider.config_data, deps_.allow_http);
  if (!config) return Err(std::move(config).error());
  if (config->uses_old_reference) warn_once(provider);
  auto secret = client_secret(provider, *config);
  if (!secret) return Err(std::move(secret).error());
  return OAuthProvider{provider.id, provider.slug, std::move(*config), std::move(*secret)};
}

Result<SecretString, std::string> OAuthProviders::client_secret(const BrokerProvider& provider,
                                                                const OAuthProviderConfig& config) {
  const std::string& name = config.secret_variable;
  if (!name.empty() && !provider.sealed_secrets.empty()) {
    return Err(std::string("has a client secret and the name of a variable with one; remove one of them"));
  }
  if (!name.empty()) {
    auto value = deps_.secrets(name);
    if (value && !value->empty()) return std::move(*value);
    return Err("the variable " + name + ", which has to hold the client secret, is not set for this server");
  }
  if (provider.sealed_secrets.empty()) {
    return Err(std::string("has no client secret; set config_data.client_secret_ref"));
  }
  if (deps_.sealer == nullptr) {
    return Err(std::string("its client secret is encrypted, and data_encryption.driver is not set"));
  }
  const auto opened = deps_.sealer->open(provider.sealed_secrets, provider_owner(provider.id));
  if (!opened) return Err("its client secret cannot be opened: " + opened.error().detail);
  const auto secrets = parse_json_object(opened->text.expose());
  const std::string* secret = secrets ? find_string(*secrets, "client_secret") : nullptr;
  if (secret == nullptr || secret->empty()) {
    return Err(std::string("its encrypted secrets have no client_secret; set it again"));
  }
  return SecretString(*secret);
}

void OAuthProviders::warn_once(const BrokerProvider& provider) {
  {
    const MutexLock lock(mutex_);
    if (!warned_.insert(provider.id).second) return;
  }
  deps_.logger.warn("config_data.client_secret_env is deprecated; write client_secret_ref",
                    {{"provider", provider.slug}});
}

}  // namespace authplane::authserver
