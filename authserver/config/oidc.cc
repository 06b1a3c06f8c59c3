#include "authserver/config/oidc.h"

#include <algorithm>

#include <authplane/base/encoding.h>

#include "authserver/config/config.h"
#include "authserver/config/text_values.h"

namespace authplane::authserver {
namespace {

// The deprecated key counts where the other is empty, and then a secret in the file does not.
const std::string& reference(const Settings& s) {
  const std::string& name = s.text("oidc.client_secret_ref");
  return name.empty() ? s.text("oidc.client_secret_env") : name;
}

bool uses_old_reference(const Settings& s) {
  return s.text("oidc.client_secret_ref").empty() && !s.text("oidc.client_secret_env").empty();
}

bool is_connector_id(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// RFC 6749 section 3.3.
bool is_scope_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c >= 0x21 && c <= 0x7E && c != '"' && c != '\\'; });
}

class Rules {
 public:
  explicit Rules(const Settings& settings)
      : s_(settings), localhost_(is_localhost_issuer(settings.text("server.issuer"))) {}

  ConfigProblems run() {
    issuer();
    require(!s_.text("oidc.client_id").empty(), "oidc.client_id",
            "is empty; set the id this server is registered under at the provider");
    secret();
    redirect_uri();
    require(is_connector_id(s_.text("oidc.connector_id")), "oidc.connector_id",
            "has more than letters, digits and hyphens");
    scopes();
    require(!equals_ignore_case(s_.text("session.same_site"), "strict"), "session.same_site",
            "is strict, with which nobody who comes back from the provider is signed in; use lax");
    return std::move(problems_);
  }

 private:
  void require(bool holds, std::string_view key, std::string text) {
    if (!holds) problems_.push_back({std::string(key), std::move(text)});
  }

  void issuer() {
    const std::string& issuer = s_.text("oidc.issuer");
    if (issuer.empty()) return require(false, "oidc.issuer", "is empty; set the issuer of the provider");
    require(is_plain_url(issuer, is_localhost_issuer(issuer)) && issuer.find('?') == std::string::npos,
            "oidc.issuer",
            "'" + issuer +
                "' is not an https URL without query and fragment; http is for a provider on localhost");
  }

  void secret() {
    const std::string& name = reference(s_);
    if (uses_old_reference(s_)) return;
    const bool is_inline = !s_.secret("oidc.client_secret").empty();
    require(is_inline || !name.empty(), "oidc.client_secret",
            "is missing; set AUTHPLANE_OIDC_CLIENT_SECRET, or oidc.client_secret_ref");
    require(!is_inline || name.empty(), "oidc.client_secret",
            "is set, and oidc.client_secret_ref too; remove one of them");
    require(name.empty() || name.starts_with("CONNECTOR_") || name.starts_with("AUTHPLANE_VAULT_"),
            "oidc.client_secret_ref",
            "'" + name + "' does not start with CONNECTOR_ or AUTHPLANE_VAULT_; rename the variable");
  }

  void redirect_uri() {
    const std::string& uri = s_.text("oidc.redirect_uri");
    const std::string ours = s_.text("server.issuer") + "/oidc/callback";
    if (uri.empty()) return require(false, "oidc.redirect_uri", "is empty; use " + ours);
    require(is_plain_url(uri, localhost_), "oidc.redirect_uri",
            "'" + uri + "' is not an https URL without fragment; use " + ours);
  }

  void scopes() {
    const std::vector<std::string> scopes = oidc_scopes(s_);
    require(std::find(scopes.begin(), scopes.end(), "openid") != scopes.end(), "oidc.scopes",
            "does not have openid, without which no provider says who signed in; add it");
    require(std::all_of(scopes.begin(), scopes.end(), is_scope_token), "oidc.scopes",
            "has an empty entry, or a character no scope may contain");
  }

  const Settings& s_;
  const bool localhost_;
  ConfigProblems problems_;
};

}  // namespace

ConfigProblems oidc_problems(const Settings& settings) {
  return settings.flag("oidc.enabled") ? Rules(settings).run() : ConfigProblems();
}

Result<SecretString, ConfigProblem> oidc_client_secret(const Settings& settings,
                                                       const Environment& environment) {
  const std::string& name = reference(settings);
  if (name.empty()) return settings.secret("oidc.client_secret").clone();
  const std::string_view value = environment.get(name).value_or("");
  if (!value.empty()) return SecretString(std::string(value));
  return Err(ConfigProblem{uses_old_reference(settings) ? "oidc.client_secret_env" : "oidc.client_secret_ref",
                           "names the variable " + name + ", which is not set; set it to the client secret"});
}

std::vector<std::string> oidc_scopes(const Settings& settings) {
  return trimmed(settings.list("oidc.scopes"));
}

std::vector<std::string> oidc_advice(const Settings& s) {
  std::vector<std::string> lines;
  const bool enabled = s.flag("oidc.enabled");
  if (!s.flag("oidc.show_local_login") && (!enabled || s.text("oidc.display_name").empty())) {
    lines.push_back(
        "oidc.show_local_login is false and the login page has no button of a provider either; set "
        "oidc.enabled and oidc.display_name");
  }
  if (!enabled) return lines;
  if (uses_old_reference(s))
    lines.push_back("oidc.client_secret_env is deprecated; write oidc.client_secret_ref");
  std::string ours = s.text("server.issuer");
  while (ours.ends_with('/')) ours.pop_back();
  if (s.text("oidc.redirect_uri") != ours + "/oidc/callback") {
    lines.push_back("oidc.redirect_uri is not " + ours +
                    "/oidc/callback; people come back only if something forwards them there");
  }
  return lines;
}

}  // namespace authplane::authserver
