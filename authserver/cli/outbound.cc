#include "authserver/cli/outbound.h"

#include <authplane/client/network.h>
#include <authplane/http_httplib/transport.h>

namespace authplane::authserver::cli {
namespace {

constexpr std::chrono::milliseconds kDefaultTimeout{10'000};  // of one call

}  // namespace

std::shared_ptr<HttpTransport> document_transport(const Config& config, const Clock& clock) {
  const bool is_local = is_localhost_issuer(config.server.issuer);
  net::FetchSettings settings;
  settings.allow_http = is_local && !config.cimd.require_https;
  settings.allow_localhost = settings.allow_private_networks =
      is_local && config.cimd.allow_private_addresses;
  settings.timeout = config.cimd.enabled ? config.cimd.fetch_timeout : kDefaultTimeout;
  const std::shared_ptr<const Clock> borrowed(std::shared_ptr<void>(), &clock);
  return net::make_guarded_transport(settings, make_httplib_transport(), net::make_system_resolver(),
                                     borrowed);
}

std::shared_ptr<IdpKeys> open_idp_keys(const Config& config, const Clock& clock, Logger& logger) {
  if (!config.xaa.enabled) return nullptr;
  const bool allow_http = is_localhost_issuer(config.server.issuer) && !config.cimd.require_https;
  return std::make_shared<IdpKeys>(
      IdpKeys::Options{.lifetime = config.xaa.jwks_cache_ttl, .allow_http = allow_http},
      IdpKeys::Deps{.transport = document_transport(config, clock), .clock = clock, .logger = logger});
}

}  // namespace authplane::authserver::cli
