#pragma once

#include <string>
#include <string_view>

#include "authserver/cli/outcome.h"
#include "authserver/domain/fronting_link.h"

namespace authplane::authserver::cli {

// "src:tgt+tgt,src:tgt": blank entries are skipped, the first ':' of an entry ends its source, a source that
// comes again adds to itself. A source with a ':' needs the other form, {"a:b":["c"]}.
CommandResult<ScopeMap> parse_scope_map(std::string_view text);

// A JSON file with that other form, at most 1 MiB.
CommandResult<ScopeMap> read_scope_map_file(const std::string& path);

}  // namespace authplane::authserver::cli
