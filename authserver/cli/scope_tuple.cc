#include "authserver/cli/scope_tuple.h"

#include <authplane/json/json.h>

#include <nlohmann/json.hpp>

#include "authserver/cli/text_file.h"

namespace authplane::authserver::cli {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

CommandResult<ResourceScope> scope_from_json(const Json& entry, const std::string& where) {
  if (!entry.is_object()) return failure(where + " must be an object with a name");
  ResourceScope scope;
  for (const auto& [name, value] : entry.items()) {
    std::string* member = name == "name"          ? &scope.name
                          : name == "upstream"    ? &scope.upstream
                          : name == "description" ? &scope.description
                                                  : nullptr;
    if (member == nullptr)
      return failure(where + " has the unknown member '" + name + "'; use name, upstream, description");
    if (!value.is_string()) return failure(where + "." + name + " must be text");
    *member = value.get<std::string>();
  }
  if (scope.name.empty()) return failure(where + " has no name");
  return scope;
}

}  // namespace

CommandResult<ResourceScope> parse_scope_tuple(std::string_view text) {
  ResourceScope scope;
  std::size_t first = text.find('|');
  scope.name = std::string(trim(text.substr(0, first)));
  if (scope.name.empty())
    return failure("scope '" + std::string(text) + "' has no name; write name|upstream|description");
  if (first == std::string_view::npos) return scope;
  std::string_view rest = text.substr(first + 1);
  std::size_t second = rest.find('|');
  scope.upstream = std::string(rest.substr(0, second));
  if (second != std::string_view::npos) scope.description = std::string(rest.substr(second + 1));
  return scope;
}

CommandResult<std::vector<ResourceScope>> parse_scope_tuples(const std::vector<std::string>& texts) {
  std::vector<ResourceScope> scopes;
  for (const std::string& text : texts) {
    CommandResult<ResourceScope> scope = parse_scope_tuple(text);
    if (!scope) return Err(scope.error());
    scopes.push_back(std::move(*scope));
  }
  return scopes;
}

CommandResult<std::vector<ResourceScope>> read_scopes_file(const std::string& path) {
  CommandResult<std::string> text = read_text_file(path, "--scopes-file");
  if (!text) return Err(text.error());
  Result<Json> document = parse_json(*text, {.max_bytes = text->size(), .max_depth = 8});
  if (!document) return failure(path + ": " + document.error().message);
  if (!document->is_array()) return failure(path + " must hold a JSON array of scopes");
  std::vector<ResourceScope> scopes;
  for (const Json& entry : *document) {
    CommandResult<ResourceScope> scope =
        scope_from_json(entry, path + ": scope " + std::to_string(scopes.size()));
    if (!scope) return Err(scope.error());
    scopes.push_back(std::move(*scope));
  }
  return scopes;
}

}  // namespace authplane::authserver::cli
