#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/form.h>

#include "authserver/domain/broker_provider_store.h"
#include "authserver/domain/resource_store.h"
#include "authserver/http/denial.h"

namespace authplane::authserver {

// A request to connect an account that may go on.
struct ConnectRequest {
  BrokerProvider provider;
  ResourcePtr resource;    // a broker resource of that provider
  std::string return_url;  // allowed
};

// Judges requests to connect an account. Nothing of a request is used before it was found in what the
// operator configured: the browser is sent to no other place. Thread-safe.
class ConnectRequests {
 public:
  struct Deps {
    ResourceStore& resources;
    BrokerProviderStore& providers;
  };
  // `allowed_return_urls` are those of every resource, see identity/return_url.h. The references outlive the
  // object.
  ConnectRequests(std::vector<std::string> allowed_return_urls, Deps deps)
      : allowed_(std::move(allowed_return_urls)), deps_(deps) {}

  // Denials: invalid_request, invalid_target, temporarily_unavailable, server_error.
  Result<ConnectRequest, Denial> check(std::string_view provider_slug, const Form& query) const;

 private:
  Result<BrokerProvider, Denial> find_provider(std::string_view slug) const;
  Result<ResourcePtr, Denial> find_resource(const BrokerProvider& provider, std::string_view asked_for) const;

  const std::vector<std::string> allowed_;
  const Deps deps_;
};

}  // namespace authplane::authserver
