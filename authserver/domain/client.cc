#include "authserver/domain/client.h"

#include <algorithm>
#include <array>

namespace authplane::authserver {
namespace {

template <class Enum, std::size_t N>
std::optional<Enum> parse_enum(const std::array<Enum, N>& values, std::string_view text) {
  for (const Enum value : values) {
    if (to_string(value) == text) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(ClientStatus value) noexcept {
  switch (value) {
    case ClientStatus::active:
      return "active";
    case ClientStatus::suspended:
      return "suspended";
    case ClientStatus::revoked:
      return "revoked";
  }
  return "revoked";
}

std::string_view to_string(RegistrationSource value) noexcept {
  switch (value) {
    case RegistrationSource::dcr:
      return "dcr";
    case RegistrationSource::cimd:
      return "cimd";
    case RegistrationSource::admin:
      return "admin";
  }
  return "dcr";
}

std::string_view to_string(ClientAuthMethod value) noexcept {
  switch (value) {
    case ClientAuthMethod::none:
      return "none";
    case ClientAuthMethod::client_secret_basic:
      return "client_secret_basic";
    case ClientAuthMethod::client_secret_post:
      return "client_secret_post";
  }
  return "none";
}

std::optional<ClientStatus> parse_client_status(std::string_view text) noexcept {
  return parse_enum(std::array{ClientStatus::active, ClientStatus::suspended, ClientStatus::revoked}, text);
}

std::optional<RegistrationSource> parse_registration_source(std::string_view text) noexcept {
  return parse_enum(std::array{RegistrationSource::dcr, RegistrationSource::cimd, RegistrationSource::admin},
                    text);
}

std::optional<ClientAuthMethod> parse_client_auth_method(std::string_view text) noexcept {
  return parse_enum(std::array{ClientAuthMethod::none, ClientAuthMethod::client_secret_basic,
                               ClientAuthMethod::client_secret_post},
                    text);
}

bool is_allowed_transition(ClientStatus from, ClientStatus to) noexcept {
  switch (to) {
    case ClientStatus::active:
      return from == ClientStatus::suspended;
    case ClientStatus::suspended:
      return from == ClientStatus::active;
    case ClientStatus::revoked:
      return true;
  }
  return false;
}

bool Client::has_grant_type(std::string_view grant_type) const {
  return std::find(grant_types.begin(), grant_types.end(), grant_type) != grant_types.end();
}

}  // namespace authplane::authserver
