#pragma once

#include <span>
#include <string_view>

namespace authplane::authserver {

enum class KeyType { text, secret, boolean, integer, number, duration, list };

// Part of the server a key belongs to. `core` is what this build has; every other feature is known, its keys
// are read and checked where that is possible, and asking for the feature is answered honestly (see
// validate.h).
enum class Feature {
  core,
  agents,
  data_encryption,
  postgres,
  vault,
  otel,
  source_positions,
};

// The name used in messages, for example "postgres".
std::string_view to_string(Feature feature) noexcept;
std::string_view to_string(KeyType type) noexcept;

// What happens when an environment variable does not parse as its key's type.
enum class EnvErrors {
  keep_previous,  // the value below stays, with a warning
  refuse,         // the server does not start; set but empty counts as unset
};

// One configuration key. The table is the only place that knows a key's path, environment variable, type and
// default: the loader, the resolved listing and the reference document all walk it.
struct KeyRow {
  std::string_view path;  // "server.issuer"
  std::string_view env;   // "" = file only
  KeyType type = KeyType::text;
  std::string_view default_value;  // as it would be written in the environment
  Feature feature = Feature::core;
  std::string_view meaning;  // one line for the reference document
  EnvErrors env_errors = EnvErrors::keep_previous;
};

std::span<const KeyRow> key_table() noexcept;
const KeyRow* find_key(std::string_view path) noexcept;

// A key that was removed; a file that still has it does not load.
struct RemovedKey {
  std::string_view path;
  std::string_view replacement;
};
std::span<const RemovedKey> removed_keys() noexcept;

// Variables that are read although no key has them: they seed a resource (see seed.h) and a provider (see
// provider_seed.h).
inline constexpr std::string_view kResourceUriVariable = "AUTHPLANE_RESOURCE_URI";
inline constexpr std::string_view kResourceScopesVariable = "AUTHPLANE_RESOURCE_SCOPES";
inline constexpr std::string_view kBrokerProviderVariable = "AUTHPLANE_BROKER_PROVIDER_SLUG";
inline constexpr std::string_view kBrokerProviderDisplayNameVariable =
    "AUTHPLANE_BROKER_PROVIDER_DISPLAY_NAME";
inline constexpr std::string_view kBrokerProviderProtocolVariable = "AUTHPLANE_BROKER_PROVIDER_PROTOCOL";
inline constexpr std::string_view kBrokerProviderClientIdVariable = "AUTHPLANE_BROKER_PROVIDER_CLIENT_ID";
inline constexpr std::string_view kBrokerProviderSecretRefVariable =
    "AUTHPLANE_BROKER_PROVIDER_CLIENT_SECRET_REF";
inline constexpr std::string_view kBrokerProviderSecretEnvVariable =
    "AUTHPLANE_BROKER_PROVIDER_CLIENT_SECRET_ENV";
inline constexpr std::string_view kBrokerProviderAuthorizeUrlVariable =
    "AUTHPLANE_BROKER_PROVIDER_AUTHORIZE_URL";
inline constexpr std::string_view kBrokerProviderTokenUrlVariable = "AUTHPLANE_BROKER_PROVIDER_TOKEN_URL";
inline constexpr std::string_view kBrokerProviderResponseFormatVariable =
    "AUTHPLANE_BROKER_PROVIDER_RESPONSE_FORMAT";
// Those that describe the provider beside its slug.
inline constexpr std::string_view kBrokerProviderVariables[] = {
    kBrokerProviderDisplayNameVariable, kBrokerProviderProtocolVariable,
    kBrokerProviderClientIdVariable,    kBrokerProviderSecretRefVariable,
    kBrokerProviderSecretEnvVariable,   kBrokerProviderAuthorizeUrlVariable,
    kBrokerProviderTokenUrlVariable,    kBrokerProviderResponseFormatVariable};

}  // namespace authplane::authserver
