#include "authserver/config/load.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "authserver/config/connect.h"
#include "authserver/config/data_encryption.h"
#include "authserver/config/layers.h"
#include "authserver/config/oidc.h"
#include "authserver/config/seed.h"
#include "authserver/config/yaml.h"

namespace authplane::authserver {
namespace {

// The file's text; nullopt when there is no such file. Err: why it cannot be read.
Result<std::optional<std::string>, std::string> read_file(const std::string& path, std::size_t max_bytes) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return Err(std::string("cannot be read: ") + std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return Err(std::string("is not a regular file; name a YAML file"));
  if (static_cast<std::size_t>(info.st_size) > max_bytes) return Err(std::string("is larger than 1 MiB"));
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    if (in && info.st_size == 0) return std::optional<std::string>("");
    return Err(std::string("cannot be read; check that this user may open it"));
  }
  return std::optional<std::string>(text.str());
}

void apply_file(const std::string& path, Layers& layers) {
  Result<std::optional<std::string>, std::string> text = read_file(path, YamlLimits{}.max_bytes);
  if (!text) {
    layers.problems.push_back({path, text.error()});
  } else if (!text->has_value()) {
    layers.warnings.push_back("configuration file " + path +
                              " does not exist; defaults and environment are used");
  } else if (Result<YamlNode> root = parse_yaml(**text); root) {
    layers.apply_yaml(*root);
  } else {
    layers.problems.push_back({path, root.error().message});
  }
}

}  // namespace

Result<LoadedConfig, ConfigProblems> load_config(const std::string& path, const Environment& environment,
                                                 Purpose purpose) {
  Layers layers;
  if (!path.empty()) apply_file(path, layers);
  layers.apply_environment(environment);
  ConfigProblems problems = std::move(layers.problems);
  for (ConfigProblem& problem : validate(layers.settings, purpose)) problems.push_back(std::move(problem));
  if (purpose == Purpose::serve) {
    for (ConfigProblem& problem : seed_problems(layers.resources)) problems.push_back(std::move(problem));
    if (problems.empty()) {
      problems = missing_data_encryption(layers.settings, layers.resources);
      for (ConfigProblem& problem : missing_connect(layers.settings, layers.resources))
        problems.push_back(std::move(problem));
    }
  }
  if (!problems.empty()) return Err(std::move(problems));
  SecretString oidc_secret;
  if (purpose == Purpose::serve && layers.settings.flag("oidc.enabled")) {
    auto secret = oidc_client_secret(layers.settings, environment);
    if (!secret) return Err(ConfigProblems{std::move(secret).error()});
    oidc_secret = std::move(*secret);
  }
  Config::DataEncryption encryption;
  if (purpose == Purpose::serve) {
    auto read = data_encryption(layers.settings, environment);
    if (!read) return Err(std::move(read).error());
    encryption = std::move(*read);
  }
  std::vector<std::string> advice = start_advice(layers.settings);
  Config config = build_config(layers.settings, std::move(layers.resources));
  config.oidc.client_secret = std::move(oidc_secret);
  if (purpose == Purpose::serve) config.data_encryption = std::move(encryption);
  config.broker_providers = std::move(layers.broker_providers);
  return LoadedConfig{std::move(config), std::move(layers.settings), std::move(layers.warnings),
                      std::move(advice)};
}

}  // namespace authplane::authserver
