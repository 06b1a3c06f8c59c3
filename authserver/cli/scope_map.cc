#include "authserver/cli/scope_map.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

#include "authserver/admin/scope_map_body.h"
#include "authserver/cli/text_file.h"

namespace authplane::authserver::cli {
namespace {

constexpr std::size_t kMaxBytes = 1024 * 1024;
constexpr std::string_view kGrammar = "write source:target+target,source:target";

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes what stands before the first `separator`, and the separator, off `text`.
std::string_view next_part(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return trim(part);
}

CommandResult<void> add_entry(std::string_view entry, ScopeMap& scope_map) {
  const auto wrong = [entry](std::string_view what) {
    return failure("scope map entry '" + std::string(entry) + "' " + std::string(what) + "; " +
                   std::string(kGrammar));
  };
  if (entry.find(':') == std::string_view::npos) return wrong("has no ':'");
  std::string_view targets = entry;
  const std::string_view source = next_part(targets, ':');
  if (source.empty()) return wrong("has no source");
  std::vector<std::string>& to = scope_map[std::string(source)];
  const std::size_t count = static_cast<std::size_t>(std::count(targets.begin(), targets.end(), '+')) + 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view target = next_part(targets, '+');
    if (target.empty()) return wrong("has an empty target");
    to.emplace_back(target);
  }
  return {};
}

CommandResult<ScopeMap> scope_map_of_json(std::string_view text) {
  const auto document = parse_json_object(text, {.max_bytes = kMaxBytes});
  if (!document) return failure("the scope map is no JSON object: " + document.error().message);
  auto scope_map = read_scope_map(*document);
  if (!scope_map) return failure(scope_map.error());
  return std::move(*scope_map);
}

}  // namespace

CommandResult<ScopeMap> parse_scope_map(std::string_view text) {
  if (trim(text).starts_with('{')) return scope_map_of_json(text);
  ScopeMap scope_map;
  while (!text.empty()) {
    const std::string_view entry = next_part(text, ',');
    if (entry.empty()) continue;
    if (CommandResult<void> added = add_entry(entry, scope_map); !added) return Err(added.error());
  }
  if (scope_map.empty()) return failure("the scope map is empty; " + std::string(kGrammar));
  return scope_map;
}

CommandResult<ScopeMap> read_scope_map_file(const std::string& path) {
  CommandResult<std::string> text = read_text_file(path, "--scope-map-file");
  if (!text) return Err(text.error());
  CommandResult<ScopeMap> scope_map = scope_map_of_json(*text);
  if (!scope_map) return failure(path + ": " + scope_map.error().message);
  return scope_map;
}

}  // namespace authplane::authserver::cli
