#include "authserver/config/seed.h"

#include <authplane/base/url.h>

#include <algorithm>

#include "authserver/config/key_table.h"
#include "authserver/config/member_reader.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxSlugLength = 64;

ResourceSeed::Scope parse_scope(MemberReader reader) {
  ResourceSeed::Scope scope{reader.text("name"), reader.text("description"), reader.text("upstream")};
  reader.finish();
  return scope;
}

void check_seed(const ResourceSeed& seed, MemberReader& reader) {
  if (seed.slug.empty()) reader.problem("slug", "is missing; give the resource a short unique name");
  if (seed.backend_kind != "mint" && seed.backend_kind != "broker") {
    reader.problem("backend_kind", "'" + seed.backend_kind + "' is not known; use mint or broker");
  }
  if (!seed.broker_provider_id.empty() && !seed.broker_provider_slug.empty()) {
    reader.problem("broker_provider_slug", "is set, and broker_provider_id too; remove one of them");
  }
}

ResourceSeed parse_seed(MemberReader reader, const std::string& where, ConfigProblems& problems,
                        std::vector<std::string>& warnings) {
  ResourceSeed seed;
  seed.slug = reader.text("slug");
  seed.uri = reader.text("uri");
  seed.backend_kind = reader.text("backend_kind");
  seed.display_name = reader.text("display_name");
  reader.text("description");  // accepted for the reader of the file; resources have none
  seed.broker_provider_id = reader.text("broker_provider_id");
  seed.broker_provider_slug = reader.text("broker_provider_slug");
  std::size_t index = 0;
  for (const YamlNode* item : reader.items("scopes")) {
    std::string scope_where = where + ".scopes[" + std::to_string(index++) + "]";
    seed.scopes.push_back(parse_scope(MemberReader(*item, scope_where, problems, warnings)));
  }
  MemberReader policy = reader.inner("policy");
  MemberReader exchange = policy.inner("exchange");
  seed.exchange_allowed_client_ids = exchange.texts("allowed_client_ids");
  exchange.finish();
  MemberReader runtime = policy.inner("runtime");
  seed.runtime_client_ids = runtime.texts("client_ids");
  runtime.finish();
  MemberReader connect = policy.inner("connect");
  seed.connect_allowed_return_urls = connect.texts("allowed_return_urls");
  connect.finish();
  policy.finish();
  reader.finish();
  check_seed(seed, reader);
  return seed;
}

std::vector<ResourceSeed::Scope> scopes_from_variable(std::string_view text) {
  std::vector<ResourceSeed::Scope> scopes;
  while (!text.empty()) {
    std::size_t comma = text.find(',');
    if (std::string_view name = text.substr(0, comma); !name.empty())
      scopes.push_back({std::string(name), {}, {}});
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return scopes;
}

}  // namespace

std::vector<ResourceSeed> parse_resource_seeds(const YamlNode& section, ConfigProblems& problems,
                                               std::vector<std::string>& warnings) {
  std::vector<ResourceSeed> seeds;
  if (section.kind == YamlNode::Kind::null) return seeds;
  if (section.kind != YamlNode::Kind::sequence) {
    problems.push_back({"resources", "must be a list"});
    return seeds;
  }
  for (std::size_t i = 0; i < section.items.size(); ++i) {
    std::string where = "resources[" + std::to_string(i) + "]";
    seeds.push_back(
        parse_seed(MemberReader(section.items[i], where, problems, warnings), where, problems, warnings));
  }
  return seeds;
}

ConfigProblems seed_problems(const std::vector<ResourceSeed>& seeds) {
  ConfigProblems problems;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (seeds[i].backend_kind != "broker" || !seeds[i].connect_allowed_return_urls.empty()) continue;
    problems.push_back({"resources[" + std::to_string(i) + "].policy.connect.allowed_return_urls",
                        "is empty, so nobody can connect an account for " + seeds[i].slug +
                            "; list the URLs that people may be sent to afterwards"});
  }
  return problems;
}

void apply_environment_seed(const Environment& environment, std::vector<ResourceSeed>& seeds,
                            ConfigProblems& problems, std::vector<std::string>& warnings) {
  std::string_view uri = environment.get(kResourceUriVariable).value_or("");
  std::vector<ResourceSeed::Scope> scopes =
      scopes_from_variable(environment.get(kResourceScopesVariable).value_or(""));
  if (uri.empty()) {
    if (!scopes.empty()) {
      warnings.push_back(std::string(kResourceScopesVariable) + " has no effect without " +
                         std::string(kResourceUriVariable));
    }
    return;
  }
  auto same =
      std::find_if(seeds.begin(), seeds.end(), [&](const ResourceSeed& seed) { return seed.uri == uri; });
  if (same != seeds.end()) {
    if (!scopes.empty()) same->scopes = std::move(scopes);
    return;
  }
  Result<std::string> slug = slug_from_uri(uri);
  if (!slug) {
    problems.push_back({std::string(kResourceUriVariable), slug.error().message});
    return;
  }
  ResourceSeed seed;
  seed.slug = std::move(*slug);
  seed.uri = std::string(uri);
  seed.backend_kind = "mint";
  seed.scopes = std::move(scopes);
  seeds.push_back(std::move(seed));
}

Result<std::string> slug_from_uri(std::string_view uri) {
  Result<Url> url = Url::parse(uri);
  if (!url || (url->scheme() != "http" && url->scheme() != "https")) {
    return Err(ErrorCode::invalid_argument,
               "is not an absolute http or https URL; write one such as http://localhost:8080/mcp");
  }
  std::string slug;
  for (char c : url->host()) {
    bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (kept) {
      slug += c;
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  if (slug.size() > kMaxSlugLength) slug.resize(kMaxSlugLength);
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  if (slug.empty()) {
    return Err(ErrorCode::invalid_argument,
               "has a host no slug can be made of; list the resource in the file instead");
  }
  return slug;
}

}  // namespace authplane::authserver
