#include <authplane/agent/user_session.h>

#include <utility>

#include <authplane/oauth/scope.h>

#include "agent/challenge.h"
#include "agent/session_core.h"
#include "client/settings.h"

namespace authplane::agent {
namespace {

Unexpected<Error> invalid(std::string message) {
  return Err(ErrorCode::invalid_argument, std::move(message));
}

Result<Url> check_server_url(const std::string& text) {
  auto url = Url::parse(text);
  if (!url) return invalid("option server_url: " + url.error().message);
  if (url->scheme() != "https" && url->scheme() != "http")
    return invalid("option server_url: must be an http(s) URL");
  if (url->has_userinfo() || url->has_fragment())
    return invalid("option server_url: must have neither user information nor fragment");
  return url;
}

// The client id is the URL, so it has to have the form servers take (client ID metadata document, section 3).
Result<void> check_metadata_url(const std::string& text) {
  if (text.empty()) return {};
  const auto url = Url::parse(text);
  const bool good = url && url->scheme() == "https" && url->path().size() > 1 && !url->has_userinfo() &&
                    !url->has_fragment();
  if (good) return {};
  return invalid("option client_metadata_url: must be an https URL with a path");
}

Result<void> check_client(const std::optional<RegisteredClient>& client) {
  if (!client) return {};
  if (client->id.empty()) return invalid("option client: the id is empty");
  if (client->key && !client->secret.empty())
    return invalid("option client: has both a secret and a key; leave one out");
  if (!client->key && !client->key_id.empty()) return invalid("option client: key_id without a key");
  return {};
}

Result<void> check(const UserSessionOptions& options) {
  if (auto ok = check_client(options.client); !ok) return ok;
  if (auto ok = check_metadata_url(options.client_metadata_url); !ok) return ok;
  for (const std::string& scope : options.scopes) {
    if (!is_scope_token(scope)) return invalid("option scopes: '" + scope + "' is not a scope");
  }
  if (options.login_timeout < std::chrono::milliseconds(1) || options.login_timeout > std::chrono::hours(1))
    return invalid("option login_timeout: must be between 1 ms and 1 h");
  if (options.max_step_ups < 0 || options.max_step_ups > 10)
    return invalid("option max_step_ups: must be between 0 and 10");
  return check_fetch_settings(options.fetch);
}

}  // namespace

Result<UserSession> UserSession::create(UserSessionOptions options) {
  auto server = check_server_url(options.server_url);
  if (!server) return Err(std::move(server).error());
  if (auto ok = check(options); !ok) return Err(std::move(ok).error());
  const bool dev_mode = dev_mode_is_on(options.dev_mode, process_environment);
  complete(options.seams);
  if (!options.store) options.store = make_memory_token_store();
  if (!options.open_url) options.open_url = print_and_open;
  const net::FetchSettings fetch = fetch_settings(options.fetch, dev_mode);
  return UserSession(std::make_shared<Core>(std::move(options), std::move(*server), fetch));
}

UserSession::UserSession(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Result<TokenResponse> UserSession::token() const {
  return core_->token();
}

std::optional<TokenResponse> UserSession::current() const {
  return core_->current();
}

bool UserSession::signed_in() const {
  return core_->signed_in();
}

Result<TokenResponse> UserSession::token_after(const Refusal& refusal) const {
  return core_->token_after(refusal);
}

Result<void> UserSession::logout() const {
  return core_->logout();
}

const std::string& UserSession::server_url() const noexcept {
  return core_->options().server_url;
}

const dpop::ProviderPtr& UserSession::dpop() const noexcept {
  return core_->options().dpop;
}

bool is_refusal(int status, const Headers& headers) {
  return status == 401 || (status == 403 && read_challenge(headers).error == "insufficient_scope");
}

}  // namespace authplane::agent
