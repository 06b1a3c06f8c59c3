#include <authplane/resource/setup.h>

#include <cstdlib>
#include <utility>

namespace authplane {
namespace {

constexpr std::chrono::seconds kStartupTimeout{30};

Unexpected<Error> contradiction(std::string message) {
  return Err(ErrorCode::invalid_argument, std::move(message));
}

// base_url and path with exactly one slash between them.
Result<std::string> resource_uri(const GuardSetup& setup) {
  if (!setup.resource.empty()) {
    if (setup.base_url.empty()) return setup.resource;
    return contradiction("give either resource or base_url, not both");
  }
  if (setup.base_url.empty()) {
    return contradiction(
        "resource is not set: give the URL under which clients reach this server, as registered at "
        "the authorization server");
  }
  std::string_view base = setup.base_url;
  std::string_view path = setup.path;
  while (base.ends_with('/')) base.remove_suffix(1);
  while (path.starts_with('/')) path.remove_prefix(1);
  return std::string(base) + "/" + std::string(path);
}

Result<std::string> effective_issuer(const GuardSetup& setup) {
  const std::string& known = setup.client ? setup.client->issuer() : setup.client_options.issuer;
  if (setup.issuer.empty() && known.empty()) {
    return contradiction("issuer is not set: give the issuer of the authorization server, byte for byte");
  }
  if (setup.issuer.empty()) return known;
  if (known.empty() || known == setup.issuer) return setup.issuer;
  return contradiction("issuer '" + setup.issuer + "' differs from the client's '" + known + "'");
}

Result<Client> make_client(GuardSetup& setup, std::string issuer) {
  ClientOptions options = std::move(setup.client_options);
  options.issuer = std::move(issuer);
  if (setup.dev_mode) options.dev_mode = setup.dev_mode;
  if (!options.startup_timeout && !std::getenv("AUTHPLANE_STARTUP_TIMEOUT"))
    options.startup_timeout = kStartupTimeout;
  return Client::create(std::move(options));
}

}  // namespace

Result<GuardedResource> make_guarded_resource(GuardSetup setup) {
  // Everything that needs no network first: a typing mistake should not cost a round trip.
  auto uri = resource_uri(setup);
  if (!uri) return Err(std::move(uri.error()));
  if (auto identifier = ResourceIdentifier::parse(*uri); !identifier)
    return Err(std::move(identifier.error()));
  auto issuer = effective_issuer(setup);
  if (!issuer) return Err(std::move(issuer.error()));
  for (const std::string& scope : setup.required_scopes) {
    if (!is_scope_token(scope)) return contradiction("required_scopes: '" + scope + "' is not a scope token");
  }
  if (setup.dpop) {
    if (setup.resource_options.dpop) return contradiction("give dpop once, not in resource_options too");
    setup.resource_options.dpop = std::move(setup.dpop);
  }
  if (!setup.scopes.empty()) setup.resource_options.scopes = std::move(setup.scopes);

  const bool owns_client = !setup.client;
  auto client = owns_client ? make_client(setup, std::move(*issuer)) : Result<Client>(*setup.client);
  if (!client) return Err(std::move(client.error()));
  auto resource = Resource::create(*client, *uri, std::move(setup.resource_options));
  if (!resource) return Err(std::move(resource.error()));

  RequestGuardOptions options;
  options.required_scopes = std::move(setup.required_scopes);
  options.description =
      setup.dev_mode.value_or(client->dev_mode()) ? ErrorDescription::message : ErrorDescription::fixed;
  options.ambiguous = setup.ambiguous;
  client->logger().info("tokens are checked", {{"issuer", resource->issuer()},
                                               {"resource", resource->uri()},
                                               {"metadata", resource->metadata_url()}});
  return GuardedResource{std::move(*client), owns_client,
                         RequestGuard(std::move(*resource), std::move(options))};
}

}  // namespace authplane
