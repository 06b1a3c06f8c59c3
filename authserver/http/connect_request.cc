#include "authserver/http/connect_request.h"

#include "authserver/identity/return_url.h"

namespace authplane::authserver {
namespace {

using Code = OAuthErrorCode;

// The refusal of a store, which the browser's user can do nothing about.
Unexpected<Denial> store_failed(const DomainError& error) {
  const bool may_help = error.code == DomainErrorCode::unavailable;
  return {Denial{.error = {may_help ? Code::temporarily_unavailable : Code::server_error,
                           may_help ? "the server is busy; try again" : "the server failed to look this up"},
                 .reason = error.detail.empty() ? error.description : error.detail}};
}

}  // namespace

Result<ConnectRequest, Denial> ConnectRequests::check(std::string_view provider_slug,
                                                      const Form& query) const {
  if (query.first_repeated()) return deny(Code::invalid_request, "a parameter occurs more than once");
  ConnectRequest request;
  request.return_url = query.get("return_url").value_or("");
  if (request.return_url.empty()) return deny(Code::invalid_request, "return_url is missing");
  auto provider = find_provider(provider_slug);
  if (!provider) return Err(std::move(provider).error());
  request.provider = std::move(*provider);
  auto resource = find_resource(request.provider, query.get("resource").value_or(""));
  if (!resource) return Err(std::move(resource).error());
  request.resource = std::move(*resource);
  if (!is_allowed_return_url(request.return_url, allowed_) &&
      !is_allowed_return_url(request.return_url, request.resource->policy.connect_allowed_return_urls)) {
    return deny(Code::invalid_request, "return_url is not one of those allowed for this resource");
  }
  if (request.provider.protocol != BrokerProtocol::oauth) {
    return deny(Code::invalid_target,
                "this provider has no accounts to connect; its operator configured the access",
                "protocol " + std::string(to_string(request.provider.protocol)));
  }
  return request;
}

Result<BrokerProvider, Denial> ConnectRequests::find_provider(std::string_view slug) const {
  auto found = deps_.providers.find_by_slug(slug);
  if (!found) return store_failed(found.error());
  if (!*found) return deny(Code::invalid_request, "there is no provider of that name");
  return std::move(**found);
}

Result<ResourcePtr, Denial> ConnectRequests::find_resource(const BrokerProvider& provider,
                                                           std::string_view asked_for) const {
  const auto catalog = deps_.resources.catalog();
  if (!catalog) return store_failed(catalog.error());
  if (!asked_for.empty()) {
    ResourceMatch found = (*catalog)->resolve(asked_for);
    if (found.match == Match::none) return deny(Code::invalid_request, "there is no such resource");
    if (found.match == Match::ambiguous)
      return deny(Code::invalid_request, "several resources have that URI; name the slug");
    if (found.resource->broker_provider_id != provider.id)
      return deny(Code::invalid_target, "the resource is not one of this provider");
    return std::move(found.resource);
  }
  auto all = (*catalog)->list({.backend_kind = BackendKind::broker, .broker_provider_id = provider.id},
                              {.limit = 2, .offset = 0});
  if (all.empty()) return deny(Code::invalid_request, "no resource uses this provider");
  if (all.size() > 1)
    return deny(Code::invalid_request, "several resources use this provider; name one as resource");
  return std::move(all.front());
}

}  // namespace authplane::authserver
