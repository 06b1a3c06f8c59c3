#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "authserver/cli/outcome.h"
#include "authserver/domain/resource.h"

namespace authplane::authserver::cli {

// "name|upstream|description"; later parts are optional and kept as they are, a description may contain '|'.
// The name is trimmed and must not be empty.
CommandResult<ResourceScope> parse_scope_tuple(std::string_view text);
CommandResult<std::vector<ResourceScope>> parse_scope_tuples(const std::vector<std::string>& texts);

// A JSON file, at most 1 MiB: an array of {"name", "upstream"?, "description"?}; other members are refused.
CommandResult<std::vector<ResourceScope>> read_scopes_file(const std::string& path);

}  // namespace authplane::authserver::cli
