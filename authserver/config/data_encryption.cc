#include "authserver/config/data_encryption.h"

#include <algorithm>
#include <optional>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::string_view kDriver = "data_encryption.driver";
constexpr std::string_view kKey = "data_encryption.aes_master.key_env";
constexpr std::string_view kOldKey = "data_encryption.aes_master.old_key_env";
constexpr std::size_t kKeyBytes = 32;

constexpr std::string_view kRemedy = "set it to the output of: openssl rand -hex 32";

// The key in the variable that `key` names.
Result<SecretString, ConfigProblem> key_of(std::string_view key, const Settings& settings,
                                           const Environment& environment) {
  const std::string& name = settings.text(key);
  const std::string_view value = environment.get(name).value_or("");
  const auto wrong = [&](const std::string& what) {
    return Err(ConfigProblem{std::string(key),
                             "names the variable " + name + ", which " + what + "; " + std::string(kRemedy)});
  };
  if (value.empty()) return wrong("is not set");
  if (value.size() != 2 * kKeyBytes) return wrong("does not hold 64 characters");
  std::optional<std::string> bytes = hex_decode(value);
  if (!bytes) return wrong("holds other characters than 0-9 and a-f");
  return SecretString(std::move(*bytes));
}

}  // namespace

ConfigProblems data_encryption_problems(const Settings& s) {
  const std::string& driver = s.text(kDriver);
  if (driver == "vault_transit_encrypt") {
    return {{std::string(kDriver), "vault_transit_encrypt is not available in this build; use aes_master"}};
  }
  if (!driver.empty() && driver != "aes_master") {
    return {{std::string(kDriver), "'" + driver + "' is not known; use aes_master, or leave it empty"}};
  }
  if (driver == "aes_master" && s.text(kKey).empty()) {
    return {
        {std::string(kKey),
         "is empty; set AUTHPLANE_DATA_ENCRYPTION_KEY_ENV to the name of the variable that holds the key"}};
  }
  return {};
}

ConfigProblems missing_data_encryption(const Settings& s, const std::vector<ResourceSeed>& resources) {
  if (!s.text(kDriver).empty()) return {};
  const auto missing = [](const std::string& because) {
    return ConfigProblems{{std::string(kDriver), "is empty although " + because +
                                                     "; set it to aes_master, and "
                                                     "data_encryption.aes_master.key_env"}};
  };
  if (!s.secret("connect.state_secret").empty()) return missing("connect.state_secret is set");
  if (!s.text("connect.redirect_base_url").empty()) return missing("connect.redirect_base_url is set");
  if (!s.list("connect.allowed_return_urls").empty()) return missing("connect.allowed_return_urls is set");
  const auto broker = std::find_if(resources.begin(), resources.end(), [](const ResourceSeed& resource) {
    return resource.backend_kind == "broker";
  });
  if (broker != resources.end()) return missing("the resource " + broker->slug + " is of kind broker");
  return {};
}

Result<Config::DataEncryption, ConfigProblems> data_encryption(const Settings& s,
                                                               const Environment& environment) {
  Config::DataEncryption result;
  result.driver = s.text(kDriver);
  if (result.driver.empty()) return result;
  ConfigProblems problems;
  auto key = key_of(kKey, s, environment);
  if (!key) problems.push_back(std::move(key).error());
  if (!s.text(kOldKey).empty()) {
    auto old_key = key_of(kOldKey, s, environment);
    if (!old_key) {
      problems.push_back(std::move(old_key).error());
    } else if (key && *old_key == *key) {
      problems.push_back(
          {std::string(kOldKey),
           "names a variable with the same key as data_encryption.aes_master.key_env; remove it, "
           "or give the new key there"});
    } else {
      result.old_key = std::move(*old_key);
    }
  }
  if (!problems.empty()) return Err(std::move(problems));
  result.key = std::move(*key);
  return result;
}

}  // namespace authplane::authserver
