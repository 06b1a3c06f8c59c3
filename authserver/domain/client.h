#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/clock.h>

namespace authplane::authserver {

// active <-> suspended; revoked is final and can be reached from both.
enum class ClientStatus { active, suspended, revoked };
// Which door the client came through: dynamic registration (RFC 7591), a client id metadata document, the
// operator.
enum class RegistrationSource { dcr, cimd, admin };
// token_endpoint_auth_method (RFC 7591 section 2).
enum class ClientAuthMethod { none, client_secret_basic, client_secret_post };

std::string_view to_string(ClientStatus value) noexcept;
std::string_view to_string(RegistrationSource value) noexcept;
std::string_view to_string(ClientAuthMethod value) noexcept;
// Exact names as printed by to_string; nullopt for everything else.
std::optional<ClientStatus> parse_client_status(std::string_view text) noexcept;
std::optional<RegistrationSource> parse_registration_source(std::string_view text) noexcept;
std::optional<ClientAuthMethod> parse_client_auth_method(std::string_view text) noexcept;

// Whether a client in state `from` may be put into state `to`. Revoking twice is allowed and changes nothing.
bool is_allowed_transition(ClientStatus from, ClientStatus to) noexcept;

// An OAuth client (RFC 6749 section 2). A plain value; rules about its members live in the client service.
struct Client {
  std::string id;
  std::string secret_hash;  // "" = public client; never the secret itself
  std::string name;
  std::vector<std::string> redirect_uris;
  std::vector<std::string> grant_types;
  std::vector<std::string> response_types;
  ClientAuthMethod token_endpoint_auth_method = ClientAuthMethod::none;
  std::string scope;  // ceiling, verbatim as registered; "" = nothing for machine grants
  ClientStatus status = ClientStatus::active;
  RegistrationSource registration_source = RegistrationSource::admin;
  std::string cimd_url;  // "" unless registered by metadata document
  bool is_agent = false;
  std::string agent_description;
  std::optional<std::string> application_type;  // "web", "native"; absent when never stated
  std::int64_t version = 1;                     // optimistic lock, counts committed changes
  WallTime issued_at{};
  WallTime updated_at{};

  bool is_public() const { return secret_hash.empty(); }
  bool has_grant_type(std::string_view grant_type) const;
  friend bool operator==(const Client&, const Client&) = default;
};

// Immutable snapshot, shared between threads.
using ClientPtr = std::shared_ptr<const Client>;

}  // namespace authplane::authserver
