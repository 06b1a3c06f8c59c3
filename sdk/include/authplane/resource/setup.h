#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/client/client.h>
#include <authplane/resource/guard.h>

namespace authplane {

// What every adapter's factory takes, and how it becomes a working guard. Applications use the adapters'
// own options (mcp::AuthOptions, ProtectOptions) instead.
struct GuardSetup {
  std::string issuer = {};    // "" = that of `client_options` or `client`
  std::string resource = {};  // or base_url and path
  std::string base_url = {};
  std::string path = {};
  std::vector<std::string> scopes = {};
  std::vector<std::string> required_scopes = {};
  std::optional<bool> dev_mode = {};
  ClientOptions client_options = {};
  ResourceOptions resource_options = {};
  std::optional<dpop::Inbound> dpop = {};
  std::optional<Client> client = {};
  AmbiguousCredentials ambiguous = AmbiguousCredentials::unauthorized;
};

// The part that the adapters' options have in common, moved out of them.
template <class Options>
GuardSetup take_guard_setup(Options& options) {
  return {.issuer = std::move(options.issuer),
          .resource = std::move(options.resource),
          .base_url = std::move(options.base_url),
          .path = std::move(options.mcp_path),
          .scopes = std::move(options.scopes),
          .required_scopes = std::move(options.required_scopes),
          .dev_mode = options.dev_mode,
          .client_options = std::move(options.client),
          .resource_options = std::move(options.resource_options),
          .dpop = std::move(options.dpop),
          .client = std::move(options.existing_client)};
}

struct GuardedResource {
  Client client;
  bool owns_client;  // false: it was handed in, and closing it is its owner's business
  RequestGuard guard;
};

// Creates the client unless there is one, then resource and guard. A client made here keeps trying for 30 s
// to reach its authorization server, unless the options or AUTHPLANE_STARTUP_TIMEOUT say otherwise: servers
// of one deployment start in any order. In dev mode refusals tell their reason to the caller. Errors: those
// of Client::create and Resource::create; invalid_argument for settings that contradict each other.
Result<GuardedResource> make_guarded_resource(GuardSetup setup);

}  // namespace authplane
