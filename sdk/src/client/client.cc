#include <authplane/client/client.h>

#include <utility>

#include "client/core.h"
#include "client/settings.h"

namespace authplane {

Client::Client(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Result<Client> Client::create(ClientOptions options) {
  auto settings = check_options(std::move(options), process_environment);
  if (!settings) return Err(std::move(settings).error());
  auto core = std::make_shared<Core>(std::move(*settings));
  if (auto started = core->start(); !started) return Err(std::move(started).error());
  return Client(std::move(core));
}

Result<TokenResponse> Client::client_credentials(std::vector<std::string> scopes,
                                                 std::vector<std::string> resources) const {
  return core_->client_credentials(std::move(scopes), std::move(resources));
}

Result<TokenResponse> Client::exchange(const ExchangeOptions& options) const {
  return core_->exchange(options);
}

Result<Introspection> Client::introspect(std::string_view token) const {
  return core_->introspect(token);
}

Result<void> Client::revoke(std::string_view token, std::string_view token_type_hint) const {
  return core_->revoke(token, token_type_hint);
}

Result<Headers> Client::dpop_headers(std::string_view method, std::string_view url,
                                     std::string_view access_token) const {
  return core_->dpop_headers(method, url, access_token);
}

void Client::close() noexcept {
  core_->close();
}

const std::string& Client::issuer() const noexcept {
  return core_->settings().issuer;
}

const std::vector<JwsAlgorithm>& Client::allowed_algorithms() const noexcept {
  return core_->settings().allowed_algorithms;
}

bool Client::dev_mode() const noexcept {
  return core_->settings().dev_mode;
}

const dpop::ProviderPtr& Client::dpop() const noexcept {
  return core_->settings().dpop;
}

std::shared_ptr<KeySource> Client::keys() const {
  return {core_, &core_->keys()};
}

const Clock& Client::clock() const noexcept {
  return *core_->settings().seams.clock;
}

Logger& Client::logger() const noexcept {
  return *core_->settings().seams.logger;
}

Random& Client::random() const noexcept {
  return *core_->settings().seams.random;
}

}  // namespace authplane
