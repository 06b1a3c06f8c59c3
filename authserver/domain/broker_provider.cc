#include "authserver/domain/broker_provider.h"

#include <algorithm>
#include <array>

namespace authplane::authserver {

std::string_view to_string(BrokerProtocol value) noexcept {
  switch (value) {
    case BrokerProtocol::oauth:
      return "oauth";
    case BrokerProtocol::api_key:
      return "api_key";
    case BrokerProtocol::service_account:
      return "service_account";
  }
  return "oauth";
}

std::optional<BrokerProtocol> parse_broker_protocol(std::string_view text) noexcept {
  for (const BrokerProtocol value :
       {BrokerProtocol::oauth, BrokerProtocol::api_key, BrokerProtocol::service_account}) {
    if (to_string(value) == text) return value;
  }
  return std::nullopt;
}

bool is_secret_variable(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 2> kPrefixes = {"CONNECTOR_", "AUTHPLANE_VAULT_"};
  for (const std::string_view prefix : kPrefixes) {
    if (!name.starts_with(prefix)) continue;
    const std::string_view rest = name.substr(prefix.size());
    return !rest.empty() && rest.front() >= 'A' && rest.front() <= 'Z' &&
           std::all_of(rest.begin(), rest.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
  }
  return false;
}

}  // namespace authplane::authserver
