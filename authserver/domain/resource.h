#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/oauth/scope.h>

namespace authplane::authserver {

// mint: this server signs the access token. broker: tokens of an upstream provider are handed out.
enum class BackendKind { mint, broker };

std::string_view to_string(BackendKind value) noexcept;
std::optional<BackendKind> parse_backend_kind(std::string_view text) noexcept;

// What slugs of resources and of broker providers are made of: [a-z0-9][a-z0-9-]{0,63}.
bool is_slug(std::string_view text) noexcept;

struct ResourceScope {
  std::string name;
  std::string description;
  std::string upstream;  // the provider's name for it; broker only, "" = same as name
  friend bool operator==(const ResourceScope&, const ResourceScope&) = default;
};

// Note the opposite meanings of an empty list.
struct ResourcePolicy {
  std::vector<std::string> exchange_allowed_client_ids;  // empty = any client
  std::vector<std::string> runtime_client_ids;           // empty = nobody
  std::vector<std::string> connect_allowed_return_urls;  // broker only
  friend bool operator==(const ResourcePolicy&, const ResourcePolicy&) = default;
};

// A protected resource (RFC 8707, RFC 9728). A plain value; rules about its members live in the resource
// service.
struct Resource {
  std::string id;
  std::string slug;  // unique, lower case
  std::string uri;   // kept and compared byte for byte; "" = none; NOT unique
  BackendKind backend_kind = BackendKind::mint;
  std::string broker_provider_id;  // set exactly for broker
  std::string display_name;
  std::vector<ResourceScope> scopes;  // the catalog, names unique
  ResourcePolicy policy;
  std::int64_t version = 1;  // optimistic lock, internal: not part of any wire format
  WallTime created_at{};
  WallTime updated_at{};

  ScopeSet scope_names() const;
  friend bool operator==(const Resource&, const Resource&) = default;
};

// Immutable snapshot, shared between threads.
using ResourcePtr = std::shared_ptr<const Resource>;

}  // namespace authplane::authserver
