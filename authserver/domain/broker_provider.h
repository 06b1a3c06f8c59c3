#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>

namespace authplane::authserver {

// How tokens are had of a provider. Only oauth has a step in which a user connects an account.
enum class BrokerProtocol { oauth, api_key, service_account };

std::string_view to_string(BrokerProtocol value) noexcept;
std::optional<BrokerProtocol> parse_broker_protocol(std::string_view text) noexcept;

// Whether an operator may name this variable as the place of a secret: CONNECTOR_... or AUTHPLANE_VAULT_...,
// so that nobody who configures a provider can have another secret of this server sent to a host of theirs.
bool is_secret_variable(std::string_view name) noexcept;

// An upstream provider whose tokens are handed out.
struct BrokerProvider {
  std::string id;
  std::string slug;  // unique, lower case
  std::string display_name;
  BrokerProtocol protocol = BrokerProtocol::oauth;
  std::string config_data;  // JSON object, as it was sent but without its secrets
  // Ciphertext (bytes, not text) of a JSON object of the members that were taken out of `config_data`, with
  // their names and values: {"client_secret":"..."}. "" = there were none.
  std::string sealed_secrets;
  std::string enc_backend;   // the driver that sealed them; "" = none
  std::int64_t version = 1;  // optimistic lock, internal
  WallTime created_at{};
  WallTime updated_at{};
  friend bool operator==(const BrokerProvider&, const BrokerProvider&) = default;
};

}  // namespace authplane::authserver
