#include "authserver/domain/broker_provider.h"

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

}  // namespace authplane::authserver
