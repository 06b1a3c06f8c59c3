#pragma once

#include <chrono>

#include <authplane/base/log.h>

#include "authserver/domain/resource_store.h"
#include "authserver/http/token_endpoint.h"

namespace authplane::authserver {

// grant_type=client_credentials (RFC 6749 section 4.4, RFC 8707): a token for the client itself, bounded by
// the scope it is registered for and by the catalog of the resource it names.
class ClientCredentialsGrant final : public Grant {
 public:
  // The references outlive the grant. `lifetime` > 0.
  ClientCredentialsGrant(ResourceStore& resources, Logger& logger, std::chrono::seconds lifetime)
      : resources_(resources), logger_(logger), lifetime_(lifetime) {}

  GrantKind kind() const override { return GrantKind::client_credentials; }
  std::string_view name() const override { return "client_credentials"; }
  std::string_view issued_action() const override { return "client_credentials.issued"; }
  std::string_view denied_action() const override { return "client_credentials.denied"; }
  Result<TokenGrant, Denial> decide(const TokenRequest& request) const override;

 private:
  ResourceStore& resources_;
  Logger& logger_;
  std::chrono::seconds lifetime_;
};

}  // namespace authplane::authserver
