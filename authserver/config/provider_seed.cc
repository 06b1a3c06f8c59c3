#include "authserver/config/provider_seed.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

#include "authserver/config/key_table.h"
#include "authserver/config/member_reader.h"

namespace authplane::authserver {
namespace {

std::string_view value_of(const Environment& environment, std::string_view variable) {
  return environment.get(variable).value_or("");
}

// What the variables say about config_data. The older name of the reference counts when the newer is not set.
OrderedJson config_from(const Environment& environment, std::vector<std::string>& warnings) {
  constexpr std::pair<std::string_view, const char*> kMembers[] = {
      {kBrokerProviderClientIdVariable, "client_id"},
      {kBrokerProviderSecretRefVariable, "client_secret_ref"},
      {kBrokerProviderAuthorizeUrlVariable, "authorize_url"},
      {kBrokerProviderTokenUrlVariable, "token_url"},
      {kBrokerProviderResponseFormatVariable, "response_format"}};
  OrderedJson config = OrderedJson::object();
  for (const auto& [variable, member] : kMembers) {
    if (const std::string_view value = value_of(environment, variable); !value.empty())
      config[member] = value;
  }
  const std::string_view old_name = value_of(environment, kBrokerProviderSecretEnvVariable);
  if (!old_name.empty() && !config.contains("client_secret_ref")) {
    config["client_secret_ref"] = old_name;
    warnings.push_back(std::string(kBrokerProviderSecretEnvVariable) + " is deprecated; set " +
                       std::string(kBrokerProviderSecretRefVariable));
  }
  return config;
}

// `text` is JSON this module wrote, or "".
std::string merged(const std::string& text, const OrderedJson& over) {
  OrderedJson config = text.empty() ? OrderedJson::object() : OrderedJson::parse(text);
  for (const auto& [name, value] : over.items()) config[name] = value;
  return to_json_text(config);
}

BrokerProviderSeed parse_seed(MemberReader reader) {
  BrokerProviderSeed seed;
  seed.slug = reader.text("slug");
  seed.display_name = reader.text("display_name");
  seed.protocol = reader.text("protocol");
  seed.config_data = reader.json_object("config_data");
  reader.finish();
  if (seed.slug.empty()) reader.problem("slug", "is missing; give the provider a short unique name");
  if (seed.display_name.empty()) reader.problem("display_name", "is missing; write what people should read");
  if (seed.protocol != "oauth" && seed.protocol != "api_key" && seed.protocol != "service_account") {
    reader.problem("protocol", "'" + seed.protocol + "' is not known; use oauth, api_key or service_account");
  }
  return seed;
}

}  // namespace

std::vector<BrokerProviderSeed> parse_provider_seeds(const YamlNode& section, ConfigProblems& problems,
                                                     std::vector<std::string>& warnings) {
  std::vector<BrokerProviderSeed> seeds;
  if (section.kind == YamlNode::Kind::null) return seeds;
  if (section.kind != YamlNode::Kind::sequence) {
    problems.push_back({"broker_providers", "must be a list"});
    return seeds;
  }
  for (std::size_t i = 0; i < section.items.size(); ++i) {
    seeds.push_back(parse_seed(
        MemberReader(section.items[i], "broker_providers[" + std::to_string(i) + "]", problems, warnings)));
  }
  return seeds;
}

void apply_environment_provider(const Environment& environment, std::vector<BrokerProviderSeed>& seeds,
                                std::vector<std::string>& warnings) {
  const std::string slug(value_of(environment, kBrokerProviderVariable));
  if (slug.empty()) {
    for (const std::string_view variable : kBrokerProviderVariables) {
      if (value_of(environment, variable).empty()) continue;
      warnings.push_back(std::string(variable) + " has no effect without " +
                         std::string(kBrokerProviderVariable));
    }
    return;
  }
  auto seed = std::find_if(seeds.begin(), seeds.end(), [&](const auto& other) { return other.slug == slug; });
  if (seed == seeds.end()) {
    seed = seeds.insert(seeds.end(),
                        {.slug = slug, .display_name = slug, .protocol = "oauth", .config_data = {}});
  }
  if (const auto name = value_of(environment, kBrokerProviderDisplayNameVariable); !name.empty()) {
    seed->display_name = name;
  }
  if (const auto protocol = value_of(environment, kBrokerProviderProtocolVariable); !protocol.empty()) {
    seed->protocol = protocol;
  }
  seed->config_data = merged(seed->config_data, config_from(environment, warnings));
}

}  // namespace authplane::authserver
